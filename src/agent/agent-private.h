/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "act/dry-run.h"
#include "act/effector.h"
#include "act/held.h"
#include "act/journal.h"
#include "act/managed-oom.h"
#include "act/worker.h"
#include "agent/agent.h"
#include "agent/baselines.h"
#include "agent/bus.h"
#include "agent/incidents.h"
#include "agent/metrics.h"
#include "agent/oomd-hook.h"
#include "agent/recording.h"
#include "agent/sightings.h"
#include "config/load.h"
#include "core/core.h"
#include "core/rivals.h"
#include "sense/alarm.h"
#include "sense/memstall.h"
#include "sense/tree.h"
#include "sense/waits.h"

/* What the agent's own files share: agent.c sets up and ends, loop.c moves events and effects, sensors.c is on the
 * side of the kernel, arming.c waits for what it tells by itself, culprits.c is on the side of BPF, managed.c on that of who sets up the units, effectors.c on that of those who
 * act, wall-clock.c knows what time it is for people, held.c keeps the list for the next run, reload.c swaps the
 * configuration. */

#define ENTRIES_MAX 512U /* as many stalls of the whole host are looked through for those of one watch */
#define STALLS_MAX 64U   /* as many of them go into one survey */
#define RECLAIMS_READ_MAX 128U /* of so many who reclaimed whose pages, */
#define RECLAIMS_MAX 32U       /* so many, by unit */
#define LOOKS_MAX 1024U /* as many looks may be asked for by one step of the core */
#define LATE_MAX 64U

/* Whose turn it is when several things happened: outcomes and pressure first. */
enum {
        PRIORITY_PRESSURE = -20,
        PRIORITY_TIMER = -10,
        PRIORITY_TREE = 0,
        PRIORITY_SIGNAL = 10,
};

/* What memory_major_faults() was when the event came that led to a decision. */
#define FAULT_MARKS_MAX 64U
typedef struct FaultMark {
        uint64_t decision_id, n_major_faults;
} FaultMark;

typedef struct Look {
        bool survey;
        uint64_t cgroup_id;
} Look;

/* The recent stalls: as BPF has them, and as the core does (same order). */
typedef struct Culprits {
        Memstall *memstall; /* NULL: none are captured */
        char why[256];      /* then why */
        Waits *waits;       /* NULL: no policy asks for them, or none are captured */
        StallEntry entries[ENTRIES_MAX];
        Stall stalls[STALLS_MAX];
        StallEntry kept[STALLS_MAX]; /* parallel to `stalls` */
        size_t n_stalls;
        ReclaimEntry reclaim_entries[RECLAIMS_READ_MAX];
        Reclaim reclaims[RECLAIMS_MAX];
        size_t n_reclaims;
        bool around; /* these stalls may be the doing of others than the watch: a survey is to look around */
        char stack[4096];
        uint64_t told_lost; /* stalls that were not captured, as the journal knows it */
} Culprits;

/* What the kernel tells by itself, see alarm.h. */
typedef struct Warnings {
        Alarm *alarm;  /* NULL: nothing */
        char why[160]; /* then why */
        char reason[128];
        sd_event_source *source;
} Warnings;

typedef enum AgentPhase {
        PHASE_RUNNING,
        PHASE_RELOADING, /* everything held is being undone, then the configuration is swapped */
        PHASE_STOPPING,  /* everything held is being undone, then the loop ends */
} AgentPhase;

typedef struct Managers Managers; /* who is asked about ManagedOOM…, in managed.c */

typedef struct Description {
        char files[2048], kernel[80], culprits[520], missing[256], rivals[256];
} Description;

struct Agent {
        sd_event *event;
        Config config;
        size_t n_config_errors; /* when the files were last read */
        char left_out[2048];    /* and which had them, one path a line */
        Description description;
        Config next; /* while reloading */
        Core *core;

        Tree *tree;
        sd_event_source *tree_source;
        bool scanned; /* what appears from now on is new */
        unsigned n_rivals[RIVALS_MAX]; /* how many cgroups each has: it runs */
        uint64_t newborn_id; /* the cgroup whose NEW is being fed, if it was made just now */
        void *sensors; /* tsearch(3) of Sensor, by cgroup id: what each watch is armed with */
        sd_event_source *arming; /* on while some of them wait */
        TreeGaps told_gaps;

        Culprits culprits;
        Warnings warnings;
        Baselines baselines;
        Worker *worker;
        Effector *effector;
        DryRun *dry_run;
        Managers *managers; /* NULL with ManagedOOM=no */
        Journal *journal;
        AgentBus *bus;
        Recorder *recorder;
        Incidents *incidents;
        Metrics *metrics;
        Recording *recording; /* NULL, or the last one */
        Kills *kills;
        OomdHook *oomd_hook; /* NULL where there are no pre-kill hooks */
        bool recorded; /* a core began before this one */

