/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-test.h"

#include "base/usec.h"
#include "config/policy-draft.h"

#define MATCH "[Match]\nSlice=batch.slice\n"
#define STEP "[Step]\nPressure=some 10% 2s\nAction=log\n"

typedef struct Row {
        const char *text, *warnings;
} Row;

static void check_rows(void **state, const Row *rows, size_t n_rows) {
        for (size_t i = 0; i < n_rows; i++)
                (void) policy_free(policy_read_text(state, rows[i].text, rows[i].warnings));
}

#define CHECK(...)                                                                                            \
        do {                                                                                                  \
                static const Row rows[] = { __VA_ARGS__ };                                                    \
                check_rows(state, rows, ELEMENTSOF(rows));                                                    \
        } while (0)

#define NOW (UINT64_C(1798740000) * USEC_PER_SEC)

/* With a clock of our own: the text says how long ago it was. */
static void check_expires(uint64_t expires_usec, const char *expected) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        Policy policy = { .file = (char *) "a.conf", .expires_usec = expires_usec };
        const PolicyDraft draft = { .policy = &policy, .policy_keys = { [POLICY_KEY_EXPIRES] = 7 } };

        assert_int_equal(policy_draft_warn(&draft, NOW, &errors), 0);
        assert_string_equal(errors_text(&errors), expected);
}

static void test_expires(void **state) {
        check_expires(0, "");
        check_expires(NOW + 1, "");
        check_expires(NOW, "7: warning: Expires=: is over since 0, the policy does nothing: remove the file or write a "
                           "later time\n");
        check_expires(NOW - 90 * USEC_PER_MINUTE,
                      "7: warning: Expires=: is over since 1h 30min, the policy does nothing: remove the file or write a "
                      "later time\n");
        CHECK({ MATCH STEP "[Policy]\nExpires=9999-12-31\n", "" });
}

#define PROTECTED(key, glob) key "=: \"" glob "\" names only units that no policy may touch, they are never acted on\n"

static void test_protected(void **state) {
        CHECK({ "[Match]\nUnit=*.service\n" STEP, "" }, { "[Match]\nUnit=s*.service\n" STEP, "" },
              { "[Match]\nUnit=a.service systemd-logind.service\n" STEP,
                "2: warning: " PROTECTED("Unit", "systemd-logind.service") },
              { "[Match]\nUnit=systemd-[ab]?.service\n" STEP,
                "2: warning: " PROTECTED("Unit", "systemd-[ab]?.service") },
              /* Containers are somebody's work, whatever their units are called. */
              { "[Match]\nUnit=systemd-*.service systemd-nspawn@a.service\n" STEP, "" },
              { MATCH "[Victim]\nFrom=system.slice -.slice a.slice\n" STEP,
                "4: warning: " PROTECTED("From", "system.slice") "4: warning: " PROTECTED("From", "-.slice") },
              { MATCH "[Victim]\nFrom=sshd@*.service a.service\n" STEP,
                "4: warning: " PROTECTED("From", "sshd@*.service") });
}

#define STRANGER(key, glob) key "=: \"" glob "\" is nothing that From= names, remove it or add it there\n"

static void test_strangers(void **state) {
        CHECK({ MATCH "[Victim]\nNever=b.service\n" STEP, "" },
              { MATCH "[Victim]\nFrom=a-*.service\nNever=*-b.service\n" STEP, "" },
              /* What stands above it in its path names a cgroup as well. */
              { MATCH "[Victim]\nFrom=/system.slice/docker.service/*\nNever=docker.service\n" STEP, "" },
              { MATCH "[Victim]\nFrom=docker.service\nNever=/system.slice/docker.service/a\n" STEP, "" },
              { MATCH "[Victim]\nFrom=app-*.scope\nNever=user@0.service\n" STEP, "" },
              { MATCH "[Victim]\nFrom=user@1000.service\nNever=app-1.scope\n" STEP, "" },
              { MATCH "[Victim]\nFrom=*.scope\nNever=docker.service\n" STEP, "" },
              { MATCH "[Victim]\nFrom=a.service a-*.service\nNever=a.service b.service\nAvoid=c.scope\nPrefer=d-*.service\n"
                STEP,
                "5: warning: " STRANGER("Never", "b.service") "6: warning: " STRANGER("Avoid", "c.scope")
                "7: warning: " STRANGER("Prefer", "d-*.service") });
}

