/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/parse.h"
#include "sense/text.h"

#define DIGITS "0123456789"
#define UINT64_DIGITS_MAX 20U

/* systemd.unit(5): what a unit's name may consist of, template mark and suffix included. */
#define UNIT_NAME_CHARS DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@"

/* Digits from `value` up to `end`, and nothing else. */
static int parse_digits(const char *value, const char *end, uint64_t *ret) {
        char digits[UINT64_DIGITS_MAX + 1];
        size_t n = strspn(value, DIGITS);

        if (n > UINT64_DIGITS_MAX || value + n != end) /* or another line's */
                return -EBADMSG;
        memcpy(digits, value, n);
        digits[n] = '\0';
        return parse_uint(digits, ret) < 0 ? -EBADMSG : 0;
}

/* The number behind "total=" in the line at `line`. A number that does not end with its line may be cut. */
static int parse_total(const char *line, uint64_t *ret) {
        static const char key[] = " total=";
        const char *value = strstr(line, key), *end = strchr(line, '\n');

        return value && end ? parse_digits(value + strlen(key), end, ret) : -EBADMSG;
}

int text_parse_pressure(const char *text, uint64_t ret_usec[static _PRESSURE_KIND_MAX]) {
        static const char *const words[_PRESSURE_KIND_MAX] = {
                [PRESSURE_SOME] = "some ",
                [PRESSURE_FULL] = "full ",
        };
        uint64_t totals[_PRESSURE_KIND_MAX] = { 0 };
        unsigned found = 0;

        for (const char *line = text, *end; *line; line = end + 1) {
                for (size_t kind = 0; kind < ELEMENTSOF(words); kind++) {
                        if ((found & (1U << kind)) || strncmp(line, words[kind], strlen(words[kind])) != 0)
                                continue;
                        if (parse_total(line, &totals[kind]) < 0)
                                return -EBADMSG;
                        found |= 1U << kind;
                }
                end = strchr(line, '\n');
                if (!end)
                        break;
        }
        if (!(found & 1U << PRESSURE_SOME))
                return -EBADMSG;
        memcpy(ret_usec, totals, sizeof(totals));
        return 0;
}

int text_parse_events(const char *text, Sample *ret) {
        static const char *const keys[] = { "high", "max", "oom", "oom_kill" };
        uint64_t values[ELEMENTSOF(keys)] = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                int r = text_find_uint(text, keys[i], &values[i]);

                if (r < 0 && r != -ENOENT)
                        return r;
        }
        ret->events_high = values[0];
        ret->events_max = values[1];
        ret->events_oom = values[2];
        ret->events_oom_kill = values[3];
        return 0;
}

static int parse_kib(const char *text, const char *key, bool optional, uint64_t *ret_bytes) {
        uint64_t bytes;
        int r;

        r = text_find_uint(text, key, &bytes);
        if (r == -ENOENT && optional) {
                *ret_bytes = 0;
                return 0;
        }
        if (r < 0 || __builtin_mul_overflow(bytes, UINT64_C(1024), &bytes))
                return -EBADMSG;
        *ret_bytes = bytes;
        return 0;
}

int text_parse_meminfo(const char *text, HostMemory *ret) {
        HostMemory m;

        if (parse_kib(text, "MemTotal:", false, &m.total_bytes) < 0 ||
            parse_kib(text, "MemAvailable:", false, &m.available_bytes) < 0 ||
            parse_kib(text, "MemFree:", true, &m.free_bytes) < 0 ||
            parse_kib(text, "SwapTotal:", true, &m.swap_total_bytes) < 0 ||
            parse_kib(text, "SwapFree:", true, &m.swap_free_bytes) < 0)
                return -EBADMSG;
        if (m.free_bytes == 0)
                m.free_bytes = m.available_bytes; /* not told: as much as may be */
        *ret = m;
        return 0;
}

enum {
        COUNTER_REFAULTS,
        COUNTER_SCANNED,
        COUNTER_RECLAIMED,
        _COUNTER_MAX,
};

