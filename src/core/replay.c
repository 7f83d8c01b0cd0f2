/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/usec.h"
#include "core/replay-private.h"

#define LATE_TIMER_USEC (10 * USEC_PER_SEC)  /* later is no timer of a daemon that decides as this core does */
#define TIMER_STEP_USEC USEC_PER_MSEC
#define GONE_SOON_USEC (5 * USEC_PER_SEC)
#define MADE_UP_MAX 10000U /* between two events of the trace: an hour and more of a look a second */
#define LOOK_USEC (2 * USEC_PER_MSEC) /* later comes no answer to a look */

#define ASKED_MAX 1024U

/* A look that this core has asked for. */
typedef struct Asked {
        uint64_t cgroup_id;
        uint64_t usec;
        bool survey;
} Asked;

struct Replay {
        Settings settings;
        const PolicySet *policies;
        ReplayTell tell;
        void *userdata;

        Core *core;
        bool recorded; /* by the daemon: the trace has its decisions */
        bool in_base;
        bool fresh;   /* nothing has happened since the base: the core's own timer is not that of the daemon */
        bool apart; /* then and now are no longer the same */
        uint64_t now_usec, wakeup_usec;
        size_t n_differences;

        KnownSet known;
        OwedSet owed;
        Asked asked[ASKED_MAX];
        size_t n_asked;

        Lines then, now;
        bool made_up;
        int error;
        char line[TRACE_EFFECT_MAX];
        TraceEvent event;
};

int replay_new(Replay **ret, const Settings *settings, const PolicySet *policies, ReplayTell tell, void *userdata) {
        _cleanup_(replay_freep) Replay *r = calloc(1, sizeof(*r));
        int k;

        if (!r)
                return -ENOMEM;
        r->settings = *settings;
        r->policies = policies;
        r->tell = tell;
        r->userdata = userdata;
        r->wakeup_usec = USEC_INFINITY;
        r->known.candidates = calloc(TRACE_CANDIDATES_MAX, sizeof(Candidate));
        if (!r->known.candidates)
                return -ENOMEM;
        k = core_new(&r->core, &r->settings, policies, (Id128){ 0 });
        if (k < 0)
                return k;
        *ret = TAKE_PTR(r);
        return 0;
}

Replay *replay_free(Replay *r) {
        if (!r)
                return NULL;
        core_free(r->core);
        known_done(&r->known);
        lines_done(&r->then);
        lines_done(&r->now);
        free(r);
        return NULL;
}

const char *replay_wrong(const Replay *r) {
        return r->event.wrong;
}

size_t replay_differences(const Replay *r) {
        return r->n_differences;
}

static void note(Replay *r, int error) {
        if (error < 0 && r->error >= 0)
                r->error = error;
}

/* ---- Answers ----------------------------------------------------------------------------------- */

static void take(Replay *r, const Effect *e) {
        switch (e->kind) {

        case EFFECT_SAMPLE:
        case EFFECT_SURVEY:
                if (r->n_asked < ASKED_MAX)
                        r->asked[r->n_asked++] = (Asked){ e->look.id, r->now_usec, e->kind == EFFECT_SURVEY };
                break;

        case EFFECT_ACT:
        case EFFECT_UNDO:
        case EFFECT_START:
                owed_add(&r->owed, e, r->line, r->now_usec);
                break;

        case EFFECT_ARM:
        case EFFECT_DISARM:
        case EFFECT_FOLLOW:
        case EFFECT_UNFOLLOW:
        case EFFECT_EXPIRED:
        case EFFECT_REPORT:
        case EFFECT_RELEASE:
        case EFFECT_STUCK:
        case EFFECT_REFUSE:
        case EFFECT_ENDED:
        case EFFECT_SEEN:
        case _EFFECT_KIND_MAX:
                break;
        }
}

static void feed(Replay *r, const Event *event) {
        const Effects *effects = core_step(r->core, event);

        r->now_usec = MAX(r->now_usec, event->now_usec);
        r->wakeup_usec = effects->wakeup_usec;
        for (size_t i = 0; i < effects->n_items && !r->in_base; i++) {
                const Effect *e = effects->items + i;
                bool told = !r->recorded || trace_effect_decides(e->kind);

                if (told && trace_format_effect(e, event->now_usec, r->line, sizeof(r->line)) == 0)
                        note(r, lines_add(&r->now, r->line));
                if (r->recorded)
                        take(r, e);
        }
}

/* ---- Both sides -------------------------------------------------------------------------------- */

static void tell_pair(void *userdata, const char *then, const char *now) {
        Replay *r = userdata;
        const ReplayLine line = {
                .side = !now ? REPLAY_THEN : then ? REPLAY_SAME : REPLAY_NOW,
                .text = now ? now : then,
                .now_usec = r->now_usec,
                .made_up = r->made_up && now,
        };

        if (line.side != REPLAY_SAME) {
                r->apart = r->apart || r->recorded;
                r->n_differences++;
        }
        if (then)
                owed_match(&r->owed, then);
        r->tell(r->userdata, &line);
}

/* The step is over: nothing more of either side belongs to it. */
static void flush(Replay *r) {
        lines_compare(&r->then, &r->now, tell_pair, r);
        lines_clear(&r->then);
        lines_clear(&r->now);
        r->made_up = false;
}

static void feed_made_up(Replay *r, const Event *event) {
        r->made_up = true;
        feed(r, event);
        flush(r);
}

/* ---- Between two events ------------------------------------------------------------------------ */

