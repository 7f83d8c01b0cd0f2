/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "config/nearest.h"
#include "config/value.h"
#include "core/policy.h"

int value_no_word(const Place *place, const char *word, const char *what, const char *const *known, size_t n_known) {
        Nearest nearest = { .word = word };
        char all[256] = "";
        size_t used = 0;

        for (size_t i = 0; i < n_known; i++) {
                const char *before = i == 0 ? "" : i + 1 < n_known ? ", " : " or ";

                nearest_offer(&nearest, known[i]);
                used += (size_t) snprintf(all + used, sizeof(all) - used, "%s%s", before, known[i]);
                assert(used < sizeof(all));
        }
        if (nearest.best)
                return place_error(place, "\"%s\" is no %s, did you mean %s?", word, what, nearest.best);
        return place_error(place, "\"%s\" is no %s, write %s", word, what, all);
}

static int parse_action(const Place *place, const char *value, void *field) {
        ActionKind action = action_from_string(value);
        const char *known[_ACTION_KIND_MAX];

        for (ActionKind k = 0; k < _ACTION_KIND_MAX; k++)
                known[k] = action_to_string(k);
        if (action < 0)
                return value_no_word(place, value, "action", known, ELEMENTSOF(known));
        *(ActionKind *) field = action;
        return 0;
}

static int parse_grain(const Place *place, const char *value, void *field) {
        Grain grain = grain_from_string(value);
        const char *known[_GRAIN_MAX];

        for (Grain g = 0; g < _GRAIN_MAX; g++)
                known[g] = grain_to_string(g);
        if (grain < 0)
                return value_no_word(place, value, "grain", known, ELEMENTSOF(known));
        *(Grain *) field = grain;
        return 0;
}

/* That the cause is unknown is no cause to act on. */
static int parse_causes(const Place *place, const char *value, void *field) {
        const char *known[_CAUSE_MAX - 1];
        char word[VALUE_WORD_MAX];
        uint32_t causes = 0;

        for (Cause c = 0; c < _CAUSE_MAX - 1; c++)
                known[c] = cause_to_string(c + 1);
        while (value_next_word(&value) > 0) {
                Cause cause = cause_from_string(value_take_word(&value, word, sizeof(word)));

                if (cause <= CAUSE_UNKNOWN)
                        return value_no_word(place, word, "cause", known, ELEMENTSOF(known));
                causes |= UINT32_C(1) << cause;
        }
        *(uint32_t *) field = causes;
        return 0;
}

/* A name with or without SIG, or a number, as systemctl takes them. */
static int signal_from_string(const char *s) {
        uint64_t number;

        if (parse_uint(s, &number) == 0)
                return number >= 1 && number <= (uint64_t) SIGRTMAX ? (int) number : -EINVAL;
        if (strncmp(s, "SIG", 3) == 0)
                s += 3;
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *name = sigabbrev_np(i);

                if (name && strcmp(name, s) == 0)
                        return i;
        }
        return -EINVAL;
}

static int parse_signal(const Place *place, const char *value, void *field) {
        int number;

        number = signal_from_string(value);
        if (number < 0)
                return place_error(place, "\"%s\" is no signal, write for example SIGTERM", value);
        *(int *) field = number;
        return 0;
}

static int parse_text(const Place *place, const char *value, void *field) {
        char **text = field, *copy;

        copy = *value ? strdup(value) : NULL;
        if (*value && !copy)
                return -ENOMEM;
        free(*text);
        *text = copy;
        return 0;
}

/* A name in records and traces, which are made of words. */
static int parse_word(const Place *place, const char *value, void *field) {
        if (strpbrk(value, " \t\"'="))
                return place_error(place, "\"%s\" is no single word, write for example slow-down", value);
        if (strlen(value) > VALUE_WORD_MAX)
                return place_error(place, "the name is longer than %u bytes, write for example slow-down",
                                   VALUE_WORD_MAX);
        return parse_text(place, value, field);
}

const ValueType value_action = { sizeof(ActionKind), parse_action };
const ValueType value_grain = { sizeof(Grain), parse_grain };
const ValueType value_causes = { sizeof(uint32_t), parse_causes };
const ValueType value_signal = { sizeof(int), parse_signal };
const ValueType value_word = { 0, parse_word };
const ValueType value_text = { 0, parse_text };
