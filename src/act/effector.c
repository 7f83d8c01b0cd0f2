/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What may have to go another way is an errand: an entry of a table, with all that the other way needs to know. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/cgroup-files.h"
#include "act/effector.h"

#define ERRANDS_MAX 256U
#define TOUCHED_MAX 256U

typedef enum Way {
        WAY_SYSTEMD,
        WAY_FILES,
        WAY_PIDS,
} Way;

typedef struct Errand {
        uint64_t id; /* 0: the entry is free */
        Way way;
        bool undo;
        bool is_told; /* an undo: systemd has done it */
        ActionKind action;
        int signal;
        bool thaw_first;
        Properties properties;
        CgroupName victim; /* its strings are these: */
        char unit[UNIT_NAME_MAX], path[CGROUP_PATH_MAX];
} Errand;

typedef struct Touched {
        uint64_t cgroup_id; /* 0: the entry is free */
        ActionKind action;
} Touched;

struct Effector {
        EffectorAnswer answer;
        void *userdata;
        Worker *worker;
        Systemd *systemd;
        Cgroup *cgroup;
        Errand errands[ERRANDS_MAX];
        Touched touched[TOUCHED_MAX];
};

/* ---- What is under way ----------------------------------------------------------------------- */

static Errand *errand_find(Effector *e, uint64_t id) {
        for (Errand *w = e->errands; w < e->errands + ERRANDS_MAX; w++)
                if (w->id == id)
                        return w;
        return NULL;
}

/* NULL without room, or for a cgroup whose path is not known as a whole: then there is one way alone. */
static Errand *errand_new(Effector *e, uint64_t id, ActionKind action, const CgroupName *victim) {
        Errand *w = id != 0 && victim->path && victim->path[0] ? errand_find(e, 0) : NULL;

        if (!w || strlen(victim->path) >= sizeof(w->path))
                return NULL;
        *w = (Errand){ .id = id, .action = action, .victim = *victim };
        strcpy(w->path, victim->path);
        (void) snprintf(w->unit, sizeof(w->unit), "%s", victim->unit ? victim->unit : "");
        w->victim.path = w->path;
        w->victim.unit = w->unit;
        return w;
}

static Decision decision_of(const Errand *w) {
        return (Decision){
                .id = w->id,
                .action = w->action,
                .victim = w->victim,
                .properties = w->properties,
                .signal = w->signal,
                .thaw_first = w->thaw_first,
        };
}

/* The last thing that is done to it (NULL: there is none): the answer may bring the next action. */
static void finish(Effector *e, Errand *w, const Outcome *outcome) {
        Outcome copy = *outcome;

        copy.unheard = false;
        if (w)
                w->id = 0;
        e->answer(e->userdata, &copy);
}

/* ---- What is held through the files, though it is systemd's ---------------------------------- */

static Touched *touched_find(Effector *e, uint64_t cgroup_id, ActionKind action) {
        for (Touched *t = e->touched; t < e->touched + TOUCHED_MAX; t++)
                if (t->cgroup_id == cgroup_id && (cgroup_id == 0 || t->action == action))
                        return t;
        return NULL;
}

static void touched_add(Effector *e, const Errand *w) {
        Touched *t = touched_find(e, w->victim.id, w->action) ?: touched_find(e, 0, 0);

        if (t)
                *t = (Touched){ w->victim.id, w->action };
}

/* Of what an earlier run held (its id is not known) nobody knows which way it went. */
static bool is_touched(Effector *e, const Errand *w) {
        return w->victim.id == 0 || touched_find(e, w->victim.id, w->action);
}

static void touched_remove(Effector *e, const Errand *w) {
        Touched *t = w->victim.id != 0 ? touched_find(e, w->victim.id, w->action) : NULL;

        if (t)
                t->cgroup_id = 0;
}

/* ---- One way after the other ----------------------------------------------------------------- */

static void go_by_files(Effector *e, Errand *w, const Properties *known) {
        w->way = WAY_FILES;
        if (w->undo)
                cgroup_undo(e->cgroup, &(Undo){ .id = w->id, .action = w->action, .victim = w->victim,
                                                .previous = w->properties });
        else {
                Decision d = decision_of(w);

                cgroup_act_instead(e->cgroup, &d, known);
        }
}

static void go_by_pids(Effector *e, Errand *w) {
        Decision d = decision_of(w);

        w->way = WAY_PIDS;
        cgroup_kill_by_pid(e->cgroup, &d);
}

static void on_systemd(void *userdata, const Outcome *outcome) {
        Effector *e = userdata;
        Errand *w = outcome->id != 0 ? errand_find(e, outcome->id) : NULL;

        if (w && outcome->unheard)
                go_by_files(e, w, &outcome->previous);
        else if (w && w->undo && outcome->kind == OUTCOME_DONE && !outcome->gone && is_touched(e, w)) {
                w->is_told = true;
                go_by_files(e, w, &outcome->previous);
        } else
                finish(e, w, outcome);
}

static void finish_act(Effector *e, Errand *w, const Outcome *outcome) {
        if (w->action != ACTION_KILL && !outcome->gone)
                touched_add(e, w);
        finish(e, w, outcome);
}

