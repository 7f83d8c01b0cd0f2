/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each kind of record says and has. The names of fields are a contract: a row that changes here changes for
 * everyone's scripts. */

#include <stdio.h>
#include <string.h>

#include "journal-world.h"

static void test_decision(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_THROTTLE);

        step.n_conditions = 3;
        journal_decision(w->journal, &d);
        COMPARE(w, { "MESSAGE", "batch.slice: memory pressure some 34% of 2s (limit 10%), 52M of 1G available (limit "
                                "10%), 60M of 1G used (limit 50M): throttling hog.service to 90M (it uses 100M; cause: "
                                "unit-limit) [policy 50-batch, step slow]" },
                { "MESSAGE_ID", MESSAGE_ID_DECISION }, { "PRIORITY", "5" }, { "MEMSTALLD_RECORD", "decision" },
                { "MEMSTALLD_INCIDENT", INCIDENT }, { "MEMSTALLD_POLICY", "50-batch" }, { "MEMSTALLD_STEP", "slow" },
                { "MEMSTALLD_WATCH", "/batch.slice" }, { "MEMSTALLD_WATCH_UNIT", "batch.slice" },
                { "MEMSTALLD_ACTION", "throttle" }, { "MEMSTALLD_CAUSE", "unit-limit" },
                { "MEMSTALLD_VICTIM", "hog.service" }, { "MEMSTALLD_VICTIM_CGROUP", "/batch.slice/hog.service" },
                { "OBJECT_SYSTEMD_UNIT", "hog.service" }, { "MEMSTALLD_RANK", "growth" },
                { "MEMSTALLD_RANK_ORDER", "culprit growth" }, { "MEMSTALLD_CANDIDATES", "4" },
                { "MEMSTALLD_CONDITIONS", "Pressure=some 10% 2s: 34.56%; Available=10%: 52M; Usage=50M: 60M" },
                { "MEMSTALLD_PRESSURE_SOME", "3456" }, { "MEMSTALLD_PRESSURE_FULL", "789" },
                { "MEMSTALLD_USAGE", "125829120" }, { "MEMSTALLD_LIMIT", "1073741824" },
                { "MEMSTALLD_AVAILABLE", "54525952" }, { "MEMSTALLD_HOST_AVAILABLE", "629145600" },
                { "MEMSTALLD_VICTIM_USAGE", "104857600" }, { "MEMSTALLD_MEMORY_HIGH", "94371840" },
                { "MEMSTALLD_SIGNAL", NULL }, { "MEMSTALLD_COUNT", "1" }, { "MEMSTALLD_DRY_RUN", "no" });
}

static void test_decision_words(void **state) {
        static const struct {
                ActionKind action;
                bool dry_run, escalation, nobody, on_host;
                unsigned count;
                const char *priority, *unit, *message;
        } rows[] = {
                { ACTION_KILL, false, false, false, false, 1, "4", "hog.service",
                  "batch.slice: memory pressure some 34% of 2s (limit 10%): killing hog.service with SIGKILL (it uses "
                  "100M; cause: unit-limit) [policy 50-batch, step slow]" },
                { ACTION_KILL, false, true, false, false, 2, "4", "hog.service",
                  "batch.slice: memory pressure some 34% of 2s (limit 10%): killing what is left of hog.service with "
                  "SIGKILL (it uses 100M; cause: unit-limit) [policy 50-batch, step slow, time 2]" },
                { ACTION_FREEZE, true, false, false, false, 1, "5", "hog.service",
                  "batch.slice: memory pressure some 34% of 2s (limit 10%): would freeze hog.service (it uses 100M; "
                  "cause: unit-limit) [policy 50-batch, step slow, dry run]" },
                { ACTION_LOG, false, false, false, true, 1, "5", "hog.service",
                  "host: memory pressure some 34% of 2s (limit 10%): logging only, first in line is hog.service (it "
                  "uses 100M; cause: unit-limit) [policy 50-batch, step slow]" },
                { ACTION_LOG, false, false, true, true, 1, "5", "-.slice",
                  "host: memory pressure some 34% of 2s (limit 10%): logging only (cause: unit-limit) [policy "
                  "50-batch, step slow]" },
        };
        World *w = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                Decision d = decision(rows[i].action);

                d.dry_run = rows[i].dry_run;
                d.escalation = rows[i].escalation;
                d.count = rows[i].count;
                if (rows[i].nobody)
                        d.victim = (CgroupName){ 0 };
                if (rows[i].on_host)
                        d.watch = host;
                journal_decision(w->journal, &d);
                COMPARE(w, { "MESSAGE", rows[i].message }, { "PRIORITY", rows[i].priority },
                        { "OBJECT_SYSTEMD_UNIT", rows[i].unit },
                        { "MEMSTALLD_VICTIM", rows[i].nobody ? NULL : "hog.service" },
                        { "MEMSTALLD_DRY_RUN", rows[i].dry_run ? "yes" : "no" });
        }
}

