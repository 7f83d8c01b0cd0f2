/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "ctl/check-host.h"

/* Lines that the warnings point at; what they mean stands in the Policy beside them. */
static const char text[] = "[Match]\n"
                           "Slice=batch.slice\n"
                           "[Victim]\n"
                           "Rank=swap\n"
                           "[Step]\n"
                           "SwapFree=10%\n"
                           "CPUQuota=20%\n"
                           "CPUWeight=10\n"
                           "IOWeight=10\n"
                           "Action=throttle\n";

static char *batch_globs[] = { (char *) "batch.slice", (char *) "gone-*.slice", NULL };
static char *never_globs[] = { (char *) "spared.service", NULL };
static char *paths[] = { (char *) "*/payload", (char *) "/nothing/*", NULL };
static Condition conditions[] = { { .kind = CONDITION_USAGE }, { .kind = CONDITION_SWAP_FREE } };

/* What a host looks like on which nothing is wrong. */
#define GOOD                                                                                                  \
        { HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES }

static HostCgroup cgroups[] = {
        { .kind = CGROUP_SLICE, .path = (char *) "/batch.slice", .unit = "batch.slice" },
        { .kind = CGROUP_UNIT, .path = (char *) "/batch.slice/a.service", .unit = "a.service", .has_watchdog = true },
        { .kind = CGROUP_UNIT, .path = (char *) "/batch.slice/spared.service", .unit = "spared.service",
          .has_watchdog = true },
        { .kind = CGROUP_SLICE, .path = (char *) "/other.slice", .unit = "other.slice" },
        { .kind = CGROUP_UNIT, .path = (char *) "/other.slice/b.service", .unit = "b.service", .has_watchdog = true },
        { .kind = CGROUP_GROUP, .path = (char *) "/other.slice/b.service/payload",
          .unit = "/other.slice/b.service/payload" },
        /* Begins like the slice, and is not in it. */
        { .kind = CGROUP_UNIT, .path = (char *) "/batch.slice.service", .unit = "batch.slice.service",
          .has_watchdog = true },
};

enum {
        BATCH = 0,
        OTHER = 3,
};

static char *const oomd[] = { (char *) "systemd-oomd.service", NULL };
static char *const earlyoom[] = { (char *) "earlyoom.service", NULL };

typedef struct Row {
        HostFact no[2]; /* facts that are not so; 0 is HOST_SWAP, which `no_swap` says */
        bool no_swap;
        ActionKind action;
        unsigned systemd_version;
        char *const *rivals;
        int managed; /* the index of a cgroup that systemd-oomd minds; -1 for none */
        bool managed_oom, leave_to_oomd, dry_run, disabled, dry_step;
        bool rank_two;
        const char *expect;
} Row;

#define W "warning: "
#define SWAP_FREE "6: " W "SwapFree=: this host has no swap, so the step never acts\n"
#define RANK "4: " W "Rank=: this host has no swap, so all candidates are alike; add another measure, for example usage\n"