/* A cgroup that is about to go may not have been there any more when the daemon looked. */
static bool may_be_gone(const Replay *r, uint64_t cgroup_id) {
        const Known *k = known_find(&r->known, cgroup_id);

        return k && k->gone_usec >= r->now_usec && k->gone_usec - r->now_usec < GONE_SOON_USEC;
}

/* The event answers one of the looks that were asked for; else the two sides look at different times. */
static bool answers(Replay *r, const Event *event) {
        bool survey = event->kind == EVENT_SURVEY;

        if (!survey && (event->kind != EVENT_SAMPLE || event->sample.cause != SAMPLE_REQUESTED))
                return false;
        for (size_t i = 0; i < r->n_asked; i++)
                if (r->asked[i].survey == survey && r->asked[i].cgroup_id == event->cgroup_id) {
                        memmove(r->asked + i, r->asked + i + 1, (--r->n_asked - i) * sizeof(*r->asked));
                        return true;
                }
        r->apart = true;
        return true;
}

/* What the daemon did not look at by then: surveys are made up, samples are not. */
static void answer_looks(Replay *r, uint64_t until_usec) {
        for (size_t i = 0; i < r->n_asked;) {
                const Asked asked = r->asked[i];
                Event event;

                if (usec_sub(until_usec, asked.usec) < LOOK_USEC) {
                        i++;
                        continue;
                }
                memmove(r->asked + i, r->asked + i + 1, (--r->n_asked - i) * sizeof(*r->asked));
                if (!r->apart && may_be_gone(r, asked.cgroup_id))
                        continue;
                r->apart = true;
                if (!asked.survey || !known_survey(&r->known, asked.cgroup_id, &event))
                        continue;
                event.now_usec = r->now_usec;
                feed_made_up(r, &event);
        }
}

static void answer_owed(Replay *r, const Owed *owed) {
        const Event event = { .kind = EVENT_OUTCOME, .now_usec = owed->due_usec, .outcome = owed->made_up };

        owed_remove(&r->owed, event.outcome.id);
        r->apart = true;
        feed_made_up(r, &event);
}

/* What this core waits for before the next event of the trace. */
static void run_until(Replay *r, uint64_t until_usec) {
        for (unsigned n = 0; n < MADE_UP_MAX; n++) {
                uint64_t timer_usec = r->wakeup_usec;
                const Owed *first = owed_first(&r->owed);

                if (!r->apart)
                        timer_usec = usec_add(timer_usec, LATE_TIMER_USEC);
                if (first && first->due_usec <= MIN(timer_usec, until_usec))
                        answer_owed(r, first);
                else if (timer_usec < until_usec) {
                        r->apart = true;
                        feed_made_up(r, &(Event){ .kind = EVENT_TIMER,
                                                  .now_usec = MIN(MAX(r->wakeup_usec, r->now_usec + TIMER_STEP_USEC), until_usec) });
                        if (r->now_usec >= until_usec)
                                return;
                } else
                        return;
                answer_looks(r, until_usec);
        }
}

/* ---- Lines ------------------------------------------------------------------------------------- */

static int begin(Replay *r, const TraceStart *start) {
        r->core = core_free(r->core);
        r->recorded = true;
        r->in_base = start->base;
        r->settings.dry_run = start->dry_run;
        r->owed = (OwedSet){ 0 };
        r->n_asked = 0;
        r->wakeup_usec = USEC_INFINITY;
        known_forget(&r->known);
        return core_new(&r->core, &r->settings, r->policies, start->seed);
}

static void end_base(Replay *r, const CoreIds *ids) {
        core_count_from(r->core, ids);
        r->in_base = false;
        r->fresh = true;
        r->wakeup_usec = USEC_INFINITY;
        r->n_asked = 0;
}

static void take_event(Replay *r, Event *event) {
        if (r->recorded && !r->in_base) {
                if (!answers(r, event)) {
                        answer_looks(r, event->now_usec);
                        run_until(r, event->now_usec);
                }
                if (event->kind == EVENT_TIMER && !r->fresh && r->wakeup_usec > event->now_usec)
                        r->apart = true;
                r->fresh = false;
                if (event->kind == EVENT_OUTCOME && !owed_translate(&r->owed, &event->outcome)) {
                        r->now_usec = MAX(r->now_usec, event->now_usec);
                        return;
                }
        }
        note(r, known_learn(&r->known, event, false));
        feed(r, event);
}

int replay_prepare(Replay *r, const char *line) {
        const char *word = strchr(line, ' ');

        if (!word || (strncmp(word, " event=survey", 13) != 0 && strncmp(word, " event=gone", 11) != 0))
                return 0;
        return trace_parse_event(line, &r->event) == 0 ? known_learn(&r->known, &r->event.event, true) : 0;
}

int replay_line(Replay *r, const char *line) {
        int k = trace_parse_event(line, &r->event);

        if (k == TRACE_E_EFFECT) {
                line += strspn(line, " \t");
                return r->in_base ? 0 : lines_add(&r->then, line);
        }
        if (k < 0 || k == TRACE_E_NOTHING)
                return k < 0 ? k : 0;

        flush(r);
        if (k == TRACE_E_START)
                note(r, begin(r, &r->event.start));
        else if (k == TRACE_E_BASE)
                end_base(r, &r->event.ids);
        else if (k == 0)
                take_event(r, &r->event.event);
        if (r->error < 0)
                return r->error;
        return k == TRACE_E_LOST ? REPLAY_E_LOST : 0;
}

int replay_end(Replay *r) {
        flush(r);
        if (r->recorded)
                answer_looks(r, USEC_INFINITY);
        return r->error;
}
