/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Conditions in words: what was seen, for people, and as the policy has them, for programs. What a value means for each
 * kind is told above watch_condition_value(). */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act/journal-text.h"
#include "base/format.h"
#include "base/usec.h"

char *format_limit(char *buf, size_t size, uint64_t bytes) {
        if (bytes == UINT64_MAX)
                return strcpy(buf, "infinity");
        return format_size(buf, size, bytes);
}

char *format_seen(char *buf, size_t size, uint64_t share) {
        return format_share(buf, size, share >= 1000 ? share / 100 * 100 : share / 10 * 10);
}

char *format_took(char *buf, size_t size, uint64_t usec) {
        return format_duration(buf, size, usec < USEC_PER_MSEC ? usec : usec / USEC_PER_MSEC * USEC_PER_MSEC);
}

static char *format_amount(char *buf, size_t size, const Amount *a) {
        return a->is_share ? format_share(buf, size, a->share) : format_size(buf, size, a->bytes);
}

#define FORMAT_AMOUNT(amount) format_amount((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, amount)

static void add_globs(Text *t, char **globs, const char *between) {
        for (char **g = globs; g && *g; g++)
                text_add(t, "%s%s", g > globs ? between : "", *g);
}

static void add_causes(Text *t, uint64_t causes, const char *between) {
        bool first = true;

        for (Cause c = 0; c < _CAUSE_MAX; c++)
                if (causes & UINT64_C(1) << c) {
                        text_add(t, "%s%s", first ? "" : between, cause_to_string(c));
                        first = false;
                }
}

/* ---- For people ------------------------------------------------------------------------------ */

static void add_pressure(Text *t, const Condition *c, uint64_t seen) {
        static const char *const whose[] = {
                [CONDITION_PRESSURE] = "memory",
                [CONDITION_HOST_PRESSURE] = "the host's memory",
                [CONDITION_IO_PRESSURE] = "io",
                [CONDITION_CPU_PRESSURE] = "cpu",
        };

        text_add(t, "%s pressure %s %s of %s (limit %s)", whose[c->kind], pressure_to_string(c->pressure.kind),
                 FORMAT_SEEN(seen), FORMAT_DURATION(c->pressure.window_usec), FORMAT_SHARE(c->pressure.share));
}

static void add_level(Text *t, const Condition *c, uint64_t seen, uint64_t all, const char *word) {
        text_add(t, "%s of %s %s (limit %s)", FORMAT_SIZE(seen), FORMAT_LIMIT(all), word, FORMAT_AMOUNT(&c->amount));
}

static void add_pages(Text *t, const Condition *c, uint64_t seen, const char *word) {
        text_add(t, "%" PRIu64 " pages %s a second over %s (limit %" PRIu64 ")", seen, word,
                 FORMAT_DURATION(c->rate.window_usec), c->rate.per_second);
}

static void add_stall(Text *t, const Condition *c, uint64_t seen) {
        text_add(t, "memory stall %s of %s, waits that pressure leaves out counted in (limit %s)", FORMAT_SEEN(seen),
                 FORMAT_DURATION(c->pressure.window_usec), FORMAT_SHARE(c->pressure.share));
}

