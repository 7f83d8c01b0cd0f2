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

/* The number behind "total=" in the line at `line`. A number that does not end with its line may be cut. */
static int parse_total(const char *line, uint64_t *ret) {
        static const char key[] = " total=";
        char digits[UINT64_DIGITS_MAX + 1];
        const char *value = strstr(line, key), *end = strchr(line, '\n');
        size_t n;

        if (!value || !end)
                return -EBADMSG;
        value += strlen(key);
        n = strspn(value, DIGITS);
        if (n > UINT64_DIGITS_MAX || value + n != end) /* or another line's */
                return -EBADMSG;
        memcpy(digits, value, n);
        digits[n] = '\0';
        return parse_uint(digits, ret) < 0 ? -EBADMSG : 0;
}

int text_parse_pressure(const char *text, uint64_t ret_usec[static _PRESSURE_KIND_MAX]) {
        static const char *const words[_PRESSURE_KIND_MAX] = {
                [PRESSURE_SOME] = "some ",
                [PRESSURE_FULL] = "full ",
        };
        uint64_t totals[_PRESSURE_KIND_MAX];
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
        if (found != (1U << _PRESSURE_KIND_MAX) - 1)
                return -EBADMSG;
        memcpy(ret_usec, totals, sizeof(totals));
        return 0;
}

int text_parse_events(const char *text, Sample *ret) {
        static const char *const keys[] = { "high", "max", "oom_kill" };
        uint64_t values[ELEMENTSOF(keys)] = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                int r = text_find_uint(text, keys[i], &values[i]);

                if (r < 0 && r != -ENOENT)
                        return r;
        }
        ret->events_high = values[0];
        ret->events_max = values[1];
        ret->events_oom_kill = values[2];
        return 0;
}

static int parse_kib(const char *text, const char *key, uint64_t *ret_bytes) {
        uint64_t bytes;

        if (text_find_uint(text, key, &bytes) < 0 || __builtin_mul_overflow(bytes, UINT64_C(1024), &bytes))
                return -EBADMSG;
        *ret_bytes = bytes;
        return 0;
}

int text_parse_meminfo(const char *text, uint64_t *ret_total_bytes, uint64_t *ret_available_bytes) {
        uint64_t total, available;

        if (parse_kib(text, "MemTotal:", &total) < 0 || parse_kib(text, "MemAvailable:", &available) < 0)
                return -EBADMSG;
        *ret_total_bytes = total;
        *ret_available_bytes = available;
        return 0;
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

        if (!suffix || suffix == unit || strlen(unit) > NAME_MAX || unit[strspn(unit, UNIT_NAME_CHARS)])
                return false;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strcmp(suffix, kinds[i].suffix) == 0) {
                        *ret_kind = kinds[i].kind;
                        *ret_unit = unit;
                        return true;
                }
        return false;
}
