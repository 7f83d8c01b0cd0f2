/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As much of a JSON reader as one call needs: it goes through the text once, copies what is wanted, and skips the rest. */

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "sense/prekill.h"

#define DEPTH_MAX 8U
#define KEY_MAX 32U

typedef struct Reader {
        const char *at, *end;
} Reader;

static void skip_space(Reader *r) {
        while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
                r->at++;
}

/* The next character that is no space; 0 at the end. */
static char peek(Reader *r) {
        skip_space(r);
        return r->at < r->end ? *r->at : '\0';
}

static bool take(Reader *r, char c) {
        if (peek(r) != c || r->at >= r->end)
                return false;
        r->at++;
        return true;
}

static bool take_word(Reader *r, const char *word) {
        size_t n = strlen(word);

        skip_space(r);
        if ((size_t) (r->end - r->at) < n || memcmp(r->at, word, n) != 0)
                return false;
        r->at += n;
        return true;
}

/* ---- Strings ----------------------------------------------------------------------------------- */

/* Where a string goes: what has no room is left out, whole characters of it. */
typedef struct Sink {
        char *buf; /* NULL: nowhere */
        size_t size, used;
        bool full;
} Sink;

static void put(Sink *s, const char *bytes, size_t n) {
        if (!s->buf || s->full || s->used + n >= s->size) {
                s->full = true;
                return;
        }
        memcpy(s->buf + s->used, bytes, n);
        s->used += n;
        s->buf[s->used] = '\0';
}

static void put_code(Sink *s, uint32_t code) {
        char bytes[4];

        if (code < 0x80) {
                bytes[0] = (char) code;
                put(s, bytes, 1);
        } else if (code < 0x800) {
                bytes[0] = (char) (0xc0 | code >> 6);
                bytes[1] = (char) (0x80 | (code & 0x3f));
                put(s, bytes, 2);
        } else if (code < 0x10000) {
                bytes[0] = (char) (0xe0 | code >> 12);
                bytes[1] = (char) (0x80 | (code >> 6 & 0x3f));
                bytes[2] = (char) (0x80 | (code & 0x3f));
                put(s, bytes, 3);
        } else {
                bytes[0] = (char) (0xf0 | code >> 18);
                bytes[1] = (char) (0x80 | (code >> 12 & 0x3f));
                bytes[2] = (char) (0x80 | (code >> 6 & 0x3f));
                bytes[3] = (char) (0x80 | (code & 0x3f));
                put(s, bytes, 4);
        }
}

static int take_hex(Reader *r, uint32_t *ret) {
        uint32_t value = 0;

        if (r->end - r->at < 4)
                return -EBADMSG;
        for (size_t i = 0; i < 4; i++, r->at++) {
                char c = *r->at;

                if (c >= '0' && c <= '9')
                        value = value * 16 + (uint32_t) (c - '0');
                else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
                        value = value * 16 + (uint32_t) ((c | 0x20) - 'a' + 10);
                else
                        return -EBADMSG;
        }
        *ret = value;
        return 0;
}

/* Behind "\u". A NUL would end a string too early, and half of a pair is no character. */
static int take_unicode(Reader *r, Sink *s) {
        uint32_t code, low;

        if (take_hex(r, &code) < 0 || code == 0 || (code >= 0xdc00 && code < 0xe000))
                return -EBADMSG;
        if (code >= 0xd800 && code < 0xdc00) {
                if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
                        return -EBADMSG;
                r->at += 2;
                if (take_hex(r, &low) < 0 || low < 0xdc00 || low >= 0xe000)
                        return -EBADMSG;
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        put_code(s, code);
        return 0;
}

/* Behind a backslash. */
static int take_escape(Reader *r, Sink *s) {
        static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
        const char *found;
        char c;

        if (r->at >= r->end)
                return -EBADMSG;
        c = *r->at++;
        if (c == 'u')
                return take_unicode(r, s);
        found = c ? strchr(names, c) : NULL;
        if (!found)
                return -EBADMSG;
        put(s, values + (found - names), 1);
        return 0;
}

/* A string into `buf`, terminated, cut where it is full; `buf` NULL: skipped. */
static int take_string(Reader *r, char *buf, size_t size) {
        Sink s = { .buf = buf, .size = size };

        if (buf)
                buf[0] = '\0';
        if (!take(r, '"'))
                return -EBADMSG;
        while (r->at < r->end) {
                char c = *r->at++;

                if (c == '"')
                        return 0;
                if ((unsigned char) c < ' ')
                        return -EBADMSG;
                if (c != '\\')
                        put(&s, &c, 1);
                else if (take_escape(r, &s) < 0)
                        return -EBADMSG;
        }
        return -EBADMSG;
}

/* ---- Values ------------------------------------------------------------------------------------ */

static bool take_digits(Reader *r) {
        const char *start = r->at;

        while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
                r->at++;
        return r->at > start;
}

static int take_number(Reader *r) {
        if (peek(r) == '-')
                r->at++;
        if (r->at < r->end && *r->at == '0')
                r->at++;
        else if (!take_digits(r))
                return -EBADMSG;
        if (r->at < r->end && *r->at == '.') {
                r->at++;
                if (!take_digits(r))
                        return -EBADMSG;
        }
        if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
                r->at++;
                if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
                        r->at++;
                if (!take_digits(r))
                        return -EBADMSG;
        }
        return 0;
}

