/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "core/series.h"

/* What the looks showed of one number of a watch, over one window: for conditions that are about how fast it changes.
 * Nothing here guesses: as long as the readings do not reach over the window there is no rate. */

typedef enum Quantity {
        QUANTITY_USAGE,
        QUANTITY_ROOM,
        QUANTITY_REFAULTS,
        QUANTITY_SCANNED,
        QUANTITY_RECLAIMED,
        QUANTITY_EVENTS_HIGH,
        QUANTITY_EVENTS_MAX,
        QUANTITY_EVENTS_OOM,
        _QUANTITY_MAX,
} Quantity;

typedef struct Track {
        Quantity quantity;
        uint64_t window_usec;
        Series series;
} Track;

#define TRACK_SLOPE_USEC UINT64_C(2000000)  /* over as long Exhaustion= and Efficiency= look back */
#define TRACK_SLOPE_MIN_USEC UINT64_C(500000) /* less than that says nothing about a slope */

/* The numbers that a condition of this kind needs, at most two, into `ret`; returns how many. */
size_t track_quantities(const Condition *c, Quantity ret[static 2]);

/* The window that a condition looks back over; 0 if it is about the present alone, or about pressure. */
uint64_t track_window(const Condition *c);

/* Takes in a look. A counter that shrinks starts anew. */
void track_push(Track *t, uint64_t now_usec, const Sample *values);

/* By how much it changed between the newest reading that is `window_usec` old, but no more than four times as old (or
 * two seconds, for short windows), and the last one; `ret_span_usec` is what lies between. False, and nothing returned,
 * if there is no such reading. A longer span tells of a mean over more time, not of more than there was. */
bool track_change(const Track *t, uint64_t window_usec, bool *ret_shrank, uint64_t *ret_change, uint64_t *ret_span_usec);

/* How much it grew a second over the window; 0 if it shrank or that is not known. Of a counter the part of the window
 * that readings cover counts as all of it, since it never shrinks. */
uint64_t track_rate(const Track *t, uint64_t window_usec);

/* How often a counter of memory.events.local counted within the window. Its change wakes the watch, so what is new since
 * the last reading before the window was counted within it. */
uint64_t track_count(const Track *t, uint64_t window_usec);

/* At the slope of the window (at least half a second of it seen, and no reading older than twice the window counts),
 * the time in which the value reaches zero; USEC_INFINITY if it does not shrink or that is not known. */
uint64_t track_time_left(const Track *t, uint64_t window_usec);

/* Whether all that keeps track_time_left() from being at most `usec` is that the last look but one was long ago: worth
 * another look. */
bool track_may_run_out(const Track *t, uint64_t window_usec, uint64_t usec);
