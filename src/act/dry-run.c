/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>

#include "act/dry-run.h"

struct DryRun {
        sd_event *event;
        sd_event_source *deferred; /* on while an answer is due */
        SystemdAnswer answer;
        void *userdata;
        uint64_t due[SYSTEMD_ACTIONS_MAX]; /* ids, a ring */
        size_t first, n_due;
};

static void answer(DryRun *d, uint64_t id) {
        d->answer(d->userdata, &(Outcome){ .id = id, .kind = OUTCOME_DRY_RUN });
}

static int on_deferred(sd_event_source *source, void *userdata) {
        DryRun *d = userdata;

        while (d->n_due > 0) {
                uint64_t id = d->due[d->first];

                d->first = (d->first + 1) % SYSTEMD_ACTIONS_MAX;
                d->n_due--;
                answer(d, id);
        }
        return 0;
}

static void answer_later(DryRun *d, uint64_t id) {
        if (d->n_due == SYSTEMD_ACTIONS_MAX) {
                answer(d, id);
                return;
        }
        d->due[(d->first + d->n_due++) % SYSTEMD_ACTIONS_MAX] = id;
        (void) sd_event_source_set_enabled(d->deferred, SD_EVENT_ONESHOT);
}

int dry_run_new(DryRun **ret, sd_event *event, SystemdAnswer answer_func, void *userdata) {
        _cleanup_(dry_run_freep) DryRun *d = NULL;
        int r;

        d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;
        d->event = sd_event_ref(event);
        d->answer = answer_func;
        d->userdata = userdata;
        r = sd_event_add_defer(event, &d->deferred, on_deferred, d);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(d->deferred, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(d);
        return 0;
}

DryRun *dry_run_free(DryRun *d) {
        if (!d)
                return NULL;
        sd_event_source_disable_unref(d->deferred);
        sd_event_unref(d->event);
        free(d);
        return NULL;
}

void dry_run_act(DryRun *d, const Decision *decision) {
        answer_later(d, decision->id);
}