static const Row rows[] = {
        { .managed = -1, .action = ACTION_THROTTLE, .expect = "" },
        { .managed = -1, .no_swap = true, .action = ACTION_LOG, .expect = RANK SWAP_FREE },
        { .managed = -1, .no_swap = true, .rank_two = true, .action = ACTION_LOG, .expect = SWAP_FREE },
        { .managed = -1, .no_swap = true, .disabled = true, .action = ACTION_LOG, .expect = "" },
        { .managed = -1, .no = { HOST_CPU }, .action = ACTION_THROTTLE,
          .expect = "7: " W "CPUQuota=: this host has no cpu controller, so it changes nothing\n"
                    "8: " W "CPUWeight=: this host has no cpu controller, so it changes nothing\n" },
        { .managed = -1, .no = { HOST_CPU }, .action = ACTION_FREEZE, .expect = "" },
        { .managed = -1, .no = { HOST_IO }, .action = ACTION_THROTTLE,
          .expect = "9: " W "IOWeight=: this host has no io controller, so it changes nothing\n" },
        { .managed = -1, .no = { HOST_RECLAIM }, .action = ACTION_RECLAIM,
          .expect = "10: " W "Action=: this kernel has no memory.reclaim, so the step can do nothing; it came with "
                    "Linux 5.19\n" },
        { .managed = -1, .no = { HOST_RECLAIM, HOST_IO }, .action = ACTION_KILL, .expect = "" },
        { .managed = -1, .no = { HOST_KILL }, .action = ACTION_KILL,
          .expect = "10: " W "Action=: this kernel has no cgroup.kill, so what forks faster than it is killed gets away; "
                    "it came with Linux 5.14\n" },
        { .managed = -1, .no = { HOST_PRESSURE }, .action = ACTION_LOG,
          .expect = "1: " W "this kernel does not account pressure, boot it with psi=1\n" },
        { .managed = -1, .no = { HOST_MEMORY }, .action = ACTION_LOG,
          .expect = "1: " W "this kernel has no memory controller, boot it with cgroup_enable=memory\n" },
        { .managed = -1, .no = { HOST_UNIFIED }, .action = ACTION_LOG,
          .expect = "1: " W "this host has no unified cgroup tree, boot it with systemd.unified_cgroup_hierarchy=1\n" },

        /* Of those with a watchdog one is spared and one is elsewhere. */
        { .managed = -1, .systemd_version = 257, .action = ACTION_FREEZE,
          .expect = "10: " W "Action=: a.service has WatchdogSec= and is not frozen, which takes systemd 258; write a "
                    "step that helps with it\n" },
        { .managed = -1, .systemd_version = 258, .action = ACTION_FREEZE, .expect = "" },
        { .managed = -1, .action = ACTION_FREEZE, .expect = "" },
        { .managed = -1, .systemd_version = 257, .action = ACTION_KILL, .expect = "" },

        { .managed = -1, .rivals = earlyoom, .action = ACTION_KILL,
          .expect = "10: " W "Action=: earlyoom.service is active and kills on the whole host as well, stop one of the "
                    "two\n" },
        { .managed = -1, .rivals = earlyoom, .action = ACTION_FREEZE, .expect = "" },
        { .managed = -1, .rivals = earlyoom, .action = ACTION_KILL, .dry_run = true, .expect = "" },
        { .managed = -1, .rivals = earlyoom, .action = ACTION_KILL, .dry_step = true, .expect = "" },
        { .managed = -1, .rivals = oomd, .action = ACTION_KILL, .expect = "" },
        { .managed = OTHER, .rivals = oomd, .action = ACTION_KILL, .expect = "" },
        { .managed = BATCH, .rivals = oomd, .action = ACTION_KILL,
          .expect = "10: " W "Action=: systemd-oomd.service is active and kills below batch.slice as well, let one of "
                    "the two do it\n" },
        { .managed = BATCH, .rivals = oomd, .action = ACTION_KILL, .leave_to_oomd = true,
          .expect = "10: " W "Action=: systemd-oomd.service is active, and what lies in batch.slice is left to it "
                    "(LeaveToOomd=), let one of the two do it\n" },
        { .managed = BATCH, .rivals = NULL, .action = ACTION_KILL, .expect = "" },
        { .managed = OTHER, .rivals = oomd, .action = ACTION_LOG, .managed_oom = true,
          .expect = "1: " W "ManagedOOM=: systemd-oomd.service is active and minds the same settings of other.slice, "
                    "stop it or write ManagedOOM=no\n" },
        { .managed = OTHER, .rivals = oomd, .action = ACTION_LOG, .managed_oom = true, .leave_to_oomd = true, .expect = "" },
        { .managed = OTHER, .rivals = oomd, .action = ACTION_LOG, .managed_oom = true, .dry_run = true, .expect = "" },
        { .managed = OTHER, .rivals = earlyoom, .action = ACTION_LOG, .managed_oom = true, .expect = "" },
};

/* A policy, and the host that it is checked on, as the row has them. */
static void test_row(void **state, const Row *row) {
        _cleanup_(config_errors_done) ConfigErrors warnings = { 0 };
        Step step = {
                .conditions = conditions, .n_conditions = 2, .action = row->action, .dry_run = row->dry_step,
                .limits = { .set = 1U << PROPERTY_CPU_QUOTA | 1U << PROPERTY_CPU_WEIGHT | 1U << PROPERTY_IO_WEIGHT },
        };
        Policy policy = {
                .name = (char *) "a", .file = (char *) folder_write(state, "a.conf", text, strlen(text)),
                .match = { .slices = batch_globs },
                .victim = { .rank = { RANK_SWAP, RANK_USAGE }, .n_rank = row->rank_two ? 2 : 1, .never = never_globs },
                .disabled = row->disabled, .steps = &step, .n_steps = 1,
        };
        Policy *policies[] = { &policy };
        const Config config = {
                .settings = { .managed_oom = row->managed_oom, .leave_to_oomd = row->leave_to_oomd, .dry_run = row->dry_run },
                .policies = { policies, 1 },
        };
        Host host = {
                .facts = GOOD, .cgroups = cgroups, .n_cgroups = ELEMENTSOF(cgroups), .rivals = (char **) row->rivals,
                .systemd_version = row->systemd_version,
        };

        for (size_t i = 0; i < ELEMENTSOF(row->no); i++)
                if (row->no[i] > 0)
                        host.facts[row->no[i]] = HOST_NO;
        if (row->no_swap)
                host.facts[HOST_SWAP] = HOST_NO;
        for (size_t i = 0; i < ELEMENTSOF(cgroups); i++)
                cgroups[i].is_managed = (int) i == row->managed;

        assert_int_equal(check_host(&host, &config, &warnings), 0);
        assert_string_equal(errors_text(&warnings), row->expect);
}

