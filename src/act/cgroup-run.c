/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One job of the effector, in a thread that may wait: find the cgroup, do the deed, say what came of it. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/cgroup-action.h"
#include "act/cgroup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/format.h"

#define FREEZE_LOOK_USEC (50 * USEC_PER_MSEC) /* the kernel tells of it; this is for a note that got lost */

void reply(CgroupReply *r, OutcomeKind kind, int error, const char *words, ...) {
        va_list arguments;

        r->outcome.kind = kind;
        r->outcome.error = error;
        va_start(arguments, words);
        (void) vsnprintf(r->outcome.error_text, sizeof(r->outcome.error_text), words, arguments);
        va_end(arguments);
}

static void reply_gone(const CgroupJob *j, CgroupReply *r) {
        r->outcome.gone = true;
        if (j->undo || j->action == ACTION_KILL)
                reply(r, OUTCOME_DONE, 0, "%s", "");
        else
                reply(r, OUTCOME_FAILED, -ENOENT, "its cgroup is not there any more");
}

void reply_error(CgroupReply *r, int dir_fd, const char *file, int error) {
        const char *name = strerrorname_np(-error);

        if (error == -ENODEV || !cgroup_is_there(dir_fd)) {
                r->outcome.gone = true;
                error = -ENOENT;
        }
        reply(r, OUTCOME_FAILED, error, "%s: %s", file, name ? name : "unknown error");
}

bool cgroup_note(const CgroupJob *j, CgroupReply *r) {
        if (!held_list_note(j->held, j->id, &r->outcome.previous)) {
                reply(r, OUTCOME_REFUSED, -ENOSPC, "it has no place on the list of what is held");
                return false;
        }
        worker_tell(r);
        return true;
}

/* ---- Reclaim --------------------------------------------------------------------------------- */

static void run_reclaim(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        uint64_t before, after, freed;
        char amount[24];
        int error;

        error = cgroup_read_uint(dir_fd, "memory.current", &before);
        if (error == -ENOENT && cgroup_is_there(dir_fd)) {
                reply(r, OUTCOME_REFUSED, -EOPNOTSUPP, "the memory controller is not on for it");
                return;
        }
        if (error < 0) {
                reply_error(r, dir_fd, "memory.current", error);
                return;
        }
        (void) snprintf(amount, sizeof(amount), "%llu", (unsigned long long) j->reclaim_bytes);
        error = cgroup_write_text(dir_fd, "memory.reclaim", amount, 0);
        if (error == -ENOENT && cgroup_is_there(dir_fd)) {
                reply(r, OUTCOME_REFUSED, -EOPNOTSUPP, "this kernel has no memory.reclaim: Linux 5.19 brought it");
                return;
        }
        if (error < 0 && error != -EAGAIN && error != -EINTR) {
                reply_error(r, dir_fd, "memory.reclaim", error);
                return;
        }
        if (cgroup_read_uint(dir_fd, "memory.current", &after) < 0)
                after = before;
        freed = before > after ? before - after : 0;
        if (error < 0)
                reply(r, OUTCOME_DONE, 0, "%s: it uses %s less now, of %s that were wanted",
                      error == -EAGAIN ? "there was less to reclaim" : "its time was over", FORMAT_SIZE(freed),
                      FORMAT_SIZE(j->reclaim_bytes));
        else
                reply(r, OUTCOME_DONE, 0, "%s", "");
}

/* ---- Freeze ---------------------------------------------------------------------------------- */

/* Waits for "frozen 1". 0, -ETIMEDOUT, or -errno. */
static int await_frozen(int dir_fd, uint64_t until_usec) {
        _cleanup_(fd_closep) int fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char text[128];
        uint64_t frozen, now;
        ssize_t n;

        if (fd < 0)
                return -errno;
        for (;;) {
                n = fd_read_text(fd, text, sizeof(text));
                if (n < 0)
                        return (int) n;
                if (text_find_uint(text, "frozen", &frozen) >= 0 && frozen == 1)
                        return 0;
                now = clock_usec();
                if (now >= until_usec)
                        return -ETIMEDOUT;
                (void) poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1,
                            (int) (MIN(until_usec - now, FREEZE_LOOK_USEC) / USEC_PER_MSEC + 1));
        }
}

