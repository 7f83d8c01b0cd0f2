/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the sums of the BPF programs are PSI's: for each way to stall that can be brought about, one task stalls alone
 * in a cgroup for a while, then both are held beside each other over all of its life: the cgroup's memory.pressure, and
 * the classes that PSI counts. Prints a table. A way that this machine does not have (no swap, no huge pages) is skipped;
 * exit 77 where BPF cannot be loaded or the memory controller is not on cgroup v2. */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-load.h"
#include "core/decision.h"
#include "sense/memstall.h"

#define DATA_FILE "/var/tmp/live-accuracy"
#define MIB ((size_t) 1 << 20)
#define PAGE 4096U
#define FILE_SIZE (10 * MIB)

/* The window that memstall_read() is sure to show is 8.6 s: work and wait have to fit into it. */
#define WORK_USEC (5 * USEC_PER_SEC)
#define SETTLE_USEC (5 * USEC_PER_SEC / 2) /* PSI brings its file up to date every 2 s */

#define ENOUGH_USEC (100 * USEC_PER_MSEC) /* less stall than this is no measurement */

enum {
        EXIT_SKIP = 77,
        N_ENTRIES = 256,
};

static volatile uint8_t *map(size_t size) {
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                _exit(EXIT_FAILURE);
        return p;
}

/* The same numbers each time. */
static size_t draw(size_t n) {
        static uint64_t state = 1;

        state = state * UINT64_C(6364136223846793005) + 1;
        return (size_t) (state >> 33) % n;
}

static uint64_t free_bytes(void) {
        struct sysinfo info;

        CHECK(sysinfo(&info) == 0);
        return (uint64_t) (info.freeram + info.bufferram) * info.mem_unit;
}

/* ---- Ways to stall --------------------------------------------------------------------------- */

static void grow(void) {
        volatile uint8_t *p = map(512 * MIB);

        for (size_t i = 0; i < 512 * MIB; i += PAGE)
                p[i] = 1;
        pause();
}

