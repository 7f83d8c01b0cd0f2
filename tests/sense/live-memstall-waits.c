/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What PSI does not count: faults that wait for pages which nobody had in use; and reclaim by hand. */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live-stall.h"

#define COLD_PATH "/var/tmp/live-memstall-cold"

enum {
        COLD_BYTES = 16 * 1024 * 1024,
        PAGE = 4096,
        SLOW_USEC = 200,                /* a page, of a disk that has waits which are long enough */
};

/* ---- By hand ---- */

static void fill_and_rest(void) {
        size_t size = 16 * 1024 * 1024;
        char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, open(COLD_PATH, O_RDONLY | O_CLOEXEC), 0);

        if (p != MAP_FAILED)
                for (size_t i = 0; i < size; i += PAGE)
                        (void) *(volatile char *) (p + i);
        for (;;)
                (void) pause();
}

static uint64_t own_cgroup(void) {
        _cleanup_(fd_closep) int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
        char text[512] = "", path[600];
        struct stat st;

        CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
        CHECK(strncmp(text, "0::", 3) == 0);
        text[strcspn(text, "\n")] = '\0';
        (void) snprintf(path, sizeof(path), "/sys/fs/cgroup%s", text + 3);
        CHECK(stat(path, &st) == 0);
        return st.st_ino;
}

static void make_cold_file(void) {
        _cleanup_(fd_closep) int fd = open(COLD_PATH, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        char page[PAGE];

        CHECK(fd >= 0);
        for (size_t i = 0; i < COLD_BYTES; i += PAGE) {
                memset(page, (int) (i / PAGE), sizeof(page));
                CHECK(write(fd, page, sizeof(page)) == (ssize_t) sizeof(page));
        }
        CHECK(fsync(fd) == 0);
        CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
}

bool test_by_hand(Memstall *m) {
        size_t before = count_records(m);
        ReclaimEntry e;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "by-hand", "memory.high", "max"))
                return false;
        make_cold_file();
        pid = cgroup_fork(&c, fill_and_rest);
        sleep_usec(3 * USEC_PER_SEC);
        cgroup_write(&c, "memory.high", "1M");
        CHECK(find_reclaim(m, own_cgroup(), c.id, RECLAIM_BY_HAND, &e));
        CHECK(e.count > 0 && e.pages > 0);
        CHECK(!find_reclaim(m, c.id, c.id, RECLAIM_BY_HAND, &e));
        cgroup_end(&c, pid);
        (void) unlink(COLD_PATH);
        check_records(m, before);
        return true;
}

/* ---- Files ---- */

static void fault_cold(void) {
        int fd = open(COLD_PATH, O_RDONLY | O_CLOEXEC);
        volatile char *p = mmap(NULL, COLD_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);

        if (p == MAP_FAILED || madvise((void *) p, COLD_BYTES, MADV_RANDOM) < 0)
                return;
        for (size_t i = 0; i < COLD_BYTES; i += PAGE)
                (void) p[i];
        for (;;)
                (void) pause();
}

static void read_cold(void) {
        int fd = open(COLD_PATH, O_RDONLY | O_CLOEXEC);
        char page[PAGE];

        (void) posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        while (read(fd, page, sizeof(page)) > 0)
                ;
        for (;;)
                (void) pause();
}

/* Until it does not wait any longer. */
static uint64_t settled_wait(Memstall *m, uint64_t cgroup_id) {
        uint64_t now = wait_usec(m, cgroup_id), last;
        int calm = 0;

        for (int i = 0; i < 60 && calm < 4; i++) {
                last = now;
                sleep_usec(USEC_PER_SEC / 2);
                now = wait_usec(m, cgroup_id);
                CHECK(now >= last);
                calm = now > last || (i < 10 && now == 0) ? 0 : calm + 1;
        }
        return now;
}

bool test_file_wait(Memstall *m) {
        size_t before = count_records(m);
        Cgroup faults, reads;
        const StallEntry *e;
        uint64_t waited, io;
        Reading r;
        pid_t pid;

        if (!cgroup_make(&faults, "faults", "memory.high", "max") ||
            !cgroup_make(&reads, "reads", "memory.high", "max"))
                return false;
        make_cold_file();
        pid = cgroup_fork(&faults, fault_cold);
        waited = settled_wait(m, faults.id);
        read_now(m, &r);
        e = find(&r, pid, STALL_FILE_WAIT);
        print_all(m);
        io = cgroup_stall_usec(&faults, "io.pressure");
        (void) printf("file-wait: %" PRIu64 " us, PSI %" PRIu64 " us, of I/O %" PRIu64 " us\n", waited,
                      cgroup_stall_usec(&faults, "memory.pressure"), io);
        if (strstr(memstall_rung(m), "no symbols"))
                CHECK(waited == 0 && !e);
        else if (waited > 0 || io > COLD_BYTES / PAGE * SLOW_USEC) {
                CHECK(waited > 0 && e && e->stall_usec <= waited + 1000 && e->count > 0);
                CHECK(e->cgroup_id == faults.id && e->limit_id == 0);
                CHECK(!find(&r, pid, STALL_SWAP_WAIT));
        }
        cgroup_end(&faults, pid);

        /* read(2) waits as well, and is not in anybody's way. */
        make_cold_file();
        pid = cgroup_fork(&reads, read_cold);
        sleep_usec(5 * USEC_PER_SEC);
        waited = wait_usec(m, reads.id);
        cgroup_end(&reads, pid);
        (void) unlink(COLD_PATH);
        CHECK(waited < 100 * USEC_PER_MSEC);    /* the first pages of the C library */
        check_records(m, before);
        return true;
}

/* ---- Swap ---- */

static void thrash(void) {
        size_t size = 48 * 1024 * 1024;
        volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                return;
        for (;;)
                for (size_t i = 0; i < size; i += PAGE)
                        p[i] = 1;
}

bool test_swap_wait(Memstall *m) {
        const StallEntry *e = NULL;
        Reading r;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "swap", "memory.max", "16M"))
                return false;
        pid = cgroup_fork(&c, thrash);
        for (int i = 0; i < 60 && !e; i++) {
                sleep_usec(USEC_PER_SEC);
                read_now(m, &r);
                e = find(&r, pid, STALL_SWAP_WAIT);
        }
        sleep_usec(3 * USEC_PER_SEC);
        print_all(m);
        (void) printf("swap-wait: %" PRIu64 " us, PSI %" PRIu64 " us\n", wait_usec(m, c.id), cgroup_stall_usec(&c, "memory.pressure"));
        CHECK(e && e->cgroup_id == c.id);
        CHECK(wait_usec(m, c.id) > 0);
        CHECK(!find(&r, pid, STALL_FILE_WAIT) || find(&r, pid, STALL_FILE_WAIT)->stall_usec < e->stall_usec);
        cgroup_end(&c, pid);
        return true;
}
