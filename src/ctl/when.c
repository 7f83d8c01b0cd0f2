/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/usec.h"
#include "ctl/when.h"

#define WORD_MAX 64U

/* The day of `now_usec`, `days` earlier, at midnight. */
static struct tm day_of(uint64_t now_usec, int days) {
        time_t seconds = (time_t) (now_usec / USEC_PER_SEC);
        struct tm tm = { 0 };

        (void) localtime_r(&seconds, &tm);
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        tm.tm_mday -= days;
        tm.tm_isdst = -1;
        return tm;
}

static int to_usec(struct tm *tm, uint64_t *ret) {
        time_t seconds = mktime(tm);

        if (seconds < 0)
                return -EINVAL;
        *ret = (uint64_t) seconds * USEC_PER_SEC;
        return 0;
}

/* "03:10", "03:10:30", all of `s`. */
static bool take_clock(const char *s, struct tm *tm) {
        int hour, minute, second = 0, n = 0;

        if (sscanf(s, "%2d:%2d%n", &hour, &minute, &n) != 2 || n == 0)
                return false;
        s += n;
        if (*s == ':') {
                if (sscanf(s, ":%2d%n", &second, &n) != 1)
                        return false;
                s += n;
        }
        if (*s || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
                return false;
        tm->tm_hour = hour;
        tm->tm_min = minute;
        tm->tm_sec = second;
        return true;
}

static int parse_date(const char *s, uint64_t *ret) {
        struct tm tm = { .tm_isdst = -1 };
        int year, month, day, n = 0;

        if (sscanf(s, "%4d-%2d-%2d%n", &year, &month, &day, &n) != 3 || n == 0 || year < 1970 || month < 1 ||
            month > 12 || day < 1 || day > 31)
                return -EINVAL;
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        tm.tm_mday = day;
        s += n;
        if (*s && (*s != ' ' || !take_clock(s + 1, &tm)))
                return -EINVAL;
        return to_usec(&tm, ret);
}

/* "-2h", "2h ago" */
static int parse_past(const char *s, uint64_t now_usec, uint64_t *ret) {
        static const char ago[] = " ago";
        char word[WORD_MAX];
        size_t n = strlen(s);
        uint64_t usec;

        if (n >= sizeof(word))
                return -EINVAL;
        strcpy(word, *s == '-' ? s + 1 : s);
        if (*s != '-') {
                if (n <= strlen(ago) || strcmp(word + n - strlen(ago), ago) != 0)
                        return -EINVAL;
                word[n - strlen(ago)] = '\0';
        }
        if (parse_duration(word, &usec) < 0 || usec > now_usec)
                return -EINVAL;
        *ret = now_usec - usec;
        return 0;
}

int when_parse(const char *s, uint64_t now_usec, uint64_t *ret_usec) {
        struct tm tm = day_of(now_usec, strcmp(s, "yesterday") == 0);
        uint64_t seconds;

        if (strcmp(s, "now") == 0) {
                *ret_usec = now_usec;
                return 0;
        }
        if (strcmp(s, "today") == 0 || strcmp(s, "yesterday") == 0 || take_clock(s, &tm))
                return to_usec(&tm, ret_usec);
        if (*s == '@') {
                if (parse_uint(s + 1, &seconds) < 0 || seconds > USEC_INFINITY / USEC_PER_SEC)
                        return -EINVAL;
                *ret_usec = seconds * USEC_PER_SEC;
                return 0;
        }
        if (parse_date(s, ret_usec) == 0)
                return 0;
        return parse_past(s, now_usec, ret_usec);
}
