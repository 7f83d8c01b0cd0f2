/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What became of a decision: its outcome, its end, or that it may not be. */

#include <stdio.h>

#include "journal-world.h"

static void test_outcomes(void **state) {
        static const struct {
                ActionKind action;
                Outcome outcome;
                const char *message, *message_id, *priority, *error, *via;
        } rows[] = {
                { ACTION_THROTTLE, { .kind = OUTCOME_DONE, .via = VIA_SYSTEMD },
                  "hog.service: throttled to 90M, 12ms after the stall was seen", MESSAGE_ID_OUTCOME, "5", NULL,
                  "systemd" },
                { ACTION_KILL, { .kind = OUTCOME_DONE, .via = VIA_SYSTEMD, .gone = true },
                  "hog.service: gone already, nothing is left to be killed with SIGKILL, 12ms after the stall was seen",
                  MESSAGE_ID_OUTCOME, "5", NULL, "systemd" },
                { ACTION_FREEZE,
                  { .kind = OUTCOME_FAILED, .via = VIA_SYSTEMD, .error = -16, .error_text = "Unit has a pending job." },
                  "hog.service: not frozen: Unit has a pending job.", MESSAGE_ID_FAILED, "3", "Unit has a pending job.",
                  "systemd" },
                { ACTION_FREEZE, { .kind = OUTCOME_FAILED, .via = VIA_SYSTEMD, .error = -16 },
                  "hog.service: not frozen: EBUSY", MESSAGE_ID_FAILED, "3", "EBUSY", "systemd" },
                { ACTION_FREEZE, { .kind = OUTCOME_TIMEOUT, .via = VIA_SYSTEMD, .error = -110, .error_text = "silence" },
                  "hog.service: perhaps frozen: silence", MESSAGE_ID_FAILED, "3", "silence", "systemd" },
                { ACTION_FREEZE, { .kind = OUTCOME_DRY_RUN }, "hog.service: not frozen: this is a dry run",
                  MESSAGE_ID_OUTCOME, "6", NULL, NULL },
                { ACTION_FREEZE, { .kind = OUTCOME_REFUSED, .error = -95, .error_text = "it has a watchdog" },
                  "hog.service: not frozen: it has a watchdog", MESSAGE_ID_FAILED, "4", "it has a watchdog", NULL },
                { ACTION_THROTTLE, { .kind = OUTCOME_SETTLED },
                  "batch.slice: settled after throttling hog.service: memory pressure some 1.2%, was 34%; 20M freed",
                  MESSAGE_ID_SETTLED, "6", NULL, NULL },
                { ACTION_THROTTLE, { .kind = OUTCOME_NO_EFFECT },
                  "batch.slice: no better after throttling hog.service: memory pressure some 1.2%, was 34%; 20M freed",
                  MESSAGE_ID_SETTLED, "4", NULL, NULL },
        };
        World *w = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                Decision d = decision(rows[i].action);
                bool effect = rows[i].outcome.kind == OUTCOME_SETTLED || rows[i].outcome.kind == OUTCOME_NO_EFFECT;

                journal_outcome(w->journal, &(Report){ .decision = &d, .outcome = rows[i].outcome, .latency_usec = 12000,
                                                       .pressure_before = 3456, .pressure_after = 123,
                                                       .freed_bytes = 20 << 20 });
                COMPARE(w, { "MESSAGE", rows[i].message }, { "MESSAGE_ID", rows[i].message_id },
                        { "PRIORITY", rows[i].priority }, { "MEMSTALLD_RECORD", "outcome" },
                        { "MEMSTALLD_OUTCOME", outcome_to_string(rows[i].outcome.kind) },
                        { "MEMSTALLD_ERROR", rows[i].error }, { "MEMSTALLD_VIA", rows[i].via },
                        { "MEMSTALLD_INCIDENT", INCIDENT }, { "MEMSTALLD_LATENCY_USEC", "12000" },
                        { "MEMSTALLD_PRESSURE_BEFORE", "3456" }, { "MEMSTALLD_PRESSURE_AFTER", effect ? "123" : NULL },
                        { "MEMSTALLD_FREED", effect ? "20971520" : NULL }, { "OBJECT_SYSTEMD_UNIT", "hog.service" });
        }
}