typedef int (*MemberTaker)(Reader *r, const char *key, unsigned depth, void *userdata);

static int take_object(Reader *r, unsigned depth, MemberTaker member, void *userdata);
static int skip_value(Reader *r, unsigned depth);

static int take_array(Reader *r, unsigned depth) {
        if (depth >= DEPTH_MAX || !take(r, '['))
                return -EBADMSG;
        if (take(r, ']'))
                return 0;
        do
                if (skip_value(r, depth + 1) < 0)
                        return -EBADMSG;
        while (take(r, ','));
        return take(r, ']') ? 0 : -EBADMSG;
}

static int skip_member(Reader *r, const char *key, unsigned depth, void *userdata) {
        return skip_value(r, depth);
}

static int skip_value(Reader *r, unsigned depth) {
        switch (peek(r)) {
        case '{':
                return take_object(r, depth, skip_member, NULL);
        case '[':
                return take_array(r, depth);
        case '"':
                return take_string(r, NULL, 0);
        case 't':
                return take_word(r, "true") ? 0 : -EBADMSG;
        case 'f':
                return take_word(r, "false") ? 0 : -EBADMSG;
        case 'n':
                return take_word(r, "null") ? 0 : -EBADMSG;
        default:
                return take_number(r);
        }
}

static int take_object(Reader *r, unsigned depth, MemberTaker member, void *userdata) {
        if (depth >= DEPTH_MAX || !take(r, '{'))
                return -EBADMSG;
        if (take(r, '}'))
                return 0;
        do {
                char key[KEY_MAX];

                if (take_string(r, key, sizeof(key)) < 0 || !take(r, ':') || member(r, key, depth + 1, userdata) < 0)
                        return -EBADMSG;
        } while (take(r, ','));
        return take(r, '}') ? 0 : -EBADMSG;
}

/* ---- The call ---------------------------------------------------------------------------------- */

typedef struct Call {
        PrekillCall *call;
        bool method, parameters, cgroup, oneway; /* were there */
} Call;

/* Notes that the key was there; false if it was before. */
static bool first(bool *seen) {
        bool again = *seen;

        *seen = true;
        return !again;
}

static int take_parameter(Reader *r, const char *key, unsigned depth, void *userdata) {
        Call *c = userdata;

        if (strcmp(key, "cgroup") != 0 || peek(r) != '"')
                return skip_value(r, depth);
        return first(&c->cgroup) ? take_string(r, c->call->cgroup, sizeof(c->call->cgroup)) : -EBADMSG;
}

static int take_flag(Reader *r, bool *ret) {
        *ret = peek(r) == 't';
        return take_word(r, *ret ? "true" : "false") ? 0 : -EBADMSG;
}

static int take_member(Reader *r, const char *key, unsigned depth, void *userdata) {
        Call *c = userdata;

        if (strcmp(key, "method") == 0)
                return first(&c->method) ? take_string(r, c->call->method, sizeof(c->call->method)) : -EBADMSG;
        if (strcmp(key, "parameters") == 0 && peek(r) != 'n')
                return first(&c->parameters) ? take_object(r, depth, take_parameter, c) : -EBADMSG;
        if (strcmp(key, "oneway") == 0)
                return first(&c->oneway) ? take_flag(r, &c->call->oneway) : -EBADMSG;
        return skip_value(r, depth);
}

int prekill_parse(const char *text, size_t n, PrekillCall *ret) {
        /* The second is what systemd called it for a while. */
        static const char *const methods[] = { "io.systemd.oom.Prekill.Notify", "io.systemd.oom.PreKill.Notify" };
        Reader r = { text, text + n };
        Call c = { .call = ret };
        bool known = false;

        ret->method[0] = ret->cgroup[0] = '\0';
        ret->oneway = false;
        if (take_object(&r, 0, take_member, &c) < 0 || peek(&r) != '\0' || r.at < r.end || !c.method)
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                known = known || strcmp(ret->method, methods[i]) == 0;
        if (!known)
                return PREKILL_E_METHOD;
        return ret->cgroup[0] == '/' ? 0 : PREKILL_E_PARAMETER;
}

const char *prekill_answer(int r, size_t *ret_n) {
        static const char done[] = "{\"parameters\":{}}",
                          method[] = "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{}}",
                          parameter[] = "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":"
                                        "{\"parameter\":\"cgroup\"}}";
        const char *answer = r == PREKILL_E_METHOD ? method : r == PREKILL_E_PARAMETER ? parameter : done;

        *ret_n = strlen(answer) + 1;
        return answer;
}
