/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Protect, and its undo: MemoryLow= of a unit and of the slices above it.
 *
 *     protect   Get of the unit, then Get and Set of each slice from the outermost on, then Set of the unit
 *     undo      Set of the unit, [Get of Slice,] then Get and Set of each slice
 *
 * One at a time, for each reads what the one before has set. What does not come to its end is taken back, with calls
 * that no reply is asked for: PID 1 takes the messages of a connection in their order, so they come after whatever is
 * still under way, and the whole can be tried again. Should memstalld die half-way, the list of what is held tells which of
 * the slices have been raised. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/systemd-action.h"
#include "act/systemd-errors.h"

#define SLICE_SUFFIX ".slice"

static int go_on(Action *a);

/* ---- Which slices ---------------------------------------------------------------------------- */

/* The innermost slice and those that its name tells: "a-b.slice" is in "a.slice". False if there are too many. */
static bool slices_from_name(Slices *s, const char *name, size_t n) {
        s->n = 0;
        if (n <= strlen(SLICE_SUFFIX) || n >= UNIT_NAME_MAX || name[0] == '-')
                return true; /* "-.slice": the host, which has no limits */
        n -= strlen(SLICE_SUFFIX);
        for (size_t i = 1; i <= n; i++) {
                if (i < n && name[i] != '-')
                        continue;
                if (s->n == SLICES_MAX)
                        return false;
                (void) snprintf(s->names[s->n++], UNIT_NAME_MAX, "%.*s" SLICE_SUFFIX, (int) i, name);
        }
        return true;
}

/* The folder that holds the unit's own. An underscore in front keeps names apart from the kernel's files. */
static bool slices_from_path(Slices *s, const char *path) {
        const char *end = strrchr(path, '/'), *start = end;

        while (start > path && start[-1] != '/')
                start--;
        if (start < end && *start == '_')
                start++;
        return slices_from_name(s, start, (size_t) (end - start));
}

/* ---- One slice ------------------------------------------------------------------------------- */

static bool is_undo(const Action *a) {
        return properties_has(&a->properties, PROPERTY_SLICES_LOW);
}

/* In an undo of what was done half-way: whether the slice was raised at all. */
static bool was_raised(const Action *a, uint64_t now) {
        const uint64_t *values = a->properties.values;
        size_t at = a->systemd->slices.at;

        if (!properties_has(&a->properties, PROPERTY_SLICES_RAISED) || at < values[PROPERTY_SLICES_RAISED])
                return true;
        return at == values[PROPERTY_SLICES_RAISED] && now == values[PROPERTY_SLICE_LOW] + values[PROPERTY_SLICES_LOW];
}

static uint64_t changed(const Action *a, uint64_t before) {
        uint64_t amount;

        if (is_undo(a)) {
                if (!was_raised(a, before))
                        return before;
                amount = a->properties.values[PROPERTY_SLICES_LOW];
                return before > amount ? before - amount : 0;
        }
        amount = a->properties.values[PROPERTY_MEMORY_LOW] - a->systemd->slices.unit_before;
        return before > UINT64_MAX - 1 - amount ? UINT64_MAX - 1 : before + amount; /* short of infinity */
}

/* In an undo a slice that is gone has taken its limit with it. */
static bool is_gone(const Action *a, sd_bus_message *m) {
        int error;

        return is_undo(a) && error_meaning(sd_bus_message_get_error(m), &error) == ERROR_GONE;
}

static int on_slice_set(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        Slices *s = &a->systemd->slices;

        if (sd_bus_message_is_method_error(m, NULL) && !is_gone(a, m))
                return chain_fail(a, sd_bus_message_get_error(m));
        s->at++;
        return chain_next(a, go_on(a));
}

/* What is to be put back when all is set. */
static Properties former(const Action *a) {
        uint64_t before = a->systemd->slices.unit_before;
        Properties p = { 0 };

        properties_set(&p, PROPERTY_MEMORY_LOW, before);
        properties_set(&p, PROPERTY_SLICES_LOW, a->properties.values[PROPERTY_MEMORY_LOW] - before);
        return p;
}

/* The same if the next slice is the last that is. False if it ended the action. */
static bool note_slice(Action *a, uint64_t before) {
        Properties p = former(a);

        properties_set(&p, PROPERTY_SLICES_RAISED, a->systemd->slices.at);
        properties_set(&p, PROPERTY_SLICE_LOW, before);
        return action_note(a, &p);
}

static int on_slice(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        Slices *s = &a->systemd->slices;
        uint64_t before = UINT64_MAX;
        int r;

        if (sd_bus_message_is_method_error(m, NULL)) {
                if (!is_gone(a, m))
                        return chain_fail(a, sd_bus_message_get_error(m));
        } else {
                r = sd_bus_message_read(m, "v", "t", &before);
                if (r < 0)
                        return chain_next(a, r);
        }
        if (before == UINT64_MAX) {
                s->at++;
                return chain_next(a, go_on(a));
        }

        if (!is_undo(a) && !note_slice(a, before))
                return 0;
        s->before[s->at] = before;
        s->is_sent[s->at] = true;
        Call call = chain_call(a, on_slice_set);
        return chain_next(a, call_set_properties(&call, s->names[s->at],
                                                 &(Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, changed(a, before))));
}

