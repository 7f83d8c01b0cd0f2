/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "config/glob.h"
#include "config/value.h"

/* Lists of globs of units and cgroups. A glob that can match none is a mistake that would otherwise show as a policy
 * that never does anything, so its characters and its suffix are looked at. */

/* What unit names are made of, see man:systemd.unit(5), and what glob(7) adds. */
static const char glob_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"
                                      "*?[]!^";

/* What a list takes, and what to do with a glob of another kind. */
typedef struct GlobRule {
        unsigned wanted;
        const char *suffixes;
        const char *mend_slice, *mend_unit, *mend_path;
} GlobRule;

static bool has_component(const char *path, const char *name) {
        size_t n = strlen(name);

        for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/'))
                if (strncmp(p + 1, name, n) == 0 && (p[1 + n] == '/' || p[1 + n] == '\0'))
                        return true;
        return false;
}

static int check_path(const Place *place, const char *glob) {
        if (strcmp(glob, "/") == 0)
                return place_error(place, "\"/\" is the host, write System=yes to watch it");
        if (has_component(glob, "..") || has_component(glob, ".") || has_component(glob, ""))
                return place_error(place, "\"%s\" is no path below /sys/fs/cgroup, write for example "
                                          "/system.slice/docker.service/*",
                                   glob);
        return 0;
}

static int check_kind(const Place *place, const char *glob, const GlobRule *rule) {
        unsigned kinds = glob_kinds(glob);

        if (kinds & rule->wanted)
                return 0;
        if (kinds == GLOB_GROUP)
                return place_error(place, "\"%s\" is a path, %s", glob, rule->mend_path);
        if (rule->wanted == GLOB_GROUP)
                return place_error(place, "\"%s\" is no path, %s", glob,
                                   kinds == GLOB_UNIT    ? rule->mend_unit
                                   : kinds == GLOB_SLICE ? rule->mend_slice
                                                         : rule->mend_path);
        if (kinds == 0)
                return place_error(place, "\"%s\" does not end in %s, write the whole name", glob, rule->suffixes);
        return kinds == GLOB_SLICE ? place_error(place, "\"%s\" is a slice, %s", glob, rule->mend_slice)
                                   : place_error(place, "\"%s\" is no slice, %s", glob, rule->mend_unit);
}

static int check_glob(const Place *place, const char *glob, const GlobRule *rule) {
        bool path = glob[0] == '/';

        if (!path && strchr(glob, '/'))
                return place_error(place, "\"%s\" is a path%s", glob,
                                   rule->wanted & GLOB_GROUP ? " that does not start with /, write all of it"
                                                             : ", write the name of a unit");
        if (!path && glob[strspn(glob, glob_characters)])
                return place_error(place, "\"%s\" holds characters that no unit name has, write names without "
                                          "quotes and with spaces between them",
                                   glob);
        if (!glob_brackets_match(glob))
                return place_error(place, "\"%s\" has no ] for its [, write for example job-[0-9].service", glob);
        if (path && rule->wanted & GLOB_GROUP)
                return check_path(place, glob);
        return check_kind(place, glob, rule);
}

static int parse_globs(const Place *place, const char *value, char ***globs, const GlobRule *rule) {
        size_t n_errors = config_errors_count(place->errors), length;
        int r;

        if (!*value) {
                *globs = strv_free(*globs);
                return 0;
        }
        for (; (length = value_next_word(&value)) > 0; value += length) {
                _cleanup_(freep) char *glob = strndup(value, length);

                if (!glob)
                        return -ENOMEM;
                r = check_glob(place, glob, rule);
                if (r < 0)
                        return r;
                if (config_errors_count(place->errors) > n_errors)
                        continue;
                r = strv_push(globs, glob, length);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_unit_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = {
                .wanted = GLOB_UNIT, .suffixes = ".service or .scope",
                .mend_slice = "write it in Slice=", .mend_path = "write it in CGroup=",
        };

        return parse_globs(place, value, field, &rule);
}

static int parse_slice_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = {
                .wanted = GLOB_SLICE, .suffixes = ".slice",
                .mend_unit = "write it in Unit=", .mend_path = "write it in CGroup=",
        };

        return parse_globs(place, value, field, &rule);
}

static int parse_path_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = {
                .wanted = GLOB_GROUP, .mend_unit = "write it in Unit=", .mend_slice = "write it in Slice=",
                .mend_path = "write for example /system.slice/docker.service/*",
        };

        return parse_globs(place, value, field, &rule);
}

static int parse_victim_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = {
                .wanted = GLOB_UNIT | GLOB_GROUP, .suffixes = ".service or .scope",
                .mend_slice = "name the services and scopes in it",
        };

        return parse_globs(place, value, field, &rule);
}

static int parse_any_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = {
                .wanted = GLOB_UNIT | GLOB_SLICE | GLOB_GROUP, .suffixes = ".service, .scope or .slice",
        };

        return parse_globs(place, value, field, &rule);
}

static int parse_running_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = {
                .wanted = GLOB_UNIT | GLOB_SLICE, .suffixes = ".service, .scope or .slice",
                .mend_path = "write the name of a unit",
        };

        return parse_globs(place, value, field, &rule);
}

const ValueType value_unit_globs = { 0, parse_unit_globs };
const ValueType value_slice_globs = { 0, parse_slice_globs };
const ValueType value_path_globs = { 0, parse_path_globs };
const ValueType value_victim_globs = { 0, parse_victim_globs };
const ValueType value_any_globs = { 0, parse_any_globs };
const ValueType value_running_globs = { 0, parse_running_globs };
