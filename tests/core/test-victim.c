/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture-victim.h"

/* One candidate, by the first letter of its name. */
typedef struct Row {
        const char *unit;
        uint64_t usage, growth, pressure, caused;
} Row;

static VictimChoice choose(NodeRegistry *r, Survey *s, const Policy *policy, const Row *rows, ActionKind action) {
        s->n = 0;
        for (const Row *row = rows; row->unit; row++) {
                uint64_t id = (uint64_t) row->unit[0];
                Node *n = node_registry_find(r, id) ?: registry_put(r, id, CGROUP_UNIT, row->unit);

                n->protected = row->unit[0] == 'p';
                n->gone = row->unit[0] == 'g';
                n->dying_until_usec = row->unit[0] == 'd' ? NOW + 1 : row->unit[0] == 'e' ? NOW : 0;
                s->suspects[s->n++] = (Suspect){ .node = n, .usage_bytes = row->usage, .growth = row->growth,
                                                 .pressure_usec = row->pressure, .caused_usec = row->caused };
        }
        return victim_choose(&(VictimRules){ .policy = policy, .step = &(Step){ .action = action }, .watch = &host,
                                             .now_usec = NOW, .held = held }, s);
}

static void test_rank(void **state) {
        static Policy by_usage = { .victim = { RANK_BY(RANK_USAGE) } };
        static Policy by_growth = { .victim = { RANK_BY(RANK_GROWTH, RANK_USAGE) } };
        static Policy by_pressure = { .victim = { RANK_BY(RANK_PRESSURE, RANK_GROWTH) } };
        static Policy by_culprit = { .victim = { RANK_BY(RANK_CULPRIT, RANK_GROWTH, RANK_USAGE) } };
        static Policy blame_alone = { .victim = { RANK_BY(RANK_CULPRIT) } };
        static char *only_a[] = { (char *) "a", NULL };
        static Policy blame_or_name = { .victim = { RANK_BY(RANK_CULPRIT), .prefer = only_a } };
        static const struct {
                const char *what;
                const Policy *policy;
                Row rows[5];
                const char *victim;
                RankMeasure rank;
        } rows[] = {
                { "nobody", &by_usage, { { 0 } }, NULL, RANK_USAGE },
                { "the only one", &by_growth, { { "a" } }, "a", RANK_GROWTH },
                { "the largest", &by_usage, { { "a", 5 }, { "b", 7 }, { "c", 6 } }, "b", RANK_USAGE },
                { "usage is exact", &by_usage, { { "a", 1000000 }, { "b", 1000001 } }, "b", RANK_USAGE },
                { "usage to the last byte", &by_usage, { { "a", UINT64_MAX - 1 }, { "b", UINT64_MAX } }, "b", RANK_USAGE },
                { "the name ends all ties", &by_usage, { { "c", 5 }, { "a", 5 }, { "b", 5 } }, "a", RANK_USAGE },
                { "all zero", &by_culprit, { { "b" }, { "a" } }, "a", RANK_USAGE },
                { "the fastest", &by_growth, { { "a", 9, 10 }, { "b", 1, 100 } }, "b", RANK_GROWTH },
                { "a twentieth less is a tie", &by_growth, { { "a", 9, 95 }, { "b", 1, 100 } }, "a", RANK_USAGE },
                { "a little more than that is not", &by_growth, { { "a", 9, 94 }, { "b", 1, 100 } }, "b", RANK_GROWTH },
                { "most stalled", &by_pressure, { { "a", 9, 9, 10 }, { "b", 0, 0, 20 } }, "b", RANK_PRESSURE },
                { "the cause", &by_culprit, { { "a", 9, 9, 9, 10 }, { "b", 0, 0, 0, 90 } }, "b", RANK_CULPRIT },
                { "no cause known: growth", &by_culprit, { { "a", 9, 10 }, { "b", 0, 90 } }, "b", RANK_GROWTH },
                { "nor growth: usage", &by_culprit, { { "a", 9 }, { "b", 3 } }, "a", RANK_USAGE },
                { "the rank tells the first from the second", &by_growth,
                  { { "a", 1, 100 }, { "b", 2, 100 }, { "c", 9, 10 } }, "b", RANK_USAGE },
                { "also when the second comes last", &by_growth, { { "b", 2, 100 }, { "c", 9, 10 }, { "a", 1, 100 } },
                  "b", RANK_USAGE },
                { "and when the second was first once", &by_growth, { { "a", 1, 100 }, { "c", 9, 10 }, { "b", 2, 100 } },
                  "b", RANK_USAGE },
                { "further down as well", &by_culprit, { { "a", 0, 0, 0, 0 }, { "b", 0, 60, 0, 0 }, { "c", 9, 59, 0, 0 } }, "c",
                  RANK_USAGE },
                { "blame alone", &blame_alone, { { "a", 9, 9, 9, 10 }, { "b", 0, 0, 0, 90 } }, "b", RANK_CULPRIT },
                { "blame alone: nothing is known of any", &blame_alone, { { "b" }, { "a" } }, "a", RANK_CULPRIT },
                { "blame alone: somebody has gone", &blame_alone, { { "a" }, { "g", 0, 0, 0, 90 } }, NULL, RANK_CULPRIT },
                { "blame alone: next to no part in it", &blame_alone, { { "a", 0, 0, 0, 4 }, { "g", 0, 0, 0, 100 } }, NULL,
                  RANK_CULPRIT },
                { "blame alone: a part in it", &blame_alone, { { "a", 0, 0, 0, 5 }, { "g", 0, 0, 0, 100 } }, "a",
                  RANK_CULPRIT },
                { "and usage", &by_culprit, { { "a", 9 }, { "g", 0, 0, 0, 100 } }, "a", RANK_CULPRIT },
                { "or by name", &blame_or_name, { { "b", 9 }, { "a", 9 }, { "g", 0, 0, 0, 100 } }, "a", RANK_CULPRIT },
                { "largest of all numbers", &by_growth, { { "a", 0, UINT64_MAX }, { "b", 0, UINT64_MAX / 2 } }, "a",
                  RANK_GROWTH },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                NodeRegistry r = { 0 };
                Survey s;
                VictimChoice choice;

                assert_int_equal(survey_init(&s), 0);
                choice = choose(&r, &s, rows[i].policy, rows[i].rows, ACTION_LOG);
                if (rows[i].victim ? !choice.suspect || strcmp(choice.suspect->node->unit, rows[i].victim) != 0 :
                                     choice.suspect != NULL)
                        fail_msg("%s: %s", rows[i].what, choice.suspect ? choice.suspect->node->unit : "nobody");
                if (choice.rank != rows[i].rank)
                        fail_msg("%s: by %s", rows[i].what, rank_to_string(choice.rank));
                survey_done(&s);
                node_registry_done(&r);
        }
}

