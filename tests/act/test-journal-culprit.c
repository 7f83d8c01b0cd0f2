/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who stalls, and because of whom. */

#include <stdio.h>
#include <string.h>

#include "journal-world.h"

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

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_culprit),
                TEST(test_blame),
                TEST(test_blamed),
                TEST(test_culprit_unknown),
                TEST(test_forged_name),
                TEST(test_counters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
