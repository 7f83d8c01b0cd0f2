/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The BPF programs on the running kernel, against stalls made here in cgroups of our own. Exit 77 where BPF
 * cannot be loaded or the memory controller is not on cgroup v2.
 *
 * `live-memstall print SECONDS` instead prints, every so often, what memstall_read() sees; `waits`, `hard` and `nested`
 * are the tests in files of that name; `swap` needs swap space, which all others must not have; `many N` stalls N
 * tasks at once. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "live-stall.h"

enum {
        EXIT_SKIP = 77,
        MANY = 1000,
        TRIES = 3,
};

static void check_charge_stack(const Memstall *m, const StallEntry *e) {
        char stack[4096];
        int r;

        r = memstall_symbolize(m, e, stack, sizeof(stack));
        CHECK(r == 0 || r == MEMSTALL_E_HIDDEN);
        if (r == MEMSTALL_E_HIDDEN)
                return;
        if (e->n_frames == 0) {
                CHECK(e->longest_usec < USEC_PER_MSEC);
                return;
        }
        CHECK(strncmp(stack, "try_charge", strlen("try_charge")) == 0);
        CHECK(strstr(stack, "\n__d_alloc\n"));
        CHECK(!strstr(stack, "bpf_") && !strstr(stack, "psi_memstall"));
}

/* Whether PSI and the sections agree; all else has to hold. */
static bool max_is_right(Memstall *m, const Cgroup *c) {
        const StallEntry *e;
        uint64_t psi;
        Reading r;
        ReclaimEntry reclaim;
        pid_t pid;

        wait_for_epoch();
        pid = cgroup_fork(c, look_up_nothing);
        wait_for_stall(m, c);
        sleep_usec(STALL_FOR_USEC);
        psi = cgroup_settle(c, pid);
        read_now(m, &r);
        print_all(m);
        CHECK(find_reclaim(m, c->id, c->id, RECLAIM_MAX, &reclaim));
        CHECK(reclaim.count > 0);       /* no pages: those of slabs are not counted below a limit since 6.4 */
        CHECK(!find_reclaim(m, c->id, c->id, RECLAIM_HIGH, &reclaim));
        CHECK(!find_reclaim(m, c->id, c->id, RECLAIM_BY_HAND, &reclaim));
        cgroup_end(c, pid);

        e = find(&r, pid, STALL_MEMCG_MAX);
        CHECK(e);
        CHECK(e->cgroup_id == c->id && e->limit_id == c->id);
        CHECK(strncmp(e->comm, "live-memstall", strlen("live-memstall")) == 0);
        CHECK(e->count > 0 && e->longest_usec <= e->stall_usec);
        check_charge_stack(m, e);
        return is_near("memory.max", psi, sum_usec(&r, pid));
}

static bool test_max(Memstall *m) {
        for (int i = 0; i < TRIES; i++) {
                Cgroup c;

                if (!cgroup_make(&c, "max", "memory.max", "2M"))
                        return false;
                if (max_is_right(m, &c))
                        return true;
        }
        CHECK(!"what PSI has");
        return false;
}

static bool test_high(Memstall *m) {
        const StallEntry *reclaim, *throttle;
        ReclaimEntry pages;
        Reading r;
        Cgroup c;
        pid_t pid;

        if (!cgroup_make(&c, "high", "memory.high", "4M"))
                return false;
        pid = cgroup_fork(&c, fill_memory);
        read_until(m, pid, 3 * USEC_PER_SEC, &r);
        print_all(m);
        cgroup_end(&c, pid);

        reclaim = find(&r, pid, STALL_MEMCG_HIGH);
        throttle = find(&r, pid, STALL_HIGH_THROTTLE);
        CHECK(reclaim && throttle);
        CHECK(reclaim->cgroup_id == c.id && throttle->cgroup_id == c.id);
        CHECK(reclaim->limit_id == c.id && throttle->limit_id == c.id);
        CHECK(!find(&r, pid, STALL_MEMCG_MAX));
        CHECK(find_reclaim(m, c.id, c.id, RECLAIM_HIGH, &pages) && pages.count > 0);
        CHECK(!find_reclaim(m, c.id, c.id, RECLAIM_MAX, &pages));
        return true;
}

static bool test_sections(Memstall *m) {
        return test_max(m) && test_high(m);
}

static bool test_waits(Memstall *m) {
        return test_by_hand(m) && test_file_wait(m);
}

static bool test_hard(Memstall *m) {
        return test_killed(m) && test_removed(m) && test_reused(m) && test_again(m) && test_many(m, MANY) && test_full();
}

static bool run(Memstall *m, const char *verb, const char *argument) {
        static const struct {
                const char *verb;
                bool (*test)(Memstall *m);
        } tests[] = {
                { "", test_sections },
                { "waits", test_waits },
                { "hard", test_hard },
                { "nested", test_nested },
                { "swap", test_swap_wait },
        };

        if (argument && strcmp(verb, "many") == 0)
                return test_many(m, (unsigned) strtoul(argument, NULL, 10));
        for (size_t i = 0; i < ELEMENTSOF(tests); i++)
                if (strcmp(tests[i].verb, verb) == 0)
                        return tests[i].test(m);
        (void) fprintf(stderr, "no test %s\n", verb);
        exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
        _cleanup_(memstall_freep) Memstall *m = NULL;
        const char *verb = argc > 1 ? argv[1] : "";
        char why[512];
        bool done;
        int r;

        r = memstall_new(&m, true, why, sizeof(why));
        if (r != 0) {
                (void) fprintf(stderr, "skipped: %s\n", r > 0 ? why : strerror(-r));
                return EXIT_SKIP;
        }
        if (argc == 3 && strcmp(verb, "print") == 0)
                for (;;) {
                        sleep_usec(strtoull(argv[2], NULL, 10) * USEC_PER_SEC);
                        print_all(m);
                }
        done = run(m, verb, argc > 2 ? argv[2] : NULL);
        if (!done) {
                (void) fprintf(stderr, "skipped: no memory controller at /sys/fs/cgroup\n");
                return EXIT_SKIP;
        }
        return EXIT_SUCCESS;
}
