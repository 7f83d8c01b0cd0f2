/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/usec.h"
#include "core/agenda.h"
#include "core/budget.h"
#include "core/core.h"
#include "core/decisions.h"
#include "core/ledger.h"
#include "core/node.h"
#include "core/presence.h"
#include "core/sighting.h"
#include "core/survey.h"
#include "core/warning.h"
#include "core/watch.h"

/* What the core's own files share: core.c takes events in, roster.c says which policy watches what, episode.c goes from a
 * look to what became of an action, decide.c makes a decision of a step that is due, release.c undoes; all of them add to
 * the effects of effects.c. */

#define EFFECTS_MAX 1024U
#define EFFECTS_SPARE 16U /* as many as one watch may need in one step */
#define PASTS_MAX 512U    /* windows of pressure: two for each watch that is looked at often, as a rule */
#define DUE_MAX 256U      /* watches that one timer is for; the rest is due at once again */

/* Effectors answer within one second; this is for an answer that is lost. Some have longer, see decide.c. */
#define ANSWER_LIMIT_USEC (5 * USEC_PER_SEC)

/* Who releases a unit by hand wants it to run: for so long nothing protects, throttles or freezes it. What ends units is
 * not kept from it. */
#define LEFT_ALONE_USEC (10 * USEC_PER_MINUTE)

#define GRAVES_MAX (2 * HOLDS_MAX + 2 * SIGHTINGS_MAX + 2)

/* Which policies are on, see roster.c. */
typedef struct Roster {
        bool *expired; /* one for each policy */
        bool knows_clock;
        uint64_t realtime_usec, at_usec; /* CLOCK_REALTIME then */
        bool rematch; /* policies came on or went off: for some cgroups another one may be right */
        size_t n_oomd; /* how many systemd-oomd.service run: 0 or 1, 2 while one cgroup takes the other's place */
        bool leaving; /* some watch is to end when its action is over */
} Roster;

struct Core {
        const Settings *settings;
        const PolicySet *policies;
        Id128 seed;
        uint64_t n_incidents, n_ended, last_id; /* incidents that began, and ended */
        uint64_t now_usec;

        NodeRegistry nodes;
        Watch **watches;
        size_t n_watches, n_watches_allocated;
        PastPool *pasts;
        Agenda agenda; /* after whatever changes what a watch waits for: agenda_note() */
        size_t n_lost;
        Roster roster;
        Presence presence;
        Warning warning;

        Ledger ledger;
        Decisions decisions;
        Budget budget;
        Budget *policy_budgets; /* one for each policy, in their order; empty where it has none */
        Survey survey;
        Sightings sightings;

        bool releasing;
        ReleaseReason release_reason;

        Effects effects;

        /* What the effects of this step still name, though it is over: freed with the next step. */
        Node *graves[GRAVES_MAX];
        size_t n_graves;
        Watch *buried;
};

/* The policy's own MaxActions=, or NULL. */
Budget *core_policy_budget(Core *core, const Policy *policy);

/* effects.c */

/* The next free effect, zeroed but for its kind. The caller has made sure of room with effects_have_room(). */
Effect *effects_add(Core *core, EffectKind kind);
bool effects_have_room(const Core *core);
/* Keeps the node's names valid until the next step. */
void effects_keep(Core *core, Node *node);
/* A new step begins. */
void effects_clear(Core *core);

/* roster.c */

int roster_init(Core *core);
void roster_done(Core *core);
/* A cgroup is there: watched, if a policy takes it. */
void roster_add(Core *core, Node *n);
/* It is gone, or is about to be. */
void roster_remove(Core *core, Node *n);
/* The watch ends; what it holds is the caller's matter. */
void roster_remove_watch(Core *core, Watch *w);
/* What the unit says with its own ManagedOOM…= is something else now. */
/* systemd-oomd runs, and what it looks after is left to it. */
bool roster_leaves_to_oomd(const Core *core);

void roster_on_managed(Core *core, Node *n, const Event *event);
/* What time it is for people. */
void roster_on_clock(Core *core, uint64_t realtime_usec);
/* Policies that are over end, and each cgroup gets the watch that is right for it, as far as there is room for the
 * effects. */
void roster_check(Core *core);
/* The earliest time at which roster_check() has something to do. */
uint64_t roster_next(const Core *core);

/* episode.c */

/* A look has come: evaluate the steps, ask for a survey if one is due, go on with what is in progress. */
void episode_on_sample(Core *core, Watch *w, const Event *event);
/* The survey has come: choose the victim and act, if the step still holds. */
void episode_on_survey(Core *core, Watch *w, const Event *event);
/* The effector answered the watch's decision. */
void episode_on_outcome(Core *core, Watch *w, const Outcome *outcome);
/* Deadlines of the watch that have come: its next look, Settle=, KillAfter=. */
void episode_on_timer(Core *core, Watch *w);
/* The daemon stops: what was announced is due now. */
void episode_hurry(Core *core, Watch *w);
/* The unit that the watch acted on is gone, or the watch itself. */
void episode_on_gone(Core *core, Watch *w);
/* An id for an incident that begins. */
Id128 episode_new_incident(Core *core);
/* The watch's incident is over, if it is in one. */
void episode_end(Core *core, Watch *w);

/* decide.c */

/* The step acts: the victim is chosen from core->survey, the decision made and sent, or refused with a reason. */
void decide(Core *core, Watch *w, const Event *event, const Step *step);
/* Whether the victim cannot well be chosen before growth or pressure have been measured. */
bool decide_needs_growth(const Core *core, const Watch *w, const Step *step);
/* Whether the step is a throttle that sets MemoryHigh=. */
bool decide_limits_memory(const Step *step);
/* w->decision goes out; from here on an answer is owed. */
void decide_send(Core *core, Watch *w);

/* release.c */

/* Notes that the decision will hold its victim. The caller has made sure of room. */
void release_expect(Core *core, const Decision *d, Node *watch, Node *victim);
/* The decision has gone out: if it holds, its time counts from now. */
void release_sent(Core *core, uint64_t id);
/* The answer to a decision that holds, or to an undo. */
void release_on_outcome(Core *core, const Outcome *outcome);
/* Whatever the watch's last look shows to be calm is undone. */
void release_check_calm(Core *core, Watch *w);
/* Deadlines: MaxHold=, undos to be tried again, looks at what is throttled. */
void release_on_timer(Core *core);
/* Holds on this victim, or of this watch, are undone now. */
void release_on_gone(Core *core, const Node *n);
/* A look at a unit that may be throttled: does it still get anywhere? */
void release_on_sample(Core *core, const Node *n, const Event *event);
/* The daemon stops or reloads: everything is undone, now and later, and what was announced is done at once. By hand:
 * what is held is undone, of event->cgroup_id or (0) of all units, which are then left alone for LEFT_ALONE_USEC. */
void release_on_request(Core *core, const Event *event);
/* What the policy holds (NULL: any policy) is undone now. */
void release_policy(Core *core, const Policy *policy, ReleaseReason reason);
/* What an earlier run of the daemon held is undone. */
void release_recover(Core *core, const Event *event);
/* The victim was killed: its freeze is over with the thaw that went before. */
void release_on_kill(Core *core, const Node *victim);
bool release_watch_holds(const Core *core, const Watch *w);
uint64_t release_next(const Core *core);
