/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* onlooker: what tests/bench/peers measures with, in a guest. Linked statically, and locked in memory: it stalls for nobody.
 *
 *   onlooker bystand FILE MB        touches MB of memory again and again; how long each MB took goes into FILE
 *   onlooker turns FILE             prints the worst of them and the 99.9th percentile, in microseconds
 *   onlooker watch SECONDS PART TROUBLE INNOCENT...
 *       follows the cgroup folder TROUBLE until it has ended, and PART of SECONDS longer; prints when it ended or was frozen,
 *       when the host had its last bad second, how long the host stalled, and which of the innocents died
 *   onlooker stream FILE            reads the file through the page cache for ever
 *   onlooker database FILE MB TURNS reads pages of the file's first MB in no order for ever; how long each took goes into TURNS
 *   onlooker fork-bomb MB           each process takes MB and forks two more
 *   onlooker build SECONDS MB JOBS  so many compilers at a time, each taking MB for a second or two of work */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t) 1 << 20)
#define PAGE 4096U
#define MSEC 1000U
#define SEC 1000000U

static uint64_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * SEC + (uint64_t) ts.tv_nsec / 1000;
}

static void pause_usec(uint64_t usec) {
        (void) clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ (time_t) (usec / SEC), (long) (usec % SEC) * 1000 }, NULL);
}

static void die(const char *what) {
        perror(what);
        exit(EXIT_FAILURE);
}

static int open_or_die(const char *path, int flags) {
        int fd = open(path, flags | O_CLOEXEC, 0600);

        if (fd < 0)
                die(path);
        return fd;
}

/* ---- Turns ------------------------------------------------------------------------------------- */

/* How many turns took how long: sixteen buckets for each power of two. In a file that is mapped, so that a bystander that dies
 * leaves it. */
#define BUCKETS_PER_DOUBLING 16U
#define BUCKETS (48U * BUCKETS_PER_DOUBLING)

typedef struct Turns {
        uint64_t worst_usec, n;
        uint64_t counts[BUCKETS];
} Turns;

static Turns *turns_map(const char *path, bool new) {
        int fd = open_or_die(path, O_RDWR | (new ? O_CREAT | O_TRUNC : 0));
        Turns *t;

        if (new && ftruncate(fd, sizeof(*t)) < 0)
                die(path);
        t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (t == MAP_FAILED || (new && mlock(t, sizeof(*t)) < 0))
                die(path);
        close(fd);
        return t;
}

static unsigned bucket_of(uint64_t usec) {
        uint64_t scaled = (usec + 1) * BUCKETS_PER_DOUBLING;
        unsigned doublings = 63U - (unsigned) __builtin_clzll(scaled) - 4U; /* sixteen is the first */

        return doublings * BUCKETS_PER_DOUBLING + (unsigned) ((scaled >> doublings) - BUCKETS_PER_DOUBLING);
}

/* The largest that the bucket holds. */
static uint64_t bucket_usec(unsigned bucket) {
        unsigned doublings = bucket / BUCKETS_PER_DOUBLING, rest = bucket % BUCKETS_PER_DOUBLING;

        return (((uint64_t) rest + 1 + BUCKETS_PER_DOUBLING) << doublings) / BUCKETS_PER_DOUBLING;
}

