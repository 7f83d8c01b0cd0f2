/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which effector carries a decision out: PID 1, the cgroup files, or nobody in a dry run. */

#include <errno.h>

#include "agent/agent-private.h"

typedef enum Effector {
        EFFECTOR_NONE,
        EFFECTOR_SYSTEMD,
        EFFECTOR_CGROUP,
} Effector;

/* What systemd has no method for, and what it does not know, goes through the cgroup files. */
static Effector effector_for(const Decision *d) {
        if (d->action == ACTION_LOG)
                return EFFECTOR_NONE;
        if (action_is_job(d->action))
                return EFFECTOR_SYSTEMD;
        if (d->victim.delegated || d->action == ACTION_RECLAIM)
                return EFFECTOR_CGROUP;
        return d->action == ACTION_KILL && d->grain == GRAIN_PROCESS ? EFFECTOR_CGROUP : EFFECTOR_SYSTEMD;
}

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
        switch (effector_for(d)) {
        case EFFECTOR_NONE:
                break;
        case EFFECTOR_SYSTEMD:
                systemd_act(a->systemd, d);
                break;
        case EFFECTOR_CGROUP:
                cgroup_act(a->cgroup, d);
                break;
        }
}

void effectors_undo(Agent *a, const Undo *u) {
        if (u->victim.delegated)
                cgroup_undo(a->cgroup, u);
        else
                systemd_undo(a->systemd, u);
}

int effectors_start(Agent *a) {
        int r;

        r = worker_new(&a->worker, a->event);
        if (r < 0)
                return r;
        r = systemd_new(&a->systemd, a->event, agent_on_outcome, a);
        if (r < 0)
                return r;
        r = cgroup_new(&a->cgroup, a->event, a->worker, NULL, agent_on_outcome, a);
        if (r < 0)
                return r;
        return dry_run_new(&a->dry_run, a->event, agent_on_outcome, a);
}

void effectors_stop(Agent *a) {
        a->dry_run = dry_run_free(a->dry_run);
        a->cgroup = cgroup_free(a->cgroup);
        a->systemd = systemd_free(a->systemd);
        a->worker = worker_free(a->worker);
}
