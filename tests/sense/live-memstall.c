/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The BPF programs on the running kernel, against stalls made here in cgroups of our own. Exit 77 where BPF
 * cannot be loaded or the memory controller is not on cgroup v2.
 *
 * `live-memstall print SECONDS` instead prints, every so often, what memstall_read() sees. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/usec.h"
#include "core/decision.h"
#include "sense/memstall.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum {
        EXIT_SKIP = 77,
        N_ENTRIES = 32,
};

#define CHECK(condition)                                                                                    \
        do {                                                                                                \
                if (!(condition)) {                                                                         \
                        (void) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
                        exit(EXIT_FAILURE);                                                                 \
                }                                                                                           \
        } while (false)

/* ---- Printing ---- */

static void print_entry(const Memstall *m, const StallEntry *e) {
        char stack[4096];

        (void) printf("%10" PRIu64 " us %7" PRIu64 "x longest %8" PRIu64 " us  %-14s pid %-6" PRIu32
                      " %-15s cgroup %" PRIu64 " limit %" PRIu64 "\n",
                      e->stall_usec, e->count, e->longest_usec, stall_to_string(e->class), e->pid, e->comm,
                      e->cgroup_id, e->limit_id);
        (void) memstall_symbolize(m, e, stack, sizeof(stack));
        for (char *line = strtok(stack, "\n"); line; line = strtok(NULL, "\n"))
                (void) printf("        %s\n", line);
}

static void print_waits(Memstall *m) {
        WaitEntry entries[N_ENTRIES];
        size_t n;

        CHECK(memstall_waits(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                (void) printf("%10" PRIu64 " us of waits that PSI does not count, cgroup %" PRIu64 "\n",
                              entries[i].wait_usec, entries[i].cgroup_id);
}

static void print_reclaims(Memstall *m) {
        static const char *const kinds[_RECLAIM_KIND_MAX] = {
                [RECLAIM_MAX] = "max",
                [RECLAIM_HIGH] = "high",
                [RECLAIM_BY_HAND] = "by-hand",
                [RECLAIM_HOST] = "host",
        };
        ReclaimEntry entries[N_ENTRIES];
        size_t n;

        CHECK(memstall_reclaims(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                (void) printf("%10" PRIu64 " pages %6" PRIu64 "x %-7s cgroup %" PRIu64 " of %" PRIu64 "\n",
                              entries[i].pages, entries[i].count, kinds[entries[i].kind],
                              entries[i].cgroup_id, entries[i].target_id);
}

static void print_all(Memstall *m) {
        StallEntry entries[N_ENTRIES];
        MemstallCounters c;
        size_t n;

        CHECK(memstall_read(m, entries, ELEMENTSOF(entries), &n) == 0);
        CHECK(memstall_counters(m, &c) == 0);
        (void) printf("---- %s: sections %" PRIu64 " nested %" PRIu64 " full %" PRIu64 " orphans %" PRIu64
                      " missed %" PRIu64 " mended %" PRIu64 " stacks %" PRIu64 " waits %" PRIu64 "\n",
                      memstall_rung(m), c.sections, c.nested, c.full, c.orphans, c.missed, c.mended, c.stacks,
                      c.waits);
        for (size_t i = 0; i < n; i++)
                print_entry(m, &entries[i]);
        print_waits(m);
        print_reclaims(m);
        (void) fflush(stdout);
}

/* ---- Cgroups ---- */

typedef struct Cgroup {
        char path[128];
        uint64_t id;
} Cgroup;

static int write_file(const char *folder, const char *name, const char *text) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[256];

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static bool cgroup_make(Cgroup *ret, const char *name, const char *file, const char *limit) {
        struct stat st;

        (void) write_file(CGROUP_ROOT, "cgroup.subtree_control", "+memory");
        (void) snprintf(ret->path, sizeof(ret->path), CGROUP_ROOT "/live-memstall-%d-%s", (int) getpid(),
                        name);
        if (mkdir(ret->path, 0755) < 0)
                return false;
        if (stat(ret->path, &st) < 0 || write_file(ret->path, file, limit) < 0) {
                (void) rmdir(ret->path);
                return false;
        }
        ret->id = st.st_ino;
        return true;
}

/* The sum of time that PSI has some task of the cgroup stalled, microseconds. */
static uint64_t cgroup_stall_usec(const Cgroup *c) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[256], text[512] = "";
        const char *total;

        (void) snprintf(path, sizeof(path), "%s/memory.pressure", c->path);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
        total = strstr(text, "total=");
        CHECK(total);
        return strtoull(total + strlen("total="), NULL, 10);
}

static pid_t cgroup_fork(const Cgroup *c, void (*work)(void)) {
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
                cpu_set_t cpus;

                /* On one CPU: PSI weighs the stalls on each CPU of a cgroup by how busy it keeps it. */
                CPU_ZERO(&cpus);
                CPU_SET(0, &cpus);
                (void) sched_setaffinity(0, sizeof(cpus), &cpus);
                if (write_file(c->path, "cgroup.procs", "0") < 0)
                        _exit(EXIT_FAILURE);
                work();
                _exit(EXIT_SUCCESS);
        }
        return pid;
}

static void cgroup_end(const Cgroup *c, pid_t pid) {
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        (void) rmdir(c->path);
}

/* ---- Stalls ---- */

/* Names that do not exist stay behind in the kernel as negative dentries, charged to the cgroup. */
static void look_up_nothing(void) {
        for (unsigned i = 0;; i++) {
                char path[64];
                struct stat st;

                (void) snprintf(path, sizeof(path), "/live-memstall-%u", i);
                (void) stat(path, &st);
        }
}

/* Anonymous memory that, without swap, no reclaim can take back. */
static void fill_memory(void) {
        size_t size = 256 * 1024 * 1024;
        volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                return;
        for (size_t i = 0; i < size; i += 4096)
                p[i] = 1;
}

static void sleep_usec(uint64_t usec) {
        struct timespec ts = { .tv_sec = (time_t) (usec / USEC_PER_SEC),
                               .tv_nsec = (long) (usec % USEC_PER_SEC * 1000) };

        (void) nanosleep(&ts, NULL);
}

/* ---- Tests ---- */

typedef struct Reading {
        StallEntry entries[N_ENTRIES];
        size_t n;
} Reading;

/* The first entry of the process with the class; NULL for none. */
static const StallEntry *find(const Reading *r, pid_t pid, StallClass class) {
        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) pid && r->entries[i].class == class)
                        return &r->entries[i];
        return NULL;
}

