/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "core/decision.h"
#include "core/event.h"

/* Events and effects as text, one a line: words of `key=value`, the time first. What the daemon records a replay
 * reads; people read and write it as well.
 *
 *     memstalld-trace 1
 *     # comments and empty lines count for nothing
 *     time=0.000000 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice
 *     time=0.000000 event=new cgroup=21 kind=unit path=/batch.slice/a.service unit=a.service
 *     time=2.500000 event=sample cgroup=20 cause=trigger:some:10%:2.000000 some=0.700000 full=0.100000 usage=512M
 *     time=2.500200 event=survey cgroup=20 some=0.700200 candidate=21:500M:0:0.650000 stall=21:20:77:memcg-max:0.6:12
 *     time=2.540000 event=outcome id=1 result=done via=systemd previous=infinity
 *     time=2.600000 event=timer
 *     time=9.000000 event=release reason=stop
 *     time=9.050000 event=killed cgroup=21 killer=kernel pid=78 comm=perl
 *     time=9.100000 event=gone cgroup=21
 *
 * A trace that the daemon wrote says as well what it decided, where a core began (the daemon's start, or a reload), where
 * what was known before the trace ends, with how far the core had counted by then, and how many lines are missing:
 *
 *     time=0.000000 start=daemon base=yes seed=00112233445566778899aabbccddeeff dry-run=no version=0.1.0 kernel=6.12.1 systemd=257
 *     time=2.500000 base=end ids=12 incidents=3 ended=3
 *     time=2.500200 effect=act id=13 action=throttle policy=50-batch step=slow watch=batch.slice victim=a.service …
 *     time=7.000000 lost=35
 *
 * Times and durations are seconds and may carry the units of systemd.time(7), amounts are bytes and may carry those
 * of systemd.resource-control(5), or are `infinity`. A key that is left out is 0, none, or empty. In texts, spaces,
 * backslashes and what is no printable ASCII stand as \xNN.
 *
 *     candidate=CGROUP:USAGE:PROTECTED:PRESSURE[:SWAP:SCANNED:PREFERENCE[:RECLAIMED:REFAULTED]]   members of Candidate
 *     stall=CGROUP:LIMIT-CGROUP:PID:CLASS:TIME:COUNT                        members of Stall
 *     reclaim=CGROUP:TARGET-CGROUP:KIND:PAGES:COUNT                         members of Reclaim
 */

#define TRACE_HEADER "memstalld-trace 1"

#define TRACE_CANDIDATES_MAX 4096U
#define TRACE_STALLS_MAX 1024U
#define TRACE_RECLAIMS_MAX 256U
#define TRACE_PATH_MAX 4096U
#define TRACE_UNIT_MAX 256U

/* The longest line there is: a survey of as many candidates, stalls and reclaims. */
#define TRACE_LINE_MAX (1024U * 1024)

/* Far from where sums of times overflow. */
#define TRACE_TIME_MAX_USEC (UINT64_MAX >> 2)

/* Where a core begins. */
typedef struct TraceStart {
        bool reload;
        bool base; /* what was known before the trace follows, up to base=end */
        Id128 seed;
        bool dry_run;
        char version[32], kernel[96], systemd[96];
} TraceStart;

/* An event with all that it points to. Large: not for the stack. */
typedef struct TraceEvent {
        Event event;
        char path[TRACE_PATH_MAX];
        char unit[TRACE_UNIT_MAX];
        Candidate candidates[TRACE_CANDIDATES_MAX];
        Stall stalls[TRACE_STALLS_MAX];
        Reclaim reclaims[TRACE_RECLAIMS_MAX];
        TraceStart start; /* TRACE_E_START */
        CoreIds ids;      /* TRACE_E_BASE */
        uint64_t n_lost;  /* TRACE_E_LOST */
        const char *wrong; /* after an error: where in the line the word begins that is wrong */
} TraceEvent;

/* Lines that hold no event. */
enum {
        TRACE_E_NOTHING = 1, /* empty, or a comment */
        TRACE_E_EFFECT,      /* what the daemon decided: event.now_usec, and the line itself */
        TRACE_E_START,       /* a core begins: event.now_usec, start */
        TRACE_E_BASE,        /* what was known before ends here: event.now_usec, ids */
        TRACE_E_LOST,        /* lines are missing here: event.now_usec, n_lost */
};

/* Reads one line, without its newline. 0, TRACE_E_…; -EINVAL for what is no such line, -ERANGE for a number that
 * is too large, -ENOBUFS for more or longer members than an event holds; `ret->wrong` tells where. */
int trace_parse_event(const char *line, TraceEvent *ret);

/* Writes one line, without a newline, such as trace_parse_event() reads to the same event. 0, or -ENOBUFS if it does
 * not fit; TRACE_LINE_MAX bytes always do. */
int trace_format_event(const Event *event, char *buf, size_t size);

/* The same for the other lines. */
int trace_format_start(const TraceStart *start, uint64_t now_usec, char *buf, size_t size);
int trace_format_base(const CoreIds *ids, uint64_t now_usec, char *buf, size_t size);
int trace_format_lost(uint64_t n_lost, uint64_t now_usec, char *buf, size_t size);

/* Writes what the effect tells, one line without a newline; nothing for the looks that the core asks for, which are no
 * decision. 0, TRACE_E_NOTHING, or -ENOBUFS; TRACE_EFFECT_MAX bytes do for paths of systemd's units. */
int trace_format_effect(const Effect *effect, uint64_t now_usec, char *buf, size_t size);

#define TRACE_EFFECT_MAX 8192U

/* Whether effects of this kind are what a trace tells as decisions: all that has words but what is asked of the
 * sensors. */
bool trace_effect_decides(EffectKind kind);
/* The same for such a line. */
bool trace_line_decides(const char *line);
