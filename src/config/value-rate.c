/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/parse.h"
#include "base/usec.h"
#include "config/value.h"
#include "core/policy.h"

/* Numbers over a time: rates, counts of events, budgets. */

/* ---- "20M 5s" -------------------------------------------------------------------------------- */

/* How a rate is written, and of what it is one. */
typedef struct RateRule {
        int (*parse)(const char *s, uint64_t *ret);
        const char *what;
        const char *example;
} RateRule;

/* The kernel's bounds do not bind here, but what was seen is kept no longer and no closer. */
static bool window_fits(uint64_t usec) {
        return usec >= PRESSURE_WINDOW_MIN_USEC && usec <= PRESSURE_WINDOW_MAX_USEC;
}

static int refuse_window(const Place *place, uint64_t usec, const char *what) {
        return place_error(place, "a window of %s is not possible, %s are kept over %s to %s", FORMAT_DURATION(usec),
                           what, FORMAT_DURATION(PRESSURE_WINDOW_MIN_USEC), FORMAT_DURATION(PRESSURE_WINDOW_MAX_USEC));
}

static int parse_rate(const Place *place, const char *value, Rate *field, const RateRule *rule) {
        char word[VALUE_WORD_MAX];
        const char *rest = value;
        Rate rate;

        value_take_word(&rest, word, sizeof(word));
        if (rule->parse(word, &rate.per_second) < 0)
                return place_error(place, "\"%s\" is no %s, write for example %s", word, rule->what, rule->example);
        if (rate.per_second == 0)
                return place_error(place, "must be more than 0, write for example %s", rule->example);
        (void) value_next_word(&rest);
        if (!*rest)
                return place_error(place, "\"%s\" lacks its window, write for example %s", value, rule->example);
        if (parse_duration(rest, &rate.window_usec) < 0)
                return place_error(place, "\"%s\" is no window, write for example %s", rest, rule->example);
        if (!window_fits(rate.window_usec))
                return refuse_window(place, rate.window_usec, "rates");
        *field = rate;
        return 0;
}

static int parse_rate_bytes(const Place *place, const char *value, void *field) {
        static const RateRule rule = { parse_size, "size", "20M 5s" };

        return parse_rate(place, value, field, &rule);
}

static int parse_rate_pages(const Place *place, const char *value, void *field) {
        static const RateRule rule = { parse_uint, "number of pages", "2000 5s" };

        return parse_rate(place, value, field, &rule);
}

const ValueType value_rate_bytes = { sizeof(Rate), parse_rate_bytes };
const ValueType value_rate_pages = { sizeof(Rate), parse_rate_pages };

/* ---- "max 10 5s" ----------------------------------------------------------------------------- */

static int parse_event_count(const Place *place, const char *value, void *field) {
        EventCount count = { .count = 1, .window_usec = PRESSURE_WINDOW_MAX_USEC };
        char event[VALUE_WORD_MAX], number[VALUE_WORD_MAX];
        const char *known[_MEMORY_EVENT_MAX], *rest = value;

        for (MemoryEvent e = 0; e < _MEMORY_EVENT_MAX; e++)
                known[e] = memory_event_to_string(e);
        count.event = memory_event_from_string(value_take_word(&rest, event, sizeof(event)));
        if (count.event < 0)
                return value_no_word(place, event, "event of memory.events", known, ELEMENTSOF(known));

        value_take_word(&rest, number, sizeof(number));
        (void) value_next_word(&rest);
        if (*number && parse_uint(number, &count.count) < 0)
                return place_error(place, "\"%s\" is no number, write for example %s 10 5s", number, event);
        if (count.count == 0)
                return place_error(place, "must be more than 0, write for example %s 10 5s", event);
        if (*number && !*rest)
                return place_error(place, "\"%s\" lacks its window, write for example %s %s 5s", value, event, number);
        if (*number && parse_duration(rest, &count.window_usec) < 0)
                return place_error(place, "\"%s\" is no window, write for example %s %s 5s", rest, event, number);
        if (!window_fits(count.window_usec))
                return refuse_window(place, count.window_usec, "events");
        *(EventCount *) field = count;
        return 0;
}

const ValueType value_event_count = { sizeof(EventCount), parse_event_count };

/* ---- Numbers --------------------------------------------------------------------------------- */

static int parse_count(const Place *place, const char *value, void *field) {
        uint64_t count;

        if (parse_uint(value, &count) < 0)
                return place_error(place, "\"%s\" is no number, write for example 1000", value);
        *(uint64_t *) field = count;
        return 0;
}

const ValueType value_count = { sizeof(uint64_t), parse_count };

int value_parse_budget(const Place *place, const char *value, unsigned *ret_count, uint64_t *ret_usec) {
        char word[VALUE_WORD_MAX];
        const char *rest = value;
        uint64_t count, usec;

        value_take_word(&rest, word, sizeof(word));
        (void) value_next_word(&rest);
        if (parse_uint(word, &count) < 0 || parse_duration(rest, &usec) < 0)
                return place_error(place, "\"%s\" is no number and time, write for example 30 10min", value);
        if (count < 1 || count > MAX_ACTIONS_MAX)
                return place_error(place, "the number of actions must be from 1 to %u, write for example 30 10min",
                                   MAX_ACTIONS_MAX);
        if (usec == 0 || usec == USEC_INFINITY)
                return place_error(place, "the time must be more than 0 and less than infinity, write for example "
                                          "30 10min");
        *ret_count = (unsigned) count;
        *ret_usec = usec;
        return 0;
}
