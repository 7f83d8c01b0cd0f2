/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "base/strv.h"
#include "base/usec.h"
#include "config/policy-file.h"

static Policy *read_policy(void **state, const char *name, const char *text) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        const char *path = folder_write(state, name, text, strlen(text));
        Policy *policy = NULL;

        assert_int_equal(policy_read_file(path, &policy, &errors), 0);
        assert_string_equal(errors_text(&errors), "");
        assert_string_equal(policy->file, path);
        return policy;
}

/* The example of the manual page. */
static void test_example(void **state) {
        static const char text[] = "# batch jobs are slowed, paused, and at last ended, the greediest first\n"
                                   "[Match]\n"
                                   "Slice=batch.slice\n"
                                   "\n"
                                   "[Victim]\n"
                                   "Rank=culprit growth usage\n"
                                   "Never=batch-index.service\n"
                                   "\n"
                                   "[Step]\n"
                                   "Name=slow\n"
                                   "Pressure=some 10% 2s\n"
                                   "Action=throttle\n"
                                   "Until=some 2% 10s\n"
                                   "\n"
                                   "[Step]\n"
                                   "Name=pause\n"
                                   "Pressure=full 20% 2s\n"
                                   "For=4s\n"
                                   "Action=freeze\n"
                                   "MaxHold=30s\n"
                                   "\n"
                                   "[Step]\n"
                                   "Name=end\n"
                                   "Pressure=full 40% 2s\n"
                                   "For=6s\n"
                                   "Action=kill\n";
        _cleanup_(policy_freep) Policy *p = read_policy(state, "50-batch.conf", text);

        assert_string_equal(p->name, "50-batch");
        assert_string_equal(p->match.slices[0], "batch.slice");
        assert_int_equal(strv_length(p->match.slices), 1);
        assert_null(p->match.units);
        assert_false(p->match.system);
        assert_int_equal(p->victim.n_rank, 3);
        assert_int_equal(p->victim.rank[0], RANK_CULPRIT);
        assert_int_equal(p->victim.rank[1], RANK_GROWTH);
        assert_int_equal(p->victim.rank[2], RANK_USAGE);
        assert_string_equal(p->victim.never[0], "batch-index.service");

        assert_int_equal(p->n_steps, 3);
        assert_string_equal(p->steps[0].name, "slow");
        assert_int_equal(p->steps[0].action, ACTION_THROTTLE);
        assert_int_equal(p->steps[0].n_conditions, 1);
        assert_int_equal(p->steps[0].conditions[0].kind, CONDITION_PRESSURE);
        assert_int_equal(p->steps[0].conditions[0].pressure.kind, PRESSURE_SOME);
        assert_int_equal(p->steps[0].conditions[0].pressure.share, 1000);
        assert_int_equal(p->steps[0].conditions[0].pressure.window_usec, 2 * USEC_PER_SEC);
        assert_true(p->steps[0].has_until);
        assert_int_equal(p->steps[0].until.share, 200);
        assert_int_equal(p->steps[0].until.window_usec, 10 * USEC_PER_SEC);
        assert_int_equal(p->steps[1].action, ACTION_FREEZE);
        assert_int_equal(p->steps[1].for_usec, 4 * USEC_PER_SEC);
        assert_int_equal(p->steps[1].max_hold_usec, 30 * USEC_PER_SEC);
        assert_string_equal(p->steps[2].name, "end");
        assert_int_equal(p->steps[2].action, ACTION_KILL);
        assert_int_equal(p->steps[2].for_usec, 6 * USEC_PER_SEC);
}

static void test_defaults(void **state) {
        _cleanup_(policy_freep) Policy *p = read_policy(state, "a", "[Match]\nSystem=yes\n"
                                                                    "[Step]\nPressure=some 0.4% 1s\nAction=kill\n"
                                                                    "[Step]\nPressure=full 10% 1s\nAction=throttle\n"
                                                                    "[Step]\nAvailable=5%\nAction=freeze\n");
        const Step *s = p->steps;

        assert_string_equal(p->name, "a");
        assert_int_equal(p->victim.n_rank, 2);
        assert_int_equal(p->victim.rank[0], RANK_CULPRIT);
        assert_int_equal(p->victim.rank[1], RANK_USAGE);
        assert_null(p->victim.never);

        assert_string_equal(s[0].name, "1");
        assert_string_equal(s[2].name, "3");
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(s[i].for_usec, 0);
                assert_int_equal(s[i].settle_usec, 2 * USEC_PER_SEC);
                assert_int_equal(s[i].cooldown_usec, 15 * USEC_PER_SEC);
                assert_true(s[i].memory_high.is_share);
                assert_int_equal(s[i].memory_high.share, 9000);
                assert_int_equal(s[i].signal, SIGKILL);
                assert_int_equal(s[i].kill_after_usec, 5 * USEC_PER_SEC);
                assert_false(s[i].dry_run);
                assert_int_equal(s[i].until.window_usec, 10 * USEC_PER_SEC);
        }

        /* A quarter of the trigger, of the trigger's kind. */
        assert_true(s[0].has_until);
        assert_int_equal(s[0].until.kind, PRESSURE_SOME);
        assert_int_equal(s[0].until.share, 10);
        assert_true(s[1].has_until);
        assert_int_equal(s[1].until.kind, PRESSURE_FULL);
        assert_int_equal(s[1].until.share, 250);
        assert_false(s[2].has_until);

        assert_true(s[1].max_hold_usec == USEC_INFINITY);
        assert_int_equal(s[2].max_hold_usec, 30 * USEC_PER_SEC);
}