/* Goes with one outcome, not with those after it. */
static void test_faults(void **state) {
        Decision d = decision(ACTION_KILL);
        const Report report = { .decision = &d, .outcome = { .kind = OUTCOME_DONE, .via = VIA_SYSTEMD } };
        World *w = *state;

        journal_set_faults(w->journal, 3);
        journal_outcome(w->journal, &report);
        COMPARE(w, { "MEMSTALLD_MAJOR_FAULTS", "3" });
        journal_outcome(w->journal, &report);
        COMPARE(w, { "MEMSTALLD_MAJOR_FAULTS", NULL });
}

static void test_release(void **state) {
        World *w = *state;
        Undo u = { .incident = incident, .policy = &policy, .step = &step, .watch = batch, .victim = hog,
                   .action = ACTION_THROTTLE, .reason = RELEASE_CALM, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX),
                   .held_usec = 12000000 };

        journal_release(w->journal, &u);
        COMPARE(w, { "MESSAGE", "hog.service: MemoryHigh=infinity again after 12s: the pressure stayed low [policy "
                                "50-batch, step slow]" },
                { "MESSAGE_ID", MESSAGE_ID_RELEASE }, { "MEMSTALLD_RECORD", "release" },
                { "MEMSTALLD_INCIDENT", INCIDENT }, { "MEMSTALLD_ACTION", "throttle" }, { "MEMSTALLD_REASON", "calm" },
                { "MEMSTALLD_HELD_USEC", "12000000" }, { "MEMSTALLD_MEMORY_HIGH", "infinity" },
                { "OBJECT_SYSTEMD_UNIT", "hog.service" });

        u.action = ACTION_FREEZE;
        u.reason = RELEASE_MAX_HOLD;
        journal_release(w->journal, &u);
        COMPARE(w, { "MESSAGE", "hog.service: thawed after 12s: it was held as long as MaxHold= allows [policy "
                                "50-batch, step slow]" },
                { "MEMSTALLD_REASON", "max-hold" }, { "MEMSTALLD_MEMORY_HIGH", NULL });

        journal_release_failed(w->journal, &u, &(Outcome){ .kind = OUTCOME_TIMEOUT, .via = VIA_SYSTEMD, .error = -110 });
        COMPARE(w, { "MESSAGE", "hog.service: still frozen after 12s, could not be released: ETIMEDOUT" },
                { "MESSAGE_ID", MESSAGE_ID_FAILED }, { "PRIORITY", "3" }, { "MEMSTALLD_RECORD", "release" },
                { "MEMSTALLD_OUTCOME", "timeout" }, { "ERRNO", "110" });
}

static void test_releases(void **state) {
        static const struct {
                ReleaseReason reason;
                const char *word, *text;
        } rows[] = {
                { RELEASE_CALM, "calm", "the pressure stayed low" },
                { RELEASE_MAX_HOLD, "max-hold", "it was held as long as MaxHold= allows" },
                { RELEASE_GONE, "gone", "the unit has stopped" },
                { RELEASE_KILL, "kill", "it is to be killed" },
                { RELEASE_STOP, "stop", "memstalld stops" },
                { RELEASE_RELOAD, "reload", "the policies are loaded anew" },
                { RELEASE_FAILED, "failed", "the action had failed half-way" },
                { RELEASE_RECOVERED, "recovered-after-crash", "memstalld had ended without releasing it" },
                { RELEASE_LIVELOCK, "livelock", "it has nothing left to give and only lost time under the limit" },
                { RELEASE_EXPIRED, "expired", "the policy has expired" },
                { RELEASE_BY_HAND, "by-hand", "released by hand" },
        };
        World *w = *state;
        Undo u = { .incident = incident, .policy = &policy, .step = &step, .watch = batch, .victim = hog,
                   .action = ACTION_THROTTLE, .previous = all_limits(), .held_usec = 12000000 };
        char message[512];

        assert_int_equal(sizeof(rows) / sizeof(*rows), _RELEASE_REASON_MAX);
        u.previous.values[PROPERTY_CPU_QUOTA] = UINT64_MAX;
        u.previous.values[PROPERTY_CPU_WEIGHT] = UINT64_MAX;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                u.reason = rows[i].reason;
                journal_release(w->journal, &u);
                (void) snprintf(message, sizeof(message), "hog.service: MemoryHigh=512M, CPUQuota=infinity, "
                                                          "CPUWeight=default, IOWeight=20 again after 12s: %s [policy "
                                                          "50-batch, step slow]", rows[i].text);
                COMPARE(w, { "MESSAGE", message }, { "MEMSTALLD_REASON", rows[i].word },
                        { "MEMSTALLD_MEMORY_HIGH", "536870912" }, { "MEMSTALLD_CPU_QUOTA", "infinity" },
                        { "MEMSTALLD_CPU_WEIGHT", "infinity" }, { "MEMSTALLD_IO_WEIGHT", "20" });
        }

        u.action = ACTION_PROTECT;
        u.reason = RELEASE_CALM;
        u.previous = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 0);
        properties_set(&u.previous, PROPERTY_SLICES_LOW, 1 << 20);
        journal_release(w->journal, &u);
        COMPARE(w, { "MESSAGE", "hog.service: MemoryLow=0B again after 12s: the pressure stayed low [policy 50-batch, step "
                                "slow]" },
                { "MEMSTALLD_MEMORY_LOW", "0" }, { "MEMSTALLD_SLICES_MEMORY_LOW", "1048576" });

        /* What was there before is not known, as nothing was set. */
        u.previous = (Properties){ 0 };
        journal_release(w->journal, &u);
        COMPARE(w, { "MESSAGE", "hog.service: protected no more after 12s: the pressure stayed low [policy 50-batch, step "
                                "slow]" });
        journal_release_failed(w->journal, &u, &(Outcome){ .kind = OUTCOME_FAILED, .error = -5, .error_text = "no" });
        COMPARE(w, { "MESSAGE", "hog.service: still protected after 12s, could not be released: no" });
}

