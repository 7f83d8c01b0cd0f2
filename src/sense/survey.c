/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Surveys: who may pay for a watch. As in sense/look.c, nothing here opens a file, allocates, or waits. */

#include "base/fdio.h"
#include "core/wants.h"
#include "sense/look.h"

/* The protection that a folder asks for: memory.min is the stronger kind of the same promise, and they do not add
 * up. What cannot be read protects nothing. */
static uint64_t read_protection(const Folder *f) {
        uint64_t min, low;

        if (f->place.kind == CGROUP_HOST)
                return UINT64_MAX;
        if (look_number(f, FOLDER_MIN, 0, &min) < 0 || look_number(f, FOLDER_LOW, 0, &low) < 0)
                return 0;
        return MAX(min, low);
}

/* No unit gets more protection than the slices above it. */
static uint64_t protection_above(const Folder *f) {
        uint64_t bytes = UINT64_MAX;

        for (const Folder *above = f->parent; above; above = above->parent)
                bytes = MIN(bytes, read_protection(above));
        return bytes;
}

/* A unit that holds groups does not pay itself. */
static bool holds_others(const Folder *f) {
        if (f->place.manager)
                return true;
        for (const Folder *below = folder_next(f, f); below; below = folder_next(below, f))
                if (below->place.told)
                        return true;
        return false;
}

static bool is_candidate(const Folder *f, const Folder *top, unsigned wants) {
        if (folder_may_pay(f))
                return !holds_others(f);
        return f->place.kind == CGROUP_SLICE && f != top && (wants & WANT_CANDIDATE_SLICES);
}

static bool read_candidate(const Folder *f, const Folder *watch, Candidate *ret) {
        uint64_t pressure_usec[_PRESSURE_KIND_MAX] = { 0 };
        uint64_t usage_bytes, swap_bytes = 0;

        if (fd_read_uint(f->fds[FOLDER_CURRENT], &usage_bytes) < 0)
                return false;
        if (watch->watch->wants & WANT_CANDIDATE_SWAP)
                (void) look_number(f, FOLDER_SWAP, 0, &swap_bytes);
        look_pressure(f->fds[FOLDER_PRESSURE], pressure_usec);
        *ret = (Candidate){
                .cgroup_id = f->id,
                .usage_bytes = usage_bytes,
                .protected_bytes = MIN(f->protected_bytes, usage_bytes),
                .pressure_usec = pressure_usec[PRESSURE_SOME],
                .swap_bytes = swap_bytes,
                .preference = folder_preference(f, watch),
        };
        return true;
}

/* memory.stat is dear: the kernel adds up all of its counters for it. Of a watch's hundred greatest none is left out. The usage
 * is read again, for what is reckoned from both. */
static void read_counts(Tree *t, const Folder *watch, const Sample *values, Candidate *c) {
        const Folder *f = registry_find(t, c->cgroup_id);
        ReclaimCounts counts = { 0 };

        if (!f || f->fds[FOLDER_STAT] < 0 ||
            (!(watch->watch->wants & WANT_CANDIDATE_STAT) &&
             (f->place.kind == CGROUP_SLICE || c->usage_bytes == 0 || c->usage_bytes < values->usage_bytes / 100)))
                return;
        if (look_reclaim(t, f->fds[FOLDER_STAT], &counts) < 0)
                return;
        if (fd_read_uint(f->fds[FOLDER_CURRENT], &c->usage_bytes) >= 0)
                c->protected_bytes = MIN(f->protected_bytes, c->usage_bytes);
        c->scanned = counts.scanned;
        c->reclaimed = counts.reclaimed;
        c->refaulted = counts.refaults;
        c->counted = true;
}

/* What may pay beneath `top`. */
static int survey(Tree *t, Folder *watch, Folder *top, Candidates *ret) {
        Candidates s = { .candidates = t->candidates };
        uint64_t above_bytes = protection_above(top);
        int r;

        for (Folder *f = top; f; f = folder_next(f, top)) {
                f->protected_bytes = MIN(f == top ? above_bytes : f->parent->protected_bytes, read_protection(f));
                if (!is_candidate(f, top, watch->watch->wants))
                        continue;
                assert(s.n_candidates < t->n_candidates_max);
                s.n_candidates += read_candidate(f, watch, &t->candidates[s.n_candidates]);
        }
        r = watch_sample(t, watch->id, &s.values);
        if (r != 0)
                return r;
        for (size_t i = 0; i < s.n_candidates; i++)
                read_counts(t, watch, &s.values, t->candidates + i);
        *ret = s;
        return 0;
}

int watch_survey(Tree *t, uint64_t cgroup_id, Candidates *ret) {
        Folder *watch = registry_find(t, cgroup_id);

        if (!watch || !watch->watch)
                return WATCH_E_GONE;
        return survey(t, watch, watch->watch->wants & WANT_CANDIDATE_ALL ? t->root : watch, ret);
}

int watch_survey_around(Tree *t, uint64_t cgroup_id, Candidates *ret) {
        Folder *watch = registry_find(t, cgroup_id);

        if (!watch || !watch->watch)
                return WATCH_E_GONE;
        return survey(t, watch, registry_claimed(t, watch), ret);
}