/* Every key, in sections that come more than once and in any order. */
static void test_all_keys(void **state) {
        _cleanup_(policy_freep) Policy *p =
                read_policy(state, "x.y.conf", "[Step]\n"
                                               "Name=one\n"
                                               "Pressure=some 10% 2s\nPressure=full 5% 1s\n"
                                               "Available=512M\nUsage=80%\n"
                                               "For=1s\nSettle=3s\nCooldown=infinity\n"
                                               "Action=throttle\nMemoryHigh=1G\nUntil=full 1% 5s\nMaxHold=1min\n"
                                               "DryRun=yes\n"
                                               "[Victim]\nRank=pressure usage\n"
                                               "[Match]\nUnit=a.service\n"
                                               "[Victim]\nRank=growth\nNever=b.service\n"
                                               "[Match]\nUnit=c-*.scope\nExcept=c-1.scope\nSystem=off\n"
                                               "[Step]\n"
                                               "Usage=1G\nAction=kill\nSignal=TERM\nKillAfter=20s\n");
        const Step *s = p->steps;

        assert_string_equal(p->name, "x.y");
        assert_int_equal(strv_length(p->match.units), 2);
        assert_int_equal(strv_length(p->match.except), 1);
        assert_int_equal(p->victim.n_rank, 3);
        assert_int_equal(p->victim.rank[2], RANK_GROWTH);
        assert_int_equal(strv_length(p->victim.never), 1);

        assert_int_equal(p->n_steps, 2);
        assert_int_equal(s[0].n_conditions, 4);
        assert_int_equal(s[0].conditions[1].pressure.kind, PRESSURE_FULL);
        assert_int_equal(s[0].conditions[2].kind, CONDITION_AVAILABLE);
        assert_int_equal(s[0].conditions[2].amount.bytes, 512 << 20);
        assert_int_equal(s[0].conditions[3].kind, CONDITION_USAGE);
        assert_int_equal(s[0].conditions[3].amount.share, 8000);
        assert_int_equal(s[0].for_usec, 1 * USEC_PER_SEC);
        assert_int_equal(s[0].settle_usec, 3 * USEC_PER_SEC);
        assert_true(s[0].cooldown_usec == USEC_INFINITY);
        assert_false(s[0].memory_high.is_share);
        assert_int_equal(s[0].memory_high.bytes, 1 << 30);
        assert_int_equal(s[0].until.kind, PRESSURE_FULL);
        assert_int_equal(s[0].until.window_usec, 5 * USEC_PER_SEC);
        assert_int_equal(s[0].max_hold_usec, USEC_PER_MINUTE);
        assert_true(s[0].dry_run);
        assert_string_equal(s[1].name, "2");
        assert_int_equal(s[1].signal, SIGTERM);
        assert_int_equal(s[1].kill_after_usec, 20 * USEC_PER_SEC);
        assert_false(s[1].dry_run);
}

static void test_empty_assignments(void **state) {
        _cleanup_(policy_freep) Policy *p =
                read_policy(state, "a.conf", "[Match]\nUnit=a.service\nUnit=\nSlice=b.slice\nSystem=yes\nSystem=\n"
                                             "[Victim]\nRank=growth\nRank=\nNever=a.service\nNever=\n"
                                             "[Step]\nName=x\nName=\nPressure=some 10% 2s\nUsage=1G\nPressure=\n"
                                             "Action=log\nAction=throttle\nUntil=some 1% 1s\nUntil=\nMaxHold=1s\n"
                                             "MaxHold=\nMemoryHigh=1G\nMemoryHigh=\nFor=1s\nFor=\n"
                                             "Signal=TERM\nSignal=\n");
        const Step *s = p->steps;

        assert_null(p->match.units);
        assert_false(p->match.system);
        assert_int_equal(p->victim.rank[0], RANK_CULPRIT);
        assert_null(p->victim.never);
        assert_string_equal(s->name, "1");
        assert_int_equal(s->n_conditions, 1);
        assert_int_equal(s->conditions[0].kind, CONDITION_USAGE);
        assert_int_equal(s->action, ACTION_THROTTLE);
        assert_false(s->has_until);
        assert_true(s->max_hold_usec == USEC_INFINITY);
        assert_int_equal(s->memory_high.share, 9000);
        assert_int_equal(s->for_usec, 0);
}

static void test_masked(void **state) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        Policy *policy = NULL;

        assert_int_equal(policy_read_file("/dev/null", &policy, &errors), CONFIG_E_MASKED);
        assert_null(policy);
        assert_int_equal(errors.n_items, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_example),           folder_test(test_defaults), folder_test(test_all_keys),
                folder_test(test_empty_assignments), folder_test(test_masked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