/* Blame alone: the one to blame is no candidate, or nothing may happen to it, and nobody pays in its place. */
static void test_another_doing(void **state) {
        const Policy policy = { .victim = { RANK_BY(RANK_CULPRIT) } };
        const Row rows[] = { { "a", 9 }, { "p", 0, 0, 0, 100 }, { 0 } };
        NodeRegistry r = { 0 };
        Survey s;
        VictimChoice choice;

        assert_int_equal(survey_init(&s), 0);
        choice = choose(&r, &s, &policy, rows, ACTION_KILL);
        assert_null(choice.suspect);
        assert_int_equal(choice.n_candidates, 1);
        assert_int_equal(choice.n_protected, 1);

        /* A slice has caused what those in it have: that blames nobody else. */
        registry_put(&r, 's', CGROUP_SLICE, "s.slice");
        s.suspects[1] = (Suspect){ .node = node_registry_find(&r, 's'), .caused_usec = 100 };
        choice = victim_choose(&(VictimRules){ .policy = &policy, .step = &(Step){ .action = ACTION_KILL },
                                               .watch = &host, .now_usec = NOW, .held = held }, &s);
        assert_non_null(choice.suspect);
        s.outsiders[0].part.usec = 100;
        s.n_outsiders = 1;
        choice = victim_choose(&(VictimRules){ .policy = &policy, .step = &(Step){ .action = ACTION_KILL },
                                               .watch = &host, .now_usec = NOW, .held = held }, &s);
        assert_null(choice.suspect);
        survey_done(&s);
        node_registry_done(&r);
}

