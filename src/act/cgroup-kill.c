/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a cgroup's processes: of all of them, or of the largest. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "act/cgroup-action.h"
#include "act/oom-mark.h"
#include "base/format.h"

#define PASSES 3U /* a process may fork between the list and the signal; with cgroup.kill it cannot */

/* ---- All of them ----------------------------------------------------------------------------- */

typedef struct Signaller {
        const CgroupJob *job;
        size_t n, n_sent;
        int error; /* the last but ESRCH */
} Signaller;

static int count_one(void *userdata, pid_t pid) {
        ++*(size_t *) userdata;
        return 0;
}

static int signal_one(void *userdata, pid_t pid) {
        Signaller *s = userdata;
        int r;

        s->n++;
        r = process_signal(s->job->proc_fd, pid, 0, s->job->path, s->job->signal);
        if (r >= 0)
                s->n_sent++;
        else if (r != -ESRCH)
                s->error = r;
        return 0;
}

static int signal_each(const CgroupJob *j, int dir_fd) {
        int r;

        for (unsigned pass = 0; pass < PASSES; pass++) {
                Signaller s = { .job = j };

                r = cgroup_each_process(dir_fd, j->proc_fd, signal_one, &s);
                if (r < 0)
                        return r;
                if (s.n_sent == 0 && s.error < 0)
                        return s.error;
                if (s.n == 0 || j->signal != SIGKILL)
                        return 0;
        }
        return 0;
}

/* A write that is interrupted has met its deadline. Threaded cgroups have no cgroup.kill (EOPNOTSUPP), and none has before Linux 5.14. */
static int signal_all(const CgroupJob *j, int dir_fd) {
        int r;

        if (j->by_pid)
                return pids_signal(j, dir_fd);
        if (j->signal == SIGKILL) {
                r = cgroup_write_text(dir_fd, "cgroup.kill", "1", 0);
                if (r == -EINTR)
                        return pids_signal(j, dir_fd);
                if (r != -EOPNOTSUPP && !(r == -ENOENT && cgroup_is_there(dir_fd)))
                        return r;
        }
        return signal_each(j, dir_fd);
}

static void kill_unit(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        bool marks = j->signal == SIGKILL && !j->by_pid; /* what is by pid comes behind one that has marked it */
        size_t n = 0;
        int error;

        error = cgroup_each_process(dir_fd, j->proc_fd, count_one, &n);
        if (error >= 0 && n == 0) {
                reply(r, OUTCOME_DONE, 0, "%s", "");
                return;
        }
        if (marks)
                (void) oom_mark_before(j->path);
        error = signal_all(j, dir_fd);
        if (error < 0) {
                if (marks)
                        (void) oom_mark_take_back(j->path, 0);
                reply_error(r, dir_fd, "cgroup.kill", error);
                return;
        }
        if (j->signal == SIGKILL)
                (void) oom_mark_after(j->path, n);
        reply(r, OUTCOME_DONE, 0, "%s", "");
}

/* ---- The largest ----------------------------------------------------------------------------- */

typedef struct Chooser {
        int proc_fd;
        ProcessChoice choice;
} Chooser;

static int choose_one(void *userdata, pid_t pid) {
        Chooser *c = userdata;

        process_choose_add(&c->choice, c->proc_fd, pid);
        return 0;
}

static bool is_group(int root_fd, const char *path) {
        _cleanup_(fd_closep) int fd = cgroup_open(root_fd, path, 0);
        uint64_t group = 0;

        return fd >= 0 && cgroup_read_uint(fd, "memory.oom.group", &group) >= 0 && group == 1;
}

/* Processes of a cgroup with memory.oom.group=1 end together or not at all: the topmost such cgroup from the victim down
 * to the process's own. Its path takes the place of `j->path`. */
static bool find_group(CgroupJob *j, const Process *p) {
        char path[CGROUP_PATH_MAX];
        size_t length = strlen(j->path);

        if (process_cgroup(j->proc_fd, p->pid, path, sizeof(path)) < 0 || !path_is_within(path, j->path))
                return false;
        for (;;) {
                char rest = path[length];

                path[length] = '\0';
                if (is_group(j->root_fd, path)) {
                        memcpy(j->path, path, length + 1);
                        return true;
                }
                path[length] = rest;
                if (!rest)
                        return false;
                length++;
                length += strcspn(path + length, "/");
        }
}