/* Each condition in words, and as the policy has it. */
static void test_conditions(void **state) {
        static char *globs[] = { (char *) "backup@*.service", (char *) "fsck.service", NULL };
        static const struct {
                Condition condition;
                uint64_t seen;
                const char *text, *field;
        } rows[] = {
                { { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_FULL, 1000, 2000000 } }, 3456,
                  "memory pressure full 34% of 2s (limit 10%)", "Pressure=full 10% 2s: 34.56%" },
                { { .kind = CONDITION_HOST_PRESSURE, .pressure = { PRESSURE_SOME, 500, 10000000 } }, 789,
                  "the host's memory pressure some 7.8% of 10s (limit 5%)", "HostPressure=some 5% 10s: 7.89%" },
                { { .kind = CONDITION_IO_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 500000 } }, 2000,
                  "io pressure some 20% of 500ms (limit 10%)", "IOPressure=some 10% 500ms: 20%" },
                { { .kind = CONDITION_CPU_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2000000 } }, 2000,
                  "cpu pressure some 20% of 2s (limit 10%)", "CPUPressure=some 10% 2s: 20%" },
                { { .kind = CONDITION_STALL, .pressure = { PRESSURE_SOME, 2000, 2000000, RESOURCE_STALL } }, 3456,
                  "memory stall 34% of 2s, waits that pressure leaves out counted in (limit 20%)",
                  "Stall=20% 2s: 34.56%" },
                { { .kind = CONDITION_AVAILABLE, .amount = { .is_share = true, .share = 1000 } }, 52 << 20,
                  "52M of 1G available (limit 10%)", "Available=10%: 52M" },
                { { .kind = CONDITION_HOST_AVAILABLE, .amount = { .bytes = 100 << 20 } }, 52 << 20,
                  "52M of 8G available on the host (limit 100M)", "HostAvailable=100M: 52M" },
                { { .kind = CONDITION_SWAP_FREE, .amount = { .is_share = true, .share = 1000 } }, 52 << 20,
                  "52M of 2G swap free (limit 10%)", "SwapFree=10%: 52M" },
                { { .kind = CONDITION_USAGE, .amount = { .bytes = 50 << 20 } }, 60 << 20,
                  "60M of 1G used (limit 50M)", "Usage=50M: 60M" },
                { { .kind = CONDITION_GROWTH, .rate = { 20 << 20, 5000000 } }, 25 << 20,
                  "growing by 25M a second over 5s (limit 20M)", "Growth=20M 5s: 25M" },
                { { .kind = CONDITION_EXHAUSTION, .usec = 30000000 }, 12345678,
                  "no room left in 12s 345ms if this goes on (limit 30s)", "Exhaustion=30s: 12s 345ms" },
                { { .kind = CONDITION_REFAULTS, .rate = { 1000, 5000000 } }, 2500,
                  "2500 pages read back a second over 5s (limit 1000)", "Refaults=1000 5s: 2500" },
                { { .kind = CONDITION_RECLAIM, .rate = { 1000, 5000000 } }, 2500,
                  "2500 pages scanned a second over 5s (limit 1000)", "Reclaim=1000 5s: 2500" },
                { { .kind = CONDITION_EFFICIENCY, .share = 2000 }, 512,
                  "only 5.1% of the pages scanned reclaimed (limit 20%)", "Efficiency=20%: 5.12%" },
                { { .kind = CONDITION_EVENT, .event = { MEMORY_EVENT_MAX, 10, 5000000 } }, 12,
                  "12 max events in 5s (limit 10)", "Event=max 10 5s: 12" },
                { { .kind = CONDITION_EVENT, .event = { MEMORY_EVENT_OOM, 1, 10000000 } }, 1,
                  "1 oom event in 10s (limit 1)", "Event=oom 1 10s: 1" },
                { { .kind = CONDITION_CAUSE, .causes = 1 << CAUSE_HOST_SHORT | 1 << CAUSE_SWAP }, 1 << CAUSE_SWAP,
                  "the cause is swap", "Cause=host-short swap: swap" },
                { { .kind = CONDITION_PRESENT, .globs = globs }, 2,
                  "backup@*.service or fsck.service runs", "Present=backup@*.service fsck.service: 2" },
                { { .kind = CONDITION_ABSENT, .globs = globs + 1 }, 0,
                  "no fsck.service runs", "Absent=fsck.service: 0" },
                { { .kind = CONDITION_DYING_DESCENDANTS, .count = 100 }, 250,
                  "250 removed cgroups not yet free (limit 100)", "DyingDescendants=100: 250" },
        };
        World *w = *state;
        char message[512];

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                Condition one = rows[i].condition;
                Decision d = decision(ACTION_FREEZE);
                Step its = step;

                its.conditions = &one;
                d.step = &its;
                d.seen[0] = rows[i].seen;
                d.sample.host_total_bytes = UINT64_C(8) << 30;
                d.sample.swap_total_bytes = UINT64_C(2) << 30;
                journal_decision(w->journal, &d);
                (void) snprintf(message, sizeof(message), "batch.slice: %s: freezing hog.service (it uses 100M; cause: "
                                                          "unit-limit) [policy 50-batch, step slow]", rows[i].text);
                COMPARE(w, { "MESSAGE", message }, { "MEMSTALLD_CONDITIONS", rows[i].field });
        }
}

