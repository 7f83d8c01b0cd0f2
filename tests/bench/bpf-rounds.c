/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bpf-rounds CGROUP PAIRS MSEC: how fast a load goes while the BPF programs are attached and while they are not, in turns of
 * so many milliseconds. The programs are loaded once. CGROUP is the folder of the load's, which is frozen while they come
 * and go: an emulated CPU that is in a tracepoint then may die of it. What the load does, it does
 * in page faults; they are counted in /proc/vmstat, because memory.stat is up to 2 s late. Prints "off N" or "on N" for each turn, faults a second; the first and the last are off. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "sense/memstall-attach.h"

enum {
        SETTLE_MSEC = 50,       /* after the programs came or went */
};

typedef struct Load {
        int fd, freeze_fd;
        uint64_t msec;
} Load;

static void fail(const char *what, int r) {
        (void) fprintf(stderr, "bpf-rounds: %s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

static void sleep_msec(uint64_t msec) {
        struct timespec ts = { .tv_sec = (time_t) (msec / 1000), .tv_nsec = (long) (msec % 1000 * 1000000) };

        while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
                ;
}

static uint64_t n_faults(const Load *l) {
        char text[16384];
        uint64_t n;
        ssize_t r;

        r = fd_read_text(l->fd, text, sizeof(text));
        if (r < 0)
                fail("/proc/vmstat", (int) r);
        r = text_find_uint(text, "pgfault", &n);
        if (r < 0)
                fail("pgfault", (int) r);
        return n;
}

static void turn(const Load *l, const char *name) {
        uint64_t faults, since;

        sleep_msec(SETTLE_MSEC);
        faults = n_faults(l);
        since = clock_usec();
        sleep_msec(l->msec);
        faults = n_faults(l) - faults;
        (void) printf("%s %llu\n", name, (unsigned long long) (faults * USEC_PER_SEC / (clock_usec() - since)));
        (void) fflush(stdout);
}

static void freeze(const Load *l, bool frozen) {
        if (pwrite(l->freeze_fd, frozen ? "1" : "0", 1, 0) != 1)
                fail("cgroup.freeze", -errno);
        if (frozen)
                sleep_msec(SETTLE_MSEC);
}

static void detach(MemstallProgram *p) {
        for (size_t i = 0; i < MEMSTALL_HOOKS_MAX; i++)
                for (size_t part = 0; part < MEMSTALL_PARTS_MAX; part++) {
                        (void) bpf_link__destroy(p->links[i][part]);
                        p->links[i][part] = NULL;
                }
}

static void attach(MemstallProgram *p) {
        const MemstallFit fit = { .rung = p->rung_row };
        int r;

        r = memstall_attach(p, &fit);
        if (r < 0)
                fail("attaching", r);
}

int main(int argc, char **argv) {
        _cleanup_(fd_closep) int dir_fd = argc == 4 ? open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
        _cleanup_(fd_closep) int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
        _cleanup_(fd_closep) int freeze_fd = openat(dir_fd, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
        MemstallProgram p = {};
        char why[512] = "";
        Load l;
        int r;

        if (fd < 0 || freeze_fd < 0) {
                (void) fprintf(stderr, "usage: bpf-rounds CGROUP PAIRS MSEC\n");
                return 2;
        }
        l = (Load) { .fd = fd, .freeze_fd = freeze_fd, .msec = strtoull(argv[3], NULL, 10) };
        freeze(&l, true);
        r = memstall_program_load(&p, true, NULL, why, sizeof(why));
        if (r != 0)
                fail(r > 0 ? why : "loading", MIN(r, 0));
        (void) printf("%s\n", p.rung);
        detach(&p);
        freeze(&l, false);
        turn(&l, "off");
        for (unsigned long n = strtoul(argv[2], NULL, 10); n > 0; n--) {
                freeze(&l, true);
                attach(&p);
                freeze(&l, false);
                turn(&l, "on");
                freeze(&l, true);
                detach(&p);
                freeze(&l, false);
                turn(&l, "off");
        }
        memstall_program_unload(&p);
        return EXIT_SUCCESS;
}
