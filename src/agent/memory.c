/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "agent/memory.h"

#define STACK_TOUCHED (256U * 1024U)
#define HEAP_TOUCHED (1024U * 1024U) /* sd-bus takes some 2 KiB for each call */

static __attribute__((__noinline__)) void touch_stack(void) {
        volatile char stack[STACK_TOUCHED];

        for (size_t i = 0; i < sizeof(stack); i += 4096)
                stack[i] = 0;
}

static void touch_heap(void) {
        char *heap;

        /* One arena, grown by brk alone and never trimmed: what was touched once is there for good. */
        (void) mallopt(M_MMAP_MAX, 0);
        (void) mallopt(M_TRIM_THRESHOLD, -1);
        (void) mallopt(M_ARENA_MAX, 1);
        heap = malloc(HEAP_TOUCHED);
        if (heap)
                explicit_bzero(heap, HEAP_TOUCHED);
        free(heap);
}

uint64_t memory_major_faults(void) {
        struct rusage usage;

        return getrusage(RUSAGE_SELF, &usage) < 0 ? 0 : (uint64_t) usage.ru_majflt;
}

int memory_lock(void) {
        touch_stack();
        touch_heap();
        return mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;
}
