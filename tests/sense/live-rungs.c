/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rungs of the ladder (sense/memstall-hooks.h) on the running kernel: each forced, with stalls that PSI
 * counts as well; and the best one with each hook refused in turn. Exit 77 where BPF cannot be loaded or the
 * memory controller is not on cgroup v2.
 *
 * `live-rungs ways` and `live-rungs refused` do one of the two; `live-rungs print` only tells what
 * memstall_new() takes. */

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "cgroup-load.h"
#include "sense/memstall-hooks.h"

enum {
        EXIT_SKIP = 77,
        N_ENTRIES = 32,
};

/* ---- Stalls, in a cgroup of their own ---- */

typedef struct Load {
        Cgroup cgroup;
        pid_t pid;
} Load;

static bool load_begin(Load *ret, const char *file, const char *limit, void (*work)(void)) {
        if (!cgroup_make(&ret->cgroup, "rungs", file, limit))
                return false;
        ret->pid = cgroup_fork(&ret->cgroup, work);
        return true;
}

static void load_end(const Load *l) {
        cgroup_end(&l->cgroup, l->pid);
}

/* ---- Readings ---- */

typedef struct Reading {
        StallEntry entries[N_ENTRIES];
        size_t n;
} Reading;

static const StallEntry *find(const Reading *r, const Load *l, StallClass class) {
        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) l->pid && r->entries[i].class == class)
                        return &r->entries[i];
        return NULL;
}

static uint64_t sum_usec(const Reading *r, const Load *l) {
        uint64_t sum = 0;

        for (size_t i = 0; i < r->n; i++)
                if (r->entries[i].pid == (uint32_t) l->pid)
                        sum += r->entries[i].stall_usec;
        return sum;
}

static void read_now(Memstall *m, Reading *ret) {
        CHECK(memstall_read(m, ret->entries, N_ENTRIES, &ret->n) == 0);
}

/* For a minute at most: emulated guests are slow. */
static void read_until(Memstall *m, const Load *l, uint64_t usec, Reading *ret) {
        for (int i = 0; i < 600; i++) {
                sleep_usec(USEC_PER_SEC / 10);
                read_now(m, ret);
                if (sum_usec(ret, l) >= usec)
                        return;
        }
        CHECK(!"stalled at all");
}

/* ---- Each rung ---- */

