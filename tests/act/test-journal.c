/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each kind of record says and has. The names of fields are a contract: a row that changes here changes for
 * everyone's scripts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/journal.h"
#include "act/message-ids.h"
#include "fake-journal.h"

typedef struct World {
        char folder[32], path[64];
        sd_event *event;
        int fd;
        Journal *journal;
        FakeRecord record;
} World;

static int set_up(void **state) {
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-journal-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void) snprintf(w->path, sizeof(w->path), "%s/socket", w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        w->fd = fake_journal_open(w->path);
        assert_int_equal(journal_new(&w->journal, w->event, w->path), 0);
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        World *w = *state;

        w->journal = journal_free(w->journal);
        fake_journal_close(w->fd, w->path);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

/* ---- One episode ----------------------------------------------------------------------------- */

static Condition conditions[] = {
        { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2000000 } },
        { .kind = CONDITION_AVAILABLE, .amount = { .is_share = true, .share = 1000 } },
        { .kind = CONDITION_USAGE, .amount = { .bytes = 50 << 20 } },
};
static Step step = { .name = (char *) "slow", .conditions = conditions, .n_conditions = 1, .action = ACTION_THROTTLE };
static const Policy policy = {
        .name = (char *) "50-batch",
        .victim = { .rank = { RANK_CULPRIT, RANK_GROWTH }, .n_rank = 2 },
        .steps = &step,
        .n_steps = 1,
};
static const CgroupName batch = { 5, CGROUP_SLICE, "/batch.slice", "batch.slice" };
static const CgroupName hog = { 7, CGROUP_UNIT, "/batch.slice/hog.service", "hog.service" };
static const CgroupName host = { 1, CGROUP_HOST, "/", "-.slice" };
static const Id128 incident = { 0x0123456789abcdef, 0xfedcba9876543210 };
#define INCIDENT "0123456789abcdeffedcba9876543210"

static Decision decision(ActionKind action) {
        step.n_conditions = 1;
        step.action = action;
        return (Decision){
                .id = 3, .incident = incident, .count = 1, .policy = &policy, .step = &step, .watch = batch,
                .victim = hog, .action = action, .signal = 9, .properties = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 << 20),
                .cause = CAUSE_UNIT_LIMIT, .rank = RANK_GROWTH, .n_candidates = 4, .seen = { 3456, 52 << 20, 60 << 20 },
                .pressure = { 3456, 789 }, .victim_usage_bytes = 100 << 20,
                .sample = { .usage_bytes = 120 << 20, .limit_bytes = UINT64_C(1) << 30, .room_bytes = 52 << 20,
                            .host_available_bytes = 600 << 20 },
        };
}

/* Takes the record and compares it with `n` rows; a NULL value means that the field is not there. */
typedef struct Row {
        const char *key, *value;
} Row;

static void compare(World *w, const Row *rows, size_t n) {
        assert_true(fake_journal_take(w->fd, &w->record));
        assert_string_equal(fake_record_get(&w->record, "SYSLOG_IDENTIFIER"), "memstalld");
        for (size_t i = 0; i < n; i++) {
                const char *value = fake_record_get(&w->record, rows[i].key);

                if (!rows[i].value ? value != NULL : !value || strcmp(value, rows[i].value) != 0)
                        fail_msg("%s is '%s', not '%s'", rows[i].key, value ? value : "(none)",
                                 rows[i].value ? rows[i].value : "(none)");
        }
        assert_false(fake_journal_take(w->fd, &w->record));
}

#define COMPARE(w, ...) compare(w, (const Row[]){ __VA_ARGS__ }, sizeof((const Row[]){ __VA_ARGS__ }) / sizeof(Row))

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

