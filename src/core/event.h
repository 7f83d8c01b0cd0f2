/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id128.h"
#include "core/policy.h"
#include "core/stall.h"

/* What happened outside: the core's only input. Time is data: `now_usec` is when it was seen, and nothing in the
 * core asks a clock. Pointers in an event belong to the sender and are not kept. */

/* A cgroup's identity is its inode number, which is also systemd's ControlGroupId= and what BPF sees. The root
 * cgroup stands for the host. */
typedef enum CgroupKind {
        CGROUP_HOST,
        CGROUP_SLICE,
        CGROUP_UNIT,  /* a service or scope, of the system manager or a user's */
        CGROUP_GROUP, /* a cgroup below a delegated unit, which no manager knows; its `unit` is its path */
        _CGROUP_KIND_MAX,
} CgroupKind;

/* One look at a watch. `limit_bytes` is the tightest memory.max or memory.high of the cgroup and its ancestors, or
 * MemTotal where that is tighter; `room_bytes` what is left below it, or MemAvailable where that is less. For the
 * host they are MemTotal and MemAvailable. */
typedef struct Sample {
        uint64_t pressure_usec[_RESOURCE_MAX][_PRESSURE_KIND_MAX]; /* total= of each pressure file */
        uint64_t usage_bytes;
        uint64_t limit_bytes;
        uint64_t room_bytes;
        uint64_t host_available_bytes;
        uint64_t host_total_bytes;
        uint64_t host_free_bytes; /* MemFree: what can be taken before kswapd is woken */
        uint64_t room_cgroup_id; /* whose limit leaves so little; the host's id if none does */
        uint64_t events_high, events_max, events_oom_kill; /* memory.events.local; 0 for the host */
        uint64_t events_oom;
        uint64_t swap_free_bytes, swap_total_bytes; /* the host's */
        uint64_t refaults, scanned, reclaimed;      /* pages so far; 0 without WANT_STAT */
        uint64_t dying;                             /* nr_dying_descendants; 0 without WANT_DYING */
        uint64_t wait_usec; /* in the classes that PSI does not count, of all tasks beneath it, so far; 0 without WANT_WAITS */
} Sample;

/* What ManagedOOMPreference= says, see man:systemd.resource-control(5). */
typedef enum Preference {
        PREFERENCE_NONE,
        PREFERENCE_AVOID,
        PREFERENCE_OMIT,
        _PREFERENCE_MAX,
} Preference;

/* One unit that may pay, as it is now. */
typedef struct Candidate {
        uint64_t cgroup_id;
        uint64_t usage_bytes;
        uint64_t protected_bytes; /* what memory.min and memory.low protect of it */
        uint64_t pressure_usec;   /* some total= */
        uint64_t swap_bytes;      /* 0 without WANT_CANDIDATE_SWAP */
        uint64_t scanned;         /* pages so far: these three are 0 for those too small to matter, unless WANT_CANDIDATE_STAT */
        uint64_t reclaimed;       /* of its own pages, whoever reclaimed them */
        uint64_t refaulted;       /* of them, those that it read again */
        bool counted;             /* the last two were read */
        Preference preference;
} Candidate;

/* What pages were reclaimed for. */
typedef enum ReclaimKind {
        RECLAIM_MAX,     /* a charge met memory.max */
        RECLAIM_HIGH,    /* memory.high */
        RECLAIM_BY_HAND, /* memory.reclaim, or a limit that was set below the usage */
        RECLAIM_HOST,    /* the host was short: kswapd, direct reclaim */
        _RECLAIM_KIND_MAX,
} ReclaimKind;

/* Pages reclaimed beneath one cgroup by the tasks of another, over the same window as Stall. */
typedef struct Reclaim {
        uint64_t cgroup_id; /* the unit whose task reclaimed; the host's id for kswapd */
        uint64_t target_id; /* the cgroup whose memory it was: that of the limit, or the host's */
        ReclaimKind kind;
        uint64_t pages;
        uint64_t count; /* how often */
} Reclaim;

/* Stall time of one process in one class, over the recent window that the BPF program keeps. */
typedef struct Stall {
        uint64_t cgroup_id; /* the unit it runs in */
        uint64_t limit_id;  /* the cgroup whose limit the reclaim was for; 0: none, or the host's */
        uint32_t pid;
        StallClass class;
        uint64_t stall_usec;
        uint64_t count;
} Stall;

typedef enum OutcomeKind {
        OUTCOME_DONE,
        OUTCOME_FAILED,
        OUTCOME_TIMEOUT,
        OUTCOME_DRY_RUN,
        OUTCOME_REFUSED,
        OUTCOME_SETTLED,   /* the core's own: pressure fell */
        OUTCOME_NO_EFFECT, /* the core's own: it did not */
        _OUTCOME_KIND_MAX,
} OutcomeKind;

typedef enum OutcomeVia {
        VIA_NONE,
        VIA_SYSTEMD,
        VIA_CGROUP,
        _VIA_MAX,
} OutcomeVia;

#define OUTCOME_ERROR_MAX 160U

/* The answer of an effector to one decision or undo. */
typedef struct Outcome {
        uint64_t id; /* of the Decision or Undo */
        OutcomeKind kind;
        OutcomeVia via;
        int error;                         /* -errno, 0 if none */
        char error_text[OUTCOME_ERROR_MAX]; /* what the other side said; empty if nothing */
        Properties previous;               /* throttle, protect: what was set before */
        bool gone;                         /* the unit does not exist any more: nothing is left to undo */
        bool unheard;                      /* between effectors: the other side was not there to say anything */
} Outcome;

