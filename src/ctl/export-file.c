/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/parse.h"
#include "ctl/export-file.h"

#define NAME_MAX_LENGTH 64U /* journald's own */
#define DIGITS_MAX 20U

typedef struct Input {
        const char *at, *end;
        size_t line;
} Input;

/* As journald takes them: capitals, digits, underscores, not a digit first; two underscores for addresses. */
static bool is_name(const char *s, size_t n) {
        if (n == 0 || n > NAME_MAX_LENGTH || (*s >= '0' && *s <= '9'))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!(s[i] >= 'A' && s[i] <= 'Z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '_')
                        return false;
        return true;
}

/* The value behind a name that stands alone in its line. */
static bool take_binary(Input *in, const char **ret_value, size_t *ret_size) {
        uint64_t size = 0;

        if (in->end - in->at < 8)
                return false;
        for (size_t i = 8; i-- > 0;)
                size = size << 8 | (unsigned char) in->at[i];
        in->at += 8;
        if (size >= (uint64_t) (in->end - in->at) || in->at[size] != '\n')
                return false;
        *ret_value = in->at;
        *ret_size = (size_t) size;
        in->at += size + 1;
        in->line++;
        return true;
}

static int put_time(JournalRecord *r, const char *value, size_t size) {
        char digits[DIGITS_MAX + 1];

        if (size > DIGITS_MAX)
                return -EINVAL;
        memcpy(digits, value, size);
        digits[size] = '\0';
        return parse_uint(digits, &r->realtime_usec) < 0 ? -EINVAL : 0;
}

static int take_field(Input *in, JournalRecord *r) {
        static const char time_name[] = "__REALTIME_TIMESTAMP";
        const char *line = in->at, *feed = memchr(line, '\n', (size_t) (in->end - line)), *equals, *value;
        size_t n_name, size;

        if (!feed)
                return -EINVAL;
        in->at = feed + 1;
        equals = memchr(line, '=', (size_t) (feed - line));
        n_name = (size_t) ((equals ? equals : feed) - line);
        if (!is_name(line, n_name))
                return -EINVAL;
        in->line++;
        if (equals) {
                value = equals + 1;
                size = (size_t) (feed - value);
        } else if (!take_binary(in, &value, &size))
                return -EINVAL;

        if (n_name == strlen(time_name) && memcmp(line, time_name, n_name) == 0)
                return put_time(r, value, size);
        return record_put(r, line, n_name, value, size);
}

int export_parse(const char *text, size_t size, JournalRecords *records, size_t *ret_line) {
        Input in = { .at = text, .end = text + size, .line = 1 };
        int r = 0;

        while (r >= 0 && in.at < in.end) {
                JournalRecord *record;

                if (*in.at == '\n') {
                        in.at++;
                        in.line++;
                        continue;
                }
                record = records_add(records);
                if (!record)
                        return -ENOMEM;
                do
                        r = take_field(&in, record);
                while (r >= 0 && in.at < in.end && *in.at != '\n');
                if (r < 0 || !record_get(record, "MEMSTALLD_RECORD"))
                        records_drop(records);
        }
        *ret_line = in.line;
        return r;
}
