/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall-live.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "sense/memstall-class.h"
#include "sense/memstall-live-private.h"
#include "sense/memstall-private.h"

enum {
        TOTALS_MAX = 256,               /* the greatest; the rest of LIVE_ENTRIES_MAX is for running sections */
        RUNS_MAX = LIVE_ENTRIES_MAX - TOTALS_MAX,
        RUN_SLOTS = 512,                /* a power of two, so many more than RUNS_MAX that probing stays short */

        NS_PER_USEC = 1000,
};

/* As in memstall-window.c: a record that is so old has lost its end. */
#define RUNNING_MAX_NS (UINT64_C(120) * 1000 * 1000 * 1000)

typedef struct Kept {
        MemstallKey key;
        MemstallTotal total;
} Kept;

/* Sections of one process that run, of one class as far as their marks tell. */
typedef struct Run {
        MemstallKey key;                /* epoch 0, which no total has */
        uint64_t ns, count, longest_ns;
        char comm[MEMSTALL_COMM_MAX];
} Run;

struct MemstallLive {
        uint64_t now_ns, left_out_ns;
        uint32_t epoch, since_epoch;
        size_t n_kept, n_runs;
        Kept kept[TOTALS_MAX];          /* a heap, the least on top */
        Run runs[RUNS_MAX];
        uint16_t run_slots[RUN_SLOTS];  /* index into `runs` and one, 0: free */
        LiveEntry entries[LIVE_ENTRIES_MAX];

        struct {
                MemstallKey keys[MEMSTALL_BATCH];
                MemstallTotal totals[MEMSTALL_BATCH];
        } batch;
};

int memstall_live_new(MemstallLive **ret) {
        MemstallLive *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        *ret = l;
        return 0;
}

MemstallLive *memstall_live_free(MemstallLive *l) {
        free(l);
        return NULL;
}

void memstall_live_begin(MemstallLive *l, uint64_t now_ns, uint64_t since_ns) {
        l->now_ns = now_ns;
        l->epoch = (uint32_t) (now_ns >> MEMSTALL_EPOCH_SHIFT);
        l->since_epoch = since_ns ? (uint32_t) (since_ns >> MEMSTALL_EPOCH_SHIFT) : l->epoch;
        l->left_out_ns = 0;
        l->n_kept = 0;
        l->n_runs = 0;
        memset(l->run_slots, 0, sizeof(l->run_slots));
}

/* FNV-1a over the bytes of the key, which has no padding that is not zero. */
static uint64_t key_hash(const MemstallKey *key) {
        const unsigned char *bytes = (const unsigned char *) key;
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < sizeof(*key); i++)
                h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
        return h;
}

/* ---- The greatest totals ---- */

static void kept_swap(MemstallLive *l, size_t a, size_t b) {
        Kept t = l->kept[a];

        l->kept[a] = l->kept[b];
        l->kept[b] = t;
}

static uint64_t kept_ns(const MemstallLive *l, size_t i) {
        return l->kept[i].total.ns;
}

static void sift_up(MemstallLive *l, size_t i) {
        for (; i > 0 && kept_ns(l, i) < kept_ns(l, (i - 1) / 2); i = (i - 1) / 2)
                kept_swap(l, i, (i - 1) / 2);
}

static void sift_down(MemstallLive *l) {
        for (size_t i = 0;;) {
                size_t least = i;

                for (size_t below = 2 * i + 1; below <= 2 * i + 2 && below < l->n_kept; below++)
                        if (kept_ns(l, below) < kept_ns(l, least))
                                least = below;
                if (least == i)
                        return;
                kept_swap(l, i, least);
                i = least;
        }
}

void memstall_live_add_total(MemstallLive *l, const MemstallKey *key, const MemstallTotal *total) {
        /* The one before is for the classes and stacks of what runs, even if nobody asks for its difference. */
        if (key->epoch + 1 < l->epoch || key->epoch > l->epoch + 1)
                return;
        if (l->n_kept < TOTALS_MAX) {
                l->kept[l->n_kept] = (Kept){ *key, *total };
                sift_up(l, l->n_kept++);
                return;
        }
        if (total->ns <= kept_ns(l, 0)) {
                l->left_out_ns = MAX(l->left_out_ns, total->ns);
                return;
        }
        l->left_out_ns = MAX(l->left_out_ns, kept_ns(l, 0));
        l->kept[0] = (Kept){ *key, *total };
        sift_down(l);
}

/* ---- What runs ---- */

static Run *run_find(MemstallLive *l, const MemstallKey *key) {
        for (size_t i = key_hash(key) % RUN_SLOTS;; i = (i + 1) % RUN_SLOTS) {
                if (l->run_slots[i] == 0) {
                        if (l->n_runs == RUNS_MAX)
                                return NULL;
                        l->runs[l->n_runs] = (Run){ .key = *key };
                        l->run_slots[i] = (uint16_t) ++l->n_runs;
                        return l->runs + l->n_runs - 1;
                }
                if (memcmp(&l->runs[l->run_slots[i] - 1].key, key, sizeof(*key)) == 0)
                        return l->runs + l->run_slots[i] - 1;
        }
}

