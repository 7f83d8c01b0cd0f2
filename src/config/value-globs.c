/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "config/value.h"

/* Lists of globs of unit names. A glob that can match no unit is a mistake that would otherwise show as a policy
 * that never does anything, so its characters and its suffix are looked at. */

static const struct {
        const char *suffix;
        unsigned kind;
} suffixes[] = {
        { ".service", GLOB_UNIT },
        { ".scope", GLOB_UNIT },
        { ".slice", GLOB_SLICE },
};

/* What unit names are made of, see man:systemd.unit(5), and what glob(7) adds. */
static const char glob_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"
                                      "*?[]!^";

static bool brackets_match(const char *glob) {
        for (const char *p = strchr(glob, '['); p; p = strchr(p, '[')) {
                p++;
                if (*p == '!' || *p == '^')
                        p++;
                if (*p)
                        p++; /* a ] in this place is one of the characters */
                p = strchr(p, ']');
                if (!p)
                        return false;
        }
        return true;
}

unsigned glob_kinds(const char *glob) {
        size_t length = strlen(glob);

        if (strchr("*?]", glob[length - 1]))
                return GLOB_UNIT | GLOB_SLICE;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                size_t n = strlen(suffixes[i].suffix);

                if (length > n && strcmp(glob + length - n, suffixes[i].suffix) == 0)
                        return suffixes[i].kind;
        }
        return 0;
}

/* What a list takes, and what to do with a glob of the other kind. */
typedef struct GlobRule {
        unsigned wanted;
        const char *suffixes;
        const char *mend;
} GlobRule;

static int check_glob(const Place *place, const char *glob, const GlobRule *rule) {
        unsigned kinds = glob_kinds(glob);

        if (strchr(glob, '/'))
                return place_error(place, "\"%s\" is a path, write the name of a unit", glob);
        if (glob[strspn(glob, glob_characters)])
                return place_error(place, "\"%s\" holds characters that no unit name has, write names without "
                                          "quotes and with spaces between them",
                                   glob);
        if (!brackets_match(glob))
                return place_error(place, "\"%s\" has no ] for its [, write for example job-[0-9].service", glob);
        if (kinds == 0)
                return place_error(place, "\"%s\" does not end in %s, write the whole name", glob, rule->suffixes);
        if (!(kinds & rule->wanted))
                return place_error(place, "\"%s\" is %s, %s", glob, kinds == GLOB_SLICE ? "a slice" : "no slice",
                                   rule->mend);
        return 0;
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
        static const GlobRule rule = { GLOB_UNIT, ".service or .scope", "write it in Slice=" };

        return parse_globs(place, value, field, &rule);
}

static int parse_slice_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = { GLOB_SLICE, ".slice", "write it in Unit=" };

        return parse_globs(place, value, field, &rule);
}

static int parse_victim_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = { GLOB_UNIT, ".service or .scope", "name the services and scopes in it" };

        return parse_globs(place, value, field, &rule);
}

static int parse_any_globs(const Place *place, const char *value, void *field) {
        static const GlobRule rule = { GLOB_UNIT | GLOB_SLICE, ".service, .scope or .slice", "" };

        return parse_globs(place, value, field, &rule);
}

const ValueType value_unit_globs = { 0, parse_unit_globs };
const ValueType value_slice_globs = { 0, parse_slice_globs };
const ValueType value_victim_globs = { 0, parse_victim_globs };
const ValueType value_any_globs = { 0, parse_any_globs };