/* ---- The end of both ------------------------------------------------------------------------- */

static int on_protected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        a->outcome.previous = former(a);
        action_end(a, OUTCOME_DONE, 0, "");
        return 0;
}

/* The next slice, or the end. */
static int go_on(Action *a) {
        Slices *s = &a->systemd->slices;
        Properties previous;
        Call call;

        if (s->at < s->n) {
                call = chain_call(a, on_slice);
                return call_get(&call, s->names[s->at], "MemoryLow");
        }
        if (is_undo(a)) {
                action_end(a, OUTCOME_DONE, 0, "");
                return 0;
        }
        previous = former(a);
        if (!action_note(a, &previous))
                return 0;
        s->unit_is_sent = true;
        call = chain_call(a, on_protected);
        return call_set_properties(&call, a->unit, &a->properties);
}

static void take_back(Systemd *systemd, const Action *a) {
        const Slices *s = &systemd->slices;
        Call call;

        if (!connection_is_open(&systemd->connection) && systemd_reconnect(systemd) < 0)
                return;
        call = (Call){ .bus = systemd->connection.bus };
        if (s->unit_is_sent)
                (void) call_set_properties(&call, a->unit,
                                           &(Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, s->unit_before));
        for (size_t i = s->n; i-- > 0;)
                if (s->is_sent[i])
                        (void) call_set_properties(&call, s->names[i],
                                                   &(Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, s->before[i]));
}

void protect_on_end(Action *a, OutcomeKind kind) {
        Systemd *systemd = a->systemd;
        Action *next = NULL;

        a->waits = false;
        if (systemd->slices.owner != a)
                return;
        if (kind != OUTCOME_DONE)
                take_back(systemd, a);
        systemd->slices = (Slices){ 0 };

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
                Action *other = &systemd->actions[i];

                if (other->waits && (!next || other->outcome.id < next->outcome.id))
                        next = other;
        }
        if (next)
                action_start(next);
}

/* ---- Their starts ---------------------------------------------------------------------------- */

/* False if another one has the turn. */
static bool take_turn(Action *a) {
        Slices *s = &a->systemd->slices;

        a->waits = s->owner && s->owner != a;
        if (a->waits)
                return false;
        *s = (Slices){ .owner = a };
        return true;
}

static int too_deep(Action *a) {
        action_end(a, OUTCOME_REFUSED, -E2BIG, "it is in too many slices");
        return 0;
}

static int on_unit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        Slices *s = &a->systemd->slices;
        int r;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        r = sd_bus_message_read(m, "v", "t", &s->unit_before);
        if (r < 0)
                return chain_next(a, r);
        if (s->unit_before >= a->properties.values[PROPERTY_MEMORY_LOW]) {
                action_end(a, OUTCOME_REFUSED, -ERANGE, "its MemoryLow= is as high already");
                return 0;
        }
        if (!slices_from_path(s, a->path))
                return too_deep(a);
        return chain_next(a, go_on(a));
}

int protect_start(Action *a) {
        a->properties.set &= UINT32_C(1) << PROPERTY_MEMORY_LOW;
        if (a->properties.set == 0 || !a->path[0]) {
                action_end_later(a, OUTCOME_REFUSED, -EINVAL, "it is not known what is to be protected");
                return 0;
        }
        if (!take_turn(a))
                return 0;
        Call call = chain_call(a, on_unit);
        return call_get(&call, a->unit, "MemoryLow");
}

static int on_name_of_slice(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        const char *name = "";
        int r;

        if (sd_bus_message_is_method_error(m, NULL)) {
                if (!is_gone(a, m))
                        return chain_fail(a, sd_bus_message_get_error(m));
        } else {
                r = sd_bus_message_read(m, "v", "s", &name);
                if (r < 0)
                        return chain_next(a, r);
        }
        if (!slices_from_name(&a->systemd->slices, name, strlen(name)))
                return too_deep(a);
        return chain_next(a, go_on(a));
}

/* The unit's own limit is back; now for those of its slices. */
static int undo_slices(Action *a) {
        Call call;

        if (a->path[0]) {
                if (!slices_from_path(&a->systemd->slices, a->path))
                        return too_deep(a);
                return go_on(a);
        }
        call = chain_call(a, on_name_of_slice);
        return call_get(&call, a->unit, "Slice");
}

static int on_unit_put_back(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;

        if (sd_bus_message_is_method_error(m, NULL)) {
                if (!is_gone(a, m))
                        return chain_fail(a, sd_bus_message_get_error(m));
                a->outcome.gone = true; /* its slices may outlive it */
        }
        return chain_next(a, undo_slices(a));
}

int protect_start_undo(Action *a) {
        Call call;

        if (!properties_has(&a->properties, PROPERTY_MEMORY_LOW)) { /* nothing was set, or it was taken back */
                action_end_later(a, OUTCOME_DONE, 0, "");
                return 0;
        }
        if (!is_undo(a))
                properties_set(&a->properties, PROPERTY_SLICES_LOW, 0);
        if (!take_turn(a))
                return 0;
        call = chain_call(a, on_unit_put_back);
        return call_set_properties(&call, a->unit, &(Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, a->properties.values[PROPERTY_MEMORY_LOW]));
}
