/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/baselines.h"
#include "base/usec.h"

#define NOTE_USEC (500 * USEC_PER_MSEC)
#define SPAN_MIN_USEC (100 * USEC_PER_MSEC)
#define AGE_MAX_USEC USEC_PER_MINUTE

static Baseline *find(Baselines *b, uint64_t cgroup_id) {
        for (Baseline *i = b->items; i < b->items + BASELINES_MAX; i++)
                if (i->cgroup_id == cgroup_id)
                        return i;
        return NULL;
}

/* The place of the one that was read longest ago, which free ones are. */
static Baseline *make(Baselines *b, uint64_t cgroup_id) {
        Baseline *oldest = b->items;

        for (Baseline *i = b->items + 1; i < b->items + BASELINES_MAX; i++)
                if (i->readings[0].usec < oldest->readings[0].usec)
                        oldest = i;
        *oldest = (Baseline){ .cgroup_id = cgroup_id };
        return oldest;
}

void baselines_note(Baselines *b, Tree *tree, uint64_t cgroup_id, uint64_t now_usec) {
        Baseline *i = find(b, cgroup_id);

        if (i && usec_sub(now_usec, i->readings[0].usec) < NOTE_USEC)
                return;
        if (!i)
                i = make(b, cgroup_id);
        i->readings[1] = i->readings[0];
        i->readings[0].usec = now_usec;
        counters_read(tree, cgroup_id, &i->readings[0].counters);
}

static bool is_same(Id128 a, Id128 b) {
        return a.high == b.high && a.low == b.low;
}

/* Which reading to compare with; -1: none. */
static int choose(const Baseline *i, bool is_its_own, uint64_t now_usec) {
        for (int which = 0; which < 2; which++) {
                uint64_t age_usec = usec_sub(now_usec, i->readings[which].usec);

                if (i->readings[which].usec == 0 || (age_usec > AGE_MAX_USEC && !is_its_own))
                        break;
                if (age_usec >= SPAN_MIN_USEC)
                        return which;
                is_its_own = false; /* the one before is from before the incident */
        }
        return -1;
}

const JournalCounters *baselines_compare(Baselines *b, Tree *tree, uint64_t cgroup_id, Id128 incident,
                                         uint64_t now_usec) {
        Baseline *i = find(b, cgroup_id);
        bool is_its_own = i && is_same(i->incident, incident);
        int which = i ? choose(i, is_its_own, now_usec) : -1;

        if (!is_its_own && (!i || usec_sub(now_usec, i->readings[0].usec) > AGE_MAX_USEC)) {
                baselines_note(b, tree, cgroup_id, now_usec);
                i = find(b, cgroup_id);
        }
        i->incident = incident;
        if (which < 0)
                return NULL;
        counters_read(tree, cgroup_id, &b->now);
        if (counters_lines(&i->readings[which].counters, &b->now, b->lines, sizeof(b->lines)) == 0)
                return NULL;
        counters_brief(&i->readings[which].counters, &b->now, b->brief, sizeof(b->brief));
        b->told = (JournalCounters){
                .span_usec = now_usec - i->readings[which].usec,
                .lines = b->lines,
                .brief = b->brief,
        };
        return &b->told;
}
