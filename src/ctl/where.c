/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdint.h>
#include <string.h>

#include "config/ini-lines.h"
#include "config/source.h"
#include "ctl/where.h"

typedef struct Search {
        const char *section, *key;
        size_t nth;

        size_t n_sections; /* of that name so far */
        bool is_inside;
        unsigned header_line, key_line;
} Search;

static int on_section(void *user, unsigned line, const char *name) {
        Search *search = user;

        search->is_inside = false;
        if (!name || strcmp(name, search->section) != 0)
                return 0;
        search->is_inside = search->nth == SIZE_MAX || search->n_sections == search->nth;
        if (search->is_inside && search->header_line == 0)
                search->header_line = line;
        search->n_sections++;
        return 0;
}

static int on_assignment(void *user, unsigned line, const char *key, const char *value) {
        Search *search = user;

        if (search->is_inside && search->key && strcmp(key, search->key) == 0)
                search->key_line = line;
        return 0;
}

unsigned where_key(const char *path, const char *section, size_t nth, const char *key) {
        static const IniEvents events = { .section = on_section, .assignment = on_assignment };
        _cleanup_(config_errors_done) ConfigErrors ignored = { 0 };
        _cleanup_(source_done) Source source = { 0 };
        Search search = { .section = section, .key = key, .nth = nth };

        if (source_read(path, &source, &ignored) != 0 || ini_read(&source, &events, &search, &ignored) < 0)
                return 1;
        return search.key_line > 0 ? search.key_line : MAX(search.header_line, 1U);
}
