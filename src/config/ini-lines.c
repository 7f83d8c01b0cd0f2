/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ini.h>
#include <string.h>

#include "config/ini-lines.h"

typedef struct Reader {
        const Source *source;
        const IniEvents *events;
        void *user;
        ConfigErrors *errors;
        size_t offset; /* of the next line */
        unsigned line; /* the one that inih has in hand */
        int error;
} Reader;

/* One line without the spaces around it. Not terminated. */
typedef struct Line {
        const char *text;
        size_t length;
} Line;

static bool is_space(char c) {
        return c == ' ' || c == '\t' || c == '\r';
}

static const char *line_find(const Line *line, char c) {
        return memchr(line->text, c, line->length);
}

static bool is_nothing(const Line *line) {
        return line->length == 0 || line->text[0] == '#' || line->text[0] == ';';
}

static bool is_header(const Line *line) {
        return line->text[0] == '[';
}

/* ---- What inih must not see ------------------------------------------------------------------ */

static bool is_too_long(const Line *line) {
        return line->length > INI_LINE_MAX;
}

static bool has_comment(const Line *line) {
        for (size_t i = 1; i < line->length; i++)
                if ((line->text[i] == ';' || line->text[i] == '#') && is_space(line->text[i - 1]))
                        return true;
        return false;
}

static bool is_continued(const Line *line) {
        return line->text[line->length - 1] == '\\';
}

static bool is_open_header(const Line *line) {
        return is_header(line) && !line_find(line, ']');
}

static bool is_followed_header(const Line *line) {
        return is_header(line) && line_find(line, ']') != line->text + line->length - 1;
}

static bool is_no_assignment(const Line *line) {
        return !is_header(line) && !line_find(line, '=');
}

static bool has_no_key(const Line *line) {
        return line->text[0] == '=';
}

static bool has_colon_in_key(const Line *line) {
        const char *colon = line_find(line, ':'), *equals = line_find(line, '=');

        return !is_header(line) && colon && colon < equals;
}

/* In this order: each may take for granted that none above it holds. */
static const struct {
        bool (*holds)(const Line *line);
        const char *text;
} refusals[] = {
        { is_too_long, "the line is longer than 198 bytes, assign to the key again to add to a list" },
        { is_continued, "the line ends with a backslash, write it on one line, or assign to the key again to add to a "
                        "list" },
        { has_comment, "a comment follows on the same line, write it on a line of its own" },
        { is_open_header, "the section header has no ], write for example [Match]" },
        { is_followed_header, "text follows the section header, write it on a line of its own" },
        { is_no_assignment, "the line is no assignment, write Key=value" },
        { has_no_key, "no key stands before the =, write Key=value" },
        { has_colon_in_key, "a colon stands in the key, write Key=value" },
};

_Static_assert(INI_LINE_MAX == 198, "the text above names the number");

static int refuse(Reader *reader, const Line *line, const char *text) {
        Place place = { .errors = reader->errors, .file = reader->source->path, .line = reader->line };
        int r;

        r = place_error(&place, "%s", text);
        if (r < 0)
                return r;
        return is_header(line) ? reader->events->section(reader->user, reader->line, NULL) : 0;
}

static int tell_header(Reader *reader, const Line *line) {
        char name[INI_LINE_MAX + 1];
        size_t length = line->length - 2;

        memcpy(name, line->text + 1, length);
        name[length] = '\0';
        return reader->events->section(reader->user, reader->line, name);
}

/* Whether the line is an assignment for inih. Headers are told from here: inih mentions a section only with its
 * first key, does not say when the same one starts again, and cuts its name. */
static int judge(Reader *reader, const Line *line, bool *ret_assignment) {
        *ret_assignment = false;
        if (is_nothing(line))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
                if (refusals[i].holds(line))
                        return refuse(reader, line, refusals[i].text);
        if (is_header(line))
                return tell_header(reader, line);
        *ret_assignment = true;
        return 0;
}

/* ---- Between the source and inih ------------------------------------------------------------- */

static bool take_line(Reader *reader, Line *ret) {
        const char *start = reader->source->text + reader->offset, *end;
        size_t left = reader->source->size - reader->offset;

        if (left == 0)
                return false;
        end = memchr(start, '\n', left);
        reader->offset += end ? (size_t) (end - start) + 1 : left;
        reader->line++;

        if (!end)
                end = start + left;
        while (start < end && is_space(*start))
                start++;
        while (start < end && is_space(end[-1]))
                end--;
        *ret = (Line){ start, (size_t) (end - start) };
        return true;
}

/* inih's reader, in the manner of fgets(): each line of the source becomes one line, of which only assignments
 * arrive with their text, so that inih and we count alike. */
static char *read_line(char *str, int num, void *stream) {
        Reader *reader = stream;
        bool is_assignment;
        Line line;

        if (reader->error < 0 || !take_line(reader, &line))
                return NULL;
        reader->error = judge(reader, &line, &is_assignment);
        if (is_assignment && line.length + 2 > (size_t) num) { /* an inih built with a shorter buffer */
                reader->error = refuse(reader, &line, refusals[0].text);
                is_assignment = false;
        }
        if (!is_assignment)
                line.length = 0;
        memcpy(str, line.text, line.length);
        strcpy(str + line.length, "\n");
        return str;
}

static int handle_assignment(void *user, const char *section, const char *name, const char *value) {
        Reader *reader = user;

        if (reader->error == 0)
                reader->error = reader->events->assignment(reader->user, reader->line, name, value);
        return 1;
}

int ini_read(const Source *source, const IniEvents *events, void *user, ConfigErrors *errors) {
        Reader reader = { .source = source, .events = events, .user = user, .errors = errors };
        int line;

        line = ini_parse_stream(read_line, &reader, handle_assignment, &reader);
        if (reader.error < 0)
                return reader.error;
        if (line < 0)
                return -ENOMEM; /* its only error that does not come from a line */
        if (line > 0) {
                const Place place = { .errors = errors, .file = source->path, .line = (unsigned) line };

                return place_error(&place, "inih cannot read this line, write Key=value");
        }
        return 0;
}
