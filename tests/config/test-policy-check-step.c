/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-test.h"

#define MATCH "[Match]\nSlice=batch.slice\n"
#define STEP "[Step]\nPressure=some 10% 2s\n"

typedef struct Row {
        const char *text, *errors;
} Row;

static void check_rows(void **state, const Row *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++)
                (void) policy_free(policy_read_text(state, rows[i].text, rows[i].errors));
}

#define CHECK(...)                                                                                            \
        do {                                                                                                  \
                static const Row rows[] = { __VA_ARGS__ };                                                    \
                check_rows(state, rows, ELEMENTSOF(rows));                                                    \
        } while (0)

#define NO_START "5: Action=: start needs the unit to start, write for example Start=drain.service\n"

static void test_start(void **state) {
        CHECK({ MATCH STEP "Action=start\n", NO_START }, { MATCH STEP "Action=start\nStart=a.service\nStart=\n", NO_START },
              { MATCH STEP "Action=start\nStart=a.service\n", "" }, { MATCH STEP "Action=log\nStart=a.service\n", "" });
}

#define ONLY(key, words, action) key "=: belongs to " words " and says nothing about Action=" action ", remove it\n"
#define HOLDS "protect, throttle and freeze"

/* Each key with an action that takes it, and with one that does not. */
static void test_fit(void **state) {
        CHECK({ MATCH STEP "Action=throttle\nMemoryHigh=1G\nCPUQuota=50%\nCPUWeight=1\nIOWeight=1\n", "" },
              { MATCH STEP "Action=freeze\nMemoryHigh=1G\nCPUQuota=50%\nCPUWeight=1\nIOWeight=1\n",
                "6: " ONLY("MemoryHigh", "throttle", "freeze") "7: " ONLY("CPUQuota", "throttle", "freeze")
                "8: " ONLY("CPUWeight", "throttle", "freeze") "9: " ONLY("IOWeight", "throttle", "freeze") },
              { MATCH STEP "Action=protect\nShield=a.service\nMemoryLow=1G\n", "" },
              { MATCH STEP "Action=throttle\nShield=a.service\nMemoryLow=1G\n",
                "6: " ONLY("Shield", "protect", "throttle") "7: " ONLY("MemoryLow", "protect", "throttle") },
              { MATCH STEP "Action=reclaim\nAmount=1G\n", "" },
              { MATCH STEP "Action=kill\nAmount=1G\n", "6: " ONLY("Amount", "reclaim", "kill") },
              { MATCH STEP "Action=protect\nUntil=some 1% 1s\nMaxHold=1s\n", "" },
              { MATCH STEP "Action=throttle\nUntil=some 1% 1s\nMaxHold=1s\n", "" },
              { MATCH STEP "Action=freeze\nUntil=some 1% 1s\nMaxHold=1s\n", "" },
              { MATCH STEP "Action=reclaim\nUntil=some 1% 1s\nMaxHold=1s\n",
                "6: " ONLY("Until", HOLDS, "reclaim") "7: " ONLY("MaxHold", HOLDS, "reclaim") },
              { MATCH STEP "Action=stop\nSignal=TERM\nKillAfter=1s\n",
                "6: " ONLY("Signal", "kill", "stop") "7: " ONLY("KillAfter", "kill", "stop") },
              { MATCH STEP "Action=stop\nStartTimeout=1s\n", "" }, { MATCH STEP "Action=restart\nStartTimeout=1s\n", "" },
              { MATCH STEP "Action=start\nStart=a.service\nStartTimeout=1s\n", "" },
              { MATCH STEP "Action=kill\nStart=a.service\nStartTimeout=1s\n", "" },
              { MATCH STEP "Action=kill\nStartTimeout=1s\n",
                "6: " ONLY("StartTimeout", "Start=, stop and restart", "kill") });
}

#define FROM(globs) MATCH "[Victim]\nFrom=" globs "\n" STEP
#define REACH(what, section, names)                                                                           \
        "=: " what ", and [" section "] names only " names ": name others in From=, or choose another action\n"