static void finish_undo(Effector *e, Errand *w, const Outcome *outcome) {
        Outcome o = *outcome;

        if (o.kind == OUTCOME_DONE && w->is_told) {
                touched_remove(e, w);
                o.via = VIA_SYSTEMD;
        } else if (o.kind == OUTCOME_DONE) {
                o.gone = false; /* a unit keeps its properties when its cgroup has gone */
                o.kind = OUTCOME_TIMEOUT;
                o.error = -EINPROGRESS;
                (void) snprintf(o.error_text, sizeof(o.error_text), "systemd does not answer");
        }
        finish(e, w, &o);
}

static void on_cgroup(void *userdata, const Outcome *outcome) {
        Effector *e = userdata;
        Errand *w = outcome->id != 0 ? errand_find(e, outcome->id) : NULL;

        if (!w)
                finish(e, NULL, outcome);
        else if (w->undo)
                finish_undo(e, w, outcome);
        else if (w->action == ACTION_KILL && w->way == WAY_FILES && outcome->kind == OUTCOME_TIMEOUT)
                go_by_pids(e, w);
        else
                finish_act(e, w, outcome);
}

/* ---- The first way --------------------------------------------------------------------------- */

static bool is_of_files(const Decision *d) {
        return d->victim.delegated || d->action == ACTION_RECLAIM || (d->action == ACTION_KILL && d->grain == GRAIN_PROCESS);
}

/* Whether there is another way than the first. */
static bool has_more(const Decision *d) {
        if (d->action == ACTION_KILL)
                return d->grain == GRAIN_UNIT;
        return (d->action == ACTION_THROTTLE || d->action == ACTION_FREEZE) && !d->victim.delegated;
}

static void act_otherwise(Effector *e, Errand *w, const Decision *d) {
        w->properties = d->properties;
        w->signal = d->signal;
        w->thaw_first = d->thaw_first;
        w->way = is_of_files(d) ? WAY_FILES : WAY_SYSTEMD;

        /* A thread that is stuck has met the mutex of cgroup.kill; another one would be next. */
        if (d->action == ACTION_KILL && worker_n_stuck(e->worker) > 0 && (is_of_files(d) || systemd_is_silent(e->systemd)))
                go_by_pids(e, w);
        else if (is_of_files(d))
                cgroup_act(e->cgroup, d);
        else if (systemd_is_silent(e->systemd))
                go_by_files(e, w, &(Properties){ 0 });
        else
                systemd_act(e->systemd, d);
}

void effector_act(Effector *e, const Decision *d) {
        Errand *w = has_more(d) ? errand_new(e, d->id, d->action, &d->victim) : NULL;

        if (w)
                act_otherwise(e, w, d);
        else if (is_of_files(d) && !action_is_job(d->action))
                cgroup_act(e->cgroup, d);
        else
                systemd_act(e->systemd, d);
}

void effector_undo(Effector *e, const Undo *u) {
        Errand *w;

        if (u->victim.delegated) {
                cgroup_undo(e->cgroup, u);
                return;
        }
        /* A protect has raised limits that are systemd's alone. */
        w = u->action == ACTION_PROTECT ? NULL : errand_new(e, u->id, u->action, &u->victim);
        if (!w) {
                systemd_undo(e->systemd, u);
                return;
        }
        w->undo = true;
        w->properties = u->previous;
        if (systemd_is_silent(e->systemd))
                go_by_files(e, w, &(Properties){ 0 });
        else
                systemd_undo(e->systemd, u);
}

void effector_start(Effector *e, uint64_t id, const char *unit, uint64_t timeout_usec) {
        systemd_start(e->systemd, id, unit, timeout_usec);
}

/* ---- Its life -------------------------------------------------------------------------------- */

int effector_new(Effector **ret, sd_event *event, Worker *worker, const EffectorPlaces *places, EffectorAnswer answer,
                 void *userdata) {
        static const EffectorPlaces usual = { 0 };
        _cleanup_(effector_freep) Effector *e = calloc(1, sizeof(*e));
        int r;

        if (!e)
                return -ENOMEM;
        places = places ?: &usual;
        e->answer = answer;
        e->userdata = userdata;
        e->worker = worker;
        if (places->n_peers > 0)
                r = systemd_new_with_peers(&e->systemd, event, places->peers, places->n_peers, on_systemd, e);
        else
                r = systemd_new(&e->systemd, event, on_systemd, e);
        if (r < 0)
                return r;
        r = cgroup_new_with_proc(&e->cgroup, event, worker, places->cgroup_root, places->proc_root, on_cgroup, e);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(e);
        return 0;
}

Effector *effector_free(Effector *e) {
        if (!e)
                return NULL;
        e->cgroup = cgroup_free(e->cgroup);
        e->systemd = systemd_free(e->systemd);
        free(e);
        return NULL;
}

void effector_keep_list(Effector *e, HeldList *list) {
        systemd_keep_list(e->systemd, list);
        cgroup_keep_list(e->cgroup, list);
}

const char *effector_version(const Effector *e) {
        return systemd_version(e->systemd);
}

bool effector_is_silent(const Effector *e) {
        return systemd_is_silent(e->systemd);
}
