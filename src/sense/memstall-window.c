/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the elements of the BPF maps to entries: epochs and call sites merged, waits given a class by their
 * stack, sections that still run added in, the greatest picked out. A hash table of fixed size, no
 * allocation. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "sense/memstall-class.h"
#include "sense/memstall-private.h"

enum {
        SLOTS_SIZE = 16384,             /* 1.7 MB; more than the map of totals holds */
        SLOTS_USED_MAX = 12288,         /* so that probing stays short */

        NS_PER_USEC = 1000,
        RUNNING_MIN_NS = 1000000,       /* shorter ones will soon be in the totals */
};

/* The end of a section can be missed (the program interrupted by itself), and then the record stays. Who
 * does not get out of a section for two minutes is what the kernel's hung task detector reports. */
#define RUNNING_MAX_NS (UINT64_C(120) * 1000 * 1000 * 1000)

typedef struct Slot {
        MemstallKey key;                /* of the total with the longest section, if any has ended */
        uint64_t ns, count, longest_ns;
        uint64_t stack_ns;              /* longest of those with a key */
        StallClass class;
        bool used, has_key, is_wait;
        char comm[MEMSTALL_COMM_MAX];
} Slot;

struct MemstallWindow {
        uint64_t now_ns, begin_ns;
        uint32_t epoch;
        size_t n_used;
        uint16_t used[SLOTS_USED_MAX];  /* slots by index; top() brings the greatest to the front */
        Slot slots[SLOTS_SIZE];

        struct {
                MemstallKey keys[MEMSTALL_BATCH];
                MemstallTotal totals[MEMSTALL_BATCH];
        } batch;
};

int memstall_window_new(MemstallWindow **ret) {
        MemstallWindow *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        *ret = w;
        return 0;
}

MemstallWindow *memstall_window_free(MemstallWindow *w) {
        free(w);
        return NULL;
}

void memstall_window_begin(MemstallWindow *w, uint64_t now_ns) {
        for (size_t i = 0; i < w->n_used; i++)
                w->slots[w->used[i]].used = false;
        w->n_used = 0;
        w->now_ns = now_ns;
        w->epoch = (uint32_t) (now_ns >> MEMSTALL_EPOCH_SHIFT);
        w->begin_ns = (uint64_t) (w->epoch > 0 ? w->epoch - 1 : 0) << MEMSTALL_EPOCH_SHIFT;
}

/* ---- Slots: one for each (cgroup, limit, process, class) ---- */

static size_t hash(uint64_t cgroup_id, uint64_t limit_id, uint32_t tgid, StallClass class) {
        uint64_t h = (cgroup_id * 31 + limit_id) * 31 + tgid;

        h = (h * 31 + (uint64_t) class) * UINT64_C(0x9e3779b97f4a7c15);
        return (size_t) (h >> 32) % SLOTS_SIZE;
}

/* The slot, or an unused one where it would be; NULL where all that may be used are. */
static Slot *slot_find(MemstallWindow *w, uint64_t cgroup_id, uint64_t limit_id, uint32_t tgid,
                       StallClass class) {
        for (size_t i = hash(cgroup_id, limit_id, tgid, class);; i = (i + 1) % SLOTS_SIZE) {
                Slot *s = &w->slots[i];

                if (!s->used)
                        return w->n_used < SLOTS_USED_MAX ? s : NULL;
                if (s->key.cgroup_id == cgroup_id && s->key.limit_id == limit_id && s->key.tgid == tgid &&
                    s->class == class)
                        return s;
        }
}

static Slot *slot_take(MemstallWindow *w, const MemstallKey *key, StallClass class, const char *comm) {
        Slot *s = slot_find(w, key->cgroup_id, key->limit_id, key->tgid, class);

        if (!s || s->used)
                return s;
        *s = (Slot) { .key = *key, .class = class, .used = true };
        memcpy(s->comm, comm, sizeof(s->comm));
        w->used[w->n_used++] = (uint16_t) (s - w->slots);
        return s;
}

static void slot_add(Slot *s, uint64_t ns, uint64_t count, uint64_t longest_ns) {
        s->ns += ns;
        s->count += count;
        s->longest_ns = MAX(s->longest_ns, longest_ns);
}

/* ---- Classes ---- */

static size_t n_frames(const MemstallTotal *total) {
        if (total->stack_bytes <= 0)
                return 0;
        return MIN((size_t) total->stack_bytes / sizeof(uint64_t), (size_t) MEMSTALL_FRAMES_MAX);
}

StallClass memstall_class_of_total(const Kallsyms *symbols, const MemstallKey *key, const MemstallTotal *total) {
        StallClass by_stack = STALL_OTHER;

        if (key->class != MEMSTALL_WAIT && key->class != STALL_MEMCG_MAX)
                return key->class < _STALL_CLASS_MAX ? (StallClass) key->class : STALL_OTHER;
        if (symbols)
                by_stack = memstall_class_of_stack(symbols, total->stack, n_frames(total));
        if (key->class == MEMSTALL_WAIT)
                return by_stack;

        /* A worker reclaims for memory.high on behalf of who cannot; or memory.high itself is not hooked. */
        if (by_stack == STALL_MEMCG_HIGH || by_stack == STALL_HIGH_THROTTLE)
                return STALL_MEMCG_HIGH;
        return STALL_MEMCG_MAX;
}

