/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "act/oom-mark.h"
#include "act/systemd-calls.h"
#include "act/systemd-connection.h"
#include "act/systemd.h"

/* What act/systemd.c, which keeps the table of actions, shares with the files that know their calls: systemd-chain.c,
 * systemd-throttle.c, systemd-protect.c, systemd-job.c. */

#define ACTION_PATH_MAX OOM_MARK_PATH_MAX
#define SLICES_MAX 16U
#define JOBS_REMOVED_MAX 64U

typedef struct Action Action;

/* Sends the first call of an action's chain; is called again if the connection turns out to be lost. 0 or -errno. */
typedef int (*ActionStart)(Action *a);

struct Action {
        Systemd *systemd; /* NULL: the entry is free */
        ActionStart start;
        sd_bus_slot *slot;      /* of the call whose reply is awaited */
        sd_bus_slot *thaw_slot; /* of the thaw before a kill */
        sd_bus_slot *get_slots[_PROPERTY_MAX - 1]; /* throttle: of what is read, but for the last */
        bool ends;              /* as these three say, once the loop comes round */
        OutcomeKind end_kind;
        const char *end_words;
        int error;

        Outcome outcome; /* as far as it is known */
        char unit[UNIT_NAME_MAX];
        bool is_victim;             /* not another one, to be started */
        char path[ACTION_PATH_MAX]; /* empty if it is not known, or too long */
        Properties properties;      /* what is to be set */
        Properties before;          /* throttle: what is there, as far as it is read */
        Property at;                /* throttle: which is awaited */
        uint64_t usage_bytes;       /* throttle: of the victim */
        uint64_t step_bytes;        /* by which MemoryHigh= goes down; 0: at once */
        int signal;
        bool thaw_first;
        bool marked;       /* see act/oom-mark.h */
        size_t n_marked;
        bool is_heard;     /* freeze: PID 1 has taken it */
        bool gone_is_done; /* a kill, a stop or an undo: without the unit there is nothing left to do */
        bool try_again;    /* a thaw */
        bool waits;        /* for its turn with the slices */
        const char *method; /* of the job */
        bool awaits_job;
        uint32_t job;
        uint64_t again_usec;
        uint64_t deadline_usec;
};

/* The one protect, or undo of one, that is at work on MemoryLow= of slices: reading and setting them must not be mixed. */
typedef struct Slices {
        Action *owner; /* NULL: none is */
        char names[SLICES_MAX][UNIT_NAME_MAX]; /* outermost first */
        uint64_t before[SLICES_MAX];
        bool is_sent[SLICES_MAX]; /* it may have been set */
        size_t n, at;
        uint64_t unit_before;
        bool unit_is_sent;
} Slices;

/* Jobs that have ended lately: the signal may come before the reply that names the job. */
typedef struct JobsRemoved {
        struct {
                uint32_t id;
                char result[16];
        } jobs[JOBS_REMOVED_MAX];
        size_t next;
} JobsRemoved;

struct Systemd {
        sd_event *event;
        SystemdAnswer answer;
        void *userdata;
        HeldList *held; /* or NULL */
        Connection connection;
        sd_event_source *timer;    /* the next deadline or second try; on while there is one */
        sd_event_source *deferred; /* on while an entry ends */
        char kernel[65];
        Slices slices;
        JobsRemoved removed;
        Action actions[SYSTEMD_ACTIONS_MAX];
};

/* ---- act/systemd.c --------------------------------------------------------------------------- */

/* Empties the entry, then answers: the last thing that is done to it. */
void action_end(Action *a, OutcomeKind kind, int error, const char *words);

/* The same from the loop, for what ends in an ActionStart. `words` stay the caller's. */
void action_end_later(Action *a, OutcomeKind kind, int error, const char *words);

/* Lets go of the call and sends the chain once more in a while, until the deadline; then `error` is the answer. */
void action_again(Action *a, const sd_bus_error *e, int error);

/* Before something is set: notes what was there. False if it ended the action instead, as there is no place. */
bool action_note(Action *a, const Properties *previous);

/* Nobody was there to say anything. What was done for the action beside it is taken back: somebody else will do it. */
void action_unheard(Action *a);

/* Sends the first call, on a new connection if the old one is lost. */
void action_start(Action *a);

/* Connects anew; what waits for the old connection fails. */
int systemd_reconnect(Systemd *s);

/* ---- act/systemd-chain.c --------------------------------------------------------------------- */

/* The start of a decision or an undo; NULL if there is nothing to do. */
ActionStart chain_for_act(ActionKind kind);
ActionStart chain_for_undo(ActionKind kind);

/* The call to come, with its slot free again. */
Call chain_call(Action *a, sd_bus_message_handler_t handler);

/* From a reply: ends the action with what systemd has to say against it. Returns 0. */
int chain_fail(Action *a, const sd_bus_error *e);

/* From a reply: ends the action if the next call could not be sent, or the reply not be read. Returns 0. */
int chain_next(Action *a, int r);

/* The reply to the last call. */
int chain_on_last_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

/* ---- The rest -------------------------------------------------------------------------------- */

int throttle_start(Action *a);
int throttle_start_undo(Action *a);

int protect_start(Action *a);
int protect_start_undo(Action *a);

/* An action is about to end: takes back what it has done to slices if it has not done all, and lets the next one have
 * its turn. */
void protect_on_end(Action *a, OutcomeKind kind);

/* Starts a->method. */
int job_start(Action *a);

/* The handlers of JobRemoved and of a lost connection; `userdata` is the Systemd. */
int job_on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
int job_on_lost(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
