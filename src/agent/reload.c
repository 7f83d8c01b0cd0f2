/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Configuration in and out. A reload with any error keeps the old set; a good one first undoes everything that is
 * held, then takes the new set up from nothing, as a start would. */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>

#include <systemd/sd-daemon.h>

#include "agent/agent-private.h"
#include "agent/alarm.h"
#include "base/clock.h"

/* Appends a line; what does not fit is left out whole. */
static void append_line(char *buf, size_t size, const char *line) {
        size_t used = strlen(buf);

        if (used + 1 + strlen(line) < size)
                (void) snprintf(buf + used, size - used, "%s%s", used > 0 ? "\n" : "", line);
}

int agent_load(Agent *a, Config *ret) {
        ConfigErrors errors = { 0 };
        int r;

        r = config_load("", ret, &errors);
        a->left_out[0] = '\0';
        for (size_t i = 0; i < errors.n_items; i++) {
                const ConfigError *e = errors.items + i;

                if (e->warning)
                        continue;
                journal_config(a->journal, e->file, e->line, e->text);
                if (i == 0 || strcmp(e->file, e[-1].file) != 0)
                        append_line(a->left_out, sizeof(a->left_out), e->file);
        }
        a->n_config_errors = config_errors_count(&errors);
        config_errors_done(&errors);
        return r;
}

/* The recorder's comments name the files. */
static void record_start(Agent *a, Id128 seed) {
        TraceStart start = { .reload = a->recorded, .seed = seed, .dry_run = a->config.settings.dry_run,
                             .version = PROJECT_VERSION };
        char comments[2048] = "", line[512];
        struct utsname uts;

        (void) uname(&uts);
        (void) snprintf(start.kernel, sizeof(start.kernel), "%.64s", uts.release);
        (void) snprintf(start.systemd, sizeof(start.systemd), "%.64s", effector_version(a->effector));
        for (size_t i = 0; a->config.files && a->config.files[i]; i++) {
                (void) snprintf(line, sizeof(line), "# %s", a->config.files[i]);
                append_line(comments, sizeof(comments), line);
        }
        recorder_start(a->recorder, &start, comments, clock_usec());
        a->recorded = true;
}

int agent_build_core(Agent *a) {
        Id128 seed;
        int r;

        if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
                return -errno;
        a->held_generation = 0; /* this one counts anew */
        r = core_new(&a->core, &a->config.settings, &a->config.policies, seed);
        if (r >= 0)
                record_start(a, seed);
        return r;
}

void agent_describe(Agent *a, JournalFacts *ret) {
        Description *d = &a->description;
        struct utsname uts;

        d->files[0] = '\0';
        for (size_t i = 0; a->config.files && a->config.files[i]; i++)
                append_line(d->files, sizeof(d->files), a->config.files[i]);

        (void) uname(&uts);
        (void) snprintf(d->kernel, sizeof(d->kernel), "%.64s", uts.release);
        d->missing[0] = '\0';
        if (a->culprits.memstall)
                (void) snprintf(d->culprits, sizeof(d->culprits), "%s", memstall_rung(a->culprits.memstall));
        else {
                (void) snprintf(d->culprits, sizeof(d->culprits), "none: %s", a->culprits.why);
                append_line(d->missing, sizeof(d->missing), "BPF: records name no culprits, Rank=culprit is skipped");
                if (culprits_count_waits(a))
                        append_line(d->missing, sizeof(d->missing), "waits without BPF: Stall= is memory pressure alone");
        }
        if (!a->warnings.alarm)
                append_line(d->missing, sizeof(d->missing), "early warning: the host's memory is looked at by timer");

        rivals_describe(a, d->rivals, sizeof(d->rivals));

        *ret = (JournalFacts){
                .version = PROJECT_VERSION,
                .n_policies = a->config.policies.n_policies,
                .n_errors = a->n_config_errors,
                .files = d->files,
                .left_out = a->left_out[0] ? a->left_out : NULL,
                .culprits = d->culprits,
                .kernel = d->kernel,
                .systemd = effector_version(a->effector),
                .rivals = d->rivals[0] ? d->rivals : NULL,
                .missing = d->missing[0] ? d->missing : NULL,
        };
}

/* Nothing is held any more: the new set takes the old one's place. */
static void swap(Agent *a) {
        JournalFacts facts;
        int r;

        sensors_stop(a);
        warnings_stop(a);
        a->core = core_free(a->core);
        culprits_stop(a);
        config_done(&a->config);
        a->config = TAKE(a->next, (Config){ 0 });
        a->phase = PHASE_RUNNING;

        culprits_start(a);
        r = agent_build_core(a);
        if (r >= 0)
                r = warnings_start(a);
        if (r >= 0) {
                wall_clock_tell(a);
                r = sensors_start(a);
        }
        if (r < 0) {
                journal_notice(a->journal, 2, "Cannot start with the new configuration, ending: systemd restarts me.");
                (void) sd_event_exit(a->event, r);
                return;
        }

        agent_describe(a, &facts);
        journal_reload(a->journal, &facts);
        (void) sd_notify(0, "READY=1");
        agent_tell_status(a);
        if (TAKE(a->reload_again, false))
                agent_reload(a);
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

        config_done(&a->next);
        agent_describe(a, &facts);
        facts.reason = "there are errors in the files; the policies stay as they were";
        journal_reload(a->journal, &facts);
        (void) sd_notify(0, "READY=1");
}

void agent_reload(Agent *a) {
        int r;

        if (a->phase != PHASE_RUNNING) {
                a->reload_again = a->phase == PHASE_RELOADING; /* what was read by then may be old */
                return;
        }
        (void) sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_usec());

        a->next = (Config)CONFIG_DEFAULT;
        r = agent_load(a, &a->next);
        if (r < 0 || a->n_config_errors > 0) {
                keep_old(a);
                return;
        }
        a->phase = PHASE_RELOADING;
        agent_feed(a, &(Event){ .kind = EVENT_RELEASE, .release = RELEASE_RELOAD });
}
