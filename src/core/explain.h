/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/core.h"

/* Why something happens to a unit, or why nothing does: what the core knows, as numbers. Nothing here changes the core. */

/* The cgroup at this path, or the unit of this name; of several of one name the system manager's. 0 if there is none. */
uint64_t explain_find(const Core *core, const char *name);

/* Where the unit stands whatever the watch; a bit each. */
enum {
        UNIT_PROTECTED = 1 << 0,       /* the built-in list, or Protect= */
        UNIT_PROTECTED_BELOW = 1 << 1, /* something beneath it is */
        UNIT_CONTAINER = 1 << 2,       /* what is beneath it stands for it */
        UNIT_DYING = 1 << 3,           /* it was killed just now */
        UNIT_DELEGATED = 1 << 4,       /* the system manager does not know it */
        UNIT_MANAGED = 1 << 5,         /* its own ManagedOOM…= are its policy */
        UNIT_LEFT_ALONE = 1 << 6,      /* it was released by hand a while ago */
};

typedef struct ExplainBudget {
        unsigned max_actions; /* 0: there is no such budget */
        unsigned left;
        uint64_t time_usec;
} ExplainBudget;

typedef struct ExplainUnit {
        CgroupName name;
        unsigned notes; /* UNIT_… */
        ExplainBudget budget; /* of the whole host */
        uint64_t now_usec;    /* of the core's last event */
} ExplainUnit;

/* False if there is no such cgroup. */
bool explain_unit(const Core *core, uint64_t cgroup_id, ExplainUnit *ret);

/* Why a policy watches the cgroup, or why not. */
typedef enum PolicyVerdict {
        VERDICT_WATCHES,
        VERDICT_LATER,    /* it matches, and an earlier one has it */
        VERDICT_EXPIRED,  /* it matches, and is over */
        VERDICT_DISABLED, /* it matches, and has Enabled=no */
        VERDICT_EXCEPT,   /* but for Except= it would match */
        VERDICT_NO_MATCH,
        _VERDICT_MAX,
} PolicyVerdict;

/* The i-th policy, in the order in which they are tried; false when there are no more. */
bool explain_policy(const Core *core, uint64_t cgroup_id, size_t i, const Policy **ret, PolicyVerdict *ret_verdict);

/* What an action in progress waits for. */
typedef enum WatchDoing {
        DOING_NOTHING,  /* it sleeps until the kernel wakes it, or until its next look */
        DOING_STARTS,   /* Start= is awaited */
        DOING_ACTS,     /* the answer to an action is */
        DOING_SETTLES,  /* Settle= runs */
        DOING_ESCALATES, /* KillAfter= does */
        DOING_LEAVES,   /* another policy is to take over */
        _DOING_MAX,
} WatchDoing;

/* A watch that the unit has to do with: its own, one above it, or one whose From= names it. */
typedef struct ExplainWatch {
        CgroupName watch;
        const Policy *policy;
        bool itself;
        unsigned standing; /* VICTIM_…, see core/victim.h: what keeps the unit from paying for it */
        bool in_incident, awake;
        Id128 incident;
        WatchDoing doing;
        uint64_t until_usec;  /* of that; USEC_INFINITY: nobody knows */
        uint64_t looked_usec; /* 0: never */
        ExplainBudget budget; /* of the policy */
} ExplainWatch;

/* The i-th of them, its own first; false when there are no more. */
bool explain_watch(const Core *core, uint64_t cgroup_id, size_t i, ExplainWatch *ret);

typedef enum StepDoing {
        STEP_WAITS,  /* for its conditions */
        STEP_HOLDS,  /* for its For= */
        STEP_STALE,  /* what holds is what the windows remember from before the last action */
        STEP_COOLS,  /* for the end of its Cooldown= */
        STEP_BEHIND, /* a later step holds, and has its turn */
        STEP_DUE,
        _STEP_DOING_MAX,
} StepDoing;

typedef struct ExplainStep {
        const Step *step;
        StepDoing doing;
        uint64_t since_usec;     /* holds since then; USEC_INFINITY: it does not */
        uint64_t until_usec;     /* For= or Cooldown= ends; 0: neither runs */
        uint64_t last_held_usec; /* the last look at which all its conditions held; 0: none yet */
        uint64_t acted_usec;     /* 0: never */
        unsigned n_acted;        /* in this incident, or the last */
        uint32_t refused;        /* a bit for each RefusalReason of this incident, or the last */
} ExplainStep;

typedef struct ExplainCondition {
        const Condition *condition;
        uint64_t value; /* see watch_condition_value() */
        uint64_t limit; /* the same, where it holds from; bytes where it is a share of something */
        bool holds;
        uint64_t last_held_usec; /* the last look at which it held; 0: none yet */
} ExplainCondition;

/* A watch as looks at these times would show it, which the core does not get to see: so the answer is of now, and a replay
 * knows nothing of the question. */
typedef struct ExplainLook ExplainLook;

typedef struct ExplainSight {
        uint64_t now_usec;
        Sample sample;
} ExplainSight;

/* `n` may be 0: as it was seen last. -ESRCH if nobody watches the cgroup, or -ENOMEM. */
int explain_look_new(ExplainLook **ret, const Core *core, uint64_t watch_id, const ExplainSight *sights, size_t n);
ExplainLook *explain_look_free(ExplainLook *l);
DEFINE_CLEANUP(ExplainLook *, explain_look_free);

/* The i-th step of the watch, and the j-th condition of it; false when there are no more. */
bool explain_step(const ExplainLook *l, size_t i, ExplainStep *ret);
bool explain_condition(const ExplainLook *l, size_t i, size_t j, ExplainCondition *ret);

/* The words for them: "watches", "settles", "cools". */
const char *verdict_to_string(PolicyVerdict v);
const char *watch_doing_to_string(WatchDoing d);
const char *step_doing_to_string(StepDoing d);
