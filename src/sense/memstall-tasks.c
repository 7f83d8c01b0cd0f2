/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The records of tasks that are in the middle of something: an array that the programs write while it is read here. */

#include <errno.h>
#include <sys/mman.h>

#include "sense/memstall-private.h"

int memstall_tasks_map(MemstallTasks *ret, int tasks_fd, size_t n) {
        void *p = mmap(NULL, n * sizeof(MemstallTaskSet), PROT_READ, MAP_SHARED, tasks_fd, 0);

        if (p == MAP_FAILED)
                return -errno;
        *ret = (MemstallTasks) { .sets = p, .n = n, .fd = tasks_fd };
        return 0;
}

void memstall_tasks_unmap(MemstallTasks *t) {
        if (t->sets)
                (void) munmap((void *) t->sets, t->n * sizeof(MemstallTaskSet));
        *t = (MemstallTasks) {};
}

/* Who begins writes its beginning last, and who ends takes it back first: a copy between two looks at one beginning is of
 * one section. */
static bool copy_record(const MemstallTaskSet *set, size_t i, MemstallTask *ret) {
        uint32_t tid = __atomic_load_n(&set->tids[i], __ATOMIC_ACQUIRE);
        uint64_t start_ns;

        if (tid == 0)
                return false;
        start_ns = __atomic_load_n(&set->records[i].start_ns, __ATOMIC_ACQUIRE);
        *ret = *(const volatile MemstallTask *) &set->records[i];
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        return __atomic_load_n(&set->tids[i], __ATOMIC_RELAXED) == tid &&
               __atomic_load_n(&set->records[i].start_ns, __ATOMIC_RELAXED) == start_ns && ret->start_ns == start_ns;
}

bool memstall_tasks_next(const MemstallTasks *t, size_t *i, MemstallTask *ret) {
        for (size_t n = t->n * MEMSTALL_SET_SIZE; *i < n;) {
                const MemstallTaskSet *set = &t->sets[*i / MEMSTALL_SET_SIZE];

                if (copy_record(set, (*i)++ % MEMSTALL_SET_SIZE, ret))
                        return true;
        }
        return false;
}
