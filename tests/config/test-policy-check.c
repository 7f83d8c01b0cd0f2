/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "config/policy-file.h"

/* A policy in which nothing is wrong: what a row is about comes before, between or after it. */
#define MATCH "[Match]\nSlice=batch.slice\n"
#define STEP "[Step]\nPressure=some 10% 2s\n"

typedef struct Row {
        const char *text, *errors;
} Row;

static void check(void **state, const char *text, const char *expected) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(policy_freep) Policy *policy = NULL;
        const char *path = folder_write(state, "a.conf", text, strlen(text));

        assert_int_equal(policy_read_file(path, &policy, &errors), *expected ? CONFIG_E_REFUSED : 0);
        assert_string_equal(errors_text(&errors), expected);
        assert_true(!policy == !!*expected);
        for (size_t i = 0; i < errors.n_items; i++)
                assert_string_equal(errors.items[i].file, path);
}

static void check_rows(void **state, const Row *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++)
                check(state, rows[i].text, rows[i].errors);
}

#define NO_MATCH "1: [Match] is missing, write it with Unit=, Slice=, CGroup= or System=yes\n"
#define EMPTY_MATCH "[Match] has no condition, write Unit=, Slice=, CGroup= or System=yes\n"
#define NO_STEP "1: [Step] is missing, write it with a condition and Action=\n"
#define NO_CONDITION "[Step] has no condition, write for example Pressure=some 10% 2s\n"
#define NO_ACTION "[Step] has no Action=, write log, protect, throttle, reclaim, freeze, kill, stop, restart or start\n"

