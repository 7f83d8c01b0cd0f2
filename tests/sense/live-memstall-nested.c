/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sections inside another: a task that reads a file again which it had in use is in one, and where the file system puts
 * more pages into the cache than were asked for, these are charged then; at its cgroup's limit that is reclaim, with a
 * section of its own. PSI counts the outer one. */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live-stall.h"
#include "squashfs-image.h"

#define IMAGE "/dev/shm/live-nested" /* in memory, so that nothing of it is cached once more */
#define FOLDER IMAGE ".mnt"
#define DATA FOLDER "/data"

enum {
        N_BLOCKS = 12,
        PAGES = 65536, /* bytes */
        TRIES = 3,
        NESTED_MIN = 50,
};

static bool mount_image(void) {
        _cleanup_(fd_closep) int fd = open(IMAGE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        CHECK(fd >= 0 && squashfs_image_write(fd, N_BLOCKS) == 0);
        CHECK(mkdir(FOLDER, 0755) == 0);
        return system("modprobe -q loop; mount -o loop,ro " IMAGE " " FOLDER) == 0;
}

static void unmount_image(void) {
        (void) system("umount " FOLDER " 2>/dev/null");
        (void) rmdir(FOLDER);
        (void) unlink(IMAGE);
}

/* Asks for few pages, of a block that the file system adds as a whole. Twice, because that makes the pages in use. */
static void read_blocks(void) {
        static char pages[PAGES];
        int fds[2];

        for (unsigned i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = open(DATA, O_RDONLY | O_CLOEXEC);
                if (fds[i] < 0 || posix_fadvise(fds[i], 0, 0, POSIX_FADV_DONTNEED) != 0 ||
                    posix_fadvise(fds[i], 0, 0, POSIX_FADV_RANDOM) != 0)
                        return;
        }
        for (;;) {
                off_t block = (off_t) draw(N_BLOCKS) * SQUASHFS_BLOCK;

                for (unsigned i = 0; i < ELEMENTSOF(fds); i++)
                        for (off_t at = 0; at < SQUASHFS_BLOCK; at += PAGES)
                                if (pread(fds[i], pages, PAGES, block + at) < 0)
                                        return;
        }
}

/* Reclaim for the limit has its own class where it is not inside of another section. */
static void check_classes(const Memstall *m, const Reading *r, pid_t pid) {
        const StallEntry *max = find(r, pid, STALL_MEMCG_MAX);
        char stack[4096] = "";

        CHECK(find(r, pid, STALL_READ));
        if (max)
                (void) memstall_symbolize(m, max, stack, sizeof(stack));
        CHECK(!*stack || strncmp(stack, "try_charge", strlen("try_charge")) == 0);
}

/* Whether PSI and the sections agree, and there were sections inside of others, of which none has taken the end of another
 * for its own. */
static bool nested_is_right(Memstall *m, const Cgroup *c) {
        MemstallCounters before, after;
        uint64_t psi;
        Reading r;
        pid_t pid;

        CHECK(memstall_counters(m, &before) == 0);
        wait_for_epoch();
        pid = cgroup_fork(c, read_blocks);
        wait_for_stall(m, c);
        sleep_usec(STALL_FOR_USEC);
        psi = cgroup_settle(c, pid);
        read_now(m, &r);
        CHECK(memstall_counters(m, &after) == 0);
        print_all(m);
        cgroup_end(c, pid);
        if (after.nested > before.nested)
                check_classes(m, &r, pid);
        (void) printf("%" PRIu64 " sections inside of %" PRIu64 ", %" PRIu64 " without a beginning\n",
                      after.nested - before.nested, after.sections - before.sections, after.orphans - before.orphans);
        CHECK(after.orphans == before.orphans);
        return is_near("nested", psi, usec_in(&r, c->id)) && after.nested - before.nested >= NESTED_MIN;
}

bool test_nested(Memstall *m) {
        size_t before = count_records(m);
        bool right = false, made = true;
        unsigned generations;

        unmount_image();
        CHECK(mount_image());
        generations = lru_generations(0);
        for (int i = 0; i < TRIES && !right && made; i++) {
                Cgroup c;

                made = cgroup_make(&c, "nested", "memory.max", "10M");
                right = made && nested_is_right(m, &c);
        }
        (void) lru_generations(generations);
        unmount_image();
        CHECK(right || !made);
        check_records(m, before);
        return made;
}
