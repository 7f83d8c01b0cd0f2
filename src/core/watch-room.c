/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/usec.h"
#include "core/condition.h"
#include "core/watch-room.h"

/* With no more left than this part of the host's memory, how fast it goes is measured in good time no longer by what
 * kswapd begins with. */
#define HOST_RESERVE_PARTS 16U
#define NEARING_USEC USEC_PER_SEC

/* Whether the condition is about what the host has left, so that kswapd is woken before it is gone. Usage of a unit grows
 * while the host has plenty, and swap fills by what limits push out. */
static bool is_hosts(const Watch *w, const Condition *c) {
        if (c->kind == CONDITION_HOST_AVAILABLE)
                return true;
        if (c->kind == CONDITION_SWAP_FREE)
                return false;
        if (c->kind == CONDITION_USAGE)
                return w->node->kind == CGROUP_HOST;
        return w->node->kind == CGROUP_HOST || w->sample.room_bytes == w->sample.host_available_bytes;
}

static uint64_t reserve(const Watch *w) {
        return w->sample.host_total_bytes / HOST_RESERVE_PARTS;
}

/* No more than what is free can be taken before kswapd is woken: with `bytes` or more beside it, a warning comes first. */
static bool is_warned_of(const Watch *w, uint64_t bytes) {
        return bytes > w->sample.host_free_bytes;
}

static void plan_host(RoomPlan *plan, uint64_t bytes, uint64_t beyond_bytes) {
        if (bytes >= plan->host_bytes)
                return;
        plan->host_bytes = bytes;
        plan->host_beyond_bytes = beyond_bytes;
}

void room_plan_level(const Watch *w, const Condition *c, uint64_t now_usec, RoomPlan *plan) {
        uint64_t distance = condition_distance(w, c);

        if (!is_hosts(w, c)) {
                plan->own_bytes = MIN(plan->own_bytes, distance);
                return;
        }
        plan->waits = true;
        if (!warning_is_quiet(w->warning, now_usec) || !is_warned_of(w, distance))
                plan_host(plan, distance, usec_sub(w->sample.host_available_bytes, distance));
}

/* The room that may be gone before the next look: half of it, so that most of the time that Exhaustion= gives is left. */
void room_plan_exhaustion(const Watch *w, const Condition *c, uint64_t now_usec, RoomPlan *plan) {
        const Track *t = watch_track(w, QUANTITY_ROOM, TRACK_SLOPE_USEC);
        uint64_t half = MAX(w->sample.room_bytes / 2, UINT64_C(1));

        if (t && track_may_run_out(t, TRACK_SLOPE_USEC, c->usec))
                plan->look_usec = MIN(plan->look_usec, now_usec + TRACK_SLOPE_MIN_USEC);
        if (!is_hosts(w, c)) {
                plan->own_bytes = MIN(plan->own_bytes, half);
                return;
        }
        plan->waits = true;
        if (!warning_is_quiet(w->warning, now_usec) || !is_warned_of(w, usec_sub(w->sample.room_bytes, reserve(w))))
                plan_host(plan, half, half);
}

/* While memory is plenty nobody is harmed by a rate: the host's, until kswapd is woken or little is left; that below a
 * limit, until half of it is used. */
void room_plan_rate(const Watch *w, const Condition *c, uint64_t now_usec, uint64_t pace_usec, RoomPlan *plan) {
        bool hosts = is_hosts(w, c), quiet = warning_is_quiet(w->warning, now_usec);
        uint64_t plenty = usec_sub(w->sample.room_bytes, hosts ? reserve(w) : w->sample.limit_bytes / 2);

        plan->waits = true;
        if (!quiet || (plenty == 0 && (!hosts || c->kind == CONDITION_GROWTH)))
                plan->look_usec = MIN(plan->look_usec, usec_add(now_usec, pace_usec));
        else if (!hosts)
                plan->own_bytes = MIN(plan->own_bytes, plenty);
        else if (c->kind == CONDITION_GROWTH && !is_warned_of(w, plenty))
                plan_host(plan, plenty, reserve(w)); /* nothing is scanned or read again without kswapd, but much may grow */
}

/* Until the look that the slope of the room asks for; without any wait the slope is forgotten. */
static uint64_t after_slope(Room *room, uint64_t now_usec, uint64_t bytes, uint64_t total_bytes, bool alert) {
        if (bytes != UINT64_MAX)
                return room_next_look(room, now_usec, bytes, total_bytes, alert);
        *room = (Room){ 0 };
        return USEC_INFINITY;
}

static void note_looking(Watch *w, bool looks) {
        if (!w->warning || looks == w->looks_at_host)
                return;
        if (looks)
                w->warning->n_looking++;
        else
                w->warning->n_looking--;
        w->looks_at_host = looks;
}

uint64_t room_plan_end(Watch *w, uint64_t now_usec, const RoomPlan *plan) {
        bool armed = w->warning && w->warning->armed, alert = armed && !warning_is_quiet(w->warning, now_usec);
        uint64_t own = after_slope(&w->room, now_usec, plan->own_bytes, w->sample.limit_bytes, false);
        uint64_t host = after_slope(&w->host_room, now_usec, plan->host_bytes, w->sample.host_total_bytes, alert);

        w->waits_for_warning = plan->waits;
        note_looking(w, plan->host_bytes != UINT64_MAX);
        w->nearing = (w->room.rate > 0 && own < NEARING_USEC) || (w->host_room.rate > 0 && host < NEARING_USEC);
        if (!armed && plan->host_bytes != UINT64_MAX) {
                host = MIN(host, room_unwarned_look(plan->host_bytes, plan->host_beyond_bytes,
                                                    w->warning ? w->warning->n_looking : 1));
                host = room_align(now_usec, usec_add(now_usec, host)) - now_usec;
        }
        return MIN(plan->look_usec, usec_add(now_usec, MIN(own, host)));
}
