/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What must not upset the sums: tasks that are killed inside a section, cgroups that go away meanwhile, thread
 * ids that come back, thousands of tasks at once, maps that are full. */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "live-stall.h"
#include "sense/memstall-private.h"

enum {
        THREAD_STACK = 64 * 1024,
        THREAD_BYTES = 32 * 1024,
        THREADS_MAX = 16000,
};

/* ---- Killed inside a section: the sleep that memory.high imposes ends at once, with its leave ---- */

bool test_killed(Memstall *m) {
        size_t before = count_records(m);
        Reading r, later;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "killed", "memory.high", "4M"))
                return false;
        wait_for_epoch();
        pid = cgroup_fork(&c, fill_memory);
        read_until(m, pid, 2 * USEC_PER_SEC, &r);
        (void) kill(pid, SIGKILL);
        CHECK(waitpid(pid, NULL, 0) == pid);
        check_records(m, before);

        /* And it is not stalled any longer, not after PSI either. */
        read_now(m, &r);
        sleep_usec(5 * USEC_PER_SEC / 2);
        read_now(m, &later);
        CHECK(find(&later, pid, STALL_HIGH_THROTTLE));
        CHECK(sum_usec(&later, pid) <= sum_usec(&r, pid));
        CHECK(is_near("killed inside", cgroup_stall_usec(&c, "memory.pressure"), sum_usec(&later, pid)));
        (void) rmdir(c.path);
        return true;
}

/* ---- The cgroup goes away while its last task, which has left it, is still in the section ----
 * PSI goes on in the cgroup where the task is then. */

bool test_removed(Memstall *m) {
        size_t before = count_records(m);
        Cgroup c, other;
        char text[16];
        uint64_t psi;
        Reading r;
        pid_t pid;

        if (!cgroup_make(&c, "removed", "memory.high", "4M") || !cgroup_make(&other, "other", "memory.high", "max"))
                return false;
        wait_for_epoch();
        pid = cgroup_fork(&c, fill_memory);
        read_until(m, pid, 2 * USEC_PER_SEC, &r);
        (void) snprintf(text, sizeof(text), "%d", (int) pid);
        cgroup_write(&other, "cgroup.procs", text);
        psi = cgroup_stall_usec(&c, "memory.pressure");
        CHECK(rmdir(c.path) == 0);

        psi += cgroup_settle(&other, pid);
        read_now(m, &r);
        CHECK(count_in(&r, c.id) > 0);
        CHECK(sum_usec(&r, pid) >= USEC_PER_SEC);
        CHECK(is_near("cgroup removed", psi, sum_usec(&r, pid)));
        cgroup_end(&other, pid);
        check_records(m, before);
        return true;
}

/* ---- A thread id that comes back: what is on record is another task's ---- */

static int go[2];

static void close_pipe(int fds[2]) {
        (void) close(fds[0]);
        (void) close(fds[1]);
}

static void wait_and_look_up(void) {
        char c;

        (void) prctl(PR_SET_NAME, "reborn");
        if (read(go[0], &c, 1) == 1)
                look_up_nothing();
}

/* Puts it on record as that of the thread. */
static void bury(const MemstallMaps *maps, uint32_t tid, const MemstallTask *dead) {
        uint32_t place = tid % MEMSTALL_TASK_SETS;
        MemstallTaskSet set;

        CHECK(bpf_map_lookup_elem(maps->tasks->fd, &place, &set) == 0);
        CHECK(set.tids[0] == 0);
        set.tids[0] = tid;
        set.records[0] = *dead;
        CHECK(bpf_map_update_elem(maps->tasks->fd, &place, &set, BPF_ANY) == 0);
}

bool test_reused(Memstall *m) {
        /* Began when the host did, in a cgroup that is none, on its way back to user space, and never ended. */
        MemstallTask dead = {
                .start_ns = 1, .task_start = 1, .cgroup_id = 1234567, .limit_id = 1234567,
                .marks = MEMSTALL_MARK_OVER_HIGH, .comm = "dead",
        };
        size_t before = count_records(m);
        MemstallMaps maps;
        uint32_t tid;
        Reading r;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "reused", "memory.max", "2M"))
                return false;
        CHECK(pipe(go) == 0);
        pid = cgroup_fork(&c, wait_and_look_up);
        tid = (uint32_t) pid;
        memstall_maps(m, &maps);
        bury(&maps, tid, &dead);
        CHECK(write(go[1], "x", 1) == 1);
        read_until(m, pid, USEC_PER_SEC / 2, &r);
        for (size_t i = 0; i < r.n; i++) {
                CHECK(r.entries[i].cgroup_id != dead.cgroup_id && r.entries[i].limit_id != dead.limit_id);
                if (r.entries[i].pid != tid)
                        continue;
                CHECK(strcmp(r.entries[i].comm, "reborn") == 0);
                CHECK(r.entries[i].class != STALL_MEMCG_HIGH && r.entries[i].class != STALL_HIGH_THROTTLE);
                CHECK(r.entries[i].longest_usec < 60 * USEC_PER_SEC);
        }
        cgroup_end(&c, pid);
        check_records(m, before);
        close_pipe(go);
        return true;
}