static Properties all_limits(void) {
        Properties p = { 0 };

        properties_set(&p, PROPERTY_MEMORY_HIGH, 512 << 20);
        properties_set(&p, PROPERTY_CPU_QUOTA, 200000);
        properties_set(&p, PROPERTY_CPU_WEIGHT, 10);
        properties_set(&p, PROPERTY_IO_WEIGHT, 20);
        return p;
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

static Culprit culprit(void) {
        return (Culprit){
                .role = ROLE_CAUSE, .share = 8256, .unit = hog, .limit = hog,
                .values = { .cgroup_id = 7, .limit_id = 7, .pid = 123, .class = STALL_MEMCG_MAX,
                            .stall_usec = 1300000, .count = 450 },
        };
}

static void test_culprit(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_LOG);
        Culprit c = culprit();

        journal_culprit(w->journal, &d, &c, "perl", "try_charge_memcg\ncharge_memcg\nhandle_mm_fault");
        COMPARE(w, { "MESSAGE", "perl[123] in hog.service: cause of 82% of the stall time: 1s 300ms in 450 stalls "
                                "(memcg-max, limit of hog.service)" },
                { "MESSAGE_ID", MESSAGE_ID_CULPRIT }, { "MEMSTALLD_RECORD", "culprit" },
                { "MEMSTALLD_INCIDENT", INCIDENT }, { "OBJECT_SYSTEMD_UNIT", "hog.service" },
                { "MEMSTALLD_CULPRIT_UNIT", "hog.service" }, { "MEMSTALLD_CULPRIT_PID", "123" },
                { "MEMSTALLD_CULPRIT_COMM", "perl" }, { "MEMSTALLD_CULPRIT_CLASS", "memcg-max" },
                { "MEMSTALLD_CULPRIT_ROLE", "cause" }, { "MEMSTALLD_CULPRIT_STALL_USEC", "1300000" },
                { "MEMSTALLD_CULPRIT_COUNT", "450" }, { "MEMSTALLD_CULPRIT_SHARE", "8256" },
                { "MEMSTALLD_CULPRIT_LIMIT_CGROUP", "/batch.slice/hog.service" },
                { "MEMSTALLD_CULPRIT_STACK", "try_charge_memcg\ncharge_memcg\nhandle_mm_fault" });
}

/* Who brought it about: two in the sentence, all in the field; a part of nobody's is told, too. */
static void test_blame(void **state) {
        static const struct {
                size_t n;
                uint32_t unknown;
                const char *said, *field;
        } rows[] = {
                { 0, 0, "", NULL },
                { 0, 10000, "", "unknown 100%" },
                { 1, 700, ", because of leak.service, which takes 61.2M of new memory a second (93%)",
                  "leak.service 93% growth: grows 60M/s, brings 61.2M/s, 12 refaults/s\nunknown 7%" },
                { 3, 0, ", because of leak.service, which takes 61.2M of new memory a second (93%) and of hog.service, which has "
                        "reached its own limit (4%)",
                  "leak.service 93% growth: grows 60M/s, brings 61.2M/s, 12 refaults/s\n"
                  "hog.service 4% limit: grows 0B/s, brings 0B/s, 0 refaults/s\n"
                  "a\\x0ab 3% reclaim: grows 0B/s, brings 0B/s, 0 refaults/s, reclaimed 77 pages of others" },
        };
        const Blame blames[] = {
                { .unit = { 8, CGROUP_UNIT, "/leak.service", "leak.service" }, .kind = BLAME_GROWTH, .share = 9300,
                  .growth = 60 << 20, .brought = 64225280, .refaults = 12 },
                { .unit = hog, .kind = BLAME_LIMIT, .share = 400 },
                { .unit = { 9, CGROUP_UNIT, "/x", "a\nb" }, .kind = BLAME_RECLAIM, .share = 300, .reclaimed = 77 },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Decision d = decision(ACTION_LOG);
                char message[512];

                memcpy(d.blames, blames, rows[i].n * sizeof(*blames));
                d.n_blames = rows[i].n;
                d.blame_unknown = rows[i].unknown;
                (void) snprintf(message, sizeof(message),
                                "batch.slice: memory pressure some 34%% of 2s (limit 10%%): logging only, first in line is "
                                "hog.service (it uses 100M; cause: unit-limit%s) [policy 50-batch, step slow]",
                                rows[i].said);
                journal_decision(w->journal, &d);
                COMPARE(w, { "MESSAGE", message }, { "MEMSTALLD_BLAME", rows[i].field });
        }
}

