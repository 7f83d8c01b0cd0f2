/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is printed is read again as what it was: for a policy with every key, and for the policies whose files are the
 * arguments (all that the tree has). */

#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "config/load.h"
#include "config/policy-draft.h"
#include "config/print.h"
#include "config/settings-file.h"

static char *const *files;
static int n_files;

static char *print(const Policy *policy, const Settings *settings) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        if (policy)
                config_print_policy(f, policy);
        else
                config_print_settings(f, settings);
        assert_int_equal(fclose(f), 0);
        return text;
}

static const char all_keys[] = "[Policy]\n"
                               "Description=for the length of a backup\n"
                               "Enabled=no\n"
                               "MaxActions=5 1h 30min\n"
                               "Expires=9999-12-31 18:00:00 UTC\n"
                               "\n"
                               "[Match]\n"
                               "Unit=a.service b-*.scope\n"
                               "Slice=batch.slice\n"
                               "CGroup=/system.slice/docker.service/*\n"
                               "System=yes\n"
                               "Except=b-1.scope /system.slice/docker.service/x\n"
                               "\n"
                               "[Victim]\n"
                               "From=c-*.service d.slice /e/f\n"
                               "Rank=reclaim pressure swap growth usage culprit\n"
                               "Never=c-1.service\n"
                               "Avoid=c-2.service\n"
                               "Prefer=c-3.service\n"
                               "Grain=process\n"
                               "\n"
                               "[Step]\n"
                               "Name=shield\n"
                               "HostPressure=some 1.5% 1s 500ms\n"
                               "Cause=host-short swap\n"
                               "Present=a.service\n"
                               "Absent=z.service\n"
                               "For=1s\n"
                               "Action=protect\n"
                               "Shield=db.service\n"
                               "MemoryLow=512M\n"
                               "Until=full 1% 3s\n"
                               "MaxHold=10min\n"
                               "Settle=0\n"
                               "Cooldown=infinity\n"
                               "DryRun=no\n"
                               "\n"
                               "[Step]\n"
                               "Name=2\n"
                               "Pressure=some 20% 2s\n"
                               "IOPressure=full 5% 2s\n"
                               "CPUPressure=some 5% 2s\n"
                               "Stall=30% 2s\n"
                               "For=0\n"
                               "Action=throttle\n"
                               "MemoryHigh=1536M\n"
                               "CPUQuota=250%\n"
                               "CPUWeight=idle\n"
                               "IOWeight=10\n"
                               "Until=some 5% 10s\n"
                               "MaxHold=infinity\n"
                               "Start=tell@%n-%i.service\n"
                               "StartTimeout=1s\n"
                               "Settle=2s\n"
                               "Cooldown=15s\n"
                               "DryRun=yes\n"
                               "\n"
                               "[Step]\n"
                               "Name=squeeze\n"
                               "Available=10%\n"
                               "HostAvailable=1G\n"
                               "SwapFree=20%\n"
                               "Usage=1025\n"
                               "Growth=20M 5s\n"
                               "Exhaustion=1min 30s\n"
                               "Refaults=2000 5s\n"
                               "Reclaim=3000 5s\n"
                               "For=0\n"
                               "Action=reclaim\n"
                               "Amount=10%\n"
                               "Settle=2s\n"
                               "Cooldown=15s\n"
                               "DryRun=no\n"
                               "\n"
                               "[Step]\n"
                               "Name=end\n"
                               "Usage=1K\n"
                               "Efficiency=5%\n"
                               "Event=max 10 5s\n"
                               "DyingDescendants=0\n"
                               "For=0\n"
                               "Action=kill\n"
                               "Signal=SIGTERM\n"
                               "KillAfter=3s\n"
                               "Settle=2s\n"
                               "Cooldown=15s\n"
                               "DryRun=no\n"
                               "\n"
                               "[Step]\n"
                               "Name=again\n"
                               "Usage=99%\n"
                               "For=0\n"
                               "Action=restart\n"
                               "StartTimeout=1min 30s\n"
                               "Settle=2s\n"
                               "Cooldown=15s\n"
                               "DryRun=no\n";

static void test_all_keys(void **state) {
        _cleanup_(policy_freep) Policy *p = policy_read_text(state, all_keys, "");
        _cleanup_(freep) char *text = print(p, NULL);

        assert_string_equal(text, all_keys);
}