/* ---- Elements ---- */

void memstall_window_add_total(MemstallWindow *w, const Kallsyms *symbols, const MemstallKey *key,
                               const MemstallTotal *total) {
        Slot *s;

        /* One ahead: the clock moved on between `now` and the reading. */
        if (key->epoch + 1 < w->epoch || key->epoch > w->epoch + 1)
                return;
        s = slot_take(w, key, memstall_class_of_total(symbols, key, total), total->comm);
        if (!s)
                return;
        slot_add(s, total->ns, total->count, total->longest_ns);
        s->is_wait |= key->class == MEMSTALL_WAIT;
        if (!s->has_key || total->longest_ns > s->stack_ns) {
                s->key = *key;
                s->stack_ns = total->longest_ns;
                s->has_key = true;
                memcpy(s->comm, total->comm, sizeof(s->comm));
        }
}

/* The class of a running section that no hook has named: it has no stack yet, but the process has most
 * likely waited for the same before. */
static StallClass greatest_wait(MemstallWindow *w, const MemstallTask *task) {
        static const StallClass waits[] = { STALL_REFAULT, STALL_SWAP_IN, STALL_READ, STALL_BLKCG };
        StallClass class = STALL_OTHER;
        uint64_t ns = 0;

        for (size_t i = 0; i < ELEMENTSOF(waits); i++) {
                Slot *s = slot_find(w, task->cgroup_id, 0, task->tgid, waits[i]);

                if (s && s->used && s->is_wait && s->ns > ns) {
                        ns = s->ns;
                        class = waits[i];
                }
        }
        return class;
}

void memstall_window_add_task(MemstallWindow *w, const MemstallTask *task) {
        MemstallKey key = { .cgroup_id = task->cgroup_id, .limit_id = task->limit_id, .tgid = task->tgid };
        uint64_t took = w->now_ns - task->start_ns;
        uint32_t class;
        Slot *s;

        if (!task->start_ns || task->start_ns > w->now_ns || took < RUNNING_MIN_NS || took > RUNNING_MAX_NS)
                return;
        class = memstall_class_by_marks(task->marks, task->kthread_class);
        if (class >= _STALL_CLASS_MAX)
                class = greatest_wait(w, task);
        s = slot_take(w, &key, (StallClass) class, task->comm);
        if (s)
                slot_add(s, MIN(took, w->now_ns - w->begin_ns), 1, took);
}

/* ---- Maps ---- */

/* What the two below need. */
typedef struct Reading {
        MemstallWindow *window;
        const Kallsyms *symbols;
} Reading;

static void add_total_at(void *userdata, size_t i) {
        Reading *r = userdata;

        memstall_window_add_total(r->window, r->symbols, &r->window->batch.keys[i],
                                  &r->window->batch.totals[i]);
}

int memstall_window_read_totals(MemstallWindow *w, const Kallsyms *symbols, int totals_fd) {
        Reading reading = { .window = w, .symbols = symbols };

        return memstall_read_map(totals_fd, w->batch.keys, w->batch.totals, add_total_at, &reading);
}

void memstall_window_read_tasks(MemstallWindow *w, const MemstallTasks *tasks) {
        MemstallTask task;

        for (size_t i = 0; memstall_tasks_next(tasks, &i, &task);)
                memstall_window_add_task(w, &task);
}

/* ---- The greatest ---- */

/* Names are what processes choose: no control characters in a journal. */
static void copy_comm(char *ret, const char *comm) {
        size_t i;

        for (i = 0; i < STALL_COMM_MAX - 1 && comm[i]; i++)
                ret[i] = (unsigned char) comm[i] < ' ' || comm[i] == 0x7f ? '?' : comm[i];
        ret[i] = '\0';
}

static void entry_fill(StallEntry *e, const Slot *s) {
        e->cgroup_id = s->key.cgroup_id;
        e->limit_id = s->key.limit_id;
        e->pid = s->key.tgid;
        copy_comm(e->comm, s->comm);
        e->class = s->class;
        e->stall_usec = s->ns / NS_PER_USEC;
        e->count = s->count;
        e->longest_usec = s->longest_ns / NS_PER_USEC;
        e->n_frames = 0;
}

/* Picks the greatest n_max times: few are asked for, and qsort() may allocate. */
size_t memstall_window_top(MemstallWindow *w, StallEntry *entries, size_t n_max) {
        size_t n = MIN(n_max, w->n_used);

        for (size_t i = 0; i < n; i++) {
                size_t best = i;
                uint16_t slot;

                for (size_t j = i + 1; j < w->n_used; j++)
                        if (w->slots[w->used[j]].ns > w->slots[w->used[best]].ns)
                                best = j;
                if (w->slots[w->used[best]].ns == 0)
                        return i; /* only the stack of a section that was shown while it ran */
                slot = w->used[best];
                w->used[best] = w->used[i];
                w->used[i] = slot;
                entry_fill(&entries[i], &w->slots[slot]);
        }
        return n;
}

const MemstallKey *memstall_window_key(const MemstallWindow *w, size_t i) {
        const Slot *s = &w->slots[w->used[i]];

        return s->has_key ? &s->key : NULL;
}