/* A counter as a kernel has it: whole, or in parts that add up. pgscan_anon and pgscan_file are the same pages once
 * more, and pgscan_direct_throttle counts no pages. */
static const struct {
        const char *key;
        unsigned counter;
        bool whole;
} reclaim_keys[] = {
        { "workingset_refault", COUNTER_REFAULTS, true },
        { "workingset_refault_anon", COUNTER_REFAULTS, false },
        { "workingset_refault_file", COUNTER_REFAULTS, false },
        { "pgscan", COUNTER_SCANNED, true },
        { "pgscan_kswapd", COUNTER_SCANNED, false },
        { "pgscan_direct", COUNTER_SCANNED, false },
        { "pgscan_khugepaged", COUNTER_SCANNED, false },
        { "pgscan_proactive", COUNTER_SCANNED, false },
        { "pgsteal", COUNTER_RECLAIMED, true },
        { "pgsteal_kswapd", COUNTER_RECLAIMED, false },
        { "pgsteal_direct", COUNTER_RECLAIMED, false },
        { "pgsteal_khugepaged", COUNTER_RECLAIMED, false },
        { "pgsteal_proactive", COUNTER_RECLAIMED, false },
};

typedef struct Counter {
        uint64_t whole, parts;
        bool has_whole;
} Counter;

/* Adds the line from `line` to `end`, if it is one of the table. */
static int add_counter(const char *line, const char *end, Counter counters[static _COUNTER_MAX]) {
        size_t n = strcspn(line, " \n");
        uint64_t value;

        for (size_t i = 0; i < ELEMENTSOF(reclaim_keys); i++) {
                Counter *c = counters + reclaim_keys[i].counter;

                if (strncmp(line, reclaim_keys[i].key, n) != 0 || reclaim_keys[i].key[n])
                        continue;
                if (line[n] != ' ' || parse_digits(line + n + 1, end, &value) < 0)
                        return -EBADMSG;
                if (reclaim_keys[i].whole) {
                        c->whole = value;
                        c->has_whole = true;
                } else if (__builtin_add_overflow(c->parts, value, &c->parts))
                        return -EBADMSG;
                break;
        }
        return 0;
}

static uint64_t counter_value(const Counter *c) {
        return c->has_whole ? c->whole : c->parts;
}

int text_parse_reclaim(const char *text, ReclaimCounts *ret) {
        Counter counters[_COUNTER_MAX] = { 0 };

        for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
                if (add_counter(line, end, counters) < 0)
                        return -EBADMSG;
        *ret = (ReclaimCounts){
                .refaults = counter_value(counters + COUNTER_REFAULTS),
                .scanned = counter_value(counters + COUNTER_SCANNED),
                .reclaimed = counter_value(counters + COUNTER_RECLAIMED),
        };
        return 0;
}

int text_parse_dying(const char *text, uint64_t *ret) {
        uint64_t value = 0;
        int r;

        r = text_find_uint(text, "nr_dying_descendants", &value);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = value;
        return 0;
}

bool text_is_user_manager(const char *unit) {
        static const char prefix[] = "user@", suffix[] = ".service";
        size_t n = strlen(unit), ends = strlen(prefix) + strlen(suffix);

        return n > ends && strncmp(unit, prefix, strlen(prefix)) == 0 && strcmp(unit + n - strlen(suffix), suffix) == 0;
}

bool text_parse_unit(const char *name, CgroupKind *ret_kind, const char **ret_unit) {
        static const struct {
                const char *suffix;
                CgroupKind kind;
        } kinds[] = {
                { ".slice", CGROUP_SLICE },
                { ".service", CGROUP_UNIT },
                { ".scope", CGROUP_UNIT },
        };
        const char *unit = *name == '_' ? name + 1 : name;
        const char *suffix = strrchr(unit, '.');

        if (!suffix || suffix == unit || *unit == '@' || strlen(unit) > NAME_MAX || unit[strspn(unit, UNIT_NAME_CHARS)])
                return false;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strcmp(suffix, kinds[i].suffix) == 0) {
                        *ret_kind = kinds[i].kind;
                        *ret_unit = unit;
                        return true;
                }
        return false;
}
