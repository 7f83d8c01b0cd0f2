/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-victim.h"

/* Whom protect shields: u suffers most, v less, w is to blame, x does not suffer; p is protected, g gone, d dying, e
 * has just stopped dying, h is held, n is never to pay. */
static void test_shield(void **state) {
        static const struct {
                const char *what;
                char *shield[3];
                const char *units, *victim;
                size_t n_held;
        } rows[] = {
                { "most suffered", .units = "vuwx", .victim = "u" },
                { "who is to blame stays", .units = "wx", .victim = "" },
                { "as much caused as suffered is to blame", .units = "y", .victim = "" },
                { "unless somebody wrote so", { (char *) "w" }, .units = "vuwx", .victim = "w" },
                { "also who does not suffer", { (char *) "x" }, .units = "vuwx", .victim = "x" },
                { "of those named the most suffered", { (char *) "v", (char *) "u" }, .units = "xvu", .victim = "u" },
                { "nobody of the name", { (char *) "z" }, .units = "vuwx", .victim = "" },
                { "one that is held already", .units = "hv", .victim = "v", .n_held = 1 },
                { "all are held", .units = "h", .victim = "", .n_held = 1 },
                { "protected units too", .units = "p", .victim = "p" },
                { "and those of Never=", .units = "n", .victim = "n" },
                { "not one that dies", .units = "dv", .victim = "v" },
                { "one that has just been left alone", .units = "ev", .victim = "e" },
                { "not one that is gone", .units = "gv", .victim = "v" },
                { "as much suffered: more pressure", .units = "vt", .victim = "t" },
                { "else the name", .units = "vs", .victim = "s" },
        };
        const Policy policy = { .victim = { RANK_BY(RANK_USAGE), .never = GLOBS(GLOB("n")) } };

        held_unit = "h";
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Step step = { .action = ACTION_PROTECT, .shield = rows[i].shield[0] ? (char **) rows[i].shield : NULL };
                const VictimRules rules = { .policy = &policy, .step = &step, .watch = &host, .now_usec = NOW, .held = held };
                NodeRegistry r = { 0 };
                VictimChoice choice;
                Survey s;

                assert_int_equal(survey_init(&s), 0);
                for (const char *u = rows[i].units; *u; u++) {
                        Node *n = registry_put(&r, (uint64_t) *u, CGROUP_UNIT, (char[]){ *u, '\0' });

                        n->protected = *u == 'p';
                        n->gone = *u == 'g';
                        n->dying_until_usec = *u == 'd' ? NOW + 1 : *u == 'e' ? NOW : 0;
                        s.suspects[s.n++] = (Suspect){
                                .node = n,
                                .suffered_usec = *u == 'x' ? 0 : *u == 'v' || *u == 's' || *u == 't' ? 50 : 100,
                                .caused_usec = *u == 'w' ? 101 : *u == 'y' ? 100 : 0,
                                .pressure_usec = *u == 't',
                                .usage_bytes = 7,
                        };
                }
                choice = victim_choose(&rules, &s);
                if (strcmp(choice.suspect ? choice.suspect->node->unit : "", rows[i].victim) != 0)
                        fail_msg("%s: %s", rows[i].what, choice.suspect ? choice.suspect->node->unit : "nobody");
                assert_int_equal(choice.n_held, rows[i].n_held);
                survey_done(&s);
                node_registry_done(&r);
        }
        held_unit = NULL;
}

/* A slice is shielded where a glob names it. */
static void test_shield_slices(void **state) {
        static const Unit units[] = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "a.service", UNIT, 1 }, { 0 } };
        const Policy policy = { .victim = { RANK_BY(RANK_USAGE) } };
        VictimChoice choice;

        assert_string_equal(choose_unit(&policy, &(Step){ .action = ACTION_PROTECT, .shield = GLOBS(GLOB("*.slice")) }, units,
                                        false, &choice), IN "s.slice");
        assert_string_equal(choose_unit(&policy, &(Step){ .action = ACTION_PROTECT, .shield = GLOBS(GLOB("*")) }, units, false,
                                        &choice), IN "a.service");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shield),
                cmocka_unit_test(test_shield_slices),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
