/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "live-ways.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cgroup-load.h"

#define HOLLOW_FILE WAYS_FILE "-hollow"
#define MIB ((size_t) 1 << 20)
#define PAGE 4096U
#define DATA_SIZE (24 * MIB)
#define AGAIN_SIZE (8 * MIB)   /* of it */
#define TOUCHED_SIZE (12 * MIB)
#define HOLLOW_SIZE (256 * MIB)
#define LEFT (24 * MIB) /* enough to go on with */

static volatile uint8_t *map(size_t size) {
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                _exit(EXIT_FAILURE);
        return p;
}

static uint64_t free_bytes(void) {
        struct sysinfo info;

        CHECK(sysinfo(&info) == 0);
        return (uint64_t) (info.freeram + info.bufferram) * info.mem_unit;
}

/* ---- Work ---- */

static void grow(void) {
        volatile uint8_t *p = map(512 * MIB);

        for (size_t i = 0; i < 512 * MIB; i += PAGE)
                p[i] = 1;
        for (;;)
                (void) pause();
}

static int open_data(int advice) {
        int fd = open(WAYS_FILE, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || posix_fadvise(fd, 0, 0, advice) != 0)
                _exit(EXIT_FAILURE);
        return fd;
}

/* More of a file than fits, though not much more: each page comes back soon after it went, which makes it part of the
 * working set. One at a time, without what the kernel would read beside it, which nobody has in use. By two descriptors,
 * because what one of them reads twice on end is one use of the page. */
static void read_again(void) {
        const int fds[] = { open_data(POSIX_FADV_RANDOM), open_data(POSIX_FADV_RANDOM) };

        (void) close(open_data(POSIX_FADV_DONTNEED)); /* nobody else has any of it in memory */
        for (;;) {
                off_t at = (off_t) (draw(AGAIN_SIZE / PAGE) * PAGE);
                char byte;

                for (unsigned i = 0; i < ELEMENTSOF(fds); i++)
                        if (pread(fds[i], &byte, 1, at) != 1)
                                _exit(EXIT_FAILURE);
        }
}

static void touch_again(void) {
        volatile uint8_t *p = map(TOUCHED_SIZE);

        (void) madvise((void *) p, TOUCHED_SIZE, MADV_NOHUGEPAGE);
        for (;;)
                p[draw(TOUCHED_SIZE / PAGE) * PAGE]++;
}

/* Each page for the first time: nobody has had it in use. */
static void touch_file_once(void) {
        int fd = open_data(POSIX_FADV_DONTNEED);
        volatile uint8_t *p = mmap(NULL, DATA_SIZE, PROT_READ, MAP_SHARED, fd, 0);

        if (p == MAP_FAILED || madvise((void *) p, DATA_SIZE, MADV_RANDOM) < 0)
                _exit(EXIT_FAILURE);
        for (size_t i = 0; i < DATA_SIZE; i += PAGE)
                (void) p[i];
        for (;;)
                (void) pause();
}

/* Fills memory with the cache of a file that has nothing on the disk. */
static void read_hollow(void) {
        static uint8_t buffer[64 << 10];
        int fd = open(HOLLOW_FILE, O_RDONLY | O_CLOEXEC);

        for (;; (void) lseek(fd, 0, SEEK_SET))
                while (read(fd, buffer, sizeof(buffer)) > 0)
                        ;
}

/* Leaves every other page free of all that is free but `left`. */
static volatile uint8_t *leave_pieces(size_t left, size_t *ret_size) {
        size_t size = free_bytes() / MIB * MIB;
        volatile uint8_t *p;

        size -= MIN(size - MIB, left);
        p = map(size);
        (void) madvise((void *) p, size, MADV_NOHUGEPAGE);
        for (size_t i = 0; i < size; i += PAGE)
                p[i] = 1;
        for (size_t i = 0; i < size; i += 2 * PAGE)
                (void) madvise((void *) (p + i), PAGE, MADV_DONTNEED);
        *ret_size = size;
        return p;
}

/* Asks for more large pages than there are, which others have to move for; and once more when that is undone. */
static void ask_for_large_pages(void) {
        const size_t wanted = 48 * MIB, large = 2 * MIB;
        volatile uint8_t *pieces = NULL;
        size_t size = 0;

        for (;;) {
                volatile uint8_t *p = map(wanted);

                (void) madvise((void *) p, wanted, MADV_HUGEPAGE);
                for (size_t i = 0; i < wanted; i += large)
                        p[i] = 1;
                (void) munmap((void *) p, wanted);
                if (pieces)
                        (void) munmap((void *) pieces, size);
                pieces = leave_pieces(LEFT, &size);
        }
}