static void run_freeze(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        int error;

        error = cgroup_write_text(dir_fd, "cgroup.freeze", "1", 0);
        if (error == -ENOENT && cgroup_is_there(dir_fd)) {
                reply(r, OUTCOME_REFUSED, -EOPNOTSUPP, "this kernel has no cgroup.freeze: Linux 5.2 brought it");
                return;
        }
        if (error >= 0)
                error = await_frozen(dir_fd, j->until_usec);
        if (error == -ETIMEDOUT)
                reply(r, OUTCOME_TIMEOUT, error, "some of its processes cannot be stopped where they are in the kernel");
        else if (error < 0)
                reply_error(r, dir_fd, "cgroup.freeze", error);
        else
                reply(r, OUTCOME_DONE, 0, "%s", "");
}

static void run_undo_freeze(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        int error;

        error = cgroup_write_text(dir_fd, "cgroup.freeze", "0", 0);
        if (error < 0)
                reply_error(r, dir_fd, "cgroup.freeze", error);
        else
                reply(r, OUTCOME_DONE, 0, "%s", "");
}

/* ---- Which of them --------------------------------------------------------------------------- */

typedef void (*Run)(const CgroupJob *j, int dir_fd, CgroupReply *r);

static Run run_of(const CgroupJob *j) {
        static const Run acts[_ACTION_KIND_MAX] = {
                [ACTION_PROTECT] = run_protect, [ACTION_THROTTLE] = run_throttle, [ACTION_RECLAIM] = run_reclaim,
                [ACTION_FREEZE] = run_freeze,   [ACTION_KILL] = run_kill,
        };
        static const Run undos[_ACTION_KIND_MAX] = {
                [ACTION_PROTECT] = run_undo_protect,
                [ACTION_THROTTLE] = run_undo_throttle,
                [ACTION_FREEZE] = run_undo_freeze,
        };

        return j->undo ? undos[j->action] : acts[j->action];
}

/* Limits and freezer of the system manager's units are its own to write. */
static bool is_ours(const CgroupJob *j) {
        return j->delegated || j->instead || j->undo || j->action == ACTION_RECLAIM ||
               (j->action == ACTION_KILL && j->grain == GRAIN_PROCESS);
}

int cgroup_run(const void *argument, void *answer) {
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        const CgroupJob *j = argument;
        CgroupReply *r = answer;
        Run run = run_of(j);

        if (j->action == ACTION_LOG) {
                r->outcome.via = VIA_NONE;
                reply(r, OUTCOME_DONE, 0, "%s", "");
                return 0;
        }
        if (!run || !is_ours(j)) {
                reply(r, OUTCOME_REFUSED, -EOPNOTSUPP, "%s",
                      run ? "it is a unit of the system manager, whose limits are systemd's to write"
                          : "systemd's system manager does not know it");
                return 0;
        }
        if (strspn(j->path, "/") == strlen(j->path)) {
                reply(r, OUTCOME_REFUSED, -EINVAL, "it has no path, or one that is too long");
                return 0;
        }
        dir_fd = cgroup_open(j->root_fd, j->path, j->cgroup_id);
        if (dir_fd >= 0 || (dir_fd == -ENOENT && run == run_undo_protect))
                run(j, dir_fd, r);
        else if (dir_fd == -ENOENT || dir_fd == -ENODEV)
                r->outcome.gone = true;
        else
                reply(r, OUTCOME_FAILED, dir_fd, "its cgroup cannot be opened: %s", strerrorname_np(-dir_fd));

        if (r->outcome.gone)
                reply_gone(j, r);
        return 0;
}