static void test_warnings(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                test_row(state, rows + i);
}

/* Nothing is known of the host: nothing is said. */
static void test_unknown(void **state) {
        _cleanup_(config_errors_done) ConfigErrors warnings = { 0 };
        const Host host = { 0 };
        Step step = { .conditions = conditions, .n_conditions = 2, .action = ACTION_KILL };
        Policy policy = { .name = (char *) "a", .file = (char *) "/nowhere", .match = { .slices = batch_globs },
                          .victim = { .rank = { RANK_SWAP }, .n_rank = 1 }, .steps = &step, .n_steps = 1 };
        Policy *policies[] = { &policy };
        const Config config = { .policies = { policies, 1 } };

        assert_int_equal(check_host(&host, &config, &warnings), 0);
        assert_int_equal(check_host_globs(&host, &config, &warnings), 0);
        assert_string_equal(errors_text(&warnings), "");
}

static void test_settings_line(void **state) {
        static const char settings[] = "[Daemon]\nDryRun=no\nManagedOOM=yes\n";
        _cleanup_(config_errors_done) ConfigErrors warnings = { 0 };
        char *files[] = { (char *) folder_write(state, "memstalld.conf", settings, strlen(settings)), NULL };
        const Config config = { .settings = { .managed_oom = true }, .files = files };
        const Host host = { .cgroups = cgroups, .n_cgroups = 1, .rivals = (char **) oomd };

        cgroups[0].is_managed = true;
        assert_int_equal(check_host(&host, &config, &warnings), 0);
        assert_int_equal(warnings.n_items, 1);
        assert_int_equal(warnings.items[0].line, 3);
        assert_string_equal(warnings.items[0].file, files[0]);
}

/* Without BPF nobody knows how long tasks wait in ways that PSI leaves out. */
static void test_stall(void **state) {
        static const char policy_text[] = "[Match]\nSlice=batch.slice\n[Step]\nUsage=1G\nStall=20% 2s\nAction=log\n";
        Condition stall = { .kind = CONDITION_STALL, .pressure = { PRESSURE_SOME, 2000, 2000000, RESOURCE_STALL } };
        Step step = { .conditions = &stall, .n_conditions = 1, .action = ACTION_LOG };
        Policy policy = {
                .name = (char *) "a", .file = (char *) folder_write(state, "a.conf", policy_text, strlen(policy_text)),
                .match = { .slices = batch_globs }, .steps = &step, .n_steps = 1,
        };
        Policy *policies[] = { &policy };
        const Host host = { .facts = GOOD };

        for (unsigned culprits = 0; culprits <= 1; culprits++) {
                _cleanup_(config_errors_done) ConfigErrors warnings = { 0 };
                const Config config = { .settings = { .culprits = culprits }, .policies = { policies, 1 } };

                assert_int_equal(check_host(&host, &config, &warnings), 0);
                assert_string_equal(errors_text(&warnings),
                                    culprits ? "" : "5: " W "Stall=: Culprits=no is set, so it is memory pressure alone; "
                                                    "write Culprits=yes\n");
        }
}

static void test_globs(void **state) {
        static const char globs[] = "[Match]\nSlice=batch.slice\nSlice=gone-*.slice\nCGroup=*/payload /nothing/*\n"
                                    "Unit=a.service b.*\n";
        static char *units[] = { (char *) "a.service", (char *) "c.*", (char *) "batch.slice", NULL };
        _cleanup_(config_errors_done) ConfigErrors hints = { 0 };
        Policy policy = { .name = (char *) "a", .file = (char *) folder_write(state, "a.conf", globs, strlen(globs)),
                          .match = { .slices = batch_globs, .cgroups = paths, .units = units } };
        Policy *policies[] = { &policy };
        const Config config = { .policies = { policies, 1 } };
        const Host host = { .cgroups = cgroups, .n_cgroups = ELEMENTSOF(cgroups) };

        assert_int_equal(check_host_globs(&host, &config, &hints), 0);
        assert_string_equal(errors_text(&hints),
                            "3: " W "Slice=: nothing that runs on this host now matches \"gone-*.slice\"\n"
                            "4: " W "CGroup=: nothing that runs on this host now matches \"/nothing/*\"\n"
                            "5: " W "Unit=: nothing that runs on this host now matches \"c.*\"\n"
                            "5: " W "Unit=: nothing that runs on this host now matches \"batch.slice\"\n");

        policy.disabled = true;
        config_errors_done(&hints);
        assert_int_equal(check_host_globs(&host, &config, &hints), 0);
        assert_string_equal(errors_text(&hints), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_warnings),
                cmocka_unit_test(test_unknown),
                folder_test(test_settings_line),
                folder_test(test_stall),
                folder_test(test_globs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