/* A cause that does not stall itself has a record, too; each culprit says how much is laid to its unit. */
static void test_blamed(void **state) {
        static const struct {
                Blame blame;
                const char *deed;
        } rows[] = {
                { { .kind = BLAME_LIMIT }, "has reached its own limit" },
                { { .kind = BLAME_GROWTH, .brought = 1024 }, "takes 1K of new memory a second" },
                { { .kind = BLAME_GROWTH }, "has grown" },
                { { .kind = BLAME_REFAULTS }, "uses more than there is room for" },
                { { .kind = BLAME_RECLAIM }, "had the memory of others reclaimed" },
                { { .kind = BLAME_ITSELF }, "does it to itself" },
        };
        World *w = *state;
        Decision d = decision(ACTION_LOG);
        Culprit c = culprit();

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Blame b = rows[i].blame;
                char message[160];

                b.unit = (CgroupName){ 8, CGROUP_UNIT, "/tool.service", "tool.service" };
                b.share = 8765;
                (void) snprintf(message, sizeof(message), "tool.service: cause of 87%% of the stall time: it %s", rows[i].deed);
                journal_blamed(w->journal, &d, &b);
                COMPARE(w, { "MESSAGE", message }, { "MESSAGE_ID", MESSAGE_ID_CULPRIT }, { "MEMSTALLD_RECORD", "culprit" },
                        { "MEMSTALLD_INCIDENT", INCIDENT }, { "MEMSTALLD_CULPRIT_UNIT", "tool.service" },
                        { "MEMSTALLD_CULPRIT_CGROUP", "/tool.service" }, { "MEMSTALLD_CULPRIT_ROLE", "cause" },
                        { "MEMSTALLD_CULPRIT_STALL_USEC", "0" }, { "MEMSTALLD_CULPRIT_COUNT", "0" },
                        { "MEMSTALLD_CULPRIT_SHARE", "0" }, { "MEMSTALLD_CULPRIT_BLAME_SHARE", "8765" },
                        { "MEMSTALLD_CULPRIT_PID", NULL }, { "MEMSTALLD_CULPRIT_CLASS", NULL });
                assert_int_equal(fake_record_count(&w->record, "OBJECT_SYSTEMD_UNIT"), 2);
        }

        d.blames[0] = (Blame){ .unit = host, .share = 100 };
        d.blames[1] = (Blame){ .unit = hog, .share = 4321 };
        for (d.n_blames = 1; d.n_blames <= 2; d.n_blames++) {
                journal_culprit(w->journal, &d, &c, NULL, NULL);
                COMPARE(w, { "MEMSTALLD_CULPRIT_BLAME_SHARE", d.n_blames == 2 ? "4321" : "0" });
        }
}

#define SEEN .incident = incident, .watch = batch, .victim = hog, .policy = &policy, .looked = true, .cause = CAUSE_UNIT_LIMIT, \
             .sample = { .usage_bytes = 120 << 20, .limit_bytes = 1 << 30, .room_bytes = 52 << 20, \
                         .host_available_bytes = 600 << 20 }