/* p: protected, g: gone, d: dying, e: has just stopped dying, h: held, n: never */
static void test_who_may_pay(void **state) {
        const Policy policy = { .victim = { RANK_BY(RANK_USAGE), .never = GLOBS(GLOB("n*")) } };
        static const struct {
                const char *units;
                ActionKind action;
                char victim;
                size_t n_candidates, n_protected;
        } rows[] = {
                { "abc", ACTION_KILL, 'a', 3, 0 },
                { "pa", ACTION_KILL, 'a', 1, 1 },
                { "pp", ACTION_THROTTLE, 0, 0, 2 },
                { "pa", ACTION_LOG, 'p', 2, 0 },
                { "na", ACTION_KILL, 'a', 1, 0 },
                { "na", ACTION_LOG, 'a', 1, 0 },
                { "ga", ACTION_KILL, 'a', 1, 0 },
                { "ga", ACTION_LOG, 'a', 1, 0 },
                { "da", ACTION_KILL, 'a', 1, 0 },
                { "ea", ACTION_KILL, 'e', 2, 0 },
                { "da", ACTION_LOG, 'd', 2, 0 },
                { "ha", ACTION_FREEZE, 'a', 1, 0 },
                { "ha", ACTION_THROTTLE, 'a', 1, 0 },
                { "ha", ACTION_KILL, 'h', 2, 0 },
                { "ha", ACTION_LOG, 'h', 2, 0 },
                { "pgdn", ACTION_KILL, 0, 0, 1 },
        };

        held_unit = "h";
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char names[5][2] = { { 0 } };
                Row list[6] = { { 0 } };
                NodeRegistry r = { 0 };
                Survey s;
                VictimChoice choice;

                for (size_t j = 0; rows[i].units[j]; j++) {
                        names[j][0] = rows[i].units[j];
                        list[j] = (Row){ .unit = names[j], .usage = 100 - j };
                }
                assert_int_equal(survey_init(&s), 0);
                choice = choose(&r, &s, &policy, list, rows[i].action);
                if ((choice.suspect ? choice.suspect->node->unit[0] : 0) != rows[i].victim)
                        fail_msg("%s, %s: %s", rows[i].units, action_to_string(rows[i].action),
                                 choice.suspect ? choice.suspect->node->unit : "nobody");
                assert_int_equal(choice.n_candidates, rows[i].n_candidates);
                assert_int_equal(choice.n_protected, rows[i].n_protected);
                assert_int_equal(choice.n_held, action_holds(rows[i].action) && rows[i].units[0] == 'h' ? 1 : 0);
                survey_done(&s);
                node_registry_done(&r);
        }
        held_unit = NULL;
}

/* Where the one to blame is held already, nobody pays in its place who has no part in it: less than a twentieth. */
static void test_no_substitute(void **state) {
        static Policy by_growth = { .victim = { RANK_BY(RANK_GROWTH, RANK_USAGE) } };
        static Policy by_usage = { .victim = { RANK_BY(RANK_USAGE) } };
        static const struct {
                Row rows[3];
                ActionKind action;
                char victim;
                bool by_usage;
        } rows[] = {
                { { { "h", 9, 100 }, { "a", 9, 5 } }, ACTION_FREEZE, 'a' },
                { { { "h", 9, 100 }, { "a", 9, 4 } }, ACTION_FREEZE, 0 },
                { { { "h", 9, 100 }, { "a", 9, 4 } }, ACTION_KILL, 'h' },
                { { { "i", 9, 100 }, { "a", 9, 4 } }, ACTION_FREEZE, 'i' },
                { { { "p", 9, 100 }, { "a", 9, 4 } }, ACTION_FREEZE, 'a' }, /* protected is not held */
                { { { "h", 9, 0 }, { "a", 9, 0 } }, ACTION_FREEZE, 'a' },   /* nobody is known to have a part */
                { { { "h", 9, 1 }, { "a", 9, 0 } }, ACTION_FREEZE, 0 },
                { { { "h", 100 }, { "a", 5 } }, ACTION_FREEZE, 'a', true },
                { { { "h", 100 }, { "a", 4 } }, ACTION_FREEZE, 0, true },
                { { { "h", UINT64_MAX }, { "a", UINT64_MAX / 20 } }, ACTION_FREEZE, 0, true },
        };

        held_unit = "h";
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                NodeRegistry r = { 0 };
                Survey s;
                VictimChoice choice;

                assert_int_equal(survey_init(&s), 0);
                choice = choose(&r, &s, rows[i].by_usage ? &by_usage : &by_growth, rows[i].rows, rows[i].action);
                if ((choice.suspect ? choice.suspect->node->unit[0] : 0) != rows[i].victim)
                        fail_msg("row %zu: %s", i, choice.suspect ? choice.suspect->node->unit : "nobody");
                survey_done(&s);
                node_registry_done(&r);
        }
        held_unit = NULL;
}