/* Every key of the language stands in that text. */
static void test_no_key_left_out(void **state) {
        static const struct {
                const Key *keys;
                size_t n_keys;
        } sections[] = {
                { policy_policy_keys, _POLICY_KEY_MAX },
                { policy_match_keys, _MATCH_KEY_MAX },
                { policy_victim_keys, _VICTIM_KEY_MAX },
                { policy_step_keys, _STEP_KEY_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                for (size_t k = 0; k < sections[i].n_keys; k++) {
                        char line[40];

                        (void) snprintf(line, sizeof(line), "\n%s=", sections[i].keys[k].name);
                        if (!strstr(all_keys, line))
                                fail_msg("%s= is not tried", sections[i].keys[k].name);
                }
}

static void check_again(void **state, const Policy *p) {
        _cleanup_(freep) char *first = print(p, NULL), *second = NULL;
        _cleanup_(policy_freep) Policy *q = policy_read_text(state, first, "");

        second = print(q, NULL);
        assert_string_equal(first, second);
}

/* Defaults become words, and the words are the defaults. */
static void test_defaults(void **state) {
        static const char *const steps[] = {
                "Pressure=full 10% 2s\nAction=throttle\n",
                "Pressure=full 10% 2s\nAction=throttle\nCPUWeight=5\n",
                "Usage=1G\nAction=freeze\n",
                "Pressure=some 0.04% 10s\nPressure=some 50% 2s\nAction=protect\nUntil=some 3% 5s\n",
                "IOPressure=some 10% 2s\nAction=freeze\n",
                "Usage=1G\nAction=log\n",
                "Usage=1G\nAction=kill\n",
                "Usage=1G\nAction=start\nStart=a.service\n",
                "Usage=1G\nEvent=oom\nAction=stop\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                _cleanup_(policy_freep) Policy *p = NULL;
                char text[256];

                (void) snprintf(text, sizeof(text), "[Match]\nUnit=a.service\n[Step]\n%s", steps[i]);
                p = policy_read_text(state, text, "");
                check_again(state, p);
        }
}

/* The least share has no quarter that could be written. */
static void test_least(void **state) {
        static const char warning[] = "4: warning: Pressure=: 0.01% of 2s are 200us, which any wait reaches: write at "
                                      "least some 0.2% 2s\n";
        _cleanup_(policy_freep) Policy *p = policy_read_text(
                state, "[Match]\nUnit=a.service\n[Step]\nPressure=some 0.01% 2s\nAction=freeze\n", warning);
        _cleanup_(freep) char *text = print(p, NULL);

        assert_int_equal(p->steps->until.share, 1);
        assert_null(strstr(text, "Until="));
}

static void test_files(void **state) {
        for (int i = 0; i < n_files; i++) {
                _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
                _cleanup_(config_done) Config config = CONFIG_DEFAULT;

                assert_int_equal(config_load_file(files[i], &config, &errors), 0);
                assert_int_equal(config_errors_count(&errors), 0);
                if (config.policies.n_policies > 0 && errors.n_items == 0)
                        check_again(state, config.policies.policies[0]);
        }
}

static void test_settings(void **state) {
        static const char text[] = "[Daemon]\nDryRun=yes\nCulprits=no\nCulpritStacks=no\nMaxActions=5 1h\nManagedOOM=no\n"
                                   "LeaveToOomd=no\nProtect=a.service b-*.scope\n\n"
                                   "# oomd.conf(5), for units that say ManagedOOM...=kill and no more\n"
                                   "#SwapUsedLimit=90%\n#DefaultMemoryPressureLimit=60%\n"
                                   "#DefaultMemoryPressureDurationSec=30s\n";
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(settings_done) Settings settings = SETTINGS_DEFAULT;
        _cleanup_(freep) char *printed = NULL;

        assert_int_equal(settings_read_file(folder_write(state, "memstalld.conf", text, strlen(text)), &settings, &errors), 0);
        printed = print(NULL, &settings);
        assert_string_equal(printed, text);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                folder_test(test_all_keys), cmocka_unit_test(test_no_key_left_out), folder_test(test_defaults),
                folder_test(test_least),    folder_test(test_files),                folder_test(test_settings),
        };

        files = argv + 1;
        n_files = argc - 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
