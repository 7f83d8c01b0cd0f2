/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "config/policy-draft.h"
#include "config/policy-file.h"

/* Steps are written in the language: the conditions of one, each on a line. */
static void check(void **state, const char *earlier, const char *later, bool shadows) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(policy_freep) Policy *a = NULL, *b = NULL;
        char text[512];

        (void) snprintf(text, sizeof(text), "[Match]\nSystem=yes\n[Step]\nAction=freeze\n%s\n", earlier);
        assert_int_equal(policy_read_file(folder_write(state, "a.conf", text, strlen(text)), &a, &errors), 0);
        (void) snprintf(text, sizeof(text), "[Match]\nSystem=yes\n[Step]\nAction=freeze\n%s\n", later);
        assert_int_equal(policy_read_file(folder_write(state, "b.conf", text, strlen(text)), &b, &errors), 0);
        if (step_shadows(b->steps, a->steps) != shadows)
                fail_msg("\"%s\" is%s shadowed by \"%s\"", earlier, shadows ? " not" : "", later);
}

static void test_shadows(void **state) {
        static const struct {
                const char *earlier, *later;
                bool shadows;
        } rows[] = {
                { "Pressure=some 10% 2s", "Pressure=some 10% 2s", true },
                { "Pressure=some 20% 2s", "Pressure=some 10% 2s", true },
                { "Pressure=some 10% 2s", "Pressure=some 20% 2s", false },
                { "Pressure=full 20% 2s", "Pressure=some 10% 2s", true },  /* full is some as well */
                { "Pressure=full 20% 2s", "Pressure=some 20% 2s", true },
                { "Pressure=some 90% 2s", "Pressure=full 10% 2s", false },

                /* A longer window around the shorter: 200 ms of stall are 10 % of 2 s and 2 % of 10 s. */
                { "Pressure=some 10% 2s", "Pressure=some 2% 10s", true },
                { "Pressure=some 10% 2s", "Pressure=some 2.01% 10s", false },
                /* A shorter window inside the longer: 9 s of 10 s leave at least 1 s of 2 s. */
                { "Pressure=some 90% 10s", "Pressure=some 50% 2s", true },
                { "Pressure=some 90% 10s", "Pressure=some 50.01% 2s", false },
                { "Pressure=some 80% 10s", "Pressure=some 1% 2s", false },

                { "Available=10%", "Available=10%", true },
                { "Available=10%", "Available=20%", true },
                { "Available=20%", "Available=10%", false },
                { "Available=1G", "Available=512M", false },
                { "Available=512M", "Available=1G", true },
                { "Available=512M", "Available=10%", false }, /* who knows */
                { "Usage=2G", "Usage=1G", true },
                { "Usage=1G", "Usage=2G", false },
                { "Usage=90%", "Usage=80%", true },
                { "Usage=90%", "Usage=1G", false },
                { "Available=10%", "Usage=10%", false },

                /* A later step that waits longer leaves the earlier one its time. */
                { "Pressure=some 20% 2s\nFor=5s", "Pressure=some 10% 2s\nFor=4s", true },
                { "Pressure=some 20% 2s\nFor=5s", "Pressure=some 10% 2s\nFor=5s", true },
                { "Pressure=some 20% 2s\nFor=5s", "Pressure=some 10% 2s\nFor=6s", false },
                { "Pressure=some 20% 2s", "Pressure=some 20% 2s\nFor=6s", false },

                /* All conditions of the later one must follow. */
                { "Pressure=some 10% 2s", "Pressure=some 10% 2s\nUsage=1G", false },
                { "Pressure=some 10% 2s\nUsage=1G", "Pressure=some 10% 2s", true },
                { "Pressure=some 10% 2s\nUsage=1G\nAvailable=1%", "Usage=1G\nAvailable=2%", true },
                { "Pressure=some 10% 2s\nPressure=full 5% 1s", "Pressure=full 5% 1s", true },
                { "Pressure=some 10% 2s\nPressure=some 20% 2s", "Pressure=some 15% 2s", true },

                /* The other kinds: each with what follows, and with what does not. */
                { "IOPressure=some 20% 2s", "IOPressure=some 10% 2s", true },
                { "HostPressure=full 20% 2s", "HostPressure=some 20% 2s", true },
                { "CPUPressure=some 20% 2s", "CPUPressure=some 30% 2s", false },
                { "HostPressure=some 20% 2s", "Pressure=some 10% 2s", false },
                { "Stall=20% 2s", "Stall=10% 2s", true },
                { "Stall=20% 2s", "Stall=30% 2s", false },
                { "Pressure=some 20% 2s", "Stall=20% 2s", true }, /* it is never less */
                { "Pressure=full 20% 2s", "Stall=10% 2s", true },
                { "Pressure=some 20% 2s", "Stall=30% 2s", false },
                { "HostPressure=some 20% 2s", "Stall=10% 2s", false },
                { "Stall=20% 2s", "Pressure=some 10% 2s", false },
                { "HostAvailable=5%", "HostAvailable=10%", true },
                { "HostAvailable=10%", "HostAvailable=5%", false },
                { "HostAvailable=1G", "Available=2G", true }, /* room is never more than what the host has */
                { "HostAvailable=2G", "Available=1G", false },
                { "HostAvailable=5%", "Available=10%", false },
                { "Available=1G", "HostAvailable=2G", false },
                { "SwapFree=10%", "SwapFree=20%", true },
                { "SwapFree=20%", "SwapFree=10%", false },
                { "Growth=20M 5s", "Growth=10M 5s", true },
                { "Growth=20M 5s", "Growth=30M 5s", false },
                { "Growth=20M 5s\nUsage=1", "Growth=20M 5s", true },
                { "Exhaustion=5s", "Exhaustion=5s", true },
                { "Efficiency=5%\nUsage=1", "Efficiency=5%", true },
                { "DyingDescendants=5", "DyingDescendants=5", true },
                { "Growth=20M 5s", "Growth=1M 10s", false }, /* it may have shrunk before */
                { "Exhaustion=5s", "Exhaustion=10s", true },
                { "Exhaustion=10s", "Exhaustion=5s", false },
                { "Refaults=2000 5s", "Refaults=1000 5s", true },
                { "Refaults=2000 5s", "Refaults=1000 10s", true },
                { "Refaults=2000 5s", "Refaults=1001 10s", false },
                { "Refaults=2000 10s", "Refaults=1 5s", false },
                { "Reclaim=2000 5s", "Reclaim=2000 5s", true },
                { "Reclaim=2000 5s", "Refaults=1 5s", false },
                { "Efficiency=5%\nUsage=1", "Efficiency=10%", true },
                { "Efficiency=10%\nUsage=1", "Efficiency=5%", false },
                { "Event=max 10 5s", "Event=max 5 5s", true },
                { "Event=max 10 5s", "Event=max 10 6s", true },
                { "Event=max 10 5s", "Event=max 10 4s", false },
                { "Event=max 10 5s", "Event=max 11 5s", false },
                { "Event=max 10 5s", "Event=high 1 5s", false },
                { "Cause=io", "Cause=io swap", true },
                { "Cause=io swap", "Cause=io", false },
                { "Present=a.service", "Present=a.service b.service", true },
                { "Present=a-1.service a-2.service", "Present=a-*.service", true },
                { "Present=a.service b.service", "Present=a.service", false },
                { "Absent=a.service b.service", "Absent=a.service", true },
                { "Absent=a-*.service", "Absent=a-1.service", true },
                { "Absent=a.service", "Absent=a.service b.service", false },
                { "Absent=a.service", "Present=a.service", false },
                { "DyingDescendants=10", "DyingDescendants=5", true },
                { "DyingDescendants=5", "DyingDescendants=10", false },

                /* While a step that only records cools down, the one before it gets its turn. */
                { "Usage=2G", "Usage=1G\nAction=log", false },
                { "Usage=2G", "Usage=1G\nAction=log\nCooldown=0", true },
                { "Usage=2G", "Usage=1G\nDryRun=yes", false },
                { "Usage=2G", "Usage=1G\nDryRun=yes\nCooldown=0", true },
                { "Usage=2G\nAction=log", "Usage=1G", true },
                { "Usage=2G\nDryRun=yes", "Usage=1G\nCooldown=1h", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check(state, rows[i].earlier, rows[i].later, rows[i].shadows);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_shadows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
