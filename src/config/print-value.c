/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/format.h"
#include "base/usec.h"
#include "config/ini-lines.h"
#include "config/print-value.h"

#define TEXT_MAX 64U /* a duration with all its units, or a size */

static char *duration_text(char *buf, uint64_t usec) {
        static const struct {
                const char *suffix;
                uint64_t usec;
        } units[] = {
                { "d", USEC_PER_DAY },  { "h", USEC_PER_HOUR },  { "min", USEC_PER_MINUTE },
                { "s", USEC_PER_SEC },  { "ms", USEC_PER_MSEC }, { "us", 1 },
        };
        size_t used = 0;

        if (usec == 0 || usec == USEC_INFINITY)
                return strcpy(buf, usec == 0 ? "0" : "infinity");
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                uint64_t n = usec / units[i].usec;

                if (n > 0)
                        used += (size_t) snprintf(buf + used, TEXT_MAX - used, "%s%" PRIu64 "%s", used > 0 ? " " : "",
                                                  n, units[i].suffix);
                usec %= units[i].usec;
        }
        return buf;
}

static char *size_text(char *buf, uint64_t bytes) {
        static const char suffixes[] = "BKMGTPE";
        size_t i = 0;

        for (; bytes > 0 && bytes % 1024 == 0 && suffixes[i + 1]; i++)
                bytes /= 1024;
        (void) snprintf(buf, TEXT_MAX, "%" PRIu64 "%.*s", bytes, i > 0, suffixes + i);
        return buf;
}

#define DURATION(usec) duration_text((char[TEXT_MAX]){ 0 }, usec)
#define SIZE(bytes) size_text((char[TEXT_MAX]){ 0 }, bytes)

void print_boolean(FILE *f, const char *key, bool value) {
        fprintf(f, "%s=%s\n", key, value ? "yes" : "no");
}

void print_duration(FILE *f, const char *key, uint64_t usec) {
        fprintf(f, "%s=%s\n", key, DURATION(usec));
}

void print_amount(FILE *f, const char *key, const Amount *amount) {
        fprintf(f, "%s=%s\n", key, amount->is_share ? FORMAT_SHARE(amount->share) : SIZE(amount->bytes));
}

void print_pressure(FILE *f, const char *key, const PressureLimit *limit) {
        fprintf(f, "%s=%s %s %s\n", key, pressure_to_string(limit->kind), FORMAT_SHARE(limit->share),
                DURATION(limit->window_usec));
}

void print_budget(FILE *f, const char *key, unsigned count, uint64_t usec) {
        fprintf(f, "%s=%u %s\n", key, count, DURATION(usec));
}

/* Those of real time have no name. */
void print_signal(FILE *f, const char *key, int number) {
        const char *name = sigabbrev_np(number);

        if (name)
                fprintf(f, "%s=SIG%s\n", key, name);
        else
                fprintf(f, "%s=%d\n", key, number);
}

/* What is not a time of a calendar of four digits is told in seconds. */
void print_time(FILE *f, const char *key, uint64_t realtime_usec) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        char text[TEXT_MAX];
        struct tm tm;

        if (gmtime_r(&seconds, &tm) && tm.tm_year + 1900 <= 9999 &&
            strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
                fprintf(f, "%s=%s\n", key, text);
        else
                fprintf(f, "%s=@%" PRIu64 "\n", key, (uint64_t) seconds);
}

void print_list(FILE *f, const char *key, char *const *list) {
        size_t used = 0;

        for (; list && *list; list++) {
                size_t n = strlen(*list);

                if (used > 0 && used + 1 + n <= INI_LINE_MAX)
                        used += (size_t) fprintf(f, " %s", *list);
                else {
                        if (used > 0)
                                fputc('\n', f);
                        used = (size_t) fprintf(f, "%s=%s", key, *list);
                }
        }
        if (used > 0)
                fputc('\n', f);
}

static void print_causes(FILE *f, const char *key, uint32_t causes) {
        const char *before = "=";

        fputs(key, f);
        for (Cause c = CAUSE_UNKNOWN + 1; c < _CAUSE_MAX; c++)
                if (causes & UINT32_C(1) << c) {
                        fprintf(f, "%s%s", before, cause_to_string(c));
                        before = " ";
                }
        fputc('\n', f);
}

void print_condition(FILE *f, const Condition *c) {
        const char *key = condition_to_string(c->kind);

        switch (c->kind) {

        case CONDITION_PRESSURE:
        case CONDITION_HOST_PRESSURE:
        case CONDITION_IO_PRESSURE:
        case CONDITION_CPU_PRESSURE:
                return print_pressure(f, key, &c->pressure);

        case CONDITION_STALL:
                fprintf(f, "%s=%s %s\n", key, FORMAT_SHARE(c->pressure.share), DURATION(c->pressure.window_usec));
                return;

        case CONDITION_AVAILABLE:
        case CONDITION_HOST_AVAILABLE:
        case CONDITION_SWAP_FREE:
        case CONDITION_USAGE:
                return print_amount(f, key, &c->amount);

        case CONDITION_GROWTH:
                fprintf(f, "%s=%s %s\n", key, SIZE(c->rate.per_second), DURATION(c->rate.window_usec));
                return;

        case CONDITION_REFAULTS:
        case CONDITION_RECLAIM:
                fprintf(f, "%s=%" PRIu64 " %s\n", key, c->rate.per_second, DURATION(c->rate.window_usec));
                return;

        case CONDITION_EXHAUSTION:
                return print_duration(f, key, c->usec);

        case CONDITION_EFFICIENCY:
                fprintf(f, "%s=%s\n", key, FORMAT_SHARE(c->share));
                return;

        case CONDITION_EVENT:
                fprintf(f, "%s=%s %" PRIu64 " %s\n", key, memory_event_to_string(c->event.event), c->event.count,
                        DURATION(c->event.window_usec));
                return;

        case CONDITION_CAUSE:
                return print_causes(f, key, c->causes);

        case CONDITION_PRESENT:
        case CONDITION_ABSENT:
                return print_list(f, key, c->globs);

        case CONDITION_DYING_DESCENDANTS:
                fprintf(f, "%s=%" PRIu64 "\n", key, c->count);
                return;

        case _CONDITION_KIND_MAX:
                break;
        }
}