static void test_expired(void **state) {
        World *w = *state;

        journal_expired(w->journal, &(Policy){ .name = (char *) "50-backup", .file = (char *) "/etc/x/50-backup.conf",
                                               .expires_usec = 1790000000000000 });
        COMPARE(w, { "MESSAGE", "policy 50-backup has expired: it is off, nothing is watched by it any more" },
                { "MESSAGE_ID", MESSAGE_ID_EXPIRED }, { "MEMSTALLD_RECORD", "expired" }, { "PRIORITY", "5" },
                { "MEMSTALLD_POLICY", "50-backup" }, { "MEMSTALLD_CONFIG_FILE", "/etc/x/50-backup.conf" },
                { "MEMSTALLD_EXPIRES_USEC", "1790000000000000" });
}

static void test_refusals(void **state) {
        static const struct {
                RefusalReason reason;
                const char *word, *text;
        } rows[] = {
                { REFUSAL_PROTECTED, "protected", "every candidate is protected" },
                { REFUSAL_BUDGET, "budget", "MaxActions= of the whole host is used up" },
                { REFUSAL_OOMD, "oomd",
                  "every candidate is left to systemd-oomd, see LeaveToOomd= in memstalld.conf(5)" },
                { REFUSAL_NOBODY, "no-candidate", "there is no candidate that has a part in it" },
                { REFUSAL_FULL, "too-many-held", "as many actions are under way or held as memstalld can keep in mind" },
                { REFUSAL_POLICY_BUDGET, "policy-budget", "MaxActions= of the policy is used up" },
                { REFUSAL_NAME, "bad-name", "what Start= names is no name of a unit" },
        };
        World *w = *state;
        char message[256];

        assert_int_equal(sizeof(rows) / sizeof(*rows), _REFUSAL_REASON_MAX);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                journal_refused(w->journal, &(Refusal){ .incident = incident, .policy = &policy, .step = &step,
                                                        .watch = batch, .victim = hog, .reason = rows[i].reason });
                (void) snprintf(message, sizeof(message), "batch.slice: step slow of policy 50-batch was due and is not "
                                                          "taken on hog.service: %s", rows[i].text);
                COMPARE(w, { "MESSAGE", message }, { "MEMSTALLD_REASON", rows[i].word });
        }
}

static void test_refused(void **state) {
        World *w = *state;
        Refusal r = { .incident = incident, .policy = &policy, .step = &step, .watch = host,
                      .reason = REFUSAL_PROTECTED };

        step.action = ACTION_KILL;
        journal_refused(w->journal, &r);
        COMPARE(w, { "MESSAGE", "host: step slow of policy 50-batch was due and is not taken: every candidate is "
                                "protected" },
                { "MESSAGE_ID", MESSAGE_ID_REFUSED }, { "MEMSTALLD_RECORD", "refused" }, { "PRIORITY", "4" },
                { "MEMSTALLD_REASON", "protected" }, { "MEMSTALLD_ACTION", "kill" }, { "MEMSTALLD_VICTIM", NULL },
                { "OBJECT_SYSTEMD_UNIT", "-.slice" });
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_outcomes),
                TEST(test_faults),
                TEST(test_release),
                TEST(test_releases),
                TEST(test_expired),
                TEST(test_refusals),
                TEST(test_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
