/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config/value.h"

/* The name of a unit that is to be started: checked as far as it can be before the specifiers are filled in. */

#define NAME_MAX_LENGTH 255U /* of a unit, see man:systemd.unit(5) */

/* The percent sign of a specifier among them. */
static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@%";

/* Those that systemctl start takes; scopes and devices come from elsewhere. */
static const char *const suffixes[] = {
        ".service", ".target", ".socket", ".timer", ".path", ".mount", ".automount", ".swap", ".slice",
};

static bool has_suffix(const char *name) {
        size_t length = strlen(name);

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                size_t n = strlen(suffixes[i]);

                if (length > n && strcmp(name + length - n, suffixes[i]) == 0)
                        return true;
        }
        return false;
}

/* Whether each % is a specifier; if not, the one that is none is cut out into `ret`. */
static bool specifiers_known(const char *name, char ret[static 3]) {
        for (const char *p = strchr(name, '%'); p; p = strchr(p + 2, '%'))
                if (p[1] == '\0' || !strchr("ni%", p[1])) {
                        ret[0] = '%';
                        ret[1] = p[1];
                        ret[2] = '\0';
                        return false;
                }
        return true;
}

static int parse_start(const Place *place, const char *value, void *field) {
        char **start = field, *copy, unknown[3];

        if (*value && !specifiers_known(value, unknown))
                return place_error(place, "\"%s\" is no specifier, write %%n for the victim or %%i for the incident",
                                   unknown);
        if (strstr(value, "%%"))
                return place_error(place, "\"%s\" would hold a %%, which no unit name has, write %%n for the victim or "
                                          "%%i for the incident",
                                   value);
        if (value[strspn(value, name_characters)])
                return place_error(place, "\"%s\" holds characters that no unit name has, write the name of one unit",
                                   value);
        if (*value && (!has_suffix(value) || strlen(value) > NAME_MAX_LENGTH))
                return place_error(place, "\"%s\" is no unit that can be started, write for example heap-dump@%%n.service",
                                   value);
        copy = *value ? strdup(value) : NULL;
        if (*value && !copy)
                return -ENOMEM;
        free(*start);
        *start = copy;
        return 0;
}

const ValueType value_start = { 0, parse_start };