static void test_spared(void **state) {
        CHECK({ MATCH "[Victim]\nNever=a-1.service\nPrefer=a-*.service\n" STEP, "" },
              { MATCH "[Victim]\nNever=b.service a-*.service\nPrefer=a-1.service c.service a-2.service\n" STEP,
                "5: warning: Prefer=: \"a-1.service\" is spared by Never=a-*.service already, remove one of the two\n"
                "5: warning: Prefer=: \"a-2.service\" is spared by Never=a-*.service already, remove one of the two\n" },
              { MATCH "[Victim]\nNever=a-*.service\nPrefer=a-1.service\nAvoid=a-*.service\n" STEP,
                "5: warning: Prefer=: \"a-1.service\" is spared by Never=a-*.service already, remove one of the two\n"
                "6: warning: Avoid=: \"a-*.service\" is spared by Never=a-*.service already, remove one of the two\n" });
}

static void test_except(void **state) {
        CHECK({ "[Match]\nUnit=a-*.service\nExcept=a-1.service\n" STEP, "" },
              { "[Match]\nCGroup=/a/*\nSlice=a-*.slice\nExcept=/a/b a-b.slice\n" STEP, "" },
              { "[Match]\nUnit=a-*.service\nExcept=a-1.service c.service b.service\n" STEP,
                "3: warning: Except=: \"c.service\" takes nothing out, since nothing else in [Match] names it\n"
                "3: warning: Except=: \"b.service\" takes nothing out, since nothing else in [Match] names it\n" },
              { "[Match]\nUnit=a-*.service\nExcept=b.service\n" STEP,
                "3: warning: Except=: \"b.service\" takes nothing out, since nothing else in [Match] names it\n" });
}

static void test_stall(void **state) {
        CHECK({ MATCH "[Step]\nPressure=some 0.8% 500ms\nAction=log\n", "" },
              { MATCH "[Step]\nPressure=some 0.79% 500ms\nAction=log\n",
                "4: warning: Pressure=: 0.79% of 500ms are 3ms 950us, which any wait reaches: write at least some 0.8% "
                "500ms\n" },
              { MATCH "[Step]\nUsage=1G\nPressure=some 0.1% 2s\nPressure=full 5% 2s\nPressure=some 0.1% 1s\nAction=log\n",
                "7: warning: Pressure=: 0.1% of 2s are 2ms, which any wait reaches: write at least some 0.2% 2s\n"
                "7: warning: Pressure=: 0.1% of 1s are 1ms, which any wait reaches: write at least some 0.4% 1s\n" },
              { MATCH "[Step]\nIOPressure=full 0.01% 3s\nAction=log\n",
                "4: warning: IOPressure=: 0.01% of 3s are 300us, which any wait reaches: write at least full 0.14% 3s\n" },
              { MATCH "[Step]\nStall=0.01% 3s\nAction=log\n",
                "4: warning: Stall=: 0.01% of 3s are 300us, which any wait reaches: write at least 0.14% 3s\n" });
}

#define POLLED                                                                                                \
        "=: nothing else in the step tells when to look: where the kernel warns of shortage nobody does while memory is " \
        "plenty, and else each watch is looked at all the time: add for example Pressure=some 1% 2s\n"