static void test_killed_by_other(void **state) {
        World *w = *state;
        Sighting s = { SEEN, .killer = KILLER_KERNEL, .count = 1, .pid = 123, .comm = "perl" };
        Culprit c = { .role = ROLE_SUFFERER, .share = 250, .unit = hog,
                      .values = { .pid = 88, .class = STALL_REFAULT, .stall_usec = 20000, .count = 2 } };

        journal_seen(w->journal, &s);
        COMPARE(w, { "MESSAGE", "The kernel's OOM killer killed perl[123] of hog.service: cause unit-limit; batch.slice uses "
                                "120M of 1G, 52M left; watched by policy 50-batch" },
                { "MESSAGE_ID", MESSAGE_ID_KILLED }, { "PRIORITY", "4" }, { "MEMSTALLD_RECORD", "killed-by-other" },
                { "MEMSTALLD_INCIDENT", INCIDENT }, { "MEMSTALLD_KILLER", "kernel" }, { "MEMSTALLD_PENDING", "no" },
                { "MEMSTALLD_POLICY", "50-batch" }, { "MEMSTALLD_STEP", NULL },
                { "MEMSTALLD_WATCH", "/batch.slice" }, { "MEMSTALLD_WATCH_UNIT", "batch.slice" },
                { "MEMSTALLD_VICTIM", "hog.service" }, { "MEMSTALLD_VICTIM_CGROUP", "/batch.slice/hog.service" },
                { "OBJECT_SYSTEMD_UNIT", "hog.service" }, { "MEMSTALLD_COUNT", "1" }, { "MEMSTALLD_MISSED", NULL },
                { "MEMSTALLD_PID", "123" }, { "MEMSTALLD_COMM", "perl" }, { "MEMSTALLD_REASON", NULL },
                { "MEMSTALLD_CAUSE", "unit-limit" }, { "MEMSTALLD_USAGE", "125829120" },
                { "MEMSTALLD_LIMIT", "1073741824" }, { "MEMSTALLD_AVAILABLE", "54525952" },
                { "MEMSTALLD_HOST_AVAILABLE", "629145600" });

        s.blames[0] = (Blame){ .unit = hog, .kind = BLAME_LIMIT, .share = 9300 };
        s.n_blames = 1;
        s.blame_unknown = 700;
        journal_seen(w->journal, &s);
        COMPARE(w, { "MESSAGE", "The kernel's OOM killer killed perl[123] of hog.service: cause unit-limit, because of "
                                "hog.service, which has reached its own limit (93%); batch.slice uses 120M of 1G, 52M left; "
                                "watched by policy 50-batch" },
                { "MEMSTALLD_BLAME", "hog.service 93% limit: grows 0B/s, brings 0B/s, 0 refaults/s\nunknown 7%" });

        journal_seen_blamed(w->journal, &s, s.blames);
        COMPARE(w, { "MEMSTALLD_RECORD", "culprit" }, { "MEMSTALLD_INCIDENT", INCIDENT }, { "MEMSTALLD_KILLER", "kernel" },
                { "MEMSTALLD_CULPRIT_UNIT", "hog.service" }, { "MEMSTALLD_CULPRIT_ROLE", "cause" },
                { "MEMSTALLD_CULPRIT_BLAME_SHARE", "9300" }, { "OBJECT_SYSTEMD_UNIT", "hog.service" });

        journal_seen_culprit(w->journal, &s, &c, "tail", "shrink_node");
        COMPARE(w, { "MESSAGE", "tail[88] in hog.service: suffers 2.5% of the stall time: 20ms in 2 stalls (refault)" },
                { "MESSAGE_ID", MESSAGE_ID_CULPRIT }, { "MEMSTALLD_RECORD", "culprit" }, { "MEMSTALLD_INCIDENT", INCIDENT },
                { "MEMSTALLD_KILLER", "kernel" }, { "MEMSTALLD_PENDING", "no" }, { "MEMSTALLD_VICTIM", "hog.service" },
                { "OBJECT_SYSTEMD_UNIT", "hog.service" }, { "MEMSTALLD_ACTION", NULL },
                { "MEMSTALLD_CULPRIT_UNIT", "hog.service" }, { "MEMSTALLD_CULPRIT_STACK", "shrink_node" },
                { "MEMSTALLD_CULPRIT_BLAME_SHARE", "9300" });
}

