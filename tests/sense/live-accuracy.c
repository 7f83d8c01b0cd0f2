/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the sums of the BPF programs are PSI's: for each way to stall that can be brought about, one task stalls alone
 * in a cgroup for a while, then both are held beside each other over all of its life: the cgroup's memory.pressure, and
 * the classes that PSI counts, of which the one that is meant has to be the most. Prints a table. A way that this machine does not have (no swap, no huge pages) is skipped;
 * exit 77 where BPF cannot be loaded or the memory controller is not on cgroup v2. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-load.h"
#include "live-ways.h"
#include "sense/memstall.h"

/* Both have to fit into SHOWN_USEC, on a slow machine as well. */
#define WORK_USEC (5 * USEC_PER_SEC)
#define WARM_UP_USEC (2 * USEC_PER_SEC) /* of it */
#define SETTLE_USEC (5 * USEC_PER_SEC / 2) /* PSI brings its file up to date every 2 s */

#define ENOUGH_USEC (100 * USEC_PER_MSEC) /* less stall than this is no measurement */

enum {
        EXIT_SKIP = 77,
        N_ENTRIES = 256,
        TRIES = 3,
};

/* What is wrong stays so; what was not about the class that it was meant for says nothing, and is tried again. */
typedef enum Verdict {
        VERDICT_RIGHT,
        VERDICT_WRONG,
        VERDICT_TOO_LITTLE,
} Verdict;

/* Not returned from before it is done. */
static pid_t prepare(void (*work)(void)) {
        int ends[2];
        char done;
        pid_t pid;

        CHECK(pipe2(ends, O_CLOEXEC) == 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                work();
                if (write(ends[1], "", 1) < 0)
                        _exit(EXIT_FAILURE);
                pause();
                _exit(EXIT_SUCCESS);
        }
        (void) close(ends[1]);
        CHECK(read(ends[0], &done, 1) == 1);
        (void) close(ends[0]);
        return pid;
}

static void end(pid_t pid) {
        if (pid <= 0)
                return;
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
}

/* ---- The table ------------------------------------------------------------------------------- */

typedef struct Sums {
        uint64_t usec[_STALL_CLASS_MAX], count[_STALL_CLASS_MAX];
        uint64_t counted_usec, waited_usec; /* what PSI counts as of memory, and what it counts as of I/O alone */
} Sums;

static Sums add_up(Memstall *m, const Cgroup *c) {
        static StallEntry entries[N_ENTRIES];
        Sums sums = { 0 };
        size_t n;

        CHECK(memstall_read(m, entries, N_ENTRIES, &n) == 0);
        for (size_t i = 0; i < n; i++) {
                if (entries[i].cgroup_id != c->id)
                        continue;
                sums.usec[entries[i].class] += entries[i].stall_usec;
                sums.count[entries[i].class] += entries[i].count;
                if (stall_is_counted(entries[i].class))
                        sums.counted_usec += entries[i].stall_usec;
                else
                        sums.waited_usec += entries[i].stall_usec;
        }
        return sums;
}

/* "12.34" */
static const char *percent(char *buf, size_t size, uint64_t part, uint64_t whole) {
        uint64_t share = whole > 0 ? part * 10000 / whole : 0;

        (void) snprintf(buf, size, "%" PRIu64 ".%02" PRIu64, share / 100, share % 100);
        return buf;
}

#define PERCENT(part, whole) percent((char[32]){ 0 }, 32, part, whole)

static uint64_t difference(uint64_t a, uint64_t b) {
        return MAX(a, b) - MIN(a, b);
}

static void print_head(void) {
        (void) printf("%-15s %-16s %10s %10s %9s %8s %8s\n", "way", "PSI", "us", "BPF, us", "differ by", "its class", "other");
}

/* `usec` is what was added up, and `psi_usec` what it is held against. */
static void print_row(const Way *way, const char *file, uint64_t psi_usec, uint64_t usec, const Sums *sums, Verdict verdict) {
        static const char *const remarks[] = { "", "  <- NOT RIGHT", "  <- too little" };

        (void) printf("%-15s %-16s %10" PRIu64 " %10" PRIu64 " %s%7s%% %7s%% %7s%%%s\n", way->name, file, psi_usec, usec,
                      usec < psi_usec ? "-" : "+", PERCENT(difference(psi_usec, usec), psi_usec),
                      PERCENT(sums->usec[way->class], usec), PERCENT(sums->usec[STALL_OTHER], sums->counted_usec),
                      remarks[verdict]);
        for (StallClass k = 0; k < _STALL_CLASS_MAX; k++)
                if (sums->usec[k] > 0)
                        (void) printf("    %-14s %9" PRIu64 " us in %" PRIu64 "\n", stall_to_string(k), sums->usec[k],
                                      sums->count[k]);
}

/* The sum has to be the kernel's within one part of so many; the class, more than all others together. */
static Verdict judge_sum(const Way *way, const Sums *sums, uint64_t psi_usec, uint64_t usec, unsigned parts) {
        if (difference(psi_usec, usec) * parts > MAX(psi_usec, ENOUGH_USEC) ||
            sums->usec[STALL_OTHER] * 50 > MAX(sums->counted_usec, ENOUGH_USEC))
                return VERDICT_WRONG;
        return psi_usec >= ENOUGH_USEC && sums->usec[way->class] > usec / 2 ? VERDICT_RIGHT : VERDICT_TOO_LITTLE;
}