/* ---- Many at once: threads, all of them in the sleep that memory.high imposes ---- */

static unsigned n_threads;
static int ready[2];

static void *touch(void *memory) {
        char c;

        if (read(go[0], &c, 1) != 1)
                return NULL;
        for (;;) {
                for (size_t i = 0; i < THREAD_BYTES; i += 4096)
                        ((volatile char *) memory)[i] = 1;
                (void) madvise(memory, THREAD_BYTES, MADV_DONTNEED);
        }
}

/* The threads are there before there is a limit: making one would sleep as well. */
static void make_threads(void) {
        pthread_attr_t attributes;

        CHECK(pthread_attr_init(&attributes) == 0);
        CHECK(pthread_attr_setstacksize(&attributes, THREAD_STACK) == 0);
        for (unsigned i = 0; i < n_threads; i++) {
                pthread_t thread;
                void *memory = aligned_alloc(4096, THREAD_BYTES);

                CHECK(memory && pthread_create(&thread, &attributes, touch, memory) == 0);
        }
        CHECK(write(ready[1], "!", 1) == 1);
        for (;;)
                (void) pause();
}

/* Makes them stall and returns the most records that were there at a time. */
static size_t stall_threads(Memstall *m, const Cgroup *c, unsigned n, pid_t *ret_pid) {
        size_t most = 0;
        char text;

        n_threads = n;
        CHECK(pipe(go) == 0 && pipe(ready) == 0);
        *ret_pid = cgroup_fork(c, make_threads);
        CHECK(read(ready[0], &text, 1) == 1);
        cgroup_write(c, "memory.high", "1M");
        for (unsigned i = 0; i < n; i++)
                CHECK(write(go[1], ".", 1) == 1);
        /* Emulated, it takes them some time to get there, one after the other. */
        for (unsigned i = 0; i < 100 + n / 25 && most < n / 2 + n / 4; i++) {
                most = MAX(most, count_records(m));
                sleep_usec(USEC_PER_SEC / 10);
        }
        return most;
}

bool test_many(Memstall *m, unsigned n) {
        size_t before = count_records(m), most;
        MemstallCounters earlier, c;
        uint64_t psi;
        Cgroup group;
        Reading r;
        pid_t pid;

        CHECK(n <= THREADS_MAX);
        CHECK(memstall_counters(m, &earlier) == 0);
        if (!cgroup_make(&group, "many", "memory.high", "max"))
                return false;
        most = stall_threads(m, &group, n, &pid);
        psi = cgroup_stall_usec(&group, "memory.pressure");
        read_now(m, &r);
        CHECK(memstall_counters(m, &c) == 0);
        (void) printf("%u tasks: %zu records at a time, %" PRIu64 " sections, %" PRIu64 " in the window, %" PRIu64
                      " lost for room, %" PRIu64 " without a beginning of %" PRIu64 " missed, %" PRIu64 " mended; %" PRIu64
                      " us, some of PSI %" PRIu64 " us\n",
                      n, most, c.sections - earlier.sections, count_in(&r, group.id), c.full - earlier.full,
                      c.orphans - earlier.orphans, c.missed - earlier.missed, c.mended - earlier.mended,
                      usec_in(&r, group.id), psi);
        (void) fflush(stdout);
        cgroup_end(&group, pid);

        CHECK(most >= MIN(n / 2, 100U)); /* a slow guest has most of them wait for a CPU */
        CHECK(c.sections - earlier.sections >= n / 2);
        CHECK(usec_in(&r, group.id) >= psi / 5 * 4); /* all of them together, not whether there is one */
        CHECK(c.full == earlier.full);
        /* All but those whose beginning the kernel says to have skipped: BPF interrupted by itself. */
        CHECK(c.orphans - earlier.orphans <= n / 20 + c.missed - earlier.missed);
        check_records(m, before);
        close_pipe(go);
        close_pipe(ready);
        return true;
}

/* ---- Maps that are full: what is not recorded is counted ---- */

bool test_full(void) {
        const MemstallTrial trial = { .sets_max = 2 };
        _cleanup_(memstall_freep) Memstall *m = NULL;
        MemstallCounters c;
        char why[512];
        Cgroup group;
        size_t most;
        pid_t pid;

        CHECK(memstall_new_trial(&m, true, &trial, why, sizeof(why)) == 0);
        if (!cgroup_make(&group, "full", "memory.high", "max"))
                return false;
        most = stall_threads(m, &group, 100, &pid);
        CHECK(memstall_counters(m, &c) == 0);
        (void) printf("room for 16: %zu records, %" PRIu64 " lost for room\n", most, c.full);
        cgroup_end(&group, pid);
        CHECK(most > 0 && most <= 16);
        CHECK(c.full > 0);
        check_records(m, 0);
        close_pipe(go);
        close_pipe(ready);
        return true;
}