void text_condition(Text *t, const Condition *c, uint64_t seen, const Sample *sample) {
        switch (c->kind) {
        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
                add_pressure(t, c, seen);
                break;
        case CONDITION_STALL:
                add_stall(t, c, seen);
                break;
        case CONDITION_AVAILABLE:
                add_level(t, c, seen, sample->limit_bytes, "available");
                break;
        case CONDITION_HOST_AVAILABLE:
                add_level(t, c, seen, sample->host_total_bytes, "available on the host");
                break;
        case CONDITION_SWAP_FREE:
                add_level(t, c, seen, sample->swap_total_bytes, "swap free");
                break;
        case CONDITION_USAGE:
                add_level(t, c, seen, sample->limit_bytes, "used");
                break;
        case CONDITION_GROWTH:
                text_add(t, "growing by %s a second over %s (limit %s)", FORMAT_SIZE(seen),
                         FORMAT_DURATION(c->rate.window_usec), FORMAT_SIZE(c->rate.per_second));
                break;
        case CONDITION_EXHAUSTION:
                text_add(t, "no room left in %s if this goes on (limit %s)", FORMAT_TOOK(seen),
                         FORMAT_DURATION(c->usec));
                break;
        case CONDITION_REFAULTS:
                add_pages(t, c, seen, "read back");
                break;
        case CONDITION_RECLAIM:
                add_pages(t, c, seen, "scanned");
                break;
        case CONDITION_EFFICIENCY:
                text_add(t, "only %s of the pages scanned reclaimed (limit %s)", FORMAT_SEEN(seen),
                         FORMAT_SHARE(c->share));
                break;
        case CONDITION_EVENT:
                text_add(t, "%" PRIu64 " %s %s in %s (limit %" PRIu64 ")", seen, memory_event_to_string(c->event.event),
                         seen == 1 ? "event" : "events", FORMAT_TOOK(c->event.window_usec), c->event.count);
                break;
        case CONDITION_CAUSE:
                text_add(t, "the cause is ");
                add_causes(t, seen, ", ");
                break;
        case CONDITION_PRESENT:
                add_globs(t, c->globs, " or ");
                text_add(t, " runs");
                break;
        case CONDITION_ABSENT:
                text_add(t, "no ");
                add_globs(t, c->globs, " or ");
                text_add(t, " runs");
                break;
        case CONDITION_DYING_DESCENDANTS:
                text_add(t, "%" PRIu64 " removed cgroups not yet free (limit %" PRIu64 ")", seen, c->count);
                break;
        case _CONDITION_KIND_MAX:
                break;
        }
}

/* ---- For programs ---------------------------------------------------------------------------- */

static void add_field(Text *t, const Condition *c, uint64_t seen) {
        switch (c->kind) {
        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
                text_add(t, "%s %s %s: %s", pressure_to_string(c->pressure.kind), FORMAT_SHARE(c->pressure.share),
                         FORMAT_DURATION(c->pressure.window_usec), FORMAT_SHARE(seen));
                break;
        case CONDITION_STALL:
                text_add(t, "%s %s: %s", FORMAT_SHARE(c->pressure.share), FORMAT_DURATION(c->pressure.window_usec),
                         FORMAT_SHARE(seen));
                break;
        case CONDITION_AVAILABLE:
        case CONDITION_HOST_AVAILABLE:
        case CONDITION_SWAP_FREE:
        case CONDITION_USAGE:
                text_add(t, "%s: %s", FORMAT_AMOUNT(&c->amount), FORMAT_SIZE(seen));
                break;
        case CONDITION_GROWTH:
                text_add(t, "%s %s: %s", FORMAT_SIZE(c->rate.per_second), FORMAT_DURATION(c->rate.window_usec),
                         FORMAT_SIZE(seen));
                break;
        case CONDITION_EXHAUSTION:
                text_add(t, "%s: %s", FORMAT_DURATION(c->usec), FORMAT_TOOK(seen));
                break;
        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
                text_add(t, "%" PRIu64 " %s: %" PRIu64, c->rate.per_second, FORMAT_DURATION(c->rate.window_usec), seen);
                break;
        case CONDITION_EFFICIENCY:
                text_add(t, "%s: %s", FORMAT_SHARE(c->share), FORMAT_SHARE(seen));
                break;
        case CONDITION_EVENT:
                text_add(t, "%s %" PRIu64 " %s: %" PRIu64, memory_event_to_string(c->event.event), c->event.count,
                         FORMAT_DURATION(c->event.window_usec), seen);
                break;
        case CONDITION_CAUSE:
                add_causes(t, c->causes, " ");
                text_add(t, ": ");
                add_causes(t, seen, " ");
                break;
        case CONDITION_PRESENT:
        case CONDITION_ABSENT:
                add_globs(t, c->globs, " ");
                text_add(t, ": %" PRIu64, seen);
                break;
        case CONDITION_DYING_DESCENDANTS:
                text_add(t, "%" PRIu64 ": %" PRIu64, c->count, seen);
                break;
        case _CONDITION_KIND_MAX:
                break;
        }
}

void text_conditions(Text *t, const Decision *d) {
        for (size_t i = 0; i < d->step->n_conditions; i++) {
                const Condition *c = &d->step->conditions[i];

                text_add(t, "%s%s=", i > 0 ? "; " : "", condition_to_string(c->kind));
                add_field(t, c, d->seen[i]);
        }
}
