/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/parse.h"
#include "base/usec.h"
#include "config/value.h"
#include "core/policy.h"

#define PERCENT_MAX UINT64_C(100000000) /* ten thousand CPUs */
#define WEIGHT_MAX 10000U

size_t value_next_word(const char **s) {
        *s += strspn(*s, " \t");
        return strcspn(*s, " \t");
}

const char *value_take_word(const char **s, char *buf, size_t size) {
        size_t length = value_next_word(s);

        (void) snprintf(buf, size, "%.*s", (int) length, *s);
        *s += length;
        return buf;
}

static int parse_boolean_as(const Place *place, const char *value, bool *field, bool inverted) {
        bool given;

        if (parse_boolean(value, &given) < 0)
                return place_error(place, "\"%s\" is no boolean, write yes or no", value);
        *field = given != inverted;
        return 0;
}

static int parse_boolean_value(const Place *place, const char *value, void *field) {
        return parse_boolean_as(place, value, field, false);
}

static int parse_boolean_inverted(const Place *place, const char *value, void *field) {
        return parse_boolean_as(place, value, field, true);
}

const ValueType value_boolean = { sizeof(bool), parse_boolean_value };
const ValueType value_boolean_inverted = { sizeof(bool), parse_boolean_inverted };

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
                return place_error(place, "must be longer than 0, write for example %s",
                                   max == USEC_INFINITY ? "30s or infinity" : "2s or 1min 30s");
        if (usec > max)
                return place_error(place, "must not be infinity, write for example 2s or 1min 30s");
        *field = usec;
        return 0;
}

static int parse_duration_bounded(const Place *place, const char *value, void *field) {
        return parse_duration_within(place, value, field, 1, USEC_INFINITY - 1);
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
const ValueType value_duration_bounded = { sizeof(uint64_t), parse_duration_bounded };

/* ---- Pressure, amounts, shares ---------------------------------------------------------------- */

/* "10% 2s", from `rest` on, where the value stands behind `kind` ("some ", or nothing). */
static int parse_share_window(const Place *place, const char *value, const char *rest, const char *kind,
                              PressureLimit *limit) {
        char share[VALUE_WORD_MAX];

        value_take_word(&rest, share, sizeof(share));
        (void) value_next_word(&rest);
        if (!*share || !*rest)
                return place_error(place, "\"%s\" lacks its %s, write for example %s10%% 2s", value,
                                   *share ? "window" : "share and window", kind);
        if (parse_share(share, &limit->share) < 0)
                return place_error(place, "\"%s\" is no share of at most 100%%, write for example %s10%% 2s", share,
                                   kind);
        if (limit->share == 0)
                return place_error(place, "a share of 0%% is always reached, write for example %s10%% 2s", kind);

        if (parse_duration(rest, &limit->window_usec) < 0)
                return place_error(place, "\"%s\" is no window, write for example %s%s 2s", rest, kind, share);
        if (limit->window_usec < PRESSURE_WINDOW_MIN_USEC || limit->window_usec > PRESSURE_WINDOW_MAX_USEC)
                return place_error(place, "a window of %s is not possible, the kernel takes %s to %s",
                                   FORMAT_DURATION(limit->window_usec), FORMAT_DURATION(PRESSURE_WINDOW_MIN_USEC),
                                   FORMAT_DURATION(PRESSURE_WINDOW_MAX_USEC));
        return 0;
}

static int parse_pressure(const Place *place, const char *value, void *field) {
        size_t n_errors = config_errors_count(place->errors);
        PressureLimit limit = { .kind = _PRESSURE_KIND_MAX };
        char kind[VALUE_WORD_MAX], before[VALUE_WORD_MAX + 1];
        const char *rest = value;
        int r;

        value_take_word(&rest, kind, sizeof(kind));
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                if (strcmp(kind, pressure_to_string(k)) == 0)
                        limit.kind = k;
        if (limit.kind == _PRESSURE_KIND_MAX)
                return place_error(place, "\"%s\" is neither some nor full, write for example some 10%% 2s", kind);

        (void) snprintf(before, sizeof(before), "%s ", kind);
        r = parse_share_window(place, value, rest, before, &limit);
        if (r == 0 && config_errors_count(place->errors) == n_errors)
                *(PressureLimit *) field = limit;
        return r;
}

static int parse_stall(const Place *place, const char *value, void *field) {
        size_t n_errors = config_errors_count(place->errors);
        PressureLimit limit = { .kind = PRESSURE_SOME };
        char kind[VALUE_WORD_MAX];
        const char *rest = value;
        int r;

        value_take_word(&rest, kind, sizeof(kind));
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                if (strcmp(kind, pressure_to_string(k)) == 0)
                        return place_error(place, "there is only one kind of it, write for example 10%% 2s");
        r = parse_share_window(place, value, value, "", &limit);
        if (r == 0 && config_errors_count(place->errors) == n_errors)
                *(PressureLimit *) field = limit;
        return r;
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

static int parse_share_value(const Place *place, const char *value, void *field) {
        uint32_t share;

        if (parse_share(value, &share) < 0)
                return place_error(place, "\"%s\" is no share of at most 100%%, write for example 10%%", value);
        if (share == 0)
                return place_error(place, "must be more than 0, write for example 10%%");
        *(uint32_t *) field = share;
        return 0;
}

static int parse_percent_value(const Place *place, const char *value, void *field) {
        uint64_t share;

        if (parse_percent(value, &share) < 0 || share > PERCENT_MAX)
                return place_error(place, "\"%s\" is no share of a CPU, write for example 50%%, or 200%% for two of "
                                          "them",
                                   value);
        if (share == 0)
                return place_error(place, "must be more than 0, write for example 50%%");
        *(uint64_t *) field = share;
        return 0;
}

const ValueType value_share = { sizeof(uint32_t), parse_share_value };
const ValueType value_percent = { sizeof(uint64_t), parse_percent_value };
const ValueType value_pressure = { sizeof(PressureLimit), parse_pressure };
const ValueType value_stall = { sizeof(PressureLimit), parse_stall };
const ValueType value_amount = { sizeof(Amount), parse_amount };

/* ---- Weights --------------------------------------------------------------------------------- */

static int parse_weight(const Place *place, const char *value, uint64_t *field, const char *idle) {
        uint64_t weight;

        if (*idle && strcmp(value, "idle") == 0)
                weight = 0;
        else if (parse_uint(value, &weight) < 0 || weight < 1 || weight > WEIGHT_MAX)
                return place_error(place, "\"%s\" is no weight, write a number from 1 to %u%s", value, WEIGHT_MAX,
                                   idle);
        *field = weight;
        return 0;
}

static int parse_cpu_weight(const Place *place, const char *value, void *field) {
        return parse_weight(place, value, field, ", or idle");
}

static int parse_io_weight(const Place *place, const char *value, void *field) {
        return parse_weight(place, value, field, "");
}

const ValueType value_cpu_weight = { sizeof(uint64_t), parse_cpu_weight };
const ValueType value_io_weight = { sizeof(uint64_t), parse_io_weight };
