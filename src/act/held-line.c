/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/held-line.h"
#include "core/properties.h"

/* ---- The path: it has no empty part, so "//" is free to be a newline, and a line stays a line ---- */

static const char *escape_path(const char *path, char ret[static 2 * HELD_PATH_MAX]) {
        size_t n = 0;

        for (; *path; path++) {
                if (*path == '\n')
                        ret[n++] = '/';
                ret[n++] = (char) (*path == '\n' ? '/' : *path);
        }
        ret[n] = '\0';
        return ret;
}

static bool unescape_path(const char *s, size_t length, char ret[static HELD_PATH_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < length; i++) {
                if (n >= HELD_PATH_MAX - 1)
                        return false;
                if (i + 1 < length && s[i] == '/' && s[i + 1] == '/') {
                        ret[n++] = '\n';
                        i++;
                } else
                        ret[n++] = s[i];
        }
        ret[n] = '\0';
        return true;
}

/* ---- The line -------------------------------------------------------------------------------- */

size_t held_line_format(char buf[static HELD_LINE_MAX], const HeldUnit *u) {
        char path[2 * HELD_PATH_MAX];

        return (size_t) snprintf(buf, HELD_LINE_MAX, "%s %s " ID128_FORMAT " %" PRIu64 " %s %s %s/",
                                 action_to_string(u->action), FORMAT_PROPERTIES(&u->previous), ID128_VALUES(u->incident),
                                 u->since_usec, u->unit[0] ? u->unit : "-", u->delegated ? "cgroup" : "systemd",
                                 escape_path(u->path, path));
}

/* MemoryHigh= was all there was, and paths were not yet. */
static bool parse_rest_1(const char *previous, const char *rest, HeldUnit *ret) {
        if (ret->action == ACTION_THROTTLE)
                properties_set(&ret->previous, PROPERTY_MEMORY_HIGH, strtoull(previous, NULL, 10));
        return *rest == '\0' && ret->unit[0];
}

/* Only what systemd does not know had a path. */
static bool parse_rest_2(const char *previous, const char *rest, HeldUnit *ret) {
        if (properties_parse(previous, &ret->previous) < 0)
                return false;
        if (*rest == '\0')
                return true;
        if (*rest++ != ' ')
                return false;
        ret->delegated = strcmp(rest, "-") != 0;
        return !ret->delegated || unescape_path(rest, strlen(rest), ret->path);
}

static bool parse_rest_3(const char *previous, const char *rest, HeldUnit *ret) {
        static const char systemd[] = " systemd ", cgroup[] = " cgroup ";
        size_t length;

        ret->delegated = strncmp(rest, cgroup, strlen(cgroup)) == 0;
        if (!ret->delegated && strncmp(rest, systemd, strlen(systemd)) != 0)
                return false;
        rest += ret->delegated ? strlen(cgroup) : strlen(systemd);
        length = strlen(rest);
        while (length > 0 && rest[length - 1] == ' ')
                length--;
        if (length == 0 || rest[length - 1] != '/')
                return false;
        return properties_parse(previous, &ret->previous) >= 0 && unescape_path(rest, length - 1, ret->path) &&
               (!ret->delegated || ret->path[0]);
}

bool held_line_parse(const char *line, unsigned version, HeldUnit *ret) {
        static bool (*const parse_rest[])(const char *previous, const char *rest, HeldUnit *ret) = {
                [1] = parse_rest_1,
                [2] = parse_rest_2,
                [3] = parse_rest_3,
        };
        char action[16], previous[PROPERTIES_TEXT_MAX];
        int end = 0;

        *ret = (HeldUnit){ 0 };
        if (version == 0 || version >= ELEMENTSOF(parse_rest) || line[0] == ' ')
                return false;
        if (sscanf(line, "%15s %319s %16" SCNx64 "%16" SCNx64 " %" SCNu64 " %255s%n", action, previous,
                   &ret->incident.high, &ret->incident.low, &ret->since_usec, ret->unit, &end) != 6)
                return false;
        ret->action = action_from_string(action);
        if (strcmp(ret->unit, "-") == 0)
                ret->unit[0] = '\0';
        return action_holds(ret->action) && parse_rest[version](previous, line + end, ret) &&
               (ret->unit[0] || ret->path[0]);
}
