/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-journal.h"

int fake_journal_open(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        assert_true(strlen(path) < sizeof(address.sun_path));
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

void fake_journal_close(int fd, const char *path) {
        (void) close(fd);
        (void) unlink(path);
}

/* Little endian, whatever the machine. */
static uint64_t take_length(const char *s) {
        uint64_t n = 0;

        for (size_t i = 8; i > 0; i--)
                n = n << 8 | (unsigned char) s[i - 1];
        return n;
}

static void parse(FakeRecord *r, size_t length) {
        char *s = r->data, *end = r->data + length;

        r->n_fields = 0;
        while (s < end) {
                char *line = memchr(s, '\n', (size_t) (end - s)), *equals;
                FakeField *f = &r->fields[r->n_fields++];

                assert_true(line && r->n_fields < FIELDS_MAX);
                f->key = s;
                equals = memchr(s, '=', (size_t) (line - s));
                if (equals) {
                        *equals = '\0';
                        f->value = equals + 1;
                        f->value_length = (size_t) (line - equals - 1);
                        s = line;
                } else {
                        *line = '\0';
                        assert_true(line + 9 < end);
                        f->value = line + 9;
                        f->value_length = take_length(line + 1);
                        assert_true(f->value_length < (size_t) (end - f->value));
                        s = line + 9 + f->value_length;
                }
                assert_int_equal(*s, '\n');
                *s++ = '\0';
                assert_true(strspn(f->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(f->key));
        }
}

bool fake_journal_take(int fd, FakeRecord *r) {
        ssize_t n;

        n = recv(fd, r->data, sizeof(r->data), MSG_DONTWAIT);
        if (n < 0) {
                assert_int_equal(errno, EAGAIN);
                return false;
        }
        parse(r, (size_t) n);
        return true;
}

const char *fake_record_get(const FakeRecord *r, const char *key) {
        const char *value = NULL;

        for (size_t i = 0; i < r->n_fields; i++)
                if (strcmp(r->fields[i].key, key) == 0) {
                        assert_null(value);
                        value = r->fields[i].value;
                }
        return value;
}

size_t fake_record_count(const FakeRecord *r, const char *key) {
        size_t n = 0;

        for (size_t i = 0; i < r->n_fields; i++)
                n += strcmp(r->fields[i].key, key) == 0;
        return n;
}
