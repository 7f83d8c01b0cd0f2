/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "live-stall.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/decision.h"
#include "sense/memstall-private.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

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

void print_all(Memstall *m) {
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

static int write_file(const char *folder, const char *name, const char *text) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[256];

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

bool cgroup_make(Cgroup *ret, const char *name, const char *file, const char *limit) {
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

void cgroup_write(const Cgroup *c, const char *file, const char *text) {
        int r = write_file(c->path, file, text);

        if (r < 0)
                (void) fprintf(stderr, "%s/%s: %s\n", c->path, file, strerror(-r));
        CHECK(r == 0);
}

uint64_t cgroup_stall_usec(const Cgroup *c, const char *file) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[256], text[512] = "";
        const char *total;

        (void) snprintf(path, sizeof(path), "%s/%s", c->path, file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
        total = strstr(text, "total=");
        CHECK(total);
        return strtoull(total + strlen("total="), NULL, 10);
}

pid_t cgroup_fork(const Cgroup *c, void (*work)(void)) {
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

void cgroup_end(const Cgroup *c, pid_t pid) {
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        (void) rmdir(c->path);
}

/* ---- Stalls ---- */

/* Names that do not exist stay behind in the kernel as negative dentries, charged to the cgroup. */
void look_up_nothing(void) {
        for (unsigned i = 0;; i++) {
                char path[64];
                struct stat st;

                (void) snprintf(path, sizeof(path), "/live-memstall-%u", i);
                (void) stat(path, &st);
        }
}

void fill_memory(void) {
        size_t size = 256 * 1024 * 1024;
        volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                return;
        for (size_t i = 0; i < size; i += 4096)
                p[i] = 1;
}

void sleep_usec(uint64_t usec) {
        struct timespec ts = { .tv_sec = (time_t) (usec / USEC_PER_SEC),
                               .tv_nsec = (long) (usec % USEC_PER_SEC * 1000) };

        (void) nanosleep(&ts, NULL);
}

/* ---- Readings ---- */

const StallEntry *find(const Reading *r, pid_t pid, StallClass class) {
        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) pid && r->entries[i].class == class)
                        return &r->entries[i];
        return NULL;
}

void read_now(Memstall *m, Reading *ret) {
        CHECK(memstall_read(m, ret->entries, N_ENTRIES, &ret->n) == 0);
}

uint64_t sum_usec(const Reading *r, pid_t pid) {
        uint64_t sum = 0;

        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) pid)
                        sum += r->entries[i].stall_usec;
        return sum;
}

void read_until(Memstall *m, pid_t pid, uint64_t usec, Reading *ret) {
        for (int i = 0; i < 300; i++) {
                sleep_usec(USEC_PER_SEC / 5);
                read_now(m, ret);
                if (sum_usec(ret, pid) >= usec)
                        return;
        }
        print_all(m);
        CHECK(!"stalled at all");
}

bool find_reclaim(Memstall *m, uint64_t cgroup_id, uint64_t target_id, ReclaimKind kind, ReclaimEntry *ret) {
        ReclaimEntry entries[N_ENTRIES];
        size_t n;

        CHECK(memstall_reclaims(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                if (entries[i].cgroup_id == cgroup_id && entries[i].target_id == target_id &&
                    entries[i].kind == kind) {
                        *ret = entries[i];
                        return true;
                }
        return false;
}

uint64_t wait_usec(Memstall *m, uint64_t cgroup_id) {
        static WaitEntry entries[MEMSTALL_WAITS_MAX];
        size_t n;

        CHECK(memstall_waits(m, entries, ELEMENTSOF(entries), &n) == 0);
        for (size_t i = 0; i < n; i++)
                if (entries[i].cgroup_id == cgroup_id)
                        return entries[i].wait_usec;
        return 0;
}

static void count_one(void *userdata, size_t i) {
        ++*(size_t *) userdata;
}

size_t count_records(Memstall *m) {
        static uint32_t tids[MEMSTALL_BATCH];
        static MemstallTask tasks[MEMSTALL_BATCH];
        MemstallMaps maps;
        size_t n = 0;

        memstall_maps(m, &maps);
        CHECK(memstall_read_map(maps.tasks_fd, tids, tasks, count_one, &n) == 0);
        return n;
}

void check_records(Memstall *m, size_t before) {
        size_t now = 0;

        for (int i = 0; i < 100; i++) {
                now = count_records(m);
                if (now <= before)
                        return;
                sleep_usec(USEC_PER_SEC / 10);
        }
        (void) fprintf(stderr, "%zu records, %zu before\n", now, before);
        CHECK(now <= before);
}
