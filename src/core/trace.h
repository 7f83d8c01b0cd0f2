/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

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
 *     time=9.100000 event=gone cgroup=21
 *
 * Times and durations are seconds and may carry the units of systemd.time(7), amounts are bytes and may carry those
 * of systemd.resource-control(5), or are `infinity`. A key that is left out is 0, none, or empty. In texts, spaces,
 * backslashes and what is no printable ASCII stand as \xNN.
 *
 *     candidate=CGROUP:USAGE:PROTECTED:PRESSURE            members of Candidate
 *     stall=CGROUP:LIMIT-CGROUP:PID:CLASS:TIME:COUNT       members of Stall
 */

#define TRACE_HEADER "memstalld-trace 1"

#define TRACE_CANDIDATES_MAX 4096U
#define TRACE_STALLS_MAX 1024U
#define TRACE_PATH_MAX 4096U
#define TRACE_UNIT_MAX 256U

/* The longest line there is: a survey of as many candidates and stalls. */
#define TRACE_LINE_MAX (768U * 1024)

/* Far from where sums of times overflow. */
#define TRACE_TIME_MAX_USEC (UINT64_MAX >> 2)

/* An event with all that it points to. Large: not for the stack. */
typedef struct TraceEvent {
        Event event;
        char path[TRACE_PATH_MAX];
        char unit[TRACE_UNIT_MAX];
        Candidate candidates[TRACE_CANDIDATES_MAX];
        Stall stalls[TRACE_STALLS_MAX];
        const char *wrong; /* after an error: where in the line the word begins that is wrong */
} TraceEvent;

/* A line that holds no event: empty, or a comment. */
#define TRACE_E_NOTHING 1

/* Reads one line, without its newline. 0, TRACE_E_NOTHING; -EINVAL for what is no such line, -ERANGE for a number that
 * is too large, -ENOBUFS for more or longer members than an event holds; `ret->wrong` tells where. */
int trace_parse_event(const char *line, TraceEvent *ret);

/* Writes one line, without a newline, such as trace_parse_event() reads to the same event. 0, or -ENOBUFS if it does
 * not fit; TRACE_LINE_MAX bytes always do. */
int trace_format_event(const Event *event, char *buf, size_t size);

/* Writes what the effect tells, one line without a newline; nothing for the looks that the core asks for, which are no
 * decision. 0, TRACE_E_NOTHING, or -ENOBUFS; TRACE_EFFECT_MAX bytes do for paths of systemd's units. */
int trace_format_effect(const Effect *effect, uint64_t now_usec, char *buf, size_t size);

#define TRACE_EFFECT_MAX 8192U
