/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal-world.h"

int world_set_up(void **state) {
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

int world_tear_down(void **state) {
        World *w = *state;

        w->journal = journal_free(w->journal);
        fake_journal_close(w->fd, w->path);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

Condition conditions[] = {
        { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2000000 } },
        { .kind = CONDITION_AVAILABLE, .amount = { .is_share = true, .share = 1000 } },
        { .kind = CONDITION_USAGE, .amount = { .bytes = 50 << 20 } },
};
Step step = { .name = (char *) "slow", .conditions = conditions, .n_conditions = 1, .action = ACTION_THROTTLE };
const Policy policy = {
        .name = (char *) "50-batch",
        .victim = { .rank = { RANK_CULPRIT, RANK_GROWTH }, .n_rank = 2 },
        .steps = &step,
        .n_steps = 1,
};
const CgroupName batch = { 5, CGROUP_SLICE, "/batch.slice", "batch.slice" };
const CgroupName hog = { 7, CGROUP_UNIT, "/batch.slice/hog.service", "hog.service" };
const CgroupName host = { 1, CGROUP_HOST, "/", "-.slice" };
const Id128 incident = { 0x0123456789abcdef, 0xfedcba9876543210 };

Decision decision(ActionKind action) {
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

Properties all_limits(void) {
        Properties p = { 0 };

        properties_set(&p, PROPERTY_MEMORY_HIGH, 512 << 20);
        properties_set(&p, PROPERTY_CPU_QUOTA, 200000);
        properties_set(&p, PROPERTY_CPU_WEIGHT, 10);
        properties_set(&p, PROPERTY_IO_WEIGHT, 20);
        return p;
}

void compare(World *w, const Row *rows, size_t n) {
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
