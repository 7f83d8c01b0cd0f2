/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls of each action. The reply to one sends the next; the reply to the last, or an error, ends the action.
 *
 *     freeze          [Get WatchdogUSec ->] FreezeUnit
 *     kill            [ThawUnit, its reply ignored, and at once] KillUnit
 *     undo freeze     ThawUnit, again while the unit is busy
 *
 * Those of the others are in systemd-throttle.c, systemd-protect.c and systemd-job.c. */

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "act/systemd-action.h"
#include "act/systemd-errors.h"
#include "base/cleanup.h"

/* ---- Replies --------------------------------------------------------------------------------- */

int chain_fail(Action *a, const sd_bus_error *e) {
        ErrorMeaning meaning;
        int error;

        meaning = error_meaning(e, &error);
        if (!connection_is_open(&a->systemd->connection)) {
                action_unheard(a);
                action_end(a, OUTCOME_FAILED, -ECONNRESET, "the connection to systemd was lost");
                return 0;
        }
        if (a->marked)
                (void) oom_mark_take_back(a->path, a->n_marked);
        if (meaning == ERROR_BUSY && a->try_again) {
                action_again(a, e, error);
                return 0;
        }

        a->outcome.gone = meaning == ERROR_GONE && a->is_victim;
        if (a->gone_is_done && (meaning == ERROR_GONE || meaning == ERROR_EMPTY))
                action_end(a, OUTCOME_DONE, 0, "");
        else
                action_end(a, OUTCOME_FAILED, error, e->message ? e->message : e->name);
        return 0;
}

Call chain_call(Action *a, sd_bus_message_handler_t handler) {
        a->slot = sd_bus_slot_unref(a->slot);
        return (Call){ a->systemd->connection.bus, &a->slot, handler, a };
}

int chain_on_last_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        action_end(a, OUTCOME_DONE, 0, "");
        return 0;
}

static int on_ignored_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return 0;
}

int chain_next(Action *a, int r) {
        if (r < 0) {
                action_unheard(a);
                action_end(a, OUTCOME_FAILED, r, "the call to systemd could not be sent");
        }
        return 0;
}

static int on_alive(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;

        a->is_heard = true;
        return 0;
}

/* PID 1 answers a freeze when the kernel is done. Any other answer behind it tells that it has taken it. */
static int freeze(Action *a) {
        Call call = chain_call(a, chain_on_last_reply);
        int r;

        r = call_freezer(&call, true, a->unit);
        if (r < 0)
                return r;
        a->thaw_slot = sd_bus_slot_unref(a->thaw_slot);
        return call_get_version(&(Call){ a->systemd->connection.bus, &a->thaw_slot, on_alive, a });
}

static int on_watchdog(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        uint64_t usec;
        int r;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        r = sd_bus_message_read(m, "v", "t", &usec);
        if (r < 0)
                return chain_next(a, r);
        /* The version was asked first on this connection, so it is known by now. */
        if (usec > 0 && usec < USEC_INFINITY && !version_spares_frozen(a->systemd->connection.version)) {
                action_end(a, OUTCOME_REFUSED, -EOPNOTSUPP,
                           "it has WatchdogSec=, and the watchdog of a systemd before 258 kills frozen services");
                return 0;
        }

        return chain_next(a, freeze(a));
}

/* ---- Its start ------------------------------------------------------------------------------- */

static int start_freeze(Action *a) {
        const char *dot = strrchr(a->unit, '.');
        bool has_watchdog = dot && strcmp(dot, ".service") == 0;
        Call call;

        if (has_watchdog && !version_spares_frozen(a->systemd->connection.version)) {
                call = chain_call(a, on_watchdog);
                return call_get(&call, a->unit, "WatchdogUSec");
        }
        return freeze(a);
}

/* A unit that is killed while it is frozen keeps its FreezerState= for ever and can be neither thawed nor started
 * (systemd #37569), hence the thaw. PID 1 answers one connection in order, so the kill need not wait for it. */
static int start_kill(Action *a) {
        Call call;
        int r;

        if (a->thaw_first) {
                a->thaw_slot = sd_bus_slot_unref(a->thaw_slot);
                call = (Call){ a->systemd->connection.bus, &a->thaw_slot, on_ignored_reply, a };
                r = call_freezer(&call, false, a->unit);
                if (r < 0)
                        return r;
        }
        /* A milder signal leaves it to the unit how it ends. */
        if (a->signal == SIGKILL && !a->marked && a->path[0])
                a->marked = oom_mark_before(a->path) >= 0;
        call = chain_call(a, chain_on_last_reply);
        r = call_kill(&call, a->unit, a->signal);
        if (r >= 0 && a->marked) {
                a->n_marked = oom_mark_count(a->path);
                (void) oom_mark_after(a->path, a->n_marked);
        }
        return r;
}

static int start_undo_freeze(Action *a) {
        Call call = chain_call(a, chain_on_last_reply);

        return call_freezer(&call, false, a->unit);
}

ActionStart chain_for_act(ActionKind kind) {
        static const ActionStart starts[_ACTION_KIND_MAX] = {
                [ACTION_PROTECT] = protect_start, [ACTION_THROTTLE] = throttle_start, [ACTION_FREEZE] = start_freeze,
                [ACTION_KILL] = start_kill,       [ACTION_STOP] = job_start,          [ACTION_RESTART] = job_start,
                [ACTION_START] = job_start,
        };

        return starts[kind];
}

ActionStart chain_for_undo(ActionKind kind) {
        static const ActionStart starts[_ACTION_KIND_MAX] = {
                [ACTION_PROTECT] = protect_start_undo,
                [ACTION_THROTTLE] = throttle_start_undo,
                [ACTION_FREEZE] = start_undo_freeze,
        };

        return starts[kind];
}