static void test_missing(void **state) {
        static const Row rows[] = {
                { MATCH STEP "Action=log\n", "" },
                { "\n", NO_MATCH NO_STEP },
                { STEP "Action=log\n", NO_MATCH },
                { "[Match]\n" STEP "Action=log\n", "1: " EMPTY_MATCH },
                { "[Match]\nSystem=no\n" STEP "Action=log\n", "1: " EMPTY_MATCH },
                { "[Match]\nUnit=a.service\nUnit=\n" STEP "Action=log\n", "1: " EMPTY_MATCH },
                { MATCH, NO_STEP },
                { MATCH STEP, "3: " NO_ACTION },
                { MATCH STEP "Action=log\nAction=\n", "3: " NO_ACTION },
                { MATCH "[Step]\nAction=log\n", "3: " NO_CONDITION },
                { MATCH STEP "Pressure=\nAction=log\n", "3: " NO_CONDITION },
                { MATCH "[Step]\n[Step]\n", "3: " NO_CONDITION "3: " NO_ACTION "4: " NO_CONDITION "4: " NO_ACTION },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

/* What is misspelt is not called missing as well; what is missing is found in the same go. */
static void test_together(void **state) {
        static const Row rows[] = {
                { "[Match]\nSlise=batch.slice\n[Step]\nPresure=some 10% 2s\nAtcion=log\n",
                  "2: Slise=: unknown key in [Match], did you mean Slice=?\n"
                  "4: Presure=: unknown key in [Step], did you mean Pressure=?\n"
                  "5: Atcion=: unknown key in [Step], did you mean Action=?\n" },
                { "[Match]\nSlice=batch\n[Step]\nPressure=some\nAction=sleep\n",
                  "2: Slice=: \"batch\" does not end in .slice, write the whole name\n"
                  "4: Pressure=: \"some\" lacks its share and window, write for example some 10% 2s\n"
                  "5: Action=: \"sleep\" is no action, write "
                  "log, protect, throttle, reclaim, freeze, kill, stop, restart or start\n" },
                { "[Mach]\nSlice=batch.slice\n[Setp]\nPressure=some 10% 2s\nFor=4 fortnights\n",
                  "1: [Mach]: unknown section, did you mean [Match]?\n"
                  "3: [Setp]: unknown section, did you mean [Step]?\n"
                  "3: " NO_ACTION
                  "5: For=: \"4 fortnights\" is no duration, write for example 2s or 1min 30s\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

static void test_unknown_keys(void **state) {
        static const Row rows[] = {
                { MATCH "Processes=a\n" STEP "Action=log\n", "3: Processes=: unknown key in [Match], remove it\n" },
                { MATCH "[Victim]\nPrefeer=a\n" STEP "Action=log\n",
                  "4: Prefeer=: unknown key in [Victim], did you mean Prefer=?\n" },
                { MATCH STEP "Action=log\nHostpressure=some 10% 2s\nTimeout=a\n",
                  "6: Hostpressure=: unknown key in [Step], did you mean HostPressure=?\n"
                  "7: Timeout=: unknown key in [Step], remove it\n" },
                { MATCH STEP "Action=log\nExpires=2030-01-01\n",
                  "6: Expires=: unknown key in [Step], it belongs in [Policy]\n" },
                { MATCH STEP "Action=log\n[Daemon]\nDescription=x\n",
                  "6: [Daemon]: unknown section, write [Match] or [Victim] or [Step] or [Policy]\n" },
                { MATCH STEP "Action=log\nUnit=a.service\n",
                  "6: Unit=: unknown key in [Step], it belongs in [Match]\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

static void test_rank(void **state) {
        static const Row rows[] = {
                { MATCH STEP "Action=log\n[Victim]\nRank=grwth\n",
                  "7: Rank=: \"grwth\" is no measure, did you mean growth?\n" },
                { MATCH STEP "Action=log\n[Victim]\nRank=oomscore\n",
                  "7: Rank=: \"oomscore\" is no measure, write culprit, usage, growth, swap, "
                  "pressure or reclaim\n" },
                { MATCH STEP "Action=log\n[Victim]\nRank=usage growth\nRank=usage\n",
                  "8: Rank=: usage stands there twice, write it once\n" },
                { MATCH STEP "Action=log\n[Victim]\nRank=usage growth pressure culprit usage\n",
                  "7: Rank=: usage stands there twice, write it once\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

#define EXCEPT(glob) "Except=: \"" glob "\" is nothing that [Match] watches, write Never=" glob " in [Victim] to spare it\n"

static void test_except(void **state) {
        static const Row rows[] = {
                { "[Match]\nUnit=a-*.service\nExcept=a-1.service\n" STEP "Action=log\n", "" },
                { "[Match]\nSlice=a-*.slice\nExcept=a-1.slice a-2*\n" STEP "Action=log\n", "" },
                { "[Match]\nUnit=*\nSlice=*\nExcept=a.slice a.service\n" STEP "Action=log\n", "" },
                { "[Match]\nSlice=a.slice\nExcept=a-1.service\n" STEP "Action=log\n", "3: " EXCEPT("a-1.service") },
                { "[Match]\nSystem=yes\nExcept=*\n" STEP "Action=log\n", "3: " EXCEPT("*") },
                { "[Match]\nUnit=a\nExcept=a-1.service\n" STEP "Action=log\n",
                  "2: Unit=: \"a\" does not end in .service or .scope, write the whole name\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

#define HOLDS "belongs to protect, throttle and freeze and says nothing about Action="
#define KILLS "belongs to kill and says nothing about Action="

static void test_fit(void **state) {
        static const Row rows[] = {
                { MATCH STEP "Action=throttle\nMemoryHigh=80%\nUntil=some 1% 1s\nMaxHold=1s\n", "" },
                { MATCH STEP "Action=freeze\nUntil=some 1% 1s\nMaxHold=infinity\n", "" },
                { MATCH STEP "Action=kill\nSignal=SIGTERM\nKillAfter=1s\n", "" },
                { MATCH STEP "Action=kill\nSignal=\nDryRun=no\n", "" },
                { MATCH STEP "Action=log\nSettle=1s\nCooldown=1s\nDryRun=yes\n", "" },
                { MATCH STEP "Action=kill\nMemoryHigh=80%\nUntil=some 1% 1s\nMaxHold=1s\n",
                  "6: MemoryHigh=: belongs to throttle and says nothing about Action=kill, remove it\n"
                  "7: Until=: " HOLDS "kill, remove it\n"
                  "8: MaxHold=: " HOLDS "kill, remove it\n" },
                { MATCH STEP "Action=freeze\nMemoryHigh=80%\nSignal=15\nKillAfter=1s\n",
                  "6: MemoryHigh=: belongs to throttle and says nothing about Action=freeze, remove it\n"
                  "7: Signal=: " KILLS "freeze, remove it\n"
                  "8: KillAfter=: " KILLS "freeze, remove it\n" },
                { MATCH STEP "Until=some 90% 1s\nAction=log\n", "5: Until=: " HOLDS "log, remove it\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

static void test_until(void **state) {
        static const Row rows[] = {
                { MATCH STEP "Action=freeze\nUntil=some 9.99% 1s\n", "" },
                { MATCH STEP "Action=freeze\nUntil=some 10% 1s\n",
                  "6: Until=: 10% is not below the 10% of Pressure=, write for example some 2.5% 10s\n" },
                { MATCH STEP "Pressure=full 20% 2s\nAction=freeze\nUntil=full 15% 1s\n", "" },
                { MATCH STEP "Pressure=full 20% 2s\nAction=freeze\nUntil=full 30% 1s\n",
                  "7: Until=: 30% is not below the 20% of Pressure=, write for example full 5% 10s\n" },
                { MATCH "[Step]\nUsage=1G\nAction=freeze\nUntil=some 90% 1s\n", "" },
                { MATCH STEP "Action=freeze\nUntil=some 1% 11s\n",
                  "6: Until=: a window of 11s is not possible, the kernel takes 500ms to 10s\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

static void test_names(void **state) {
        static const Row rows[] = {
                { MATCH "[Step]\nName=a\nPressure=some 10% 2s\nAction=log\n"
                        "[Step]\nName=a\nPressure=some 20% 2s\nAction=kill\n",
                  "8: Name=: \"a\" is also the name of the step on line 3, give one of them another\n" },
                /* A step without a name is called by its number. */
                { MATCH "[Step]\nName=2\nPressure=some 10% 2s\nAction=log\n"
                        "[Step]\nPressure=some 20% 2s\nAction=kill\n",
                  "7: Name=: \"2\" is also the name of the step on line 3, give one of them another\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

static void test_shadow(void **state) {
        static const Row rows[] = {
                { MATCH STEP "Action=log\n[Step]\nPressure=full 10% 2s\nAction=kill\n", "" },
                { MATCH "[Step]\nName=end\nPressure=full 40% 2s\nAction=kill\n"
                        "[Step]\nPressure=some 10% 2s\nAction=freeze\n",
                  "3: [Step] end can never act, since the step on line 7 holds whenever it does and the last one acts: "
                  "write the mildest step first\n" },
                /* Only when each step is right by itself. */
                { MATCH STEP "Action=freeze\n" STEP "Action=kill\nMaxHold=1s\n", "9: MaxHold=: " HOLDS "kill, remove it\n" },
        };

        check_rows(state, rows, ELEMENTSOF(rows));
}

static void test_bounds(void **state) {
        char text[2048] = MATCH, expected[256];
        size_t used = strlen(text);

        for (unsigned i = 0; i < POLICY_STEPS_MAX + 1; i++)
                used += (size_t) snprintf(text + used, sizeof(text) - used,
                                          "[Step]\nPressure=some %u%% 2s\nAction=log\n", i + 1);
        (void) snprintf(expected, sizeof(expected), "%u: [Step]: a policy has at most %u steps, remove some\n",
                        3 + 3 * POLICY_STEPS_MAX, POLICY_STEPS_MAX);
        check(state, text, expected);

        used = (size_t) snprintf(text, sizeof(text), MATCH "[Step]\nAction=log\n");
        for (unsigned i = 0; i < STEP_CONDITIONS_MAX + 1; i++)
                used += (size_t) snprintf(text + used, sizeof(text) - used, "Usage=%uM\n", i + 1);
        (void) snprintf(expected, sizeof(expected), "%u: Usage=: a step has at most %u conditions, remove some\n",
                        5 + STEP_CONDITIONS_MAX, STEP_CONDITIONS_MAX);
        check(state, text, expected);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_missing), folder_test(test_together), folder_test(test_unknown_keys),
                folder_test(test_rank),    folder_test(test_except),   folder_test(test_fit),
                folder_test(test_until),   folder_test(test_names),    folder_test(test_shadow),
                folder_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
