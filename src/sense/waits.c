/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <string.h>

#include "base/usec.h"
#include "bpf/memstall.h"
#include "sense/registry.h"
#include "sense/waits.h"

#define READ_USEC (20 * USEC_PER_MSEC)
#define SLOTS (2U * MEMSTALL_WAITS_MAX) /* a power of two: half of it stays free */

/* By cgroup, open addressing; the id 0 is no cgroup's. */
typedef struct Table {
        WaitEntry slots[SLOTS];
} Table;

struct Waits {
        WaitEntry entries[MEMSTALL_WAITS_MAX];
        Table tables[2]; /* the last reading, and room for the next */
        unsigned last;
        uint64_t read_usec; /* 0: never */
};

int waits_new(Waits **ret) {
        Waits *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        *ret = w;
        return 0;
}

Waits *waits_free(Waits *w) {
        free(w);
        return NULL;
}

/* The cgroup's place, or the free one where it belongs. */
static WaitEntry *find(Table *t, uint64_t cgroup_id) {
        size_t i = (size_t) (cgroup_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SLOTS;

        while (t->slots[i].cgroup_id != 0 && t->slots[i].cgroup_id != cgroup_id)
                i = (i + 1) % SLOTS;
        return t->slots + i;
}

/* What counts by itself counts above as well. Those that waited no more are not looked for: most are long gone. */
static void add(Tree *t, uint64_t cgroup_id, uint64_t usec) {
        if (usec == 0)
                return;
        for (Folder *f = registry_find(t, tree_resolve(t, cgroup_id)); f; f = f->parent)
                f->wait_usec += usec;
}

void waits_take(Waits *w, Tree *tree, const WaitEntry *entries, size_t n) {
        Table *before = w->tables + w->last, *now = w->tables + !w->last;

        memset(now, 0, sizeof(*now));
        for (size_t i = 0; i < MIN(n, (size_t) MEMSTALL_WAITS_MAX); i++) {
                const WaitEntry *e = entries + i;
                const WaitEntry *was = find(before, e->cgroup_id);

                if (e->cgroup_id == 0)
                        continue;
                /* one that was forgotten meanwhile has begun again at 0 */
                add(tree, e->cgroup_id, e->wait_usec >= was->wait_usec ? e->wait_usec - was->wait_usec : e->wait_usec);
                *find(now, e->cgroup_id) = *e;
        }
        w->last = !w->last;
}

void waits_read(Waits *w, Memstall *memstall, Tree *tree, uint64_t now_usec) {
        size_t n;

        if (w->read_usec != 0 && usec_sub(now_usec, w->read_usec) < READ_USEC)
                return;
        w->read_usec = now_usec;
        if (memstall_waits(memstall, w->entries, MEMSTALL_WAITS_MAX, &n) == 0)
                waits_take(w, tree, w->entries, n);
}