static void test_killed_words(void **state) {
        const struct {
                Sighting s;
                const char *message, *priority, *unit;
        } rows[] = {
                { { SEEN, .killer = KILLER_KERNEL, .count = 37, .pid = 9, .comm = "a\nb" },
                  "The kernel's OOM killer killed 37 processes of hog.service, the last one a\\x0ab[9]: cause unit-limit; "
                  "batch.slice uses 120M of 1G, 52M left; watched by policy 50-batch", "4", "hog.service" },
                { { SEEN, .killer = KILLER_KERNEL, .count = 2, .again = true },
                  "The kernel's OOM killer killed 2 more processes of hog.service: cause unit-limit; batch.slice uses 120M "
                  "of 1G, 52M left; watched by policy 50-batch", "4", "hog.service" },
                { { SEEN, .killer = KILLER_KERNEL, .count = 1, .again = true, .pid = 5 },
                  "The kernel's OOM killer killed 1 more process of hog.service, process[5]: cause unit-limit; batch.slice "
                  "uses 120M of 1G, 52M left; watched by policy 50-batch", "4", "hog.service" },
                { { .victim = { 1, CGROUP_HOST, "/", "-.slice" }, .watch = { 1, CGROUP_HOST, "/", "-.slice" },
                    .killer = KILLER_KERNEL, .count = 1, .missed = 3 },
                  "The kernel's OOM killer killed a process: cause unknown; no policy watches it; 3 more killed elsewhere",
                  "4", "-.slice" },
                { { SEEN, .killer = KILLER_SYSTEMD_OOMD, .count = 1, .pending = true },
                  "systemd-oomd is about to kill hog.service: cause unit-limit; batch.slice uses 120M of 1G, 52M left; watched "
                  "by policy 50-batch", "5", "hog.service" },
                { { SEEN, .killer = KILLER_SYSTEMD_OOMD, .count = 1, .reason = "memory-pressure" },
                  "systemd-oomd killed hog.service (memory-pressure): cause unit-limit; batch.slice uses 120M of 1G, 52M left; "
                  "watched by policy 50-batch", "4", "hog.service" },
                { { SEEN, .killer = KILLER_SYSTEMD_OOMD, .count = 3, .again = true },
                  "systemd-oomd killed hog.service 3 more times: cause unit-limit; batch.slice uses 120M of 1G, 52M left; "
                  "watched by policy 50-batch", "4", "hog.service" },
                { { .killer = KILLER_SYSTEMD_OOMD, .count = 1, .watch = { 1, CGROUP_HOST, "/", "-.slice" },
                    .victim = { 0, CGROUP_UNIT, "/user.slice/user@1.service/x.service", "x.service", true } },
                  "systemd-oomd killed x.service: cause unknown; no policy watches it", "4", "user@1.service" },
        };
        World *w = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                bool known = rows[i].s.looked;

                journal_seen(w->journal, &rows[i].s);
                COMPARE(w, { "MESSAGE", rows[i].message }, { "PRIORITY", rows[i].priority },
                        { "OBJECT_SYSTEMD_UNIT", rows[i].unit }, { "MEMSTALLD_PENDING", rows[i].s.pending ? "yes" : "no" },
                        { "MEMSTALLD_USAGE", known ? "125829120" : NULL },
                        { "MEMSTALLD_POLICY", known ? "50-batch" : NULL },
                        { "MEMSTALLD_MISSED", rows[i].s.missed ? "3" : NULL });
        }
}

static void test_culprit_unknown(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_THROTTLE);
        Culprit c = culprit();

        c.role = ROLE_SUFFERER;
        c.unit = (CgroupName){ 9, CGROUP_UNIT, "/quiet.service", "quiet.service" };
        c.limit = (CgroupName){ 0 };
        c.values.count = 1;
        journal_culprit(w->journal, &d, &c, NULL, NULL);
        assert_true(fake_journal_take(w->fd, &w->record));
        assert_string_equal(fake_record_get(&w->record, "MESSAGE"),
                            "process[123] in quiet.service: suffers 82% of the stall time: 1s 300ms in 1 stall (memcg-max)");
        assert_int_equal(fake_record_count(&w->record, "OBJECT_SYSTEMD_UNIT"), 2);
        assert_null(fake_record_get(&w->record, "MEMSTALLD_CULPRIT_COMM"));
        assert_null(fake_record_get(&w->record, "MEMSTALLD_CULPRIT_STACK"));
        assert_null(fake_record_get(&w->record, "MEMSTALLD_CULPRIT_LIMIT_CGROUP"));
}

/* A process chooses its name: it can neither add a field, nor a line, nor move the terminal's cursor. */
static void test_forged_name(void **state) {
        World *w = *state;
        Decision d = decision(ACTION_THROTTLE);
        Culprit c = culprit();

        journal_culprit(w->journal, &d, &c, "x\nMESSAGE_ID=0\nPRIORITY=0\n\x1b[2J\xff", NULL);
        COMPARE(w, { "MESSAGE", "x\\x0aMESSAGE_ID=0\\x0aPRIORITY=0\\x0a\\x1b[2J\\xff[123] in hog.service: cause of 82% "
                                "of the stall time: 1s 300ms in 450 stalls (memcg-max, limit of hog.service)" },
                { "MESSAGE_ID", MESSAGE_ID_CULPRIT }, { "PRIORITY", "5" },
                { "MEMSTALLD_CULPRIT_COMM", "x\nMESSAGE_ID=0\nPRIORITY=0\n\x1b[2J\xff" });

        /* Not even the length of the longer form can be forged. */
        journal_culprit(w->journal, &d, &c, "\n\x05\n=\nA=b", "A=b\nC=d");
        COMPARE(w, { "MEMSTALLD_CULPRIT_COMM", "\n\x05\n=\nA=b" }, { "MEMSTALLD_CULPRIT_STACK", "A=b\nC=d" },
                { "A", NULL }, { "C", NULL });
}

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