        sd_event_source *timer, *wall_clock, *hangup, *terminate, *interrupt, *settled, *stop_deadline;
        AgentPhase phase;
        bool reload_again; /* it was asked for while one was under way */
        HeldList *held; /* NULL: it cannot be written */
        int held_lock;
        unsigned held_generation;
        bool recovering; /* what an earlier run held has not yet reached the core as a whole */
        CoreCounts told;
        uint64_t told_usec;
        bool stepping; /* the core's effects are being carried out */
        Look looks[LOOKS_MAX];
        size_t n_looks;
        uint64_t n_major_faults; /* when this event came */
        FaultMark fault_marks[FAULT_MARKS_MAX]; /* by the id of the decision */
        Outcome late[LATE_MAX]; /* answers that came meanwhile */
        size_t n_late;
};

/* loop.c */

/* Gives the event to the core and carries out what follows, looks included. */
void agent_feed(Agent *a, Event *event);
int agent_add_timer(Agent *a);
/* STATUS= for systemctl status, if it is another than before, once a second at most. */
void agent_tell_status(Agent *a);
/* An effector's answer. */
void agent_on_outcome(void *userdata, const Outcome *outcome);

/* sensors.c */

int sensors_start(Agent *a);
void sensors_stop(Agent *a);
/* Keeps open what looks at a cgroup need that nobody watches. */
void sensors_follow(Agent *a, uint64_t cgroup_id);
/* Takes the look and fills the event; false if the cgroup is gone. */
bool sensors_look(Agent *a, const Look *look, Event *ret);
/* Tells that a watch cannot see what it should. */
void sensors_tell_blind(Agent *a, uint64_t cgroup_id, const char *reason);

/* arming.c */

int arming_start(Agent *a);
void arming_stop(Agent *a);
/* Arms what the core asked for, as soon as that may be. */
void arming_arm(Agent *a, const Effect *effect);
void arming_disarm(Agent *a, uint64_t cgroup_id);
/* The cgroup is gone, its watch goes with it. */
void arming_forget(Agent *a, uint64_t cgroup_id);
/* How many more kills a look at the watch counts than the one before, if there was one. */
uint64_t arming_count_kills(Agent *a, uint64_t cgroup_id, uint64_t n_kills);
/* How many watches lack something that they ask for: told in the journal, and tried again. */
uint64_t arming_n_blind(const Agent *a);

/* managed.c */

int managers_start(Agent *a);
void managers_stop(Agent *a);
/* A cgroup has come or gone: asks the manager that it belongs to what the unit says about its kills. */
void managers_ask(Agent *a, const Event *event);
/* How many units could not be asked since the managers are. */
uint64_t managers_lost(const Agent *a);

/* rivals.c */

/* A cgroup has come or gone: tells of a rival that comes while the daemon runs. */
void rivals_on_cgroup(Agent *a, const Event *event);
/* Those that run, one a line; what does not fit is cut. */
void rivals_describe(const Agent *a, char *buf, size_t size);

/* effectors.c */

int effectors_start(Agent *a);
void effectors_stop(Agent *a);
void effectors_act(Agent *a, const Decision *d);
void effectors_undo(Agent *a, const Undo *u);

/* wall-clock.c */

/* Tells the core now, and whenever the clock is set. */
int wall_clock_start(Agent *a);
void wall_clock_tell(Agent *a);

/* culprits.c */

void culprits_start(Agent *a);
void culprits_stop(Agent *a);
/* Reads the stalls of the tasks beneath the watch. */
void culprits_read(Agent *a, uint64_t watch_id);
/* Whether some policy counts the waits that PSI leaves out. */
bool culprits_count_waits(const Agent *a);
/* Takes in how long tasks have waited, before a look at a watch that wants to know. */
void culprits_read_waits(Agent *a, uint64_t watch_id);
/* How many stalls were not captured since they are; 0 if none are. */
uint64_t culprits_missed(const Agent *a);
/* Writes the records that go with the decision, or with the sighting. */
void culprits_tell(Agent *a, const Decision *d);
void culprits_tell_seen(Agent *a, const Sighting *s);

/* held.c */

/* Takes over the list of what an earlier run held, and undoes that. */
int held_start(Agent *a);
void held_stop(Agent *a);
/* Brings the list up to date, if it is not. */
void held_save(Agent *a);
/* Whether the decision is on the list, as far as there is one. */
bool held_is_noted(const Agent *a, const Decision *d);

/* reload.c */

/* Loads the configuration, and tells and counts what is wrong with it. */
int agent_load(Agent *a, Config *ret);
int agent_build_core(Agent *a);
void agent_reload(Agent *a);
/* Goes on with a reload or stop once nothing is held or owed any more. */
void agent_check_phase(Agent *a);
int agent_add_settled(Agent *a);
/* What start, reload and stop records tell; valid until the next call. */
void agent_describe(Agent *a, JournalFacts *ret);