static void turns_add(Turns *t, uint64_t usec) {
        unsigned bucket = bucket_of(usec);

        t->counts[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
        t->n++;
        if (usec > t->worst_usec)
                t->worst_usec = usec;
}

static int turns(char **argv) {
        const Turns *t = turns_map(argv[0], false);
        uint64_t behind = t->n / 1000, n = 0;
        unsigned bucket = BUCKETS;

        while (bucket > 0 && n <= behind)
                n += t->counts[--bucket];
        (void) printf("%lu %lu\n", (unsigned long) t->worst_usec,
                      (unsigned long) (bucket_usec(bucket) < t->worst_usec ? bucket_usec(bucket) : t->worst_usec));
        return 0;
}

/* ---- Those beside it --------------------------------------------------------------------------- */

static char *take(size_t size) {
        char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                die("mmap");
        for (size_t i = 0; i < size; i += PAGE)
                memory[i] = (char) (i >> 12) | 1;
        return memory;
}

static __attribute__((noreturn)) int bystand(char **argv) {
        size_t size = strtoul(argv[1], NULL, 10) * MIB;
        volatile char *memory = take(size);
        Turns *t = turns_map(argv[0], true);

        for (;;) {
                for (size_t at = 0; at < size; at += MIB) {
                        uint64_t begin = now_usec();

                        for (size_t i = 0; i < MIB; i += PAGE)
                                memory[at + i]++;
                        turns_add(t, now_usec() - begin);
                }
                pause_usec(50 * MSEC);
        }
}

static __attribute__((noreturn)) int database(char **argv) {
        size_t n_pages = strtoul(argv[1], NULL, 10) * MIB / PAGE;
        int fd = open_or_die(argv[0], O_RDONLY);
        Turns *t = turns_map(argv[2], true);
        char page[PAGE];
        uint64_t state = 1;

        (void) posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        for (size_t i = 0; i < n_pages; i++) /* warm */
                if (pread(fd, page, sizeof(page), (off_t) (i * PAGE)) < 0)
                        die("pread");
        for (;;) {
                uint64_t begin = now_usec();

                for (unsigned i = 0; i < 64; i++) {
                        state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
                        if (pread(fd, page, sizeof(page), (off_t) ((state >> 33) % n_pages * PAGE)) < 0)
                                die("pread");
                }
                turns_add(t, now_usec() - begin);
                pause_usec(2 * MSEC);
        }
}

static __attribute__((noreturn)) int stream(char **argv) {
        static char buffer[MIB];
        int fd = open_or_die(argv[0], O_RDONLY);

        for (;;)
                if (read(fd, buffer, sizeof(buffer)) <= 0)
                        (void) lseek(fd, 0, SEEK_SET);
}

static __attribute__((noreturn)) int fork_bomb(char **argv) {
        size_t size = strtoul(argv[0], NULL, 10) * MIB;

        for (;;) {
                (void) take(size);
                (void) fork();
                (void) fork();
                pause_usec(100 * MSEC);
        }
}

/* Takes memory a piece at a time, works with it, and is done. */
static void compile(size_t size, uint64_t work_usec) {
        volatile char *memory = take(size);
        uint64_t until = now_usec() + work_usec;

        while (now_usec() < until)
                for (size_t i = 0; i < size; i += 16 * PAGE)
                        memory[i]++;
        _exit(EXIT_SUCCESS);
}

static int build(char **argv) {
        uint64_t until = now_usec() + strtoul(argv[0], NULL, 10) * SEC;
        size_t size = strtoul(argv[1], NULL, 10) * MIB;
        unsigned n_jobs = (unsigned) strtoul(argv[2], NULL, 10), n = 0, started = 0, failed = 0;
        int status;

        while (now_usec() < until || n > 0) {
                for (; n < n_jobs && now_usec() < until; n++, started++) {
                        pid_t pid = fork();

                        if (pid < 0)
                                die("fork");
                        if (pid == 0)
                                compile(size / 2 + size / 8 * (started * 3 % 5), (1000 + started % 3 * 500) * MSEC);
                }
                if (wait(&status) > 0) {
                        n--;
                        failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
                }
        }
        (void) printf("%u jobs, %u of them failed\n", started, failed);
        return failed > 0;
}

/* ---- The onlooker ------------------------------------------------------------------------------ */

#define INNOCENTS_MAX 8
#define LOOK_USEC (20 * MSEC)

static size_t read_at(int fd, char *buf, size_t size) {
        ssize_t n = pread(fd, buf, size - 1, 0);

        buf[n > 0 ? n : 0] = '\0';
        return n > 0 ? (size_t) n : 0;
}

/* cgroup.events of a cgroup that is gone cannot be read any more. */
static bool has(int fd, const char *line) {
        char text[256];

        return read_at(fd, text, sizeof(text)) > 0 && strstr(text, line);
}

/* total= of `some` and `full`. */
static void read_pressure(int fd, uint64_t ret[2]) {
        char text[512];
        const char *p = text;

        (void) read_at(fd, text, sizeof(text));
        for (unsigned i = 0; i < 2 && (p = strstr(p, "total=")); i++, p++)
                ret[i] = strtoull(p + strlen("total="), NULL, 10);
}

static int events_of(const char *cgroup) {
        char path[4096];

        (void) snprintf(path, sizeof(path), "%s/cgroup.events", cgroup);
        return open_or_die(path, O_RDONLY);
}

/* Prints milliseconds since the start: of the end of the trouble, of the end of the last second of which the host stalled a
 * tenth; or -1. Then how long the host stalled, some and full, and how many innocents ended. */
static int watch(char **argv) {
        uint64_t begin, until, second, stalled[2], first[2], before[2], ended = 0, bad = 0;
        int pressure = open_or_die("/proc/pressure/memory", O_RDONLY), innocents[INNOCENTS_MAX], trouble;
        unsigned n = 0, died = 0;
        uint64_t rest = strtoull(argv[1], NULL, 10) * SEC;

        if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0 || setpriority(PRIO_PROCESS, 0, -20) < 0)
                die("onlooker");
        trouble = events_of(argv[2]);
        for (; argv[3 + n] && n < INNOCENTS_MAX; n++)
                innocents[n] = events_of(argv[3 + n]);

        begin = second = now_usec();
        until = begin + strtoull(argv[0], NULL, 10) * SEC;
        read_pressure(pressure, first);
        memcpy(before, first, sizeof(before));
        while (now_usec() < until) {
                pause_usec(LOOK_USEC);
                if (ended == 0 && (!has(trouble, "populated 1") || has(trouble, "frozen 1"))) {
                        ended = now_usec();
                        if (ended + rest < until)
                                until = ended + rest;
                }
                if (now_usec() - second < SEC)
                        continue;
                read_pressure(pressure, stalled);
                if ((stalled[0] - before[0]) * 10 >= now_usec() - second)
                        bad = now_usec();
                memcpy(before, stalled, sizeof(before));
                second = now_usec();
        }
        read_pressure(pressure, stalled);
        for (unsigned i = 0; i < n; i++)
                died += !has(innocents[i], "populated 1");
        (void) printf("%ld %ld %lu %lu %u\n", ended ? (long) ((ended - begin) / MSEC) : -1L, bad ? (long) ((bad - begin) / MSEC) : -1L,
                      (unsigned long) ((stalled[0] - first[0]) / MSEC), (unsigned long) ((stalled[1] - first[1]) / MSEC), died);
        return 0;
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                int n_arguments; /* at least */
                int (*run)(char **argv);
        } verbs[] = {
                { "bystand", 2, bystand },   { "turns", 1, turns },         { "watch", 3, watch }, { "stream", 1, stream },
                { "database", 3, database }, { "fork-bomb", 1, fork_bomb }, { "build", 3, build },
        };

        for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
                if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].n_arguments)
                        return verbs[i].run(argv + 2);
        (void) fprintf(stderr, "onlooker: see its source for what it can do\n");
        return EXIT_FAILURE;
}
