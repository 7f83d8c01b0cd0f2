/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Configuration in and out. A reload with any error keeps the old set; a good one first undoes everything that is
 * held, then takes the new set up from nothing, as a start would. */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>

#include <systemd/sd-daemon.h>

#include "agent/agent-private.h"
#include "base/clock.h"

int agent_load(Agent *a, Config *ret, size_t *ret_n_errors) {
        ConfigErrors errors = { 0 };
        int r;

        r = config_load("", ret, &errors);
        for (size_t i = 0; i < errors.n_items; i++)
                journal_config(a->journal, errors.items[i].file, errors.items[i].line, errors.items[i].text);
        *ret_n_errors = errors.n_items;
        config_errors_done(&errors);
        return r;
}

int agent_build_core(Agent *a) {
        Id128 seed;

        if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
                return -errno;
        return core_new(&a->core, &a->config.settings, &a->config.policies, seed);
}

void agent_describe(const Agent *a, JournalFacts *ret, char *buf, size_t size) {
        static char kernel[80], culprits[160];
        struct utsname uts;
        size_t used = 0;

        buf[0] = '\0';
        for (size_t i = 0; a->config.files && a->config.files[i]; i++) {
                int n = snprintf(buf + used, size - used, "%s%s", i > 0 ? "\n" : "", a->config.files[i]);

                if (n < 0 || (size_t) n >= size - used) {
                        buf[used] = '\0';
                        break;
                }
                used += (size_t) n;
        }

        (void) uname(&uts);
        (void) snprintf(kernel, sizeof(kernel), "%.64s", uts.release);
        if (a->culprits.memstall)
                (void) snprintf(culprits, sizeof(culprits), "%s", memstall_rung(a->culprits.memstall));
        else
                (void) snprintf(culprits, sizeof(culprits), "none: %s", a->culprits.why);
        *ret = (JournalFacts){
                .version = PROJECT_VERSION,
                .n_policies = a->config.policies.n_policies,
                .n_errors = a->n_config_errors,
                .files = buf,
                .culprits = culprits,
                .kernel = kernel,
                .systemd = systemd_version(a->systemd),
        };
}

/* Nothing is held any more: the new set takes the old one's place. */
static void swap(Agent *a) {
        JournalFacts facts;
        char files[2048];
        int r;

        sensors_stop(a);
        a->core = core_free(a->core);
        culprits_stop(a);
        config_done(&a->config);
        a->config = TAKE(a->next, (Config){ 0 });
        a->phase = PHASE_RUNNING;

        culprits_start(a);
        r = agent_build_core(a);
        if (r >= 0)
                r = sensors_start(a);
        if (r < 0) {
                journal_notice(a->journal, 2, "Cannot start with the new configuration, ending: systemd restarts me.");
                (void) sd_event_exit(a->event, r);
                return;
        }

        agent_describe(a, &facts, files, sizeof(files));
        journal_reload(a->journal, &facts);
        (void) sd_notify(0, "READY=1");
        agent_tell_status(a);
}

/* In a turn of the loop of its own: the swap takes away what other turns stand on. */
static int on_settled(sd_event_source *source, void *userdata) {
        Agent *a = userdata;

        if (core_counts(a->core).n_open > 0)
                return 0;
        if (a->phase == PHASE_STOPPING)
                return sd_event_exit(a->event, 0);
        if (a->phase == PHASE_RELOADING)
                swap(a);
        return 0;
}

int agent_add_settled(Agent *a) {
        int r;

        r = sd_event_add_defer(a->event, &a->settled, on_settled, a);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(a->settled, SD_EVENT_OFF);
}

void agent_check_phase(Agent *a) {
        if (a->phase != PHASE_RUNNING && core_counts(a->core).n_open == 0)
                (void) sd_event_source_set_enabled(a->settled, SD_EVENT_ONESHOT);
}

static void keep_old(Agent *a) {
        JournalFacts facts;
        char files[2048];

        config_done(&a->next);
        agent_describe(a, &facts, files, sizeof(files));
        facts.n_errors = a->n_config_errors;
        facts.reason = "there are errors in the files; the policies stay as they were";
        journal_reload(a->journal, &facts);
        a->n_config_errors = 0;
        (void) sd_notify(0, "READY=1");
}

void agent_reload(Agent *a) {
        size_t n_errors = 0;
        int r;

        if (a->phase != PHASE_RUNNING)
                return;
        (void) sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_usec());

        a->next = (Config)CONFIG_DEFAULT;
        r = agent_load(a, &a->next, &n_errors);
        a->n_config_errors = n_errors;
        if (r < 0 || n_errors > 0) {
                keep_old(a);
                return;
        }
        a->phase = PHASE_RELOADING;
        agent_feed(a, &(Event){ .kind = EVENT_RELEASE, .release = RELEASE_RELOAD });
}