static bool begins(const char *text, const char *prefix) {
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* NULL where the kernel does not take it. */
static Memstall *take_rung(size_t rung, bool multi) {
        const char *title = memstall_rungs[rung].title;
        MemstallTrial trial = { .first_rung = rung, .multi = multi };
        Memstall *m = NULL;
        char why[512];

        if (memstall_new_trial(&m, true, &trial, why, sizeof(why)) != 0)
                return NULL;
        (void) printf("%s%s\n", memstall_rung(m), multi ? " (by bpf(2))" : "");
        if (begins(memstall_rung(m), title) && !begins(memstall_rung(m) + strlen(title), " instead"))
                return m;
        return memstall_free(m);
}

/* Whether it is what PSI has of the cgroup, within a fifth. */
static bool max_is_right(Memstall *m, size_t rung) {
        const StallEntry *e;
        uint64_t psi, sum;
        Reading r;
        Load l;

        wait_for_epoch();
        CHECK(load_begin(&l, "memory.max", "2M", look_up_nothing));
        read_until(m, &l, 1, &r);
        sleep_usec(STALL_FOR_USEC);
        psi = cgroup_settle(&l.cgroup, l.pid);
        read_now(m, &r);
        load_end(&l);

        sum = sum_usec(&r, &l);
        e = find(&r, &l, STALL_MEMCG_MAX);
        CHECK(e && e->cgroup_id == l.cgroup.id);
        CHECK(e->limit_id == (memstall_rungs[rung].needs_btf ? l.cgroup.id : 0));
        CHECK(begins(e->comm, "live-rungs"));
        return is_near("  memory.max", psi, sum);
}

static void check_high(Memstall *m, size_t rung) {
        const StallEntry *reclaim, *throttle;
        Reading r;
        Load l;

        CHECK(load_begin(&l, "memory.high", "4M", fill_memory));
        do
                read_until(m, &l, USEC_PER_SEC, &r);
        while (!find(&r, &l, STALL_HIGH_THROTTLE) || !find(&r, &l, STALL_MEMCG_HIGH));
        load_end(&l);

        reclaim = find(&r, &l, STALL_MEMCG_HIGH);
        throttle = find(&r, &l, STALL_HIGH_THROTTLE);
        CHECK(reclaim->cgroup_id == l.cgroup.id && throttle->cgroup_id == l.cgroup.id);
        CHECK(!find(&r, &l, STALL_MEMCG_MAX));
}

static bool has_memory_controller(void) {
        Load l;

        if (!load_begin(&l, "memory.max", "2M", look_up_nothing))
                return false;
        load_end(&l);
        return true;
}

static void test_rung(size_t rung, bool multi) {
        _cleanup_(memstall_freep) Memstall *m = take_rung(rung, multi);

        if (!m && multi) {
                (void) printf("no %s by bpf(2): CONFIG_FPROBE, Linux 5.18\n", memstall_rungs[rung].title);
                return;
        }
        if (!m) {
                (void) fprintf(stderr, "the kernel does not take %s\n", memstall_rungs[rung].title);
                exit(EXIT_FAILURE);
        }
        CHECK(max_is_right(m, rung) || max_is_right(m, rung));
        if (rung != MEMSTALL_RUNG_RECLAIM)
                check_high(m, rung);
}

/* Kprobes both ways: without the right to open a perf event it is the other one. */
static void test_ways(void) {
        for (size_t rung = 0; rung < _MEMSTALL_RUNG_MAX; rung++) {
                test_rung(rung, false);
                if (memstall_rungs[rung].probes)
                        test_rung(rung, true);
        }
}

/* ---- Each hook of the first rung refused ---- */

/* Whether the text has it as missing; one title may be the end or the beginning of another. */
static bool is_named(const char *text, const char *title) {
        size_t length = strlen(title);

        for (const char *at = strstr(text, title); at; at = strstr(at + 1, title)) {
                bool whole = begins(at + length, " (") || begins(at + length, ", ");

                if (whole && at >= text + strlen("without ") &&
                    (begins(at - strlen(", "), ", ") || begins(at - strlen("without "), "without ")))
                        return true;
        }
        return false;
}

/* How many of the rung's hooks the text names as missing. */
static size_t n_named(const char *text, const MemstallRung *rung) {
        size_t n = 0;

        for (size_t i = 0; i < rung->n_hooks; i++)
                n += rung->hooks[i].title && is_named(text, rung->hooks[i].title);
        return n;
}

/* The reason is the kernel's; at load perhaps libbpf's, that knows better. */
static void check_text(const char *text, uint32_t hooks, bool at_load, size_t n_before) {
        const MemstallRung *rung = &memstall_rungs[0];
        size_t n = n_before;

        for (size_t i = 0; i < rung->n_hooks; i++)
                if (hooks & UINT32_C(1) << i) {
                        n++;
                        CHECK(is_named(text, rung->hooks[i].title));
                }
        CHECK(begins(text, "fentry, without "));
        CHECK(n_named(text, rung) == n);
        CHECK(at_load || strstr(text, "(refused: EPERM)"));
}

/* `hooks` is one bit, or all whose absence the rung survives. */
static void test_refusal(const Load *l, uint32_t hooks, bool at_load, size_t n_before) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        MemstallTrial trial = {
                .refuse_load = at_load ? hooks : 0,
                .refuse_attach = at_load ? 0 : hooks,
                .no_symbols = true,
        };
        bool survives = true;
        char why[512];
        Reading r;

        for (size_t i = 0; i < memstall_rungs[0].n_hooks; i++)
                survives = survives && (memstall_rungs[0].hooks[i].title || !(hooks & UINT32_C(1) << i));

        CHECK(memstall_new_trial(&m, true, &trial, why, sizeof(why)) == 0);
        (void) printf("%s\n", memstall_rung(m));
        (void) fflush(stdout);
        if (survives)
                check_text(memstall_rung(m), hooks, at_load, n_before);
        else
                CHECK(begins(memstall_rung(m), "kprobes instead of fentry (refused: "));
        read_until(m, l, 10 * USEC_PER_MSEC, &r);
}

static size_t n_missing_anyway(bool missing[MEMSTALL_HOOKS_MAX]) {
        _cleanup_(memstall_freep) Memstall *m = take_rung(0, false);
        const MemstallRung *rung = &memstall_rungs[0];

        CHECK(m);
        for (size_t i = 0; i < rung->n_hooks; i++)
                missing[i] = (rung->hooks[i].title && is_named(memstall_rung(m), rung->hooks[i].title)) ||
                             (rung->hooks[i].if_preemptible && !memstall_preemptible());
        return n_named(memstall_rung(m), rung);
}

/* Each at load, which is as if it were not there; those that can be missed all at once when they are attached. */
static void test_refusals(void) {
        bool missing[MEMSTALL_HOOKS_MAX] = {};
        size_t n_before = n_missing_anyway(missing);
        uint32_t others = 0;
        Load l;

        CHECK(load_begin(&l, "memory.max", "2M", look_up_nothing));
        for (size_t i = 0; i < memstall_rungs[0].n_hooks; i++) {
                uint32_t hook = UINT32_C(1) << i;

                if (missing[i])
                        continue;
                test_refusal(&l, hook, true, n_before);
                if (memstall_rungs[0].hooks[i].title)
                        others |= hook;
                else
                        test_refusal(&l, hook, false, n_before);
        }
        test_refusal(&l, others, false, n_before);
        load_end(&l);
}

static int print(void) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        char why[512];
        int r;

        r = memstall_new(&m, true, why, sizeof(why));
        (void) printf("%s\n", r == 0 ? memstall_rung(m) : r > 0 ? why : strerror(-r));
        (void) fflush(stdout);
        return r == 0 ? EXIT_SUCCESS : EXIT_SKIP;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "print") == 0)
                return print();
        if (print() != EXIT_SUCCESS)
                return EXIT_SKIP;
        if (!has_memory_controller()) {
                (void) fprintf(stderr, "skipped: no memory controller at " CGROUP_ROOT "\n");
                return EXIT_SKIP;
        }
        if (argc == 1 || strcmp(argv[1], "ways") == 0)
                test_ways();
        if (argc == 1 || strcmp(argv[1], "refused") == 0)
                test_refusals();
        return EXIT_SUCCESS;
}
