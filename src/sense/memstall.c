/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "sense/kallsyms.h"
#include "sense/memstall-class.h"
#include "sense/memstall-private.h"

static_assert((int) STALL_FRAMES_MAX == (int) MEMSTALL_FRAMES_MAX, "one stack");
static_assert((int) STALL_COMM_MAX == (int) MEMSTALL_COMM_MAX, "one name");

enum {
        NS_PER_USEC = 1000,
};

struct Memstall {
        MemstallProgram program;
        Kallsyms *symbols;              /* NULL: hidden */
        MemstallWindow *window;
        MemstallReclaims *reclaims;
        MemstallTotal total;            /* for one look-up */
        int n_cpus;
        uint64_t *per_cpu;              /* n_cpus */
        uint64_t wait_keys[MEMSTALL_BATCH], wait_ns[MEMSTALL_BATCH];
};

Memstall *memstall_free(Memstall *m) {
        if (!m)
                return NULL;
        memstall_program_unload(&m->program);
        free(m->per_cpu);
        memstall_reclaims_free(m->reclaims);
        memstall_window_free(m->window);
        kallsyms_free(m->symbols);
        free(m);
        return NULL;
}

/* The program knows no names: it is told where the functions lie that make a wait one of ours. */
static int tell_places(Memstall *m) {
        int fd = memstall_program_map_fd(&m->program, "places");
        MemstallPlaces places;
        uint32_t key = 0;

        if (fd < 0)
                return 0;
        memstall_find_places(m->symbols, &places);
        return bpf_map_update_elem(fd, &key, &places, BPF_ANY);
}

/* Only once the programs are loaded: they are symbols too, and stacks begin with them. */
static int read_symbols(Memstall *m) {
        size_t length = strlen(m->program.rung), size = sizeof(m->program.rung) - length;
        int r;

        r = kallsyms_new_running(&m->symbols);
        if (r == -ENOMEM)
                return r;
        if (r != 0) {
                (void) snprintf(m->program.rung + length, size, "; no symbols, no waits for files (%s)",
                                r == KALLSYMS_E_HIDDEN ? "kernel.kptr_restrict" : KALLSYMS_PATH);
                return 0;
        }
        return tell_places(m);
}

