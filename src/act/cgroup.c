/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The loop's side: an action becomes a job, what the job says becomes the answer. The deeds are in act/cgroup-run.c,
 * act/cgroup-limits.c, act/cgroup-protect.c and act/cgroup-kill.c. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "act/cgroup-action.h"
#include "act/cgroup.h"
#include "base/clock.h"

#define SIGNALLED_MAX 64U

/* Who got a milder signal than SIGKILL: after KillAfter= SIGKILL is for the same one. */
typedef struct Signalled {
        uint64_t cgroup_id;
        Process process;
} Signalled;

struct Cgroup {
        Worker *worker;
        int root_fd, proc_fd;
        CgroupAnswer answer;
        void *userdata;
        HeldList *held; /* or NULL */
        Signalled signalled[SIGNALLED_MAX]; /* a ring */
        size_t n_signalled;
};

static const Signalled *find_signalled(const Cgroup *c, uint64_t cgroup_id) {
        size_t n = MIN(c->n_signalled, (size_t) SIGNALLED_MAX);

        for (size_t i = 0; i < n; i++) {
                const Signalled *s = &c->signalled[(c->n_signalled - 1 - i) % SIGNALLED_MAX];

                if (s->cgroup_id == cgroup_id)
                        return s;
        }
        return NULL;
}

static void on_done(void *userdata, int error, const void *answer) {
        const CgroupReply *reply_ = answer;
        Outcome outcome = reply_->outcome;
        Cgroup *c = userdata;

        if (error < 0) {
                outcome.kind = OUTCOME_TIMEOUT;
                outcome.error = error;
                (void) snprintf(outcome.error_text, sizeof(outcome.error_text),
                                "the kernel did not let go of it in time");
        } else if (reply_->signalled && outcome.kind == OUTCOME_DONE)
                c->signalled[c->n_signalled++ % SIGNALLED_MAX] = (Signalled){ reply_->cgroup_id, reply_->process };
        c->answer(c->userdata, &outcome);
}

static void fail(Cgroup *c, uint64_t id, int error, const char *words) {
        Outcome o = { .id = id, .kind = OUTCOME_FAILED, .via = VIA_CGROUP, .error = error };

        (void) snprintf(o.error_text, sizeof(o.error_text), "%s", words);
        c->answer(c->userdata, &o);
}

/* There is another way to kill, so nobody waits long for the first. */
static uint64_t deadline_of(const CgroupJob *j) {
        if (j->action == ACTION_RECLAIM)
                return CGROUP_RECLAIM_DEADLINE_USEC;
        return j->action == ACTION_KILL && j->grain == GRAIN_UNIT && !j->by_pid ? CGROUP_KILL_DEADLINE_USEC
                                                                                : CGROUP_DEADLINE_USEC;
}

static void submit(Cgroup *c, uint64_t id, const CgroupName *victim, CgroupJob *job) {
        CgroupReply answer = { .outcome = { .id = id, .via = VIA_CGROUP }, .cgroup_id = victim->id };
        uint64_t deadline_usec = deadline_of(job);
        int r;

        job->root_fd = c->root_fd;
        job->proc_fd = c->proc_fd;
        job->held = c->held;
        job->id = id;
        job->cgroup_id = victim->id;
        job->delegated = victim->delegated;
        job->until_usec = usec_add(clock_usec(), deadline_usec);
        if (!victim->path || (size_t) snprintf(job->path, sizeof(job->path), "%s", victim->path) >= sizeof(job->path))
                job->path[0] = '\0'; /* refused there, from the loop */
        r = worker_submit(c->worker, &(WorkerJob){ .run = cgroup_run, .done = on_done, .userdata = c,
                                                   .deadline_usec = deadline_usec,
                                                   .patient = job->action == ACTION_RECLAIM,
                                                   .argument = job, .argument_size = sizeof(*job),
                                                   .answer = &answer, .answer_size = sizeof(answer) });
        if (r < 0)
                fail(c, id, r, "too many actions are under way");
}

static CgroupJob job_of(const Decision *d) {
        return (CgroupJob){
                .action = d->action,
                .signal = d->signal,
                .grain = d->grain,
                .thaw_first = d->thaw_first,
                .escalation = d->escalation,
                .properties = d->properties,
                .reclaim_bytes = d->reclaim_bytes,
        };
}

void cgroup_act(Cgroup *c, const Decision *d) {
        const Signalled *s = d->escalation ? find_signalled(c, d->victim.id) : NULL;
        CgroupJob job = job_of(d);

        if (s) {
                job.knows_earlier = true;
                job.earlier = s->process;
        }
        submit(c, d->id, &d->victim, &job);
}

void cgroup_act_instead(Cgroup *c, const Decision *d, const Properties *known) {
        CgroupJob job = job_of(d);

        job.instead = true;
        job.known = *known;
        submit(c, d->id, &d->victim, &job);
}

void cgroup_kill_by_pid(Cgroup *c, const Decision *d) {
        CgroupJob job = job_of(d);

        job.instead = job.by_pid = true;
        submit(c, d->id, &d->victim, &job);
}

void cgroup_undo(Cgroup *c, const Undo *u) {
        CgroupJob job = { .undo = true, .action = u->action, .properties = u->previous };

        submit(c, u->id, &u->victim, &job);
}

static int open_root(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int cgroup_new_with_proc(Cgroup **ret, sd_event *event, Worker *worker, const char *cgroup_root, const char *proc_root,
                         CgroupAnswer answer, void *userdata) {
        _cleanup_(cgroup_freep) Cgroup *c = NULL;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->root_fd = c->proc_fd = -EBADF;
        c->worker = worker;
        c->answer = answer;
        c->userdata = userdata;
        c->root_fd = open_root(cgroup_root ? cgroup_root : "/sys/fs/cgroup");
        if (c->root_fd < 0)
                return c->root_fd;
        c->proc_fd = open_root(proc_root ? proc_root : "/proc");
        if (c->proc_fd < 0)
                return c->proc_fd;

        *ret = TAKE_PTR(c);
        return 0;
}

int cgroup_new(Cgroup **ret, sd_event *event, Worker *worker, const char *cgroup_root, CgroupAnswer answer,
               void *userdata) {
        return cgroup_new_with_proc(ret, event, worker, cgroup_root, NULL, answer, userdata);
}

void cgroup_keep_list(Cgroup *c, HeldList *list) {
        c->held = list;
}

Cgroup *cgroup_free(Cgroup *c) {
        if (!c)
                return NULL;
        worker_forget(c->worker, c);
        c->proc_fd = fd_close(c->proc_fd);
        c->root_fd = fd_close(c->root_fd);
        free(c);
        return NULL;
}
