/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who carries a decision out: the effector (PID 1, the cgroup files), or nobody in a dry run. */

#include <errno.h>

#include "agent/agent-private.h"

void effectors_act(Agent *a, const Decision *d) {
        if (d->dry_run) {
                dry_run_act(a->dry_run, d);
                return;
        }
        /* A throttle or protect is refused by its effector, which knows what was there before. */
        if (d->action == ACTION_FREEZE && !held_is_noted(a, d)) {
                agent_on_outcome(a, &(Outcome){ .id = d->id, .kind = OUTCOME_REFUSED, .via = VIA_NONE, .error = -ENOSPC,
                                                .error_text = "it has no place on the list of what is held" });
                return;
        }
        if (d->action != ACTION_LOG)
                effector_act(a->effector, d);
}

void effectors_undo(Agent *a, const Undo *u) {
        effector_undo(a->effector, u);
}

int effectors_start(Agent *a) {
        int r;

        r = worker_new(&a->worker, a->event);
        if (r < 0)
                return r;
        r = effector_new(&a->effector, a->event, a->worker, NULL, agent_on_outcome, a);
        if (r < 0)
                return r;
        return dry_run_new(&a->dry_run, a->event, agent_on_outcome, a);
}

void effectors_stop(Agent *a) {
        a->dry_run = dry_run_free(a->dry_run);
        a->effector = effector_free(a->effector);
        a->worker = worker_free(a->worker);
}
