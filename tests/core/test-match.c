/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "core/match.h"

#define GLOBS(...) ((char *[]){ __VA_ARGS__, NULL })

static void test_match_policy(void **state) {
        Policy web = { .name = (char *) "10-web", .match = { .units = GLOBS((char *) "web-*.service", (char *) "*.scope"),
                                                             .except = GLOBS((char *) "web-index.service") } };
        Policy batch = { .name = (char *) "20-batch", .match = { .slices = GLOBS((char *) "batch*.slice"),
                                                                 .except = GLOBS((char *) "batch-night.slice") } };
        Policy host = { .name = (char *) "30-host", .match = { .system = true, .except = GLOBS((char *) "-.slice") } };
        Policy rest = { .name = (char *) "40-rest", .match = { .units = GLOBS((char *) "*"), .slices = GLOBS((char *) "*") } };
        const PolicySet set = { .policies = (Policy *[]){ &web, &batch, &host, &rest }, .n_policies = 4 };
        const struct {
                CgroupKind kind;
                const char *unit;
                const Policy *policy;
        } rows[] = {
                { CGROUP_UNIT, "web-1.service", &web },
                { CGROUP_UNIT, "run-1.scope", &web },
                { CGROUP_UNIT, "web-index.service", &rest },  /* taken out of the first, not of the others */
                { CGROUP_UNIT, "batch.slice", &rest },        /* a slice's glob takes no unit */
                { CGROUP_SLICE, "batch.slice", &batch },
                { CGROUP_SLICE, "batch-day.slice", &batch },
                { CGROUP_SLICE, "batch-night.slice", &rest },
                { CGROUP_SLICE, "web-1.service", &rest },
                { CGROUP_HOST, "-.slice", &host },            /* Except= is for units and slices */
                { _CGROUP_KIND_MAX, "web-1.service", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (match_policy(&set, rows[i].kind, rows[i].unit, "/x") != rows[i].policy)
                        fail_msg("%s", rows[i].unit);

        assert_null(match_policy(&(PolicySet){ 0 }, CGROUP_UNIT, "web-1.service", "/x"));
        assert_null(match_policy(&(PolicySet){ set.policies, 3 }, CGROUP_SLICE, "system.slice", "/x"));
        assert_null(match_policy(&(PolicySet){ set.policies, 2 }, CGROUP_HOST, "-.slice", "/"));
}

/* Cgroups that no manager knows: by their path, with or without the slash in front. */
static void test_match_groups(void **state) {
        Policy pods = { .match = { .cgroups = GLOBS((char *) "/system.slice/k.service/pod*", (char *) "a.slice/*", (char *) "z"),
                                   .except = GLOBS((char *) "*/pod-system", (char *) "a.slice/b") } };
        const PolicySet set = { (Policy *[]){ &pods }, 1 };
        static const struct {
                const char *path;
                bool takes;
        } rows[] = {
                { "/system.slice/k.service/pod1", true },
                { "/system.slice/k.service/pod1/inner", true }, /* a star crosses slashes */
                { "/system.slice/k.service/other", false },
                { "/system.slice/k.service/pod-system", false },
                { "/a.slice/c", true },
                { "/a.slice/b", false },
                { "/x/a.slice/c", false },
                { "/z", true },
                { "/", false },
                { "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if ((match_policy(&set, CGROUP_GROUP, rows[i].path, rows[i].path) != NULL) != rows[i].takes)
                        fail_msg("%s", rows[i].path);

        /* Unit= is of units, CGroup= of what is none. */
        pods.match.units = GLOBS((char *) "*");
        assert_null(match_policy(&set, CGROUP_GROUP, "/x", "/x"));
        pods.match.units = NULL;
        assert_null(match_policy(&set, CGROUP_UNIT, "c", "/a.slice/c"));
}

static void test_disabled(void **state) {
        Policy off = { .disabled = true, .match.units = GLOBS((char *) "*") }, on = { .match.units = GLOBS((char *) "*") };
        const PolicySet set = { (Policy *[]){ &off, &on }, 2 };

        assert_ptr_equal(match_policy(&set, CGROUP_UNIT, "a.service", "/a.service"), &on);
        assert_null(match_policy(&(PolicySet){ set.policies, 1 }, CGROUP_UNIT, "a.service", "/a.service"));
        assert_true(match_takes(&off, CGROUP_UNIT, "a.service", "/a.service"));
}

/* Names with every byte that systemd allows; a backslash in a glob is a backslash. */
static void test_odd_names(void **state) {
        static const struct {
                const char *glob, *unit;
                bool takes;
        } rows[] = {
                { "dev-disk-by\\x2duuid-*.mount", "dev-disk-by\\x2duuid-1.mount", true },
                { "getty@*.service", "getty@tty1.service", true },
                { "*@*.service", "x@.service", true },
                { "a:b_c-d.e\\x20f@g.service", "a:b_c-d.e\\x20f@g.service", true },
                { "a\\x20b.service", "a b.service", false },
                { "*\\x2d*", "a\\x2db.scope", true },
                { "*\\x2d*", "a-b.scope", false },
                { "app-[ab].scope", "app-b.scope", true },
                { "?.service", "\\x41.service", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Policy p = { .match.units = GLOBS((char *) rows[i].glob) };

                if (match_takes(&p, CGROUP_UNIT, rows[i].unit, "/x") != rows[i].takes)
                        fail_msg("%s: %s", rows[i].glob, rows[i].unit);
        }
}

static void test_match_protected(void **state) {
        const Settings settings = { .protect = GLOBS((char *) "db-*.service", (char *) "one\\x2dtwo.service") };
        static const struct {
                const char *unit;
                bool protected, protected_by_default;
        } rows[] = {
                { "init.scope", true, true },
                { "systemd-journald.service", true, true },
                { "systemd-logind.service", true, true },
                { "systemd-udevd.service", true, true },
                { "dbus.service", true, true },
                { "dbus-broker.service", true, true },
                { "ssh.service", true, true },
                { "sshd.service", true, true },
                { "ssh@1-10.0.0.1:22.service", true, true },
                { "sshd@1.service", true, true },
                { "sshd-vsock@1.service", true, true },
                { "sshd-unix-local@1.service", true, true },
                { "memstalld.service", true, true },
                { "memstalld.slice", true, true },
                { "systemd-nspawn@web.service", false, false }, /* systemd's by name only */
                { "memstalld-x.service", false, false },
                { "db-1.service", true, false },
                { "one\\x2dtwo.service", true, false },
                { "db-1.scope", false, false },
                { "session-1.scope", false, false },
                { "mysystemd-x.service", false, false },
                { "", false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (match_protected(&settings, rows[i].unit) != rows[i].protected)
                        fail_msg("%s", rows[i].unit);
                if (match_protected(&(Settings){ 0 }, rows[i].unit) != rows[i].protected_by_default)
                        fail_msg("%s without Protect=", rows[i].unit);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_match_policy),
                cmocka_unit_test(test_match_groups),
                cmocka_unit_test(test_disabled),
                cmocka_unit_test(test_odd_names),
                cmocka_unit_test(test_match_protected),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