void memstall_live_add_task(MemstallLive *l, const MemstallTask *task) {
        MemstallKey key = {
                .cgroup_id = task->cgroup_id,
                .limit_id = task->limit_id,
                .tgid = task->tgid,
                .class = memstall_class_by_marks(task->marks, task->kthread_class),
        };
        uint64_t took = l->now_ns - task->start_ns;
        Run *run;

        if (!task->start_ns || task->start_ns > l->now_ns || took > RUNNING_MAX_NS)
                return;
        run = run_find(l, &key);
        if (!run) {
                l->left_out_ns = MAX(l->left_out_ns, took);
                return;
        }
        run->ns += took;
        run->count++;
        run->longest_ns = MAX(run->longest_ns, took);
        memcpy(run->comm, task->comm, sizeof(run->comm));
}

/* ---- Entries ---- */

/* Names are what processes choose: no control characters on a terminal. */
static void copy_comm(char *ret, const char *comm) {
        size_t i;

        for (i = 0; i < STALL_COMM_MAX - 1 && comm[i]; i++)
                ret[i] = (unsigned char) comm[i] < ' ' || comm[i] == 0x7f ? '?' : comm[i];
        ret[i] = '\0';
}

static void copy_stack(StallEntry *e, const MemstallTotal *total) {
        if (total->stack_bytes <= 0)
                return;
        e->n_frames = MIN((size_t) total->stack_bytes / sizeof(uint64_t), (size_t) STALL_FRAMES_MAX);
        memcpy(e->frames, total->stack, e->n_frames * sizeof(uint64_t));
}

static void entry_fill(LiveEntry *e, const MemstallKey *key, const char *comm) {
        *e = (LiveEntry){
                .key = key_hash(key),
                .stall.cgroup_id = key->cgroup_id,
                .stall.limit_id = key->limit_id,
                .stall.pid = key->tgid,
        };
        copy_comm(e->stall.comm, comm);
}

static void entry_of_total(LiveEntry *e, const Kallsyms *symbols, const Kept *k) {
        entry_fill(e, &k->key, k->total.comm);
        e->stall.class = memstall_class_of_total(symbols, &k->key, &k->total);
        e->stall.stall_usec = k->total.ns / NS_PER_USEC;
        e->stall.count = k->total.count;
        e->stall.longest_usec = k->total.longest_ns / NS_PER_USEC;
        copy_stack(&e->stall, &k->total);
}

/* What the same process did most in the same class; for a wait that nobody has named, in any that are told apart by
 * their stacks. */
static const Kept *before(const MemstallLive *l, const MemstallKey *key) {
        const Kept *most = NULL;

        for (size_t i = 0; i < l->n_kept; i++) {
                const Kept *k = l->kept + i;

                if (k->key.cgroup_id == key->cgroup_id && k->key.limit_id == key->limit_id &&
                    k->key.tgid == key->tgid && k->key.class == key->class &&
                    (!most || k->total.ns > most->total.ns))
                        most = k;
        }
        return most;
}

static void entry_of_run(LiveEntry *e, const MemstallLive *l, const Kallsyms *symbols, const Run *run) {
        const Kept *k = before(l, &run->key);

        entry_fill(e, &run->key, run->comm);
        e->running = true;
        e->stall.stall_usec = run->ns / NS_PER_USEC;
        e->stall.count = run->count;
        e->stall.longest_usec = run->longest_ns / NS_PER_USEC;
        if (k) {
                e->stall.class = memstall_class_of_total(symbols, &k->key, &k->total);
                copy_stack(&e->stall, &k->total);
        } else
                e->stall.class = run->key.class < _STALL_CLASS_MAX ? (StallClass) run->key.class : STALL_OTHER;
}

void memstall_live_end(MemstallLive *l, const Kallsyms *symbols, LiveReading *ret) {
        size_t n = 0;

        for (size_t i = 0; i < l->n_kept; i++)
                if (l->kept[i].key.epoch >= l->since_epoch && l->kept[i].total.ns > 0)
                        entry_of_total(l->entries + n++, symbols, l->kept + i);
        for (size_t i = 0; i < l->n_runs; i++)
                entry_of_run(l->entries + n++, l, symbols, l->runs + i);
        *ret = (LiveReading){
                .entries = l->entries,
                .n_entries = n,
                .now_usec = l->now_ns / NS_PER_USEC,
                .left_out_usec = (l->left_out_ns + NS_PER_USEC - 1) / NS_PER_USEC,
        };
}

/* ---- Maps ---- */

static void add_total_at(void *userdata, size_t i) {
        MemstallLive *l = userdata;

        memstall_live_add_total(l, l->batch.keys + i, l->batch.totals + i);
}

int memstall_live_read(MemstallLive *l, Memstall *m, uint64_t since_usec, LiveReading *ret) {
        struct timespec now = {};
        MemstallMaps maps;
        MemstallTask task;
        int r;

        memstall_maps(m, &maps);
        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        memstall_live_begin(l, (uint64_t) now.tv_sec * UINT64_C(1000000000) + (uint64_t) now.tv_nsec,
                            since_usec * NS_PER_USEC);
        /* Totals first: a section that ends in between is missed this time, not counted twice. */
        r = memstall_read_map(maps.totals_fd, l->batch.keys, l->batch.totals, add_total_at, l);
        if (r < 0)
                return r;
        for (size_t i = 0; memstall_tasks_next(maps.tasks, &i, &task);)
                memstall_live_add_task(l, &task);
        memstall_live_end(l, maps.symbols, ret);
        return 0;
}