/* Thousands of candidates in any order lead to the same one. */
static void test_order_does_not_matter(void **state) {
        static Policy policy = { .victim = { RANK_BY(RANK_GROWTH, RANK_PRESSURE, RANK_USAGE) } };
        NodeRegistry r = { 0 };
        Survey s;
        const VictimRules rules = { .policy = &policy, .step = &(Step){ .action = ACTION_KILL }, .watch = &host,
                                    .now_usec = NOW, .held = held };
        const Node *victim = NULL;

        assert_int_equal(survey_init(&s), 0);
        for (unsigned turn = 0; turn < 7; turn++) {
                for (size_t i = 0; i < CANDIDATES_MAX; i++) {
                        uint64_t id = 1 + (i * 2654435761U + turn * 977) % CANDIDATES_MAX;
                        char unit[16];

                        (void) snprintf(unit, sizeof(unit), "%u", (unsigned) id);
                        s.suspects[i] = (Suspect){
                                .node = node_registry_find(&r, id) ?: registry_put(&r, id, CGROUP_UNIT, unit),
                                .growth = id * 40503 % 1000,
                                .pressure_usec = id * 30011 % 100,
                                .usage_bytes = id * 20011 % 50,
                        };
                }
                s.n = CANDIDATES_MAX;
                if (!victim)
                        victim = victim_choose(&rules, &s).suspect->node;
                assert_ptr_equal(victim_choose(&rules, &s).suspect->node, victim);
        }
        survey_done(&s);
        node_registry_done(&r);
}

/* Swap to the byte, pages scanned in steps; a step's own order in place of the policy's. */
static void test_more_measures(void **state) {
        static const struct {
                RankMeasure rank;
                uint64_t swap_a, swap_b, scanned_a, scanned_b;
                const char *victim;
                RankMeasure told;
        } rows[] = {
                { RANK_SWAP, 1000, 1001, 9, 1, "b", RANK_SWAP },
                { RANK_SWAP, 1000, 1000, 0, 0, "a", RANK_USAGE },
                { RANK_RECLAIM, 0, 0, 94, 100, "b", RANK_RECLAIM },
                { RANK_RECLAIM, 0, 9, 95, 100, "a", RANK_USAGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (unsigned own = 0; own <= 2; own++) { /* so many measures of the step's own */
                        Policy policy = { .victim = { RANK_BY(RANK_GROWTH, RANK_SWAP) } };
                        Step step = { .action = ACTION_KILL };
                        const VictimRules rules = { .policy = &policy, .step = &step, .watch = &host, .now_usec = NOW,
                                                    .held = held };
                        NodeRegistry r = { 0 };
                        VictimChoice choice;
                        Survey s;

                        if (own) {
                                step.rank[0] = rows[i].rank;
                                step.rank[1] = RANK_USAGE;
                                step.n_rank = own;
                        } else {
                                policy.victim.rank[0] = rows[i].rank;
                                policy.victim.rank[1] = RANK_USAGE;
                                policy.victim.n_rank = 2;
                        }
                        assert_int_equal(survey_init(&s), 0);
                        s.suspects[0] = (Suspect){ .node = registry_put(&r, 2, CGROUP_UNIT, "a"), .usage_bytes = 5,
                                                   .swap_bytes = rows[i].swap_a, .scanned = rows[i].scanned_a };
                        s.suspects[1] = (Suspect){ .node = registry_put(&r, 3, CGROUP_UNIT, "b"), .usage_bytes = 4,
                                                   .growth = own, .swap_bytes = rows[i].swap_b,
                                                   .scanned = rows[i].scanned_b };
                        s.n = 2;
                        choice = victim_choose(&rules, &s);
                        assert_string_equal(choice.suspect->node->unit, rows[i].victim);
                        assert_int_equal(choice.rank, own == 1 ? rows[i].rank : rows[i].told);
                        survey_done(&s);
                        node_registry_done(&r);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rank),
                cmocka_unit_test(test_another_doing),
                cmocka_unit_test(test_who_may_pay),
                cmocka_unit_test(test_no_substitute),
                cmocka_unit_test(test_order_does_not_matter),
                cmocka_unit_test(test_more_measures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