/* ---- What is prepared ---- */

/* Takes all free memory but so much, for good. */
static void leave(size_t left) {
        size_t size = free_bytes() / PAGE * PAGE;
        void *p;

        size -= MIN(size, left);
        p = (void *) map(size);
        (void) mlock(p, size);
}

/* What the kernel keeps for itself is a twentieth of a small machine where it has large pages. */
static void keep_free(char *kib, size_t size, bool set) {
        _cleanup_(fd_closep) int fd = open("/proc/sys/vm/min_free_kbytes", set ? O_WRONLY : O_RDONLY | O_CLOEXEC);

        CHECK(fd >= 0);
        if (set)
                CHECK(write(fd, kib, strlen(kib)) > 0);
        else
                CHECK(read(fd, kib, size - 1) > 0);
}

/* What the kernel does in the background gets the time that the task leaves of its CPU, so that the task has to do it for
 * itself. */
static void schedule_kernel(int policy, size_t n_cpus) {
        DIR *proc = opendir("/proc");
        struct dirent *e;
        cpu_set_t cpus;

        CHECK(proc);
        CPU_ZERO(&cpus);
        for (size_t i = 0; i < n_cpus; i++)
                CPU_SET(i, &cpus);
        while ((e = readdir(proc))) {
                char path[300], name[32] = "";
                int fd;

                (void) snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        continue;
                if (read(fd, name, sizeof(name) - 1) > 0 &&
                    (strncmp(name, "kswapd", 6) == 0 || strncmp(name, "kcompactd", 9) == 0)) {
                        (void) sched_setaffinity(atoi(e->d_name), sizeof(cpus), &cpus);
                        (void) sched_setscheduler(atoi(e->d_name), policy, &(struct sched_param){ 0 });
                }
                (void) close(fd);
        }
        (void) closedir(proc);
}

static void leave_to_task(size_t left) {
        schedule_kernel(SCHED_IDLE, 1);
        keep_free((char *) "8192", 0, true);
        leave(left);
}

static void leave_little(void) {
        leave_to_task(LEFT);
}

static void leave_little_in_pieces(void) {
        size_t size;

        leave_to_task(5 * LEFT);
        (void) leave_pieces(LEFT, &size);
}

const Way ways[] = {
        { "memory-max", "memory.max", "2M", look_up_nothing, STALL_MEMCG_MAX },
        { "memory-high", "memory.high", "4M", grow, STALL_MEMCG_HIGH, .swaps = true },
        { "high-throttle", "memory.high", "4M", grow, STALL_HIGH_THROTTLE, .swap_max = "0" },
        { "refault", "memory.max", "7M", read_again, STALL_REFAULT, .swap_max = "0", .reads = 150,
          .warm_up = true },
        { "swap-in", "memory.max", "11M", touch_again, STALL_SWAP_IN, .swaps = true, .reads = 150, .warm_up = true },
        { "direct-reclaim", "memory.max", "max", read_hollow, STALL_DIRECT_RECLAIM, .prepare = leave_little },
        { "compaction", "memory.max", "max", ask_for_large_pages, STALL_COMPACTION, .prepare = leave_little_in_pieces },
        { "file-wait", "memory.max", "max", touch_file_once, STALL_FILE_WAIT, .reads = 400 },
};
const size_t n_ways = ELEMENTSOF(ways);

static char kept_free[32];
static unsigned generations;

void ways_begin(void) {
        static uint8_t block[MIB];
        _cleanup_(fd_closep) int fd = open(WAYS_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        _cleanup_(fd_closep) int hollow = open(HOLLOW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        CHECK(fd >= 0 && hollow >= 0);
        for (size_t i = 0; i < DATA_SIZE / MIB; i++)
                CHECK(write(fd, block, sizeof(block)) == sizeof(block));
        CHECK(fsync(fd) == 0);
        CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
        CHECK(ftruncate(hollow, (off_t) HOLLOW_SIZE) == 0);
        keep_free(kept_free, sizeof(kept_free), false);
        generations = lru_generations(0);
}

void ways_end(void) {
        char kept_free_now[32] = "";

        (void) unlink(WAYS_FILE);
        (void) unlink(HOLLOW_FILE);
        (void) lru_generations(generations);

        /* On a machine where a way has needed that. */
        keep_free(kept_free_now, sizeof(kept_free_now), false);
        if (strcmp(kept_free, kept_free_now) == 0)
                return;
        schedule_kernel(SCHED_OTHER, CPU_SETSIZE);
        keep_free(kept_free, 0, true);
}
