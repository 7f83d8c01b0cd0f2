/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture-victim.h"

/* Every list of [Victim], by what it leaves. The largest usage pays. */
static void test_lists(void **state) {
        static const struct {
                const char *what;
                char *from[3], *never[2], *avoid[2], *prefer[2];
                bool managed_oom;
                ActionKind action;
                Unit units[4];
                const char *victim;
        } rows[] = {
                { "no From=: within the watch", .action = ACTION_KILL,
                  .units = { { "b.service", UNIT, 9 }, { IN "a.service", UNIT, 1 } }, .victim = IN "a.service" },
                { "a name that only begins like the watch's", .action = ACTION_KILL,
                  .units = { { "w.slicer/b.service", UNIT, 9 }, { IN "a.service", UNIT, 1 } }, .victim = IN "a.service" },
                { "From= anywhere", { (char *) "b*" }, .action = ACTION_KILL,
                  .units = { { "b.service", UNIT, 1 }, { IN "a.service", UNIT, 9 } }, .victim = "b.service" },
                { "From= nobody", { (char *) "c*" }, .action = ACTION_KILL,
                  .units = { { "b.service", UNIT, 1 }, { IN "a.service", UNIT, 9 } }, .victim = "" },
                { "no slice unless named", .action = ACTION_FREEZE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "a.service", UNIT, 1 } }, .victim = IN "a.service" },
                { "a star names no slice", { (char *) "*" }, .action = ACTION_FREEZE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "a.service", UNIT, 1 } }, .victim = IN "a.service" },
                { "nor does what only begins like one", { (char *) "s.slic*" }, .action = ACTION_FREEZE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = "" },
                { "a slice by name", { (char *) "s.slice", (char *) "a*" }, .action = ACTION_FREEZE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "a.service", UNIT, 1 } }, .victim = IN "s.slice" },
                { "a slice by glob", { (char *) "*.slice" }, .action = ACTION_THROTTLE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "a.service", UNIT, 1 } }, .victim = IN "s.slice" },
                { "of which memory is reclaimed", { (char *) "*.slice" }, .action = ACTION_RECLAIM,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = IN "s.slice" },
                { "which is told", { (char *) "*.slice" }, .action = ACTION_LOG,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = IN "s.slice" },
                { "no slice is killed", { (char *) "*.slice" }, .action = ACTION_KILL,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = "" },
                { "nor stopped", { (char *) "*.slice" }, .action = ACTION_STOP,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = "" },
                { "nor restarted", { (char *) "*.slice" }, .action = ACTION_RESTART,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = "" },
                { "nor anything started for it", { (char *) "*.slice" }, .action = ACTION_START,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 } }, .victim = "" },
                { "a slice that holds a protected unit", { (char *) "*.slice" }, .action = ACTION_FREEZE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "s.slice/x.service", UNIT, 1, .protected = true },
                             { IN "t.slice", CGROUP_SLICE, 1 } }, .victim = IN "t.slice" },
                { "a slice that holds what Never= names", { (char *) "*.slice" }, { (char *) "x*" }, .action = ACTION_FREEZE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "s.slice/x.service", UNIT, 1 },
                             { IN "t.slice", CGROUP_SLICE, 1 } }, .victim = IN "t.slice" },
                { "a container", .action = ACTION_KILL,
                  .units = { { IN "c.scope", UNIT, 9, .container = true }, { IN "a.service", UNIT, 1 } },
                  .victim = IN "a.service" },
                { "a group in it", .action = ACTION_KILL,
                  .units = { { IN "c.scope", UNIT, 9, .container = true },
                             { IN "c.scope/g", CGROUP_GROUP, 9, .delegated = true }, { IN "a.service", UNIT, 1 } },
                  .victim = IN "c.scope/g" },
                { "a group by its container", { (char *) "c.scope" }, .action = ACTION_KILL,
                  .units = { { IN "c.scope/g", CGROUP_GROUP, 1, .delegated = true }, { IN "a.service", UNIT, 9 } },
                  .victim = IN "c.scope/g" },
                { "Never= its container", .never = { (char *) "c.scope" }, .action = ACTION_KILL,
                  .units = { { IN "c.scope/g", CGROUP_GROUP, 9, .delegated = true }, { IN "a.service", UNIT, 1 } },
                  .victim = IN "a.service" },
                { "Never= a cgroup of one letter", .never = { (char *) "c" }, .action = ACTION_KILL,
                  .units = { { IN "c/g", CGROUP_GROUP, 9, .delegated = true }, { IN "a.service", UNIT, 1 } },
                  .victim = IN "a.service" },
                { "only of a delegated one does what is above count", .never = { (char *) "w.slice" }, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 1 } }, .victim = IN "a.service" },
                { "Avoid= is behind", .avoid = { (char *) "a*" }, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9 }, { IN "b.service", UNIT, 1 } }, .victim = IN "b.service" },
                { "and chosen where nobody else is", .avoid = { (char *) "*" }, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9 }, { IN "b.service", UNIT, 1 } }, .victim = IN "a.service" },
                { "Prefer= is ahead", .prefer = { (char *) "b*" }, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9 }, { IN "b.service", UNIT, 1 } }, .victim = IN "b.service" },
                { "both are avoided", .prefer = { (char *) "a*" }, .avoid = { (char *) "a*" }, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9 }, { IN "b.service", UNIT, 1 } }, .victim = IN "b.service" },
                { "omit", .managed_oom = true, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9, PREFERENCE_OMIT }, { IN "b.service", UNIT, 1 } },
                  .victim = IN "b.service" },
                { "omit to the last", .managed_oom = true, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9, PREFERENCE_OMIT } }, .victim = "" },
                { "ManagedOOM=no", .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9, PREFERENCE_OMIT }, { IN "b.service", UNIT, 1 } },
                  .victim = IN "a.service" },
                { "a slice that holds one that asks to be left out", { (char *) "*.slice" }, .managed_oom = true,
                  .action = ACTION_THROTTLE,
                  .units = { { IN "s.slice", CGROUP_SLICE, 9 }, { IN "s.slice/x.service", UNIT, 1, PREFERENCE_OMIT } },
                  .victim = "" },
                { "avoid", .managed_oom = true, .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9, PREFERENCE_AVOID }, { IN "b.service", UNIT, 1 } },
                  .victim = IN "b.service" },
                { "avoid, ManagedOOM=no", .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9, PREFERENCE_AVOID }, { IN "b.service", UNIT, 1 } },
                  .victim = IN "a.service" },
                { "in vain", .action = ACTION_THROTTLE,
                  .units = { { IN "a.service", UNIT, 9, .vain = true }, { IN "b.service", UNIT, 5 } },
                  .victim = IN "b.service" },
                { "in vain, which bars no kill", .action = ACTION_KILL,
                  .units = { { IN "a.service", UNIT, 9, .vain = true }, { IN "b.service", UNIT, 5 } },
                  .victim = IN "a.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Policy policy = { .victim = { RANK_BY(RANK_USAGE),
                                              .from = rows[i].from[0] ? (char **) rows[i].from : NULL,
                                              .never = (char **) rows[i].never, .avoid = (char **) rows[i].avoid,
                                              .prefer = (char **) rows[i].prefer } };
                VictimChoice choice;

                if (strcmp(choose_unit(&policy, &(Step){ .action = rows[i].action }, rows[i].units, rows[i].managed_oom,
                                       &choice), rows[i].victim) != 0)
                        fail_msg("%s: \"%s\"", rows[i].what, choice.suspect ? "another one" : "nobody");
        }
}