/* Within a twentieth where PSI counts the same. Waits are held against io.pressure, which has the shortest ones as well,
 * but not the time until a task runs again. */
static Verdict judge(const Way *way, const Cgroup *c, const Sums *sums) {
        uint64_t memory = cgroup_stall_usec(c, "memory.pressure"), io;
        Verdict verdict;

        if (stall_is_counted(way->class)) {
                verdict = judge_sum(way, sums, memory, sums->counted_usec, 20);
                print_row(way, "memory.pressure", memory, sums->counted_usec, sums, verdict);
                return verdict;
        }
        io = cgroup_stall_usec(c, "io.pressure");
        verdict = memory * 20 <= io ? judge_sum(way, sums, io, sums->waited_usec, 5) : VERDICT_WRONG;
        print_row(way, "io.pressure", io, sums->waited_usec, sums, verdict);
        (void) printf("    memory.pressure %" PRIu64 " us\n", memory);
        return verdict;
}

/* What the programs missed may be why sums differ. */
static void print_counters(Memstall *m, const MemstallCounters *before) {
        MemstallCounters now;

        CHECK(memstall_counters(m, &now) == 0);
        (void) printf("    sections %" PRIu64 ", nested %" PRIu64 ", without a beginning %" PRIu64 ", missed %" PRIu64
                      ", mended %" PRIu64 ", waits %" PRIu64 "\n",
                      now.sections - before->sections, now.nested - before->nested, now.orphans - before->orphans,
                      now.missed - before->missed, now.mended - before->mended, now.waits - before->waits);
        (void) fflush(stdout);
}

static pid_t work(const Way *way, const Cgroup *c) {
        pid_t pid;

        if (!way->warm_up) {
                pid = cgroup_fork(c, way->work);
                sleep_usec(WORK_USEC);
                return pid;
        }
        CHECK(cgroup_slow_down(c, WAYS_FILE, 0));
        pid = cgroup_fork(c, way->work);
        sleep_usec(WARM_UP_USEC);
        CHECK(cgroup_slow_down(c, WAYS_FILE, way->reads));
        sleep_usec(WORK_USEC - WARM_UP_USEC);
        return pid;
}

static Verdict measure(Memstall *m, const Way *way, const Cgroup *c) {
        pid_t holder = way->prepare ? prepare(way->prepare) : 0, pid;
        MemstallCounters before;
        Verdict verdict;
        Sums sums;

        CHECK(memstall_counters(m, &before) == 0);
        wait_for_epoch();
        if (way->swap_max)
                cgroup_write(c, "memory.swap.max", way->swap_max);
        pid = work(way, c);
        (void) kill(pid, SIGSTOP);
        sleep_usec(SETTLE_USEC);
        sums = add_up(m, c);
        verdict = judge(way, c, &sums);
        end(pid);
        end(holder);
        print_counters(m, &before);
        return verdict;
}

#define SMALL_MACHINE (UINT64_C(2) << 30)

/* NULL, or why this machine does not have that way. */
static const char *lacks(const Way *way, const Cgroup *c) {
        struct sysinfo info;

        CHECK(sysinfo(&info) == 0);
        if (way->swaps && info.totalswap == 0)
                return "no swap";
        if (way->prepare && (uint64_t) info.totalram * info.mem_unit > SMALL_MACHINE)
                return "takes all memory, and this machine has more than 2 GiB";
        if (way->reads > 0 && !cgroup_slow_down(c, WAYS_FILE, way->reads))
                return "the disk cannot be slowed down";
        return NULL;
}

/* A negative errno, where there is no memory controller; or a Verdict. */
static int measure_way(Memstall *m, const Way *way) {
        Verdict verdict = VERDICT_TOO_LITTLE;

        for (unsigned i = 0; i < TRIES && verdict == VERDICT_TOO_LITTLE; i++) {
                const char *why;
                Cgroup c;

                if (!cgroup_make(&c, way->name, way->file, way->limit))
                        return -ENODEV;
                why = lacks(way, &c);
                if (why)
                        (void) printf("%-15s skipped: %s\n", way->name, why);
                verdict = why ? VERDICT_RIGHT : measure(m, way, &c);
                (void) fflush(stdout);
                (void) rmdir(c.path);
        }
        return (int) verdict;
}

/* The number of ways that were not right; a negative errno. */
static int measure_all(Memstall *m, const char *wanted) {
        int n_wrong = 0;

        for (const Way *way = ways; way < ways + n_ways; way++) {
                int r;

                if (wanted && strcmp(wanted, way->name) != 0)
                        continue;
                r = measure_way(m, way);
                if (r < 0)
                        return r;
                n_wrong += r != VERDICT_RIGHT;
        }
        return n_wrong;
}

/* With the name of a way: that one alone. */
int main(int argc, char **argv) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        char why[512];
        int r;

        r = memstall_new(&m, true, why, sizeof(why));
        if (r != 0) {
                (void) fprintf(stderr, "skipped: %s\n", r > 0 ? why : strerror(-r));
                return EXIT_SKIP;
        }
        (void) printf("%s\n", memstall_rung(m));
        ways_begin();
        print_head();
        r = measure_all(m, argc > 1 ? argv[1] : NULL);
        ways_end();
        if (r < 0)
                (void) fprintf(stderr, "skipped: no memory controller at " CGROUP_ROOT "\n");
        return r < 0 ? EXIT_SKIP : r > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
