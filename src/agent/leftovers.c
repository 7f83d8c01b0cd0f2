/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A core without policies knows how to undo, and how to try again; what it asks for is carried out by the effectors that
 * the daemon has. */

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "act/effector.h"
#include "act/journal.h"
#include "agent/held.h"
#include "agent/leftovers.h"
#include "base/clock.h"
#include "core/core.h"

typedef struct Leftovers {
        Settings settings;
        PolicySet policies;
        sd_event *event;
        sd_event_source *timer, *limit;
        Journal *journal;
        Worker *worker;
        Effector *effector;
        HeldList *list;
        Core *core;
        bool is_over;  /* its time */
        bool is_again; /* nobody wants to be told twice */
} Leftovers;

static void carry_out(Leftovers *l, const Effect *e) {
        if (e->kind == EFFECT_UNDO)
                effector_undo(l->effector, &e->undo);
        else if (e->kind == EFFECT_RELEASE && !l->is_again)
                journal_release(l->journal, &e->undo);
        else if (e->kind == EFFECT_STUCK)
                journal_release_failed(l->journal, &e->stuck.undo, &e->stuck.outcome);
}

static void feed(void *userdata, Event *event) {
        Leftovers *l = userdata;
        const Effects *effects;

        event->now_usec = clock_usec();
        effects = core_step(l->core, event);
        for (size_t i = 0; i < effects->n_items; i++)
                carry_out(l, effects->items + i);
        (void) sd_event_source_set_time(l->timer, effects->wakeup_usec);
        (void) sd_event_source_set_enabled(l->timer,
                                           effects->wakeup_usec == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* An answer comes from the loop; only one that no entry was free for comes at once, and the core asks again. */
static void on_outcome(void *userdata, const Outcome *outcome) {
        Leftovers *l = userdata;

        if (outcome->error == -EBUSY)
                return;
        feed(l, &(Event){ .kind = EVENT_OUTCOME, .outcome = *outcome });
        held_sync(l->list, l->core);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        feed(userdata, &(Event){ .kind = EVENT_TIMER });
        return 0;
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata) {
        Leftovers *l = userdata;

        journal_notice(l->journal, 3, "Some units are still held, as systemd does not answer: it is tried again.");
        l->is_over = true;
        return 0;
}

static Leftovers *leftovers_free(Leftovers *l) {
        if (!l)
                return NULL;
        core_free(l->core);
        effector_free(l->effector);
        worker_free(l->worker);
        held_list_free(l->list);
        journal_free(l->journal);
        sd_event_source_disable_unref(l->limit);
        sd_event_source_disable_unref(l->timer);
        sd_event_unref(l->event);
        free(l);
        return NULL;
}
DEFINE_CLEANUP(Leftovers *, leftovers_free);

static int start(Leftovers *l, const HeldUnit *units, size_t n, uint64_t limit_usec) {
        Id128 seed;
        int r;

        if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
                return -errno;
        l->settings = (Settings)SETTINGS_DEFAULT;
        r = core_new(&l->core, &l->settings, &l->policies, seed);
        if (r < 0)
                return r;
        r = sd_event_new(&l->event);
        if (r < 0)
                return r;
        r = sd_event_add_time(l->event, &l->timer, CLOCK_MONOTONIC, USEC_INFINITY, USEC_PER_MSEC, on_timer, l);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(l->event, &l->limit, CLOCK_MONOTONIC, limit_usec, 0, on_limit, l);
        if (r < 0)
                return r;
        r = journal_new(&l->journal, l->event, NULL);
        if (r < 0)
                return r;
        r = worker_new(&l->worker, l->event);
        if (r < 0)
                return r;
        r = effector_new(&l->effector, l->event, l->worker, NULL, on_outcome, l);
        if (r < 0)
                return r;
        return held_list_new(&l->list, HELD_FILE, units, n);
}

static int undo_all(Leftovers *l, const HeldUnit *units, size_t n, bool (*is_wanted)(const HeldUnit *u)) {
        int r = 0;

        for (size_t i = 0; i < n; i++)
                if (is_wanted(units + i))
                        held_feed(units + i, feed, l);
        held_sync(l->list, l->core);
        while (r >= 0 && core_counts(l->core).n_open > 0 && !l->is_over)
                r = sd_event_run(l->event, UINT64_MAX);
        return r < 0 ? r : core_counts(l->core).n_open > 0 ? -ETIMEDOUT : 0;
}

static bool is_any(const HeldUnit *u) {
        return true;
}

/* What a protect has added is taken away once. */
static bool may_be_undone_twice(const HeldUnit *u) {
        return u->action != ACTION_PROTECT;
}

int leftovers_undo(bool alone, uint64_t limit_usec) {
        _cleanup_(leftovers_freep) Leftovers *l = NULL;
        _cleanup_(freep) HeldUnit *units = calloc(HELD_UNITS_MAX, sizeof(*units));
        _cleanup_(fd_closep) int lock = -EBADF;
        size_t n = 0;
        int r;

        if (!units)
                return -ENOMEM;
        lock = held_lock(HELD_FOLDER);
        if (lock == -EWOULDBLOCK && !alone)
                return -EBUSY;
        r = held_read(HELD_FILE, units, HELD_UNITS_MAX, &n);
        if (r < 0 || n == 0)
                return r;
        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        r = start(l, units, n, limit_usec);
        if (r < 0)
                return r;
        r = undo_all(l, units, n, is_any);
        if (r < 0)
                return r;
        /* The last words of the run that has died may still lie in the queue of its own connection to PID 1, and be taken after
         * what was said here: by a second time they are not. */
        l->is_again = true;
        return undo_all(l, units, n, may_be_undone_twice);
}