static void test_polled(void **state) {
        CHECK({ MATCH "[Step]\nGrowth=1M 1s\nUsage=1G\nAction=log\n", "" },
              { MATCH "[Step]\nRefaults=1 1s\nEvent=high\nAction=log\n", "" },
              { MATCH "[Step]\nReclaim=1 1s\nIOPressure=some 10% 2s\nAction=log\n", "" },
              { MATCH "[Step]\nGrowth=1M 1s\nAction=log\n", "4: warning: Growth" POLLED },
              { MATCH "[Step]\nGrowth=1M 1s\nPresent=a.service\nAction=log\n", "" },
              { MATCH "[Step]\nGrowth=1M 1s\nAbsent=a.service\nAction=log\n", "" },
              { MATCH "[Step]\nExhaustion=10s\nAction=log\n", "" },
              { MATCH "[Step]\nDyingDescendants=5\nAction=log\n", "" },
              { MATCH "[Step]\nCause=io\nRefaults=1 1s\nReclaim=1 1s\nAction=log\n", "5: warning: Refaults" POLLED },
              { MATCH "[Step]\nReclaim=1 1s\nAction=log\n", "4: warning: Reclaim" POLLED },
              { MATCH "[Step]\nEfficiency=5%\nAction=log\n", "4: warning: Efficiency" POLLED });
}

static void test_host(void **state) {
        CHECK({ "[Match]\nSystem=yes\nUnit=a.service\n[Step]\nEvent=high\nAction=log\n", "" },
              { "[Match]\nSystem=yes\n[Step]\nEvent=high\nAction=log\n",
                "4: warning: Event=: never holds for the host, which has no limit: the step never acts\n" },
              { "[Match]\nSystem=yes\n[Step]\nCPUPressure=some 10% 2s\nAction=log\n", "" },
              { "[Match]\nSlice=a.slice\n[Step]\nCPUPressure=full 10% 2s\nAction=log\n", "" },
              { "[Match]\nSystem=yes\n[Step]\nCPUPressure=full 10% 2s\nAction=log\n",
                "4: warning: CPUPressure=: full never holds for the host, of which some task always runs: write some\n" });
}

static void test_kill_after(void **state) {
        CHECK({ MATCH "[Step]\nUsage=1G\nAction=kill\nSignal=TERM\nKillAfter=1s\n", "" },
              { MATCH "[Step]\nUsage=1G\nAction=kill\nKillAfter=1s\n",
                "6: warning: KillAfter=: SIGKILL leaves nothing to kill later: remove it or write another Signal=\n" });
}

#define TWO(first, second)                                                                                    \
        MATCH "[Step]\nName=a\nPressure=" first "\nAction=throttle\n[Step]\nName=b\nPressure=" second "\nAction=kill\n"
#define ORDER                                                                                                 \
        "3: warning: [Step] a waits for some 60%, and step b for full 20% only: it will hardly have its turn, write the " \
        "mildest step first\n"

static void test_order(void **state) {
        CHECK({ TWO("some 60% 2s", "full 20% 2s"), ORDER }, { TWO("some 60% 2s\nFor=3s", "full 20% 2s\nFor=3s"), ORDER },
              { TWO("some 60% 2s", "full 60% 2s"), "" },
              { MATCH "[Step]\nPressure=some 60% 2s\nAction=log\n[Step]\nIOPressure=full 20% 2s\nAction=kill\n", "" },
              { MATCH "[Step]\nPressure=some 60% 2s\nAction=log\n[Step]\nUsage=1G\nAction=kill\n", "" },
              { TWO("some 60% 2s", "some 70% 2s") "[Step]\nPressure=full 20% 2s\nAction=stop\n",
                "3: warning: [Step] a waits for some 60%, and step 3 for full 20% only: it will hardly have its turn, write "
                "the mildest step first\n"
                "7: warning: [Step] b waits for some 70%, and step 3 for full 20% only: it will hardly have its turn, write "
                "the mildest step first\n" }, { TWO("full 60% 2s", "some 70% 2s"), "" },
              { TWO("some 60% 2s", "full 20% 2s\nFor=1s"), "" }, { TWO("some 60% 2s", "full 20% 2s\nUsage=1G"), "" },
              { TWO("some 60% 2s", "full 20% 2s\nDryRun=yes"), "" });
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_expires),
                folder_test(test_protected),
                folder_test(test_strangers),
                folder_test(test_spared),
                folder_test(test_except),
                folder_test(test_stall),
                folder_test(test_polled),
                folder_test(test_host),
                folder_test(test_kill_after),
                folder_test(test_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
