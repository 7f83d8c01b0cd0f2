/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "ctl/json.h"

static bool pretty;

bool json_option(const char *word, bool *ret_json) {
        static const struct {
                const char *word;
                bool json, pretty;
        } words[] = { { "pretty", true, true }, { "short", true, false }, { "off", false, false } };

        if (!word)
                word = isatty(STDOUT_FILENO) ? "pretty" : "short";
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(word, words[i].word) == 0) {
                        *ret_json = words[i].json;
                        pretty = words[i].pretty;
                        return true;
                }
        fprintf(stderr, "memstallctl: --json=%s is not known, write pretty, short or off\n", word);
        return false;
}

static void write_character(FILE *f, char c) {
        if (c == '"' || c == '\\')
                fprintf(f, "\\%c", c);
        else if ((unsigned char) c < 0x20 || c == 0x7f)
                fprintf(f, "\\u%04x", (unsigned) (unsigned char) c);
        else
                fputc(c, f);
}

static void write_string(FILE *f, const char *s) {
        size_t size = strlen(s);

        fputc('"', f);
        while (size > 0) {
                size_t n = utf8_text_length(s, size);

                for (size_t i = 0; i < n; i++)
                        write_character(f, s[i]);
                s += n;
                size -= n;
                if (size == 0)
                        break;

                /* A control character, or a byte that is no UTF-8. */
                if ((unsigned char) *s < 0x80)
                        write_character(f, *s);
                else
                        fputs("\\ufffd", f);
                s++;
                size--;
        }
        fputc('"', f);
}

static void begin_line(const Json *j) {
        if (pretty)
                fprintf(j->f, "\n%*s", 8 * (int) j->depth, "");
        else if (j->depth <= 1)
                fputc('\n', j->f);
}

/* What stands between a value and the one before, and its key. */
static void begin_value(Json *j, const char *key) {
        if (j->depth == 0)
                return;
        if (j->has_values[j->depth - 1])
                fputc(',', j->f);
        j->has_values[j->depth - 1] = true;
        begin_line(j);
        assert(!key == j->is_list[j->depth - 1]);
        if (key) {
                write_string(j->f, key);
                fputs(pretty ? ": " : ":", j->f);
        }
}

static void begin_container(Json *j, const char *key, bool is_list) {
        begin_value(j, key);
        assert(j->depth < JSON_DEPTH_MAX);
        j->is_list[j->depth] = is_list;
        j->has_values[j->depth] = false;
        j->depth++;
        fputc(is_list ? '[' : '{', j->f);
}

void json_object(Json *j, const char *key) {
        begin_container(j, key, false);
}

void json_list(Json *j, const char *key) {
        begin_container(j, key, true);
}

void json_end(Json *j) {
        assert(j->depth > 0);
        j->depth--;
        if (j->has_values[j->depth] && (pretty || j->depth == 0))
                begin_line(j);
        fputc(j->is_list[j->depth] ? ']' : '}', j->f);
        if (j->depth == 0)
                fputc('\n', j->f);
}

void json_string(Json *j, const char *key, const char *value) {
        if (!value) {
                json_null(j, key);
                return;
        }
        begin_value(j, key);
        write_string(j->f, value);
}

void json_uint(Json *j, const char *key, uint64_t value) {
        begin_value(j, key);
        fprintf(j->f, "%" PRIu64, value);
}

void json_boolean(Json *j, const char *key, bool value) {
        begin_value(j, key);
        fputs(value ? "true" : "false", j->f);
}

void json_null(Json *j, const char *key) {
        begin_value(j, key);
        fputs("null", j->f);
}

void json_strv(Json *j, const char *key, char *const *values) {
        json_list(j, key);
        for (; values && *values; values++)
                json_string(j, NULL, *values);
        json_end(j);
}
