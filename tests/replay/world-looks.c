/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "world-private.h"

static bool lies_in(const World *w, const WorldCgroup *c, const WorldCgroup *above) {
        for (; c != above; c = w->cgroups + c->parent)
                if (c == w->cgroups)
                        return false;
        return true;
}

static uint64_t usage(const World *w, const WorldCgroup *c) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < w->n_cgroups; i++)
                if (!w->cgroups[i].gone && lies_in(w, w->cgroups + i, c))
                        bytes += w->cgroups[i].usage_micro / 1000000;
        return bytes;
}

uint64_t world_stall_usec(const World *w, const WorldCgroup *c, PressureKind kind) {
        return c->stall_part[kind] / 10000;
}

uint64_t world_total_usec(const World *w, const WorldCgroup *c, const PressureLimit *limit) {
        return limit->resource == RESOURCE_IO ? c->io_part / 10000 : world_stall_usec(w, c, limit->kind);
}

void world_sample(World *w, const WorldCgroup *c, Sample *ret) {
        uint64_t used = usage(w, w->cgroups);

        *ret = (Sample){
                .usage_bytes = usage(w, c),
                .host_total_bytes = w->total_bytes,
                .host_available_bytes = w->total_bytes - MIN(used, w->total_bytes),
                .swap_total_bytes = w->swap_bytes,
                .swap_free_bytes = w->swap_bytes,
                .limit_bytes = w->total_bytes,
                .room_cgroup_id = w->cgroups[0].id,
                .events_high = c->events_micro[0] / 1000000,
                .events_max = c->events_micro[1] / 1000000,
                .scanned = c->scanned_micro / 1000000,
                .reclaimed = c->reclaimed_micro / 1000000,
                .pressure_usec[RESOURCE_IO][PRESSURE_SOME] = c->wants & WANT_IO ? c->io_part / 10000 : 0,
                .wait_usec = c->wants & WANT_WAITS ? c->wait_part / 10000 : 0,
        };
        ret->room_bytes = ret->host_available_bytes;
        ret->host_free_bytes = ret->host_available_bytes - MIN(w->cache_bytes, ret->host_available_bytes);
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                ret->pressure_usec[RESOURCE_MEMORY][k] = world_stall_usec(w, c, k);

        for (const WorldCgroup *above = c; above != w->cgroups; above = w->cgroups + above->parent)
                if (above->limit_bytes != UINT64_MAX) {
                        uint64_t inside = usage(w, above), room = above->limit_bytes - MIN(inside, above->limit_bytes);

                        ret->limit_bytes = MIN(ret->limit_bytes, above->limit_bytes);
                        if (room < ret->room_bytes) {
                                ret->room_bytes = room;
                                ret->room_cgroup_id = above->id;
                        }
                }
}

void world_survey(World *w, const WorldCgroup *c, TraceEvent *ret) {
        Event *event = &ret->event;

        event->survey.candidates = ret->candidates;
        event->survey.stalls = ret->stalls;
        event->survey.reclaims = ret->reclaims;
        for (const WorldReclaim *r = w->reclaims; r < w->reclaims + w->n_reclaims; r++)
                ret->reclaims[event->survey.n_reclaims++] = (Reclaim){
                        .cgroup_id = w->cgroups[r->by].id,
                        .target_id = w->cgroups[r->target].id,
                        .kind = r->kind,
                        .pages = r->pages,
                        .count = 1,
                };
        for (size_t i = 0; i < w->n_cgroups; i++) {
                const WorldCgroup *unit = w->cgroups + i;

                if (unit->gone || !unit->known || unit->kind == CGROUP_HOST ||
                    (unit->kind == CGROUP_SLICE && !(c->wants & WANT_CANDIDATE_SLICES)) ||
                    (!lies_in(w, unit, c) && !(c->wants & WANT_CANDIDATE_ALL)) ||
                    event->survey.n_candidates >= TRACE_CANDIDATES_MAX)
                        continue;
                ret->candidates[event->survey.n_candidates++] = (Candidate){
                        .cgroup_id = unit->id,
                        .usage_bytes = usage(w, unit),
                        .protected_bytes = unit->protected_bytes,
                        .pressure_usec = world_stall_usec(w, unit, PRESSURE_SOME),
                        .swap_bytes = unit->swap_bytes,
                        .scanned = unit->scanned_micro / 1000000,
                        .preference = unit->preference,
                        .reclaimed = (unit->streamed_micro + unit->again_micro) / 1000000,
                        .refaulted = unit->again_micro / 1000000,
                        .counted = unit->counted,
                };
                if (unit->has_class && unit->share[PRESSURE_SOME] > 0 && event->survey.n_stalls < TRACE_STALLS_MAX)
                        ret->stalls[event->survey.n_stalls++] = (Stall){
                                .cgroup_id = unit->id,
                                .limit_id = unit->limit_of == 0 ? 0 : w->cgroups[unit->limit_of].id,
                                .pid = (uint32_t) unit->id + 1000,
                                .class = unit->class,
                                .stall_usec = unit->share[PRESSURE_SOME] * UINT64_C(100),
                                .count = 10,
                        };
        }
        world_sample(w, c, &event->survey.values);
}