/* Every action: what is announced, what would be, what came of it, and that it failed. */
static void test_actions(void **state) {
        static const struct {
                ActionKind action;
                Grain grain;
                Properties properties;
                const char *deed, *would, *done, *failed, *priority, *key, *value;
        } rows[] = {
                { ACTION_PROTECT, GRAIN_UNIT, PROPERTIES_ONE(PROPERTY_MEMORY_LOW, 900 << 20),
                  "protecting hog.service with MemoryLow=900M", "would protect hog.service with MemoryLow=900M",
                  "hog.service: protected with MemoryLow=900M, 12ms after the stall was seen",
                  "hog.service: not protected with MemoryLow=900M: no", "5", "MEMSTALLD_MEMORY_LOW", "943718400" },
                { ACTION_THROTTLE, GRAIN_UNIT, PROPERTIES_ONE(PROPERTY_CPU_QUOTA, 1500000),
                  "throttling hog.service to CPUQuota=150%", "would throttle hog.service to CPUQuota=150%",
                  "hog.service: throttled to CPUQuota=150%, 12ms after the stall was seen",
                  "hog.service: not throttled to CPUQuota=150%: no", "5", "MEMSTALLD_CPU_QUOTA", "1500000" },
                { ACTION_RECLAIM, GRAIN_UNIT, { 0 }, "reclaiming 50M of hog.service",
                  "would reclaim 50M of hog.service", "hog.service: reclaimed 50M, 12ms after the stall was seen",
                  "hog.service: not reclaimed: no", "5", "MEMSTALLD_RECLAIM", "52428800" },
                { ACTION_FREEZE, GRAIN_UNIT, { 0 }, "freezing hog.service", "would freeze hog.service",
                  "hog.service: frozen, 12ms after the stall was seen", "hog.service: not frozen: no", "5",
                  "MEMSTALLD_ACTION", "freeze" },
                { ACTION_KILL, GRAIN_UNIT, { 0 }, "killing hog.service with SIGKILL",
                  "would kill hog.service with SIGKILL",
                  "hog.service: killed with SIGKILL, 12ms after the stall was seen",
                  "hog.service: not killed with SIGKILL: no", "4", "MEMSTALLD_GRAIN", "unit" },
                { ACTION_KILL, GRAIN_PROCESS, { 0 }, "killing the largest process of hog.service with SIGKILL",
                  "would kill the largest process of hog.service with SIGKILL",
                  "hog.service: killed with SIGKILL, 12ms after the stall was seen",
                  "hog.service: not killed with SIGKILL: no", "4", "MEMSTALLD_GRAIN", "process" },
                { ACTION_STOP, GRAIN_UNIT, { 0 }, "stopping hog.service", "would stop hog.service",
                  "hog.service: stopped, 12ms after the stall was seen", "hog.service: not stopped: no", "4",
                  "MEMSTALLD_ACTION", "stop" },
                { ACTION_RESTART, GRAIN_UNIT, { 0 }, "restarting hog.service", "would restart hog.service",
                  "hog.service: restarted, 12ms after the stall was seen", "hog.service: not restarted: no", "4",
                  "MEMSTALLD_ACTION", "restart" },
                { ACTION_START, GRAIN_UNIT, { 0 }, "starting dump.service for hog.service",
                  "would start dump.service for hog.service",
                  "dump.service: started for hog.service, 12ms after the stall was seen",
                  "dump.service: not started for hog.service: no", "5", "MEMSTALLD_START", "dump.service" },
        };
        World *w = *state;
        char message[512];

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                Decision d = decision(rows[i].action);

                d.grain = rows[i].grain;
                d.properties = rows[i].properties;
                d.reclaim_bytes = 50 << 20;
                strcpy(d.start, rows[i].action == ACTION_START ? "dump.service" : "");
                journal_decision(w->journal, &d);
                (void) snprintf(message, sizeof(message), "batch.slice: memory pressure some 34%% of 2s (limit 10%%): %s (it "
                                                          "uses 100M; cause: unit-limit) [policy 50-batch, step slow]",
                                rows[i].deed);
                COMPARE(w, { "MESSAGE", message }, { "PRIORITY", rows[i].priority }, { rows[i].key, rows[i].value },
                        { "MEMSTALLD_MEMORY_HIGH", NULL });
                d.dry_run = true;
                journal_decision(w->journal, &d);
                (void) snprintf(message, sizeof(message), "batch.slice: memory pressure some 34%% of 2s (limit 10%%): %s (it "
                                                          "uses 100M; cause: unit-limit) [policy 50-batch, step slow, dry "
                                                          "run]", rows[i].would);
                COMPARE(w, { "MESSAGE", message });
                d.dry_run = false;

                journal_outcome(w->journal, &(Report){ .decision = &d, .outcome = { .kind = OUTCOME_DONE },
                                                       .latency_usec = 12000 });
                assert_true(fake_journal_take(w->fd, &w->record));
                assert_string_equal(fake_record_get(&w->record, "MESSAGE"), rows[i].done);
                journal_outcome(w->journal, &(Report){ .decision = &d, .outcome = { .kind = OUTCOME_FAILED, .error = -5,
                                                                                    .error_text = "no" } });
                assert_true(fake_journal_take(w->fd, &w->record));
                assert_string_equal(fake_record_get(&w->record, "MESSAGE"), rows[i].failed);
        }
}

