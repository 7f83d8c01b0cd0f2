/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the daemon says of itself. */

#include "journal-world.h"

static void test_daemon(void **state) {
        World *w = *state;

        journal_blind(w->journal, "/hog.service", "hog.service", "memory.pressure is switched off");
        COMPARE(w, { "MESSAGE", "hog.service: not watched: memory.pressure is switched off" },
                { "MESSAGE_ID", MESSAGE_ID_BLIND }, { "MEMSTALLD_RECORD", "blind" }, { "MEMSTALLD_WATCH", "/hog.service" },
                { "MEMSTALLD_REASON", "memory.pressure is switched off" }, { "OBJECT_SYSTEMD_UNIT", "hog.service" });
        journal_blind(w->journal, "/user.slice/user@7.service/app.slice/sshd.service", "sshd.service", "x");
        COMPARE(w, { "MESSAGE", "/user.slice/user@7.service/app.slice/sshd.service: not watched: x" },
                { "OBJECT_SYSTEMD_UNIT", "user@7.service" });
        journal_blind(w->journal, "/batch.slice", "batch.slice", "x");
        COMPARE(w, { "MESSAGE", "batch.slice: not watched: x" }, { "OBJECT_SYSTEMD_UNIT", "batch.slice" });
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
                { "MESSAGE_ID", MESSAGE_ID_NOTICE });
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

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_daemon),
                TEST(test_facts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
