/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/usec.h"

/* A decimal fraction is read in millionths: enough for microseconds, and no floating point. */
#define FRACTION 1000000U

typedef struct Unit {
        const char *name;
        uint64_t factor;
} Unit;

static const Unit duration_units[] = {
        { "usec", 1 },                 { "us", 1 },
        { "msec", USEC_PER_MSEC },     { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC },   { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },       { "s", USEC_PER_SEC },
        { "minutes", USEC_PER_MINUTE }, { "minute", USEC_PER_MINUTE },
        { "min", USEC_PER_MINUTE },    { "m", USEC_PER_MINUTE },
        { "hours", USEC_PER_HOUR },    { "hour", USEC_PER_HOUR },
        { "hr", USEC_PER_HOUR },       { "h", USEC_PER_HOUR },
        { "days", USEC_PER_DAY },      { "day", USEC_PER_DAY },
        { "d", USEC_PER_DAY },         { "weeks", USEC_PER_WEEK },
        { "week", USEC_PER_WEEK },     { "w", USEC_PER_WEEK },
        { "", USEC_PER_SEC },
};

static const Unit size_units[] = {
        { "B", 1 },           { "K", UINT64_C(1) << 10 }, { "M", UINT64_C(1) << 20 },
        { "G", UINT64_C(1) << 30 }, { "T", UINT64_C(1) << 40 }, { "P", UINT64_C(1) << 50 },
        { "E", UINT64_C(1) << 60 }, { "", 1 },
};

static const char *skip_space(const char *s) {
        return s + strspn(s, " \t");
}

/* Digits, and a fraction after a point in millionths. Moves `*s` behind what it took. */
static int take_number(const char **s, uint64_t *ret_whole, uint32_t *ret_fraction) {
        const char *p = *s;
        uint64_t whole = 0;
        uint32_t fraction = 0;

        if (!isdigit((unsigned char) *p))
                return -EINVAL;
        for (; isdigit((unsigned char) *p); p++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (*p - '0'), &whole))
                        return -ERANGE;

        if (*p == '.') {
                uint32_t place = FRACTION;

                if (!isdigit((unsigned char) *++p))
                        return -EINVAL;
                for (; isdigit((unsigned char) *p); p++) {
                        place /= 10;
                        fraction += place * (uint32_t) (*p - '0');
                }
        }

        *s = p;
        *ret_whole = whole;
        *ret_fraction = fraction;
        return 0;
}

/* The unit whose name is the whole run of letters at `*s`; moves `*s` behind it. */
static const Unit *take_unit(const char **s, const Unit *units, size_t n_units) {
        size_t length = 0;

        while (isalpha((unsigned char) (*s)[length]))
                length++;
        for (size_t i = 0; i < n_units; i++)
                if (strlen(units[i].name) == length && strncmp(units[i].name, *s, length) == 0) {
                        *s += length;
                        return units + i;
                }
        return NULL;
}

/* One number with its unit, as in "1.5G" or "2 min". */
static int take_quantity(const char **s, const Unit *units, size_t n_units, uint64_t *ret) {
        const Unit *unit;
        uint64_t whole, value;
        uint32_t fraction;
        int r;

        r = take_number(s, &whole, &fraction);
        if (r < 0)
                return r;

        *s = skip_space(*s);
        unit = take_unit(s, units, n_units);
        if (!unit)
                return -EINVAL;

        if (__builtin_mul_overflow(whole, unit->factor, &value) ||
            __builtin_add_overflow(value, (uint64_t) ((unsigned __int128) fraction * unit->factor / FRACTION),
                                   &value))
                return -ERANGE;
        *ret = value;
        return 0;
}

int parse_uint(const char *s, uint64_t *ret) {
        uint64_t whole;
        uint32_t fraction;
        int r;

        if (strchr(s, '.'))
                return -EINVAL;
        r = take_number(&s, &whole, &fraction);
        if (r < 0)
                return r;
        if (*s)
                return -EINVAL;
        *ret = whole;
        return 0;
}

int parse_duration(const char *s, uint64_t *ret_usec) {
        uint64_t sum = 0;

        s = skip_space(s);
        if (strcmp(s, "infinity") == 0) {
                *ret_usec = USEC_INFINITY;
                return 0;
        }

        do {
                uint64_t part;
                int r;

                r = take_quantity(&s, duration_units, ELEMENTSOF(duration_units), &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(sum, part, &sum) || sum == USEC_INFINITY)
                        return -ERANGE;
                s = skip_space(s);
        } while (*s);

        *ret_usec = sum;
        return 0;
}

int parse_size(const char *s, uint64_t *ret_bytes) {
        uint64_t bytes;
        int r;

        s = skip_space(s);
        r = take_quantity(&s, size_units, ELEMENTSOF(size_units), &bytes);
        if (r < 0)
                return r;
        if (*skip_space(s))
                return -EINVAL;
        *ret_bytes = bytes;
        return 0;
}

int parse_percent(const char *s, uint64_t *ret_share) {
        uint64_t whole, share;
        uint32_t fraction;
        int r;

        s = skip_space(s);
        r = take_number(&s, &whole, &fraction);
        if (r < 0)
                return r;
        if (s[0] != '%' || *skip_space(s + 1) || fraction % (FRACTION / 100) != 0)
                return -EINVAL;
        if (__builtin_mul_overflow(whole, 100, &share) ||
            __builtin_add_overflow(share, fraction / (FRACTION / 100), &share))
                return -ERANGE;
        *ret_share = share;
        return 0;
}

int parse_share(const char *s, uint32_t *ret_share) {
        uint64_t share;
        int r;

        r = parse_percent(s, &share);
        if (r < 0)
                return r;
        if (share > 10000)
                return -ERANGE;
        *ret_share = (uint32_t) share;
        return 0;
}

int parse_boolean(const char *s, bool *ret) {
        static const struct {
                const char *word;
                bool value;
        } words[] = {
                { "yes", true }, { "y", true }, { "true", true },   { "t", true },  { "on", true },   { "1", true },
                { "no", false }, { "n", false }, { "false", false }, { "f", false }, { "off", false }, { "0", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(words[i].word, s) == 0) {
                        *ret = words[i].value;
                        return 0;
                }
        return -EINVAL;
}
