/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/usec.h"
#include "world.h"

#define WORLD_CGROUPS_MAX 4096U
#define WORLD_LINES_MAX 256U
#define WORLD_QUEUE_MAX 8192U
#define WORLD_TRIGGERS_MAX 16U
#define WORLD_RECLAIMS_MAX 16U

/* The kernel's sliding window of one trigger (kernel/sched/psi.c, window_update()). */
typedef struct WorldTrigger {
        PressureLimit limit;
        uint64_t start_usec, start_total_usec, previous_usec, last_fired_usec;
} WorldTrigger;

typedef struct WorldCgroup {
        uint64_t id;
        CgroupKind kind;
        char name[64];
        size_t parent;
        bool known, gone, throttled, frozen, shielded; /* known: the core has been told */
        bool comes_back;                               /* restarted: one of its name follows */
        uint64_t dies_at_usec;

        uint64_t usage_micro;                       /* bytes by 10^6 */
        uint64_t stall_part[_PRESSURE_KIND_MAX];    /* microseconds by 10^4 */
        uint64_t io_part, wait_part;
        uint64_t events_micro[2];                   /* high, max */
        uint64_t scanned_micro, reclaimed_micro;    /* pages by 10^6 */
        uint64_t streamed_micro, again_micro;       /* the same: new ones in place of its own, and its own read again */
        uint64_t protected_bytes, swap_bytes, limit_bytes, grow, scan, reclaim, stream, refault;
        bool counted;
        Preference preference;
        uint64_t events_rate[2];
        uint32_t share[_PRESSURE_KIND_MAX], io_share;
        uint64_t wait_share;
        uint64_t dies_usec;
        bool stubborn, calms, stuck, has_class;
        StallClass class;
        size_t limit_of; /* 0: the host's */

        WorldTrigger triggers[WORLD_TRIGGERS_MAX];
        size_t n_triggers;
        unsigned wants; /* as armed */
} WorldCgroup;

typedef enum WorldAnswer {
        ANSWER_DONE,
        ANSWER_SLOW,
        ANSWER_FAILED,
        ANSWER_TIMEOUT,
        ANSWER_REFUSED,
        ANSWER_LOST,
        ANSWER_GONE,
        _ANSWER_MAX,
} WorldAnswer;

typedef enum WorldAsked {
        ASKED_PROTECT,
        ASKED_THROTTLE,
        ASKED_RECLAIM,
        ASKED_FREEZE,
        ASKED_KILL,
        ASKED_STOP,
        ASKED_RESTART,
        ASKED_START,
        ASKED_JOB,
        ASKED_UNDO,
        _ASKED_MAX,
} WorldAsked;

/* What will happen at its time. */
typedef struct WorldItem {
        uint64_t at_usec;
        EventKind kind;
        size_t cgroup;
        SampleCause cause;
        PressureLimit limit;
        Outcome outcome;
        ReleaseReason reason;
        WarningKind warning;
        uint64_t realtime_usec;
        uint32_t managed_share; /* 0: nothing is asked for */
        uint64_t managed_usec;
} WorldItem;

typedef struct WorldLine {
        uint64_t at_usec;
        unsigned number;
        char *text;
} WorldLine;

/* Who had whose pages reclaimed. */
typedef struct WorldReclaim {
        size_t by, target;
        ReclaimKind kind;
        uint64_t pages;
} WorldReclaim;

struct World {
        uint64_t now_usec, wakeup_usec, end_usec, next_tick_usec;
        uint64_t total_bytes, cache_bytes, swap_bytes;
        WorldCgroup *cgroups; /* [0] is the host */
        size_t n_cgroups;
        WorldLine lines[WORLD_LINES_MAX];
        size_t n_lines, next_line;
        WorldReclaim reclaims[WORLD_RECLAIMS_MAX];
        size_t n_reclaims;
        WorldItem *queue;
        size_t n_queue;
        struct {
                WorldAnswer answer;
                unsigned n;
        } answers[_ASKED_MAX];
        WorldCounts counts;
};

/* Carries out one line of the file. 0 or -EINVAL. */
int world_do_line(World *w, char *text);

WorldCgroup *world_find(World *w, const char *name);
/* One that was restarted: as it was when it was small. */
void world_add_again(World *w, const WorldCgroup *before);
void world_queue(World *w, const WorldItem *item);

/* The looks. */
void world_sample(World *w, const WorldCgroup *c, Sample *ret);
void world_survey(World *w, const WorldCgroup *c, TraceEvent *ret);
uint64_t world_stall_usec(const World *w, const WorldCgroup *c, PressureKind kind);
/* The total= that a trigger with this limit goes by. */
uint64_t world_total_usec(const World *w, const WorldCgroup *c, const PressureLimit *limit);
