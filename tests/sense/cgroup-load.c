/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup-load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf/memstall.h"

void sleep_usec(uint64_t usec) {
        struct timespec ts = { .tv_sec = (time_t) (usec / USEC_PER_SEC),
                               .tv_nsec = (long) (usec % USEC_PER_SEC * 1000) };

        (void) nanosleep(&ts, NULL);
}

#define EPOCH_USEC ((UINT64_C(1) << MEMSTALL_EPOCH_SHIFT) / 1000)

void wait_for_epoch(void) {
        struct timespec now;
        uint64_t at;

        CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
        at = ((uint64_t) now.tv_sec * USEC_PER_SEC + (uint64_t) now.tv_nsec / 1000) % EPOCH_USEC;
        if (at + SHOWN_USEC > 2 * EPOCH_USEC)
                sleep_usec(EPOCH_USEC - at);
}

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
        (void) snprintf(ret->path, sizeof(ret->path), CGROUP_ROOT "/live-%d-%s", (int) getpid(), name);
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

bool cgroup_slow_down(const Cgroup *c, const char *file, unsigned reads) {
        char text[64], limit[16] = "max";
        struct stat st;

        (void) write_file(CGROUP_ROOT, "cgroup.subtree_control", "+io");
        CHECK(stat(file, &st) == 0);
        if (reads > 0)
                (void) snprintf(limit, sizeof(limit), "%u", reads);
        (void) snprintf(text, sizeof(text), "%u:%u riops=%s", major(st.st_dev), minor(st.st_dev), limit);
        return write_file(c->path, "io.max", text) == 0;
}

unsigned lru_generations(unsigned set) {
        _cleanup_(fd_closep) int fd = open("/sys/kernel/mm/lru_gen/enabled", O_RDWR | O_CLOEXEC);
        char text[16] = "";

        if (fd < 0)
                return 0;
        CHECK(read(fd, text, sizeof(text) - 1) > 0);
        CHECK(dprintf(fd, "%u", set) > 0);
        return (unsigned) strtoul(text, NULL, 16);
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

uint64_t cgroup_settle(const Cgroup *c, pid_t pid) {
        (void) kill(pid, SIGSTOP);
        sleep_usec(5 * USEC_PER_SEC / 2);
        return cgroup_stall_usec(c, "memory.pressure");
}

bool is_near(const char *what, uint64_t psi, uint64_t sum) {
        (void) printf("%s: PSI %" PRIu64 " us, sections %" PRIu64 " us\n", what, psi, sum);
        (void) fflush(stdout);
        return psi > 0 && sum <= psi + psi / 5 && sum >= psi - psi / 5;
}

pid_t cgroup_fork(const Cgroup *c, void (*work)(void)) {
        pid_t pid = fork();
        cpu_set_t cpus;

        CHECK(pid >= 0);
        if (pid != 0)
                return pid;

        /* On one CPU: PSI weighs the stalls on each CPU of a cgroup by how busy it keeps it. */
        CPU_ZERO(&cpus);
        CPU_SET(0, &cpus);
        (void) sched_setaffinity(0, sizeof(cpus), &cpus);
        if (write_file(c->path, "cgroup.procs", "0") < 0)
                _exit(EXIT_FAILURE);
        work();
        _exit(EXIT_SUCCESS);
}

void cgroup_end(const Cgroup *c, pid_t pid) {
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        (void) rmdir(c->path);
}

size_t draw(size_t n) {
        static uint64_t state = 1;

        state = state * UINT64_C(6364136223846793005) + 1;
        return (size_t) (state >> 33) % n;
}

/* They stay behind in the kernel as negative dentries, charged to the cgroup. */
void look_up_nothing(void) {
        for (unsigned i = 0;; i++) {
                char path[64];
                struct stat st;

                (void) snprintf(path, sizeof(path), "/live-load-%u", i);
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
