/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config/ini-lines.h"
#include "config/nearest.h"
#include "config/section.h"

typedef struct Reading {
        const Source *source;
        const Section *sections;
        size_t n_sections;
        void *user;
        ConfigErrors *errors;

        const Section *section; /* the one we are in; NULL before the first and in one that is skipped */
        Target target;
        bool is_below_header;
} Reading;

static const Section *find_section(const Reading *reading, const char *name) {
        for (size_t i = 0; i < reading->n_sections; i++)
                if (strcmp(reading->sections[i].name, name) == 0)
                        return reading->sections + i;
        return NULL;
}

static const Key *find_key(const Section *section, const char *name) {
        for (size_t i = 0; i < section->n_keys; i++)
                if (strcmp(section->keys[i].name, name) == 0)
                        return section->keys + i;
        return NULL;
}

/* A section that is nearly one of ours is read as the one that was meant, so that mistakes in it are found as well and
 * it is not called missing. */
static int report_section(Reading *reading, const Place *place, const char *name) {
        Nearest nearest = { .word = name };
        char known[64] = "";
        size_t used = 0;

        for (size_t i = 0; i < reading->n_sections; i++) {
                nearest_offer(&nearest, reading->sections[i].name);
                used += (size_t) snprintf(known + used, sizeof(known) - used, "%s[%s]", i > 0 ? " or " : "",
                                          reading->sections[i].name);
                assert(used < sizeof(known));
        }
        if (!nearest.best)
                return place_error(place, "[%s]: unknown section, write %s", name, known);
        reading->section = find_section(reading, nearest.best);
        return place_error(place, "[%s]: unknown section, did you mean [%s]?", name, nearest.best);
}

/* Likewise a key that is nearly one of ours counts as given. */
static int report_key(const Reading *reading, const Place *place) {
        const Section *section = reading->section;
        Nearest nearest = { .word = place->key };

        for (size_t i = 0; i < reading->n_sections; i++)
                if (find_key(reading->sections + i, place->key))
                        return place_error(place, "unknown key in [%s], it belongs in [%s]", section->name,
                                           reading->sections[i].name);
        for (size_t i = 0; i < section->n_keys; i++)
                nearest_offer(&nearest, section->keys[i].name);
        if (!nearest.best)
                return place_error(place, "unknown key in [%s], remove it", section->name);
        if (reading->target.object)
                reading->target.lines[find_key(section, nearest.best) - section->keys] = place->line;
        return place_error(place, "unknown key in [%s], did you mean %s=?", section->name, nearest.best);
}

static int on_section(void *user, unsigned line, const char *name) {
        Reading *reading = user;
        const Place place = { .errors = reading->errors, .file = reading->source->path, .line = line };
        int r;

        reading->is_below_header = true;
        reading->target = (Target){ 0 };
        reading->section = name ? find_section(reading, name) : NULL;
        if (name && !reading->section) {
                r = report_section(reading, &place, name);
                if (r < 0)
                        return r;
        }
        return reading->section ? reading->section->enter(reading->user, &place, &reading->target) : 0;
}

static int on_assignment(void *user, unsigned line, const char *key_name, const char *value) {
        Reading *reading = user;
        const Place place = {
                .errors = reading->errors, .file = reading->source->path, .line = line, .key = key_name,
        };
        const Section *section = reading->section;
        const Key *key;
        char *field;

        if (!reading->is_below_header)
                return place_error(&place, "stands above the first section, write [%s] before it",
                                   reading->sections->name);
        if (!section)
                return 0;
        key = find_key(section, key_name);
        if (!key)
                return report_key(reading, &place);
        if (!reading->target.object)
                return 0;

        field = (char *) reading->target.object + key->offset;
        reading->target.lines[key - section->keys] = *value ? line : 0;
        if (*value || key->type->size == 0)
                return key->type->parse(&place, value, field);
        memcpy(field, (const char *) section->defaults + key->offset, key->type->size);
        return 0;
}

int sections_read(const Source *source, const Section *sections, size_t n_sections, void *user,
                  ConfigErrors *errors) {
        static const IniEvents events = { .section = on_section, .assignment = on_assignment };
        Reading reading = {
                .source = source, .sections = sections, .n_sections = n_sections, .user = user, .errors = errors,
        };

        return ini_read(source, &events, &reading, errors);
}