/* What the kernel's counters did goes with the records that tell of an incident, as long as it is set. */
static void test_counters(void **state) {
        const JournalCounters counters = { 2300000, "allocstall_movable +1520\nmemory.stat:pgscan +3",
                                           "allocstall_movable +1520" };
        const JournalCounters none = { 2300000, "", "" };
        World *w = *state;
        Decision d = decision(ACTION_LOG);
        const Report report = { .decision = &d, .outcome = { .kind = OUTCOME_SETTLED } };
        Culprit c = culprit();

        journal_set_counters(w->journal, &counters);
        journal_decision(w->journal, &d);
        COMPARE(w, { "MEMSTALLD_RECORD", "decision" }, { "MEMSTALLD_VMSTAT", counters.lines },
                { "MEMSTALLD_VMSTAT_USEC", "2300000" });
        journal_culprit(w->journal, &d, &c, "perl", NULL);
        COMPARE(w, { "MEMSTALLD_RECORD", "culprit" }, { "MEMSTALLD_VMSTAT", counters.lines },
                { "MEMSTALLD_VMSTAT_USEC", "2300000" });
        journal_outcome(w->journal, &report);
        COMPARE(w, { "MESSAGE", "batch.slice: settled after logging only hog.service: memory pressure some 0%, was 0%; "
                                "in 2s 300ms: allocstall_movable +1520" },
                { "MEMSTALLD_VMSTAT", counters.lines }, { "MEMSTALLD_VMSTAT_USEC", "2300000" });

        for (unsigned i = 0; i < 2; i++) {
                journal_set_counters(w->journal, i == 0 ? NULL : &none);
                journal_decision(w->journal, &d);
                COMPARE(w, { "MEMSTALLD_RECORD", "decision" }, { "MEMSTALLD_VMSTAT", NULL },
                        { "MEMSTALLD_VMSTAT_USEC", NULL });
        }
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
                { REFUSAL_NOBODY, "no-candidate", "there is no candidate" },
                { REFUSAL_FULL, "too-many-held", "as many units are held as memstalld can hold" },
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

static void test_daemon(void **state) {
        World *w = *state;

        journal_blind(w->journal, "/hog.service", "hog.service", "memory.pressure is switched off");
        COMPARE(w, { "MESSAGE", "hog.service: not watched: memory.pressure is switched off" },
                { "MESSAGE_ID", MESSAGE_ID_BLIND }, { "MEMSTALLD_RECORD", "blind" }, { "MEMSTALLD_WATCH", "/hog.service" },
                { "MEMSTALLD_REASON", "memory.pressure is switched off" }, { "OBJECT_SYSTEMD_UNIT", "hog.service" });
        journal_blind(w->journal, NULL, NULL, "12 stalls were dropped");
        COMPARE(w, { "MESSAGE", "12 stalls were dropped" }, { "OBJECT_SYSTEMD_UNIT", NULL });

        journal_config(w->journal, "/etc/memstalld/policy.d/a.conf", 12, "Presure: did you mean Pressure?");
        COMPARE(w, { "MESSAGE", "/etc/memstalld/policy.d/a.conf:12: Presure: did you mean Pressure?" },
                { "MESSAGE_ID", MESSAGE_ID_CONFIG }, { "MEMSTALLD_RECORD", "config" },
                { "MEMSTALLD_CONFIG_FILE", "/etc/memstalld/policy.d/a.conf" }, { "MEMSTALLD_CONFIG_LINE", "12" });
        journal_config(w->journal, "/a.conf", 0, "is a directory");
        COMPARE(w, { "MESSAGE", "/a.conf: is a directory" }, { "MEMSTALLD_CONFIG_LINE", NULL });

        journal_notice(w->journal, 6, "hello\n");
        COMPARE(w, { "MESSAGE", "hello\\x0a" }, { "PRIORITY", "6" }, { "MEMSTALLD_RECORD", "notice" },
                { "MESSAGE_ID", NULL });
}

static void test_facts(void **state) {
        World *w = *state;
        JournalFacts facts = { .version = "0.1.0", .n_policies = 2, .n_errors = 1, .files = "/a.conf\n/b.conf",
                               .culprits = "fentry", .kernel = "6.12", .systemd = "257.9" };

        journal_start(w->journal, &facts);
        COMPARE(w, { "MESSAGE", "memstalld 0.1.0 started: 2 policies, 1 error; culprits: fentry; kernel 6.12; systemd "
                                "257.9" },
                { "MESSAGE_ID", MESSAGE_ID_START }, { "MEMSTALLD_RECORD", "start" }, { "PRIORITY", "4" },
                { "MEMSTALLD_VERSION", "0.1.0" }, { "MEMSTALLD_POLICIES", "2" }, { "MEMSTALLD_ERRORS", "1" },
                { "MEMSTALLD_FILES", "/a.conf\n/b.conf" }, { "MEMSTALLD_CULPRITS", "fentry" },
                { "MEMSTALLD_KERNEL", "6.12" }, { "MEMSTALLD_SYSTEMD", "257.9" }, { "MEMSTALLD_MISSING", NULL });
        journal_reload(w->journal, &(JournalFacts){ .n_policies = 1 });
        COMPARE(w, { "MESSAGE", "reloaded: 1 policy" }, { "MESSAGE_ID", MESSAGE_ID_RELOAD }, { "PRIORITY", "6" });
        journal_stop(w->journal, &(JournalFacts){ .reason = "SIGTERM" });
        COMPARE(w, { "MESSAGE", "memstalld stopped: SIGTERM" }, { "MESSAGE_ID", MESSAGE_ID_STOP });
}

/* Each id is explained, and nothing else is. */
static void test_catalog(void **state) {
        static const char *const ids[] = {
                MESSAGE_ID_DECISION, MESSAGE_ID_OUTCOME, MESSAGE_ID_FAILED, MESSAGE_ID_SETTLED, MESSAGE_ID_RELEASE,
                MESSAGE_ID_CULPRIT,  MESSAGE_ID_REFUSED, MESSAGE_ID_BLIND,  MESSAGE_ID_START,   MESSAGE_ID_RELOAD,
                MESSAGE_ID_STOP,     MESSAGE_ID_CONFIG,  MESSAGE_ID_LOST,    MESSAGE_ID_KILLED,
                MESSAGE_ID_EXPIRED,
        };
        const char *path = getenv("MEMSTALLD_CATALOG");
        char line[256], wanted[64];
        size_t n = 0;
        FILE *f;

        if (!path)
                skip();
        for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
                bool found = false;

                assert_int_equal(strlen(ids[i]), 32);
                (void) snprintf(wanted, sizeof(wanted), "-- %s\n", ids[i]);
                f = fopen(path, "r");
                assert_non_null(f);
                for (n = 0; fgets(line, sizeof(line), f);) {
                        found = found || strcmp(line, wanted) == 0;
                        n += strncmp(line, "-- ", 3) == 0;
                }
                assert_int_equal(fclose(f), 0);
                assert_true(found);
        }
        assert_int_equal(n, sizeof(ids) / sizeof(*ids));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_decision),    TEST(test_decision_words), TEST(test_culprit), TEST(test_culprit_unknown),
                TEST(test_blame),       TEST(test_blamed),
                TEST(test_killed_by_other), TEST(test_killed_words), TEST(test_forged_name), TEST(test_outcomes),       TEST(test_counters), TEST(test_release), TEST(test_refused),
                TEST(test_daemon),      TEST(test_facts),          TEST(test_catalog), TEST(test_conditions),
                TEST(test_actions),     TEST(test_limits),         TEST(test_details), TEST(test_started),
                TEST(test_delegated),   TEST(test_releases),       TEST(test_expired), TEST(test_refusals),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