int memstall_new_trial(Memstall **ret, bool stacks, const MemstallTrial *trial, char *ret_why, size_t why_size) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->n_cpus = libbpf_num_possible_cpus();
        if (m->n_cpus < 0)
                return m->n_cpus;
        m->per_cpu = calloc((size_t) m->n_cpus, sizeof(uint64_t));
        if (!m->per_cpu)
                return -ENOMEM;
        r = memstall_window_new(&m->window);
        if (r < 0)
                return r;
        r = memstall_reclaims_new(&m->reclaims);
        if (r < 0)
                return r;
        r = memstall_program_load(&m->program, stacks, trial, ret_why, why_size);
        if (r != 0)
                return r;
        r = trial && trial->no_symbols ? 0 : read_symbols(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int memstall_new(Memstall **ret, bool stacks, char *ret_why, size_t why_size) {
        return memstall_new_trial(ret, stacks, NULL, ret_why, why_size);
}

const char *memstall_rung(const Memstall *m) {
        return m->program.rung;
}

/* ---- Reading ---- */

static uint64_t now_ns(void) {
        struct timespec ts = {};

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * UINT64_C(1000000000) + (uint64_t) ts.tv_nsec;
}

/* The stacks of the few that were asked for; one may have made room for another meanwhile. */
static void read_stack(Memstall *m, StallEntry *e, const MemstallKey *key) {
        if (!key || bpf_map_lookup_elem(memstall_program_totals_fd(&m->program), key, &m->total) < 0)
                return;
        if (m->total.stack_bytes <= 0)
                return;
        e->n_frames = MIN((size_t) m->total.stack_bytes / sizeof(uint64_t), (size_t) STALL_FRAMES_MAX);
        memcpy(e->frames, m->total.stack, e->n_frames * sizeof(uint64_t));
}

int memstall_read(Memstall *m, StallEntry *entries, size_t n_max, size_t *ret_n) {
        size_t n;
        int r;

        /* Totals first: a section that ends in between is missed this time, not counted twice. */
        memstall_window_begin(m->window, now_ns());
        r = memstall_window_read_totals(m->window, m->symbols, memstall_program_totals_fd(&m->program));
        if (r < 0)
                return r;
        memstall_window_read_tasks(m->window, &m->program.tasks);

        n = memstall_window_top(m->window, entries, n_max);
        for (size_t i = 0; i < n; i++)
                read_stack(m, &entries[i], memstall_window_key(m->window, i));
        *ret_n = n;
        return 0;
}

typedef struct Waits {
        Memstall *m;
        WaitEntry *entries;
        size_t n, n_max;
} Waits;

static void add_wait_at(void *userdata, size_t i) {
        Waits *w = userdata;

        if (w->n < w->n_max)
                w->entries[w->n++] = (WaitEntry) {
                        .cgroup_id = w->m->wait_keys[i],
                        .wait_usec = w->m->wait_ns[i] / NS_PER_USEC,
                };
}

int memstall_waits(Memstall *m, WaitEntry *entries, size_t n_max, size_t *ret_n) {
        Waits w = { .m = m, .entries = entries, .n_max = n_max };
        int fd = memstall_program_map_fd(&m->program, "waits"), r;

        if (fd >= 0) {
                r = memstall_read_map(fd, m->wait_keys, m->wait_ns, add_wait_at, &w);
                if (r < 0)
                        return r;
        }
        *ret_n = w.n;
        return 0;
}

int memstall_reclaims(Memstall *m, ReclaimEntry *entries, size_t n_max, size_t *ret_n) {
        int fd = memstall_program_map_fd(&m->program, "reclaims"), r;

        memstall_reclaims_begin(m->reclaims, now_ns());
        if (fd >= 0) {
                r = memstall_reclaims_read(m->reclaims, fd, memstall_program_totals_fd(&m->program));
                if (r < 0)
                        return r;
        }
        *ret_n = memstall_reclaims_top(m->reclaims, entries, n_max);
        return 0;
}

void memstall_maps(const Memstall *m, MemstallMaps *ret) {
        *ret = (MemstallMaps) {
                .symbols = m->symbols,
                .tasks = &m->program.tasks,
                .totals_fd = memstall_program_totals_fd(&m->program),
        };
}

/* ---- Telling ---- */

int memstall_symbolize(const Memstall *m, const StallEntry *e, char *buf, size_t size) {
        if (!m->symbols) {
                (void) snprintf(buf, size, "(kernel symbols are hidden: kernel.kptr_restrict, StandardInput= of memstalld.service)");
                return MEMSTALL_E_HIDDEN;
        }

        (void) memstall_stack_text(m->symbols, e->frames, e->n_frames, buf, size);
        return 0;
}

int memstall_counters(Memstall *m, MemstallCounters *ret) {
        int fd = memstall_program_counters_fd(&m->program);
        uint64_t sums[_MEMSTALL_COUNTER_MAX] = {}, missed;
        int r;

        for (uint32_t key = 0; key < _MEMSTALL_COUNTER_MAX; key++) {
                r = bpf_map_lookup_elem(fd, &key, m->per_cpu);
                if (r < 0)
                        return r;
                for (int i = 0; i < m->n_cpus; i++)
                        sums[key] += m->per_cpu[i];
        }
        r = memstall_program_missed(&m->program, &missed);
        if (r < 0)
                return r;

        /* Some of them were skipped in a section inside another one, and lost nothing. */
        missed -= MIN(missed, sums[MEMSTALL_COUNTER_MENDED]);

        *ret = (MemstallCounters) {
                .sections = sums[MEMSTALL_COUNTER_SECTIONS],
                .nested = sums[MEMSTALL_COUNTER_NESTED],
                .full = sums[MEMSTALL_COUNTER_FULL],
                .orphans = sums[MEMSTALL_COUNTER_ORPHANS],
                .missed = missed,
                .mended = sums[MEMSTALL_COUNTER_MENDED],
                .waits = sums[MEMSTALL_COUNTER_WAITS],
                .stacks = sums[MEMSTALL_COUNTER_STACKS],
        };
        return 0;
}