static void test_limits(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_THROTTLE);

        d.properties = all_limits();
        journal_decision(w->journal, &d);
        COMPARE(w, { "MESSAGE", "batch.slice: memory pressure some 34% of 2s (limit 10%): throttling hog.service to 512M, "
                                "CPUQuota=20%, CPUWeight=10, IOWeight=20 (it uses 100M; cause: unit-limit) [policy "
                                "50-batch, step slow]" },
                { "MEMSTALLD_MEMORY_HIGH", "536870912" }, { "MEMSTALLD_CPU_QUOTA", "200000" },
                { "MEMSTALLD_CPU_WEIGHT", "10" }, { "MEMSTALLD_IO_WEIGHT", "20" }, { "MEMSTALLD_MEMORY_LOW", NULL },
                { "MEMSTALLD_RECLAIM", NULL }, { "MEMSTALLD_GRAIN", NULL }, { "MEMSTALLD_START", NULL });

        /* What could not be set is told. */
        journal_outcome(w->journal, &(Report){ .decision = &d, .latency_usec = 12000,
                                               .outcome = { .kind = OUTCOME_DONE, .via = VIA_CGROUP,
                                                            .error_text = "there is no io.weight for it" } });
        COMPARE(w, { "MESSAGE", "hog.service: throttled to 512M, CPUQuota=20%, CPUWeight=10, IOWeight=20, 12ms after the "
                                "stall was seen (there is no io.weight for it)" },
                { "MEMSTALLD_DETAIL", "there is no io.weight for it" }, { "MEMSTALLD_ERROR", NULL },
                { "MEMSTALLD_VIA", "cgroup" });
}

