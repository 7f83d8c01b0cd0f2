/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What others kill. */

#include "journal-world.h"

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
                  "systemd-oomd killed /user.slice/user@1.service/x.service: cause unknown; no policy watches it", "4", "user@1.service" },
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

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_killed_by_other),
                TEST(test_killed_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
