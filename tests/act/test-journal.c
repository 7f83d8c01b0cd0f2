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
                MESSAGE_ID_STOP,     MESSAGE_ID_CONFIG,  MESSAGE_ID_LOST,
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
                TEST(test_forged_name), TEST(test_outcomes),       TEST(test_release), TEST(test_refused),
                TEST(test_daemon),      TEST(test_facts),          TEST(test_catalog),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