/* What the effectors have to say about something that is done. */
static void test_details(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_KILL);

        d.grain = GRAIN_PROCESS;
        journal_outcome(w->journal, &(Report){ .decision = &d, .latency_usec = 12000,
                                               .outcome = { .kind = OUTCOME_DONE, .via = VIA_CGROUP,
                                                            .error_text = "killed chromium[1234], 812M" } });
        COMPARE(w, { "MESSAGE", "hog.service: killed chromium[1234], 812M, 12ms after the stall was seen" },
                { "MEMSTALLD_DETAIL", "killed chromium[1234], 812M" }, { "MEMSTALLD_OUTCOME", "done" });

        d = decision(ACTION_RECLAIM);
        d.reclaim_bytes = 50 << 20;
        journal_outcome(w->journal, &(Report){ .decision = &d, .latency_usec = 12000,
                                               .outcome = { .kind = OUTCOME_DONE, .via = VIA_CGROUP,
                                                            .error_text = "there was less to reclaim: it uses 12M less "
                                                                          "now, of 50M that were wanted" } });
        COMPARE(w, { "MESSAGE", "hog.service: reclaimed, 12ms after the stall was seen (there was less to reclaim: it uses "
                                "12M less now, of 50M that were wanted)" });
}

/* Start= before another action. */
static void test_started(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_KILL);

        strcpy(d.start, "dump@hog.service");
        journal_decision(w->journal, &d);
        COMPARE(w, { "MESSAGE", "batch.slice: memory pressure some 34% of 2s (limit 10%): killing hog.service with SIGKILL "
                                "after starting dump@hog.service (it uses 100M; cause: unit-limit) [policy 50-batch, step "
                                "slow]" },
                { "MEMSTALLD_START", "dump@hog.service" }, { "MEMSTALLD_ACTION", "kill" });
        journal_outcome(w->journal, &(Report){ .decision = &d, .started = true, .latency_usec = 12000,
                                               .outcome = { .kind = OUTCOME_DONE, .via = VIA_SYSTEMD } });
        assert_true(fake_journal_take(w->fd, &w->record));
        assert_string_equal(fake_record_get(&w->record, "MESSAGE"),
                            "dump@hog.service: started before killing hog.service, 12ms after the stall was seen");
        assert_string_equal(fake_record_get(&w->record, "MEMSTALLD_ACTION"), "start");
        assert_string_equal(fake_record_get(&w->record, "MEMSTALLD_START"), "dump@hog.service");
        assert_string_equal(fake_record_get(&w->record, "MEMSTALLD_VICTIM"), "hog.service");
        assert_int_equal(fake_record_count(&w->record, "OBJECT_SYSTEMD_UNIT"), 2);

        journal_outcome(w->journal, &(Report){ .decision = &d, .started = true,
                                               .outcome = { .kind = OUTCOME_TIMEOUT, .error = -110,
                                                            .error_text = "its start takes too long" } });
        assert_true(fake_journal_take(w->fd, &w->record));
        assert_string_equal(fake_record_get(&w->record, "MESSAGE"),
                            "dump@hog.service: perhaps started before killing hog.service: its start takes too long");
}

/* What the system manager does not know is found under the unit that it delegates. */
static void test_delegated(void **state) {
        static const struct {
                CgroupName victim;
                const char *unit, *user_unit;
        } rows[] = {
                { { 8, CGROUP_UNIT, "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "web.service",
                    true }, "user@1000.service", "web.service" },
                { { 9, CGROUP_GROUP, "/system.slice/docker.service/0af3", "/system.slice/docker.service/0af3", true },
                  "docker.service", NULL },
                { { 10, CGROUP_GROUP, "/machine.slice/_x.scope/a.slice", "/machine.slice/_x.scope/a.slice", true },
                  "x.scope", NULL },
                { { 11, CGROUP_UNIT, "/system.slice/a.service", "a.service", false }, "a.service", NULL },
        };
        World *w = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                Decision d = decision(ACTION_FREEZE);

                d.victim = rows[i].victim;
                journal_decision(w->journal, &d);
                COMPARE(w, { "OBJECT_SYSTEMD_UNIT", rows[i].unit }, { "OBJECT_SYSTEMD_USER_UNIT", rows[i].user_unit },
                        { "MEMSTALLD_VICTIM", rows[i].victim.unit }, { "MEMSTALLD_VICTIM_CGROUP", rows[i].victim.path });
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_decision),
                TEST(test_decision_words),
                TEST(test_conditions),
                TEST(test_actions),
                TEST(test_limits),
                TEST(test_details),
                TEST(test_started),
                TEST(test_delegated),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