static void reply_process(CgroupReply *r, const CgroupJob *j, const Process *p) {
        const char *name = sigabbrev_np(j->signal);

        if (j->signal == SIGKILL)
                reply(r, OUTCOME_DONE, 0, "killed %s[%d], %s", p->comm, (int) p->pid, FORMAT_SIZE(p->bytes));
        else
                reply(r, OUTCOME_DONE, 0, "sent SIG%s to %s[%d], %s", name ? name : "?", p->comm, (int) p->pid,
                      FORMAT_SIZE(p->bytes));
}

static void kill_group(const CgroupJob *group, CgroupReply *r, const Process *p) {
        _cleanup_(fd_closep) int fd = cgroup_open(group->root_fd, group->path, 0);
        size_t n = 0;
        int error;

        error = fd < 0 ? fd : cgroup_each_process(fd, group->proc_fd, count_one, &n);
        if (error >= 0)
                error = signal_all(group, fd);
        if (error < 0)
                reply(r, OUTCOME_FAILED, error, "the cgroup of %s[%d]: %s", p->comm, (int) p->pid,
                      strerrorname_np(-error));
        else
                reply(r, OUTCOME_DONE, 0,
                      "%s all %zu processes of the cgroup of %s[%d], %s, as its memory.oom.group says",
                      group->signal == SIGKILL ? "killed" : "signalled", n, p->comm, (int) p->pid, FORMAT_SIZE(p->bytes));
}

/* What a milder signal was sent to, and nothing else. */
static void kill_earlier(const CgroupJob *j, CgroupReply *r) {
        const Process *p = &j->earlier;
        int error;

        if (!j->knows_earlier) {
                reply(r, OUTCOME_REFUSED, -ESRCH, "it is not known any more which process got the first signal");
                return;
        }
        error = process_signal(j->proc_fd, p->pid, p->start_time, j->path, j->signal);
        if (error == -ESRCH)
                reply(r, OUTCOME_DONE, 0, "%s[%d] has ended", p->comm, (int) p->pid);
        else if (error < 0)
                reply(r, OUTCOME_FAILED, error, "%s[%d]: %s", p->comm, (int) p->pid, strerrorname_np(-error));
        else
                reply_process(r, j, p);
}

static void kill_largest(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        Chooser c = { .proc_fd = j->proc_fd };
        int error;

        error = cgroup_each_process(dir_fd, j->proc_fd, choose_one, &c);
        if (error < 0) {
                reply_error(r, dir_fd, "cgroup.procs", error);
                return;
        }
        for (Process *p = c.choice.largest; p < c.choice.largest + PROCESS_CHOICES && p->pid != 0; p++) {
                CgroupJob group = *j;

                process_read_comm(j->proc_fd, p->pid, p->comm, sizeof(p->comm));
                r->signalled = j->signal != SIGKILL;
                if (find_group(&group, p)) {
                        kill_group(&group, r, p);
                        return;
                }
                r->process = *p;
                error = process_signal(j->proc_fd, p->pid, p->start_time, j->path, j->signal);
                if (error >= 0) {
                        reply_process(r, j, p);
                        return;
                }
                if (error != -ESRCH) {
                        reply(r, OUTCOME_FAILED, error, "%s[%d]: %s", p->comm, (int) p->pid, strerrorname_np(-error));
                        return;
                }
        }
        r->signalled = false;
        if (error == -ESRCH)
                reply(r, OUTCOME_FAILED, error, "its largest processes ended by themselves meanwhile");
        else if (c.choice.n_looked_at > 0)
                reply(r, OUTCOME_REFUSED, -EPERM, "none of its processes may be touched (OOMScoreAdjust=-1000)");
        else
                reply(r, OUTCOME_DONE, 0, "%s", "");
}

void run_kill(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        if (j->thaw_first && !j->by_pid)
                (void) cgroup_write_text(dir_fd, "cgroup.freeze", "0", 0);
        if (j->grain == GRAIN_UNIT)
                kill_unit(j, dir_fd, r);
        else if (j->escalation && (!j->knows_earlier || j->earlier.pid != 0))
                kill_earlier(j, r);
        else
                kill_largest(j, dir_fd, r);
}
