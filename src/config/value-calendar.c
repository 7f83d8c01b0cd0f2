/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "base/usec.h"
#include "config/value.h"

/* A point in time as people write it: the absolute forms of man:systemd.time(7). What is relative ("tomorrow", "+5min")
 * would mean another time at each reload, and is none of them. */

#define NO_TIME "\"%s\" is no date, write for example 2026-12-31, 2026-12-31 18:00 or 2026-12-31 18:00 UTC"

/* Takes `n` digits, behind which one of `ends` has to follow; $ stands for the end of the string. */
static bool take_digits(const char **s, size_t n, const char *ends, int *ret) {
        int value = 0;

        for (; n > 0; n--, (*s)++) {
                if (**s < '0' || **s > '9')
                        return false;
                value = 10 * value + (**s - '0');
        }
        *ret = value;
        return strchr(ends, **s ? **s : '$');
}

static bool take_date(const char **s, struct tm *tm) {
        if (!take_digits(s, 4, "-", &tm->tm_year))
                return false;
        (*s)++;
        if (!take_digits(s, 2, "-", &tm->tm_mon))
                return false;
        (*s)++;
        tm->tm_year -= 1900;
        tm->tm_mon -= 1;
        return take_digits(s, 2, " \t$", &tm->tm_mday);
}

static bool take_clock(const char **s, struct tm *tm) {
        if (!take_digits(s, 2, ":", &tm->tm_hour))
                return false;
        (*s)++;
        if (!take_digits(s, 2, ": \t$", &tm->tm_min))
                return false;
        if (**s != ':')
                return true;
        (*s)++;
        return take_digits(s, 2, " \t$", &tm->tm_sec);
}

/* There is such a day, and such a time of it. */
static bool exists(const struct tm *tm) {
        struct tm same = *tm;

        return timegm(&same) >= 0 && same.tm_mday == tm->tm_mday && same.tm_mon == tm->tm_mon &&
               same.tm_year == tm->tm_year && same.tm_hour == tm->tm_hour && same.tm_min == tm->tm_min &&
               same.tm_sec == tm->tm_sec;
}

static time_t read_date(const char *s) {
        struct tm tm = { .tm_isdst = -1 };
        bool utc;

        if (!take_date(&s, &tm))
                return -1;
        (void) value_next_word(&s);
        if (*s >= '0' && *s <= '9' && !take_clock(&s, &tm))
                return -1;
        (void) value_next_word(&s);
        utc = strcmp(s, "UTC") == 0;
        if ((*s && !utc) || !exists(&tm))
                return -1;
        return utc ? timegm(&tm) : mktime(&tm);
}

static int parse_calendar(const Place *place, const char *value, void *field) {
        uint64_t seconds;

        if (value[0] == '@') {
                if (parse_uint(value + 1, &seconds) < 0)
                        return place_error(place, "\"%s\" is no date, write seconds since 1970 after the @", value);
        } else {
                time_t date = read_date(value);

                if (date < 0)
                        return place_error(place, NO_TIME, value);
                seconds = (uint64_t) date;
        }
        if (seconds == 0 || seconds >= USEC_INFINITY / USEC_PER_SEC)
                return place_error(place, NO_TIME, value);
        *(uint64_t *) field = seconds * USEC_PER_SEC;
        return 0;
}

const ValueType value_calendar = { sizeof(uint64_t), parse_calendar };
