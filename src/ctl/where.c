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

static int search_run(Search *search, const char *path) {
        static const IniEvents events = { .section = on_section, .assignment = on_assignment };
        _cleanup_(config_errors_done) ConfigErrors ignored = { 0 };
        _cleanup_(source_done) Source source = { 0 };
        int r;

        r = source_read(path, &source, &ignored);
        return r != 0 ? r : ini_read(&source, &events, search, &ignored);
}

bool where_find(const char *path, const char *section, size_t nth, const char *key, unsigned *ret_line) {
        Search search = { .section = section, .key = key, .nth = nth };

        if (search_run(&search, path) != 0 || search.key_line == 0)
                return false;
        *ret_line = search.key_line;
        return true;
}

unsigned where_key(const char *path, const char *section, size_t nth, const char *key) {
        Search search = { .section = section, .key = key, .nth = nth };

        if (search_run(&search, path) != 0)
                return 1;
        return search.key_line > 0 ? search.key_line : MAX(search.header_line, 1U);
}
