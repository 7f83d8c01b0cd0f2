/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "core/start-name.h"

typedef struct Name {
        char *buf;
        size_t used;
        bool full;
} Name;

static void add(Name *name, const char *s) {
        size_t n = strlen(s);

        if (name->full || n >= UNIT_NAME_MAX - name->used) {
                name->full = true;
                return;
        }
        memcpy(name->buf + name->used, s, n + 1);
        name->used += n;
}

static bool is_plain(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '_' ||
               c == '.';
}

/* See man:systemd-escape(1), --path. */
static void add_path(Name *name, const char *path) {
        path += strspn(path, "/");
        for (const char *c = path; *c; c++) {
                char text[8] = { *c };

                if (*c == '/')
                        text[0] = '-';
                else if (!is_plain(*c) || (*c == '.' && c == path))
                        (void) snprintf(text, sizeof(text), "\\x%02x", (unsigned char) *c);
                add(name, text);
        }
}

int start_name(char ret[static UNIT_NAME_MAX], const char *text, const CgroupName *victim, Id128 incident) {
        Name name = { .buf = ret };

        for (; *text; text++) {
                char word[40] = { *text };

                if (*text == '%')
                        switch (*++text) {

                        case 'n':
                                if (victim->id == 0)
                                        return START_NAME_E_NOBODY;
                                if (victim->kind == CGROUP_GROUP)
                                        add_path(&name, victim->path);
                                else
                                        add(&name, victim->unit);
                                continue;

                        case 'i':
                                (void) snprintf(word, sizeof(word), ID128_FORMAT, ID128_VALUES(incident));
                                break;

                        case '%':
                                break;

                        default:
                                return START_NAME_E_BAD;
                        }
                add(&name, word);
        }
        return name.full || name.used == 0 ? START_NAME_E_BAD : 0;
}