static void test_reach(void **state) {
        CHECK({ FROM("a-*.slice") "Action=throttle\n", "" }, { FROM("a-*.slice b.service") "Action=kill\n", "" },
              { FROM("*") "Action=stop\n", "" }, { FROM("/a/b") "Action=kill\n", "" },
              { FROM("a-*.slice") "Action=kill\n",
                "7: Action" REACH("kill ends services, scopes and cgroups", "Victim", "slices") },
              { FROM("a-*.slice") "Action=stop\n",
                "7: Action" REACH("stop stops services and scopes", "Victim", "slices") },
              { FROM("a-*.slice /a/b") "Action=restart\n",
                "7: Action" REACH("restart restarts services and scopes", "Victim", "slices and cgroups") },
              { "[Match]\nCGroup=/a/*\n" STEP "Action=kill\n", "" },
              { "[Match]\nCGroup=/a/*\nUnit=a.service\n" STEP "Action=restart\n", "" },
              { "[Match]\nCGroup=/a/*\n[Victim]\nFrom=a.service\n" STEP "Action=restart\n", "" },
              { "[Match]\nCGroup=/a/*\n" STEP "Action=restart\n",
                "5: Action" REACH("restart restarts services and scopes", "Match", "cgroups") });
}

#define NOT_BELOW(until, trigger, key, instead)                                                               \
        "Until=: " until " is not below the " trigger " of " key "=, write for example " instead " 10s\n"

/* Until= is about the same pressure as the trigger: see test-policy-defaults.c. */
static void test_until(void **state) {
        CHECK({ MATCH "[Step]\nIOPressure=some 40% 2s\nAction=freeze\nUntil=some 40% 1s\n",
                "6: " NOT_BELOW("40%", "40%", "IOPressure", "some 10%") },
              { MATCH "[Step]\nIOPressure=some 40% 2s\nAction=protect\nUntil=full 39% 1s\n", "" },
              { MATCH "[Step]\nIOPressure=some 40% 2s\nPressure=some 10% 2s\nAction=freeze\nUntil=some 20% 1s\n",
                "7: " NOT_BELOW("20%", "10%", "Pressure", "some 2.5%") },
              { MATCH "[Step]\nIOPressure=some 10% 2s\nPressure=some 40% 2s\nAction=freeze\nUntil=some 20% 1s\n", "" },
              { MATCH "[Step]\nStall=40% 2s\nAction=freeze\nUntil=some 39% 1s\n", "" },
              { MATCH "[Step]\nStall=40% 2s\nAction=freeze\nUntil=some 40% 1s\n",
                "6: " NOT_BELOW("40%", "40%", "Stall", "some 10%") },
              { MATCH "[Step]\nStall=40% 2s\nAction=freeze\nUntil=full 20% 1s\n",
                "6: Until=: is about Stall= here, of which there is only one kind: write some 20% 1s\n" },
              { MATCH "[Step]\nStall=40% 2s\nPressure=some 30% 2s\nAction=freeze\nUntil=full 20% 1s\n", "" });
}

#define NO_CAUSE                                                                                              \
        "Cause=: a stall has one cause, and no cause is in all lists: write those that will do in one list\n"

static void test_causes(void **state) {
        CHECK({ MATCH STEP "Cause=io swap\nCause=swap\nAction=log\n", "" },
              { MATCH STEP "Cause=io\nCause=swap\nAction=log\n", "6: " NO_CAUSE },
              { MATCH STEP "Cause=io\nCause=\nCause=swap\nAction=log\n", "" });
}

static void test_absent(void **state) {
        CHECK({ MATCH STEP "Present=a.service\nAbsent=b.service\nAction=log\n", "" },
              { MATCH STEP "Present=a.service b.service\nAbsent=b.service\nAction=log\n", "" },
              { MATCH STEP "Present=a-*.service\nAbsent=a-1.service\nAction=log\n", "" },
              { MATCH STEP "Present=a-1.service\nAbsent=b.service a-*.service\nAction=log\n",
                "6: Absent=: \"a-1.service\" can't be present and absent, remove one of the two\n" });
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_start),
                folder_test(test_fit),
                folder_test(test_reach),
                folder_test(test_until),
                folder_test(test_causes),
                folder_test(test_absent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