/* Pages that are used twice are of the working set when they are evicted. */
static void read_again(void) {
        static uint8_t page[PAGE];
        int fd = open(DATA_FILE, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                _exit(EXIT_FAILURE);
        (void) posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        for (;;) {
                off_t at = (off_t) (draw(FILE_SIZE / PAGE) * PAGE);

                for (unsigned i = 0; i < 3; i++)
                        if (pread(fd, page, sizeof(page), at) < 0)
                                _exit(EXIT_FAILURE);
        }
}

static void touch_again(void) {
        volatile uint8_t *p = map(48 * MIB);

        for (;;) {
                size_t at = draw(48 * MIB / PAGE) * PAGE;

                for (unsigned i = 0; i < 3; i++)
                        p[at]++;
        }
}

static void touch_much(void) {
        volatile uint8_t *p = map(320 * MIB);

        for (;;)
                for (size_t i = 0; i < 320 * MIB; i += PAGE)
                        p[i]++;
}

static void ask_for_large_pages(void) {
        size_t size = 128 * MIB, large = 2 * MIB;
        volatile uint8_t *p = map(size);

        (void) madvise((void *) p, size, MADV_HUGEPAGE);
        for (;;) {
                for (size_t i = 0; i < size; i += large)
                        p[i] = 1;
                (void) madvise((void *) p, size, MADV_DONTNEED);
        }
}

/* ---- What others do meanwhile ---------------------------------------------------------------- */

/* Takes all free memory but so much, for good. */
static void leave_little(void) {
        size_t size = free_bytes() / PAGE * PAGE;
        void *p;

        size -= MIN(size, 24 * MIB);
        p = (void *) map(size);
        (void) mlock(p, size);
}

/* Takes nearly all of it, and gives every other page back: nothing large is left in one piece. */
static void leave_pieces(void) {
        size_t size = free_bytes() / PAGE * PAGE;
        volatile uint8_t *p;

        size -= MIN(size, 40 * MIB);
        p = map(size);
        (void) madvise((void *) p, size, MADV_NOHUGEPAGE);
        for (size_t i = 0; i < size; i += PAGE)
                p[i] = 1;
        for (size_t i = 0; i < size; i += 2 * PAGE)
                (void) madvise((void *) (p + i), PAGE, MADV_DONTNEED);
}

/* Not returned from before it is done. */
static pid_t others(void (*work)(void)) {
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

typedef struct Way {
        const char *name;
        const char *file, *limit, *swap_max;
        void (*others)(void), (*work)(void);
        StallClass class; /* one that must be there */
        bool swaps;
} Way;

static const Way ways[] = {
        { "memory-max", "memory.max", "2M", NULL, NULL, look_up_nothing, STALL_MEMCG_MAX, false },
        { "memory-high", "memory.high", "4M", NULL, NULL, grow, STALL_MEMCG_HIGH, true },
        { "high-throttle", "memory.high", "4M", "0", NULL, grow, STALL_HIGH_THROTTLE, false },
        { "refault", "memory.max", "5M", NULL, NULL, read_again, STALL_REFAULT, false },
        { "swap-in", "memory.max", "32M", NULL, NULL, touch_again, STALL_SWAP_IN, true },
        { "direct-reclaim", "memory.max", "max", NULL, leave_little, touch_much, STALL_DIRECT_RECLAIM, true },
        { "compaction", "memory.max", "max", NULL, leave_pieces, ask_for_large_pages, STALL_COMPACTION, false },
};

typedef struct Sums {
        uint64_t usec[_STALL_CLASS_MAX], count[_STALL_CLASS_MAX], counted_usec;
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

/* Whether what was measured is right. */
static bool judge(const Way *way, uint64_t psi_usec, const Sums *sums) {
        uint64_t difference = MAX(psi_usec, sums->counted_usec) - MIN(psi_usec, sums->counted_usec);
        bool right = psi_usec >= ENOUGH_USEC && difference * 100 <= psi_usec * 5 &&
                     sums->usec[STALL_OTHER] * 100 <= sums->counted_usec * 2 && sums->usec[way->class] > 0;

        (void) printf("%-15s psi %9" PRIu64 " us, bpf %9" PRIu64 " us, difference %s%%, other %s%%, %s %s%%%s\n", way->name,
                      psi_usec, sums->counted_usec, PERCENT(difference, psi_usec),
                      PERCENT(sums->usec[STALL_OTHER], sums->counted_usec), stall_to_string(way->class),
                      PERCENT(sums->usec[way->class], sums->counted_usec), right ? "" : "  <- NOT RIGHT");
        for (StallClass k = 0; k < _STALL_CLASS_MAX; k++)
                if (sums->usec[k] > 0)
                        (void) printf("    %-14s %9" PRIu64 " us in %" PRIu64 "%s\n", stall_to_string(k), sums->usec[k],
                                      sums->count[k], stall_is_counted(k) ? "" : ", not counted by PSI");
        (void) fflush(stdout);
        return right;
}

static bool measure(Memstall *m, const Way *way, const Cgroup *c) {
        pid_t holder = way->others ? others(way->others) : 0, pid;
        uint64_t psi_usec;
        Sums sums;

        if (way->swap_max)
                cgroup_write(c, "memory.swap.max", way->swap_max);
        pid = cgroup_fork(c, way->work);
        sleep_usec(WORK_USEC);
        (void) kill(pid, SIGSTOP);
        sleep_usec(SETTLE_USEC);
        psi_usec = cgroup_stall_usec(c, "memory.pressure");
        sums = add_up(m, c);
        end(pid);
        end(holder);
        return judge(way, psi_usec, &sums);
}

static bool has_swap(void) {
        struct sysinfo info;

        return sysinfo(&info) == 0 && info.totalswap > 0;
}

static void make_file(void) {
        static uint8_t block[MIB];
        _cleanup_(fd_closep) int fd = open(DATA_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        CHECK(fd >= 0);
        for (size_t i = 0; i < FILE_SIZE / MIB; i++)
                CHECK(write(fd, block, sizeof(block)) == sizeof(block));
        CHECK(fsync(fd) == 0);
        (void) posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

int main(int argc, char **argv) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        unsigned n_wrong = 0;
        char why[512];
        int r;

        r = memstall_new(&m, true, why, sizeof(why));
        if (r != 0) {
                (void) fprintf(stderr, "skipped: %s\n", r > 0 ? why : strerror(-r));
                return EXIT_SKIP;
        }
        (void) printf("%s\n", memstall_rung(m));
        make_file();
        for (const Way *way = ways; way < ways + ELEMENTSOF(ways); way++) {
                Cgroup c;

                if (argc > 1 && strcmp(argv[1], way->name) != 0)
                        continue;
                if (way->swaps && !has_swap()) {
                        (void) printf("%-15s skipped: no swap\n", way->name);
                        continue;
                }
                if (!cgroup_make(&c, way->name, way->file, way->limit)) {
                        (void) fprintf(stderr, "skipped: no memory controller at " CGROUP_ROOT "\n");
                        (void) unlink(DATA_FILE);
                        return EXIT_SKIP;
                }
                n_wrong += !measure(m, way, &c);
                (void) rmdir(c.path);
        }
        (void) unlink(DATA_FILE);
        return n_wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