static uint64_t sum_usec(const Reading *r, pid_t pid) {
        uint64_t sum = 0;

        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) pid)
                        sum += r->entries[i].stall_usec;
        return sum;
}

/* Reads until the process has stalled that long in all, for a minute at most: emulated guests are slow. */
static void read_until(Memstall *m, pid_t pid, uint64_t usec, Reading *ret) {
        for (int i = 0; i < 300; i++) {
                sleep_usec(USEC_PER_SEC / 5);
                CHECK(memstall_read(m, ret->entries, N_ENTRIES, &ret->n) == 0);
                if (sum_usec(ret, pid) >= usec)
                        return;
        }
        print_all(m);
        CHECK(!"stalled at all");
}

static void check_charge_stack(const Memstall *m, const StallEntry *e) {
        char stack[4096];
        int r;

        r = memstall_symbolize(m, e, stack, sizeof(stack));
        CHECK(r == 0 || r == MEMSTALL_E_HIDDEN);
        if (r == MEMSTALL_E_HIDDEN)
                return;
        if (e->n_frames == 0) {
                CHECK(e->longest_usec < USEC_PER_MSEC);
                return;
        }
        CHECK(strncmp(stack, "try_charge", strlen("try_charge")) == 0);
        CHECK(strstr(stack, "\n__d_alloc\n"));
        CHECK(!strstr(stack, "bpf_") && !strstr(stack, "psi_memstall"));
}

static bool test_max(Memstall *m) {
        const StallEntry *e;
        uint64_t psi, sum;
        Reading r;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "max", "memory.max", "2M"))
                return false;
        pid = cgroup_fork(&c, look_up_nothing);
        read_until(m, pid, USEC_PER_SEC / 2, &r);
        (void) kill(pid, SIGSTOP);

        /* PSI brings its file up to date every 2 s. */
        sleep_usec(5 * USEC_PER_SEC / 2);
        psi = cgroup_stall_usec(&c);
        CHECK(memstall_read(m, r.entries, N_ENTRIES, &r.n) == 0);
        print_all(m);
        cgroup_end(&c, pid);

        e = find(&r, pid, STALL_MEMCG_MAX);
        CHECK(e);
        CHECK(e->cgroup_id == c.id && e->limit_id == c.id);
        CHECK(strncmp(e->comm, "live-memstall", strlen("live-memstall")) == 0);
        CHECK(e->count > 0 && e->longest_usec <= e->stall_usec);
        check_charge_stack(m, e);

        sum = sum_usec(&r, pid);
        (void) printf("memory.max: PSI %" PRIu64 " us, sections %" PRIu64 " us\n", psi, sum);
        CHECK(sum <= psi + psi / 5 && sum >= psi - psi / 5);
        return true;
}

static bool test_high(Memstall *m) {
        const StallEntry *reclaim, *throttle;
        Reading r;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "high", "memory.high", "4M"))
                return false;
        pid = cgroup_fork(&c, fill_memory);
        read_until(m, pid, 3 * USEC_PER_SEC, &r);
        print_all(m);
        cgroup_end(&c, pid);

        reclaim = find(&r, pid, STALL_MEMCG_HIGH);
        throttle = find(&r, pid, STALL_HIGH_THROTTLE);
        CHECK(reclaim && throttle);
        CHECK(reclaim->cgroup_id == c.id && throttle->cgroup_id == c.id);
        CHECK(reclaim->limit_id == c.id && throttle->limit_id == c.id);
        CHECK(!find(&r, pid, STALL_MEMCG_MAX));
        return true;
}

int main(int argc, char **argv) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        char why[512];
        int r;

        r = memstall_new(&m, true, why, sizeof(why));
        if (r != 0) {
                (void) fprintf(stderr, "skipped: %s\n", r > 0 ? why : strerror(-r));
                return EXIT_SKIP;
        }
        if (argc == 3 && strcmp(argv[1], "print") == 0)
                for (;;) {
                        sleep_usec(strtoull(argv[2], NULL, 10) * USEC_PER_SEC);
                        print_all(m);
                }
        if (!test_max(m) || !test_high(m)) {
                (void) fprintf(stderr, "skipped: no memory controller at " CGROUP_ROOT "\n");
                return EXIT_SKIP;
        }
        return EXIT_SUCCESS;
}
