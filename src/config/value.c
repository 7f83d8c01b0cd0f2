/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/parse.h"
#include "base/usec.h"
#include "config/nearest.h"
#include "config/value.h"
#include "core/policy.h"

#define WORD_LENGTH_MAX 64U

size_t value_next_word(const char **s) {
        *s += strspn(*s, " \t");
        return strcspn(*s, " \t");
}

static int parse_boolean_value(const Place *place, const char *value, void *field) {
        if (parse_boolean(value, field) < 0)
                return place_error(place, "\"%s\" is no boolean, write yes or no", value);
        return 0;
}

const ValueType value_boolean = { sizeof(bool), parse_boolean_value };

/* ---- Durations ------------------------------------------------------------------------------- */

static int parse_duration_within(const Place *place, const char *value, uint64_t *field, uint64_t min,
                                 uint64_t max) {
        uint64_t usec;
        int r;

        r = parse_duration(value, &usec);
        if (r == -ERANGE)
                return place_error(place, "\"%s\" is too long, write infinity if it should never end", value);
        if (r < 0)
                return place_error(place, "\"%s\" is no duration, write for example 2s or 1min 30s", value);
        if (usec < min)
                return place_error(place, "must be longer than 0, write for example 30s or infinity");
        if (usec > max)
                return place_error(place, "must not be infinity, write for example 2s or 1min 30s");
        *field = usec;
        return 0;
}

static int parse_any_duration(const Place *place, const char *value, void *field) {
        return parse_duration_within(place, value, field, 0, USEC_INFINITY);
}

static int parse_finite_duration(const Place *place, const char *value, void *field) {
        return parse_duration_within(place, value, field, 0, USEC_INFINITY - 1);
}

static int parse_duration_above_zero(const Place *place, const char *value, void *field) {
        return parse_duration_within(place, value, field, 1, USEC_INFINITY);
}

const ValueType value_duration = { sizeof(uint64_t), parse_any_duration };
const ValueType value_duration_finite = { sizeof(uint64_t), parse_finite_duration };
const ValueType value_duration_above_zero = { sizeof(uint64_t), parse_duration_above_zero };

/* ---- Pressure and amounts -------------------------------------------------------------------- */

/* Copies one word out of a value, cut where the buffer ends: no word that means anything is as long. */
static const char *take_word(const char **s, char *buf, size_t size) {
        size_t length = value_next_word(s);

        (void) snprintf(buf, size, "%.*s", (int) length, *s);
        *s += length;
        return buf;
}

static int parse_pressure(const Place *place, const char *value, void *field) {
        char kind[WORD_LENGTH_MAX], share[WORD_LENGTH_MAX];
        PressureLimit limit = { .kind = _PRESSURE_KIND_MAX };
        const char *rest = value;

        take_word(&rest, kind, sizeof(kind));
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                if (strcmp(kind, pressure_to_string(k)) == 0)
                        limit.kind = k;
        if (limit.kind == _PRESSURE_KIND_MAX)
                return place_error(place, "\"%s\" is neither some nor full, write for example some 10%% 2s", kind);

        take_word(&rest, share, sizeof(share));
        (void) value_next_word(&rest);
        if (!*share || !*rest)
                return place_error(place, "\"%s\" lacks its %s, write for example %s 10%% 2s", value,
                                   *share ? "window" : "share and window", kind);
        if (parse_share(share, &limit.share) < 0)
                return place_error(place, "\"%s\" is no share of at most 100%%, write for example %s 10%% 2s", share,
                                   kind);
        if (limit.share == 0)
                return place_error(place, "a share of 0%% is always reached, write for example %s 10%% 2s", kind);

        if (parse_duration(rest, &limit.window_usec) < 0)
                return place_error(place, "\"%s\" is no window, write for example %s %s 2s", rest, kind, share);
        if (limit.window_usec < PRESSURE_WINDOW_MIN_USEC || limit.window_usec > PRESSURE_WINDOW_MAX_USEC)
                return place_error(place, "a window of %s is not possible, the kernel takes %s to %s",
                                   FORMAT_DURATION(limit.window_usec), FORMAT_DURATION(PRESSURE_WINDOW_MIN_USEC),
                                   FORMAT_DURATION(PRESSURE_WINDOW_MAX_USEC));

        *(PressureLimit *) field = limit;
        return 0;
}

static int parse_amount(const Place *place, const char *value, void *field) {
        Amount amount = { .is_share = strchr(value, '%') };
        int r;

        if (amount.is_share)
                r = parse_share(value, &amount.share);
        else
                r = parse_size(value, &amount.bytes);
        if (r < 0)
                return place_error(place, "\"%s\" is neither a size nor a share of at most 100%%, write for example "
                                          "512M or 10%%",
                                   value);
        if (amount.share == 0 && amount.bytes == 0)
                return place_error(place, "must be more than 0, write for example 512M or 10%%");
        *(Amount *) field = amount;
        return 0;
}

const ValueType value_pressure = { sizeof(PressureLimit), parse_pressure };
const ValueType value_amount = { sizeof(Amount), parse_amount };

/* ---- Words ----------------------------------------------------------------------------------- */

static int parse_action(const Place *place, const char *value, void *field) {
        ActionKind action = action_from_string(value);
        Nearest nearest = { .word = value };

        if (action >= 0) {
                *(ActionKind *) field = action;
                return 0;
        }
        for (ActionKind k = 0; k < _ACTION_KIND_MAX; k++)
                nearest_offer(&nearest, action_to_string(k));
        if (nearest.best)
                return place_error(place, "\"%s\" is no action, did you mean %s?", value, nearest.best);
        return place_error(place, "\"%s\" is no action, write log, throttle, freeze or kill", value);
}

/* A name with or without SIG, or a number, as systemctl takes them. */
static int signal_from_string(const char *s) {
        uint64_t number;

        if (parse_uint(s, &number) == 0)
                return number >= 1 && number <= (uint64_t) SIGRTMAX ? (int) number : -EINVAL;
        if (strncmp(s, "SIG", 3) == 0)
                s += 3;
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *name = sigabbrev_np(i);

                if (name && strcmp(name, s) == 0)
                        return i;
        }
        return -EINVAL;
}

static int parse_signal(const Place *place, const char *value, void *field) {
        int number;

        number = signal_from_string(value);
        if (number < 0)
                return place_error(place, "\"%s\" is no signal, write for example SIGTERM", value);
        *(int *) field = number;
        return 0;
}

/* A name in records and traces, which are made of words. */
static int parse_word(const Place *place, const char *value, void *field) {
        char **word = field, *copy;

        if (strpbrk(value, " \t\"'="))
                return place_error(place, "\"%s\" is no single word, write for example slow-down", value);
        if (strlen(value) > WORD_LENGTH_MAX)
                return place_error(place, "the name is longer than %u bytes, write for example slow-down",
                                   WORD_LENGTH_MAX);
        copy = *value ? strdup(value) : NULL;
        if (*value && !copy)
                return -ENOMEM;
        free(*word);
        *word = copy;
        return 0;
}

const ValueType value_action = { sizeof(ActionKind), parse_action };
const ValueType value_signal = { sizeof(int), parse_signal };
const ValueType value_word = { 0, parse_word };