/* The host itself is nobody, and names of cgroups that are longer than a unit's are none. */
static void test_odd_nodes(void **state) {
        char path[700];
        Policy policy = { .victim = { RANK_BY(RANK_USAGE), .from = GLOBS(GLOB("*")), .never = GLOBS(GLOB("x*")) } };
        VictimChoice choice;
        Unit units[] = { { "-.slice", CGROUP_HOST, 9 }, { path, CGROUP_GROUP, 1, .delegated = true }, { 0 } };

        memset(path, 'x', sizeof(path));
        memcpy(path, "c.scope/", 8);
        memcpy(path + 300, "/g", 3);
        choose_unit(&policy, &(Step){ .action = ACTION_KILL }, units, false, &choice);
        assert_int_equal(choice.n_candidates, 1);
        memset(path + 8 + 256, 'y', 300 - 8 - 256);
        path[8 + 256] = '/';
        choose_unit(&policy, &(Step){ .action = ACTION_KILL }, units, false, &choice);
        assert_int_equal(choice.n_candidates, 1);
        path[8 + 255] = '/';
        choose_unit(&policy, &(Step){ .action = ACTION_KILL }, units, false, &choice);
        assert_int_equal(choice.n_candidates, 0);
}

/* What systemd-oomd looks after: not for those who end, limit or freeze, nor what lies beneath it, nor what holds it. */
static void test_oomd(void **state) {
        static const struct {
                const char *what;
                Unit units[4];
                ActionKind action;
                char *from;
                const char *victim;
                size_t n_oomd;
        } rows[] = {
                { "its own settings", { { IN "a.service", UNIT, 9, .managed = true }, { IN "b.service", UNIT, 1 } },
                  ACTION_KILL, NULL, IN "b.service", 1 },
                { "nor throttled", { { IN "a.service", UNIT, 9, .managed = true } }, ACTION_THROTTLE, NULL, "", 1 },
                { "a record is no harm", { { IN "a.service", UNIT, 9, .managed = true } }, ACTION_LOG, NULL, IN "a.service", 0 },
                { "those of a slice above it",
                  { { IN "m.slice", CGROUP_SLICE, 9, .managed = true }, { IN "m.slice/x.service", UNIT, 9 }, { IN "b.service", UNIT, 1 } },
                  ACTION_KILL, NULL, IN "b.service", 1 },
                { "a slice that holds such a unit",
                  { { IN "m.slice", CGROUP_SLICE, 9 }, { IN "m.slice/x.service", UNIT, 9, .managed = true }, { 0 } },
                  ACTION_FREEZE, (char *) "m.slice", "", 1 },
                { "not the host's", { { "-.slice", CGROUP_HOST, 9, .managed = true }, { IN "b.service", UNIT, 1 } },
                  ACTION_KILL, NULL, IN "b.service", 0 },
                { "not a user's", { { IN "a.service", UNIT, 9, .managed = true, .delegated = true } },
                  ACTION_KILL, NULL, IN "a.service", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Policy policy = { .victim = { RANK_BY(RANK_USAGE), .from = rows[i].from ? GLOBS(rows[i].from) : NULL } };
                VictimChoice choice;
                const char *victim = choose_unit(&policy, &(Step){ .action = rows[i].action }, rows[i].units, false, &choice);

                if (strcmp(victim, rows[i].victim) != 0 || choice.n_oomd != rows[i].n_oomd)
                        fail_msg("%s: %s, %zu left out", rows[i].what, victim, choice.n_oomd);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lists),
                cmocka_unit_test(test_odd_nodes),
                cmocka_unit_test(test_oomd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