typedef enum ReleaseReason {
        RELEASE_CALM,
        RELEASE_MAX_HOLD,
        RELEASE_GONE, /* the unit went away: its runtime properties must not meet its successor */
        RELEASE_KILL, /* a frozen unit is thawed before it is killed */
        RELEASE_STOP,
        RELEASE_RELOAD,
        RELEASE_FAILED,    /* the action itself failed half-way */
        RELEASE_RECOVERED, /* an earlier run of the daemon held it, and did not end well */
        RELEASE_LIVELOCK,  /* it has nothing left to reclaim, and only burns time under its throttle */
        RELEASE_EXPIRED,   /* the policy is off since Expires= */
        RELEASE_BY_HAND,
        _RELEASE_REASON_MAX,
} ReleaseReason;

/* What the kernel tells of the host's memory before anybody stalls. */
typedef enum WarningKind {
        WARNING_ARMED, /* from now on it does: while there is plenty, no look at the host's room is needed */
        WARNING_LOST,  /* it does not any more */
        WARNING_KSWAPD,         /* kswapd was woken: a zone is below its low watermark */
        WARNING_DIRECT_RECLAIM, /* an allocation has to reclaim for itself */
        _WARNING_KIND_MAX,
} WarningKind;

/* Who kills for memory beside us. */
typedef enum Killer {
        KILLER_KERNEL,
        KILLER_SYSTEMD_OOMD,
        _KILLER_MAX,
} Killer;

#define KILLED_REASON_MAX 64U
#define KILLED_COMM_MAX 16U

typedef enum EventKind {
        EVENT_CGROUP_NEW,  /* a slice or unit appeared; parents come before their children */
        EVENT_CGROUP_GONE, /* it was removed */
        EVENT_SAMPLE,      /* a look at a watch: asked for, or because the kernel woke it */
        EVENT_SURVEY,      /* the candidates below a watch, and who stalled */
        EVENT_OUTCOME,     /* an effector answered */
        EVENT_TIMER,       /* the time asked for in Effects.wakeup_usec has come */
        EVENT_RELEASE,     /* the daemon stops or reloads: undo everything */
        EVENT_HELD,        /* an earlier run left this unit throttled or frozen: undo it */
        EVENT_CLOCK,       /* what time it is for people: at the start, and when somebody sets the clock */
        EVENT_MANAGED,     /* what the unit's own ManagedOOM…= say */
        EVENT_WARNING,     /* the host's memory: the kernel begins to reclaim */
        EVENT_KILLED,      /* somebody else killed this unit, or a process of it, for memory */
        _EVENT_KIND_MAX,
} EventKind;

/* Why a sample was taken. */
typedef enum SampleCause {
        SAMPLE_REQUESTED,
        SAMPLE_TRIGGER, /* a PSI trigger fired: `limit` says which */
        SAMPLE_EVENTS,  /* memory.events.local changed */
        SAMPLE_ARMED,   /* its triggers are there only now */
        _SAMPLE_CAUSE_MAX,
} SampleCause;

typedef struct Event {
        EventKind kind;
        uint64_t now_usec;
        uint64_t cgroup_id;
        union {
                struct {
                        CgroupKind kind;
                        const char *path; /* below /sys/fs/cgroup, "/" for the host */
                        const char *unit; /* unescaped unit name, "-.slice" for the host */
                        uint64_t born_usec; /* when it was made; 0: it was there before anybody looked */
                        bool delegated;   /* the system manager does not know it */
                        bool container;   /* a unit that holds a manager or cgroups of its own which are registered: not
                                           * a candidate itself, what is beneath it is */
                } cgroup;
                struct {
                        SampleCause cause;
                        PressureLimit limit; /* SAMPLE_TRIGGER */
                        Sample values;
                } sample;
                struct {
                        Sample values; /* read after the candidates: the second look */
                        const Candidate *candidates;
                        size_t n_candidates;
                        const Stall *stalls;
                        size_t n_stalls;
                        const Reclaim *reclaims;
                        size_t n_reclaims;
                } survey;
                Outcome outcome;
                ReleaseReason release;
                struct {
                        const char *unit;
                        ActionKind action;
                        Properties previous;
                        uint64_t since_usec;
                        Id128 incident;
                        const char *path; /* below /sys/fs/cgroup; "" if it is not known */
                        bool delegated;   /* as of a cgroup */
                } held;
                uint64_t realtime_usec; /* EVENT_CLOCK: CLOCK_REALTIME at now_usec */
                struct {
                        bool pressure;          /* ManagedOOMMemoryPressure=kill */
                        uint32_t share;         /* …Limit=; 0: the default */
                        uint64_t duration_usec; /* …DurationSec=; 0: the default */
                        bool swap;              /* ManagedOOMSwap=kill */
                } managed;
                WarningKind warning;
                struct {
                        Killer killer;
                        bool pending; /* it is about to: what is told now is how it looked before */
                        uint64_t pid; /* 0: the whole unit, or nobody knows */
                        uint64_t count; /* how many processes, where that is known; 0: one */
                        char comm[KILLED_COMM_MAX];
                        char reason[KILLED_REASON_MAX]; /* the killer's word; empty if none */
                        /* Of what was killed, as EVENT_CGROUP_NEW had them, if that is gone: then cgroup_id is what it
                         * lay in. "", or NULL: it is cgroup_id. */
                        const char *path, *unit;
                } killed;
        };
} Event;
