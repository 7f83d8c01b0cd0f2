/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records as bytes, the ring they wait in, and the text for people. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "act/record-queue.h"
#include "act/record.h"
#include "act/text.h"

static Record record;

static void assert_bytes(const char *data, size_t length, const char *wanted, size_t wanted_length) {
        assert_int_equal(length, wanted_length);
        assert_memory_equal(data, wanted, wanted_length);
}

#define ASSERT_BYTES(data, length, wanted) assert_bytes(data, length, wanted, sizeof(wanted) - 1)

static void test_fields(void **state) {
        record_begin(&record);
        record_add(&record, "A", "one line, with = and \\");
        record_add(&record, "B1_2", "two\nlines");
        record_add(&record, "C", NULL);
        record_add(&record, "D", "");
        record_add(&record, "E", "\n");
        record_add_uint(&record, "F", UINT64_MAX);
        record_add_bytes(&record, "G", UINT64_MAX);
        record_add_format(&record, "H", "%d-%s", 7, "x");
        ASSERT_BYTES(record.data, record.used,
                     "A=one line, with = and \\\n"
                     "B1_2\n\x09\0\0\0\0\0\0\0two\nlines\n"
                     "D=\n"
                     "E\n\x01\0\0\0\0\0\0\0\n\n"
                     "F=18446744073709551615\n"
                     "G=infinity\n"
                     "H=7-x\n");
}

/* A value that is too long is cut, what comes after it is there while there is room, and it never overflows. */
static void test_overflow(void **state) {
        static char value[2 * RECORD_MAX];
        uint64_t kept;

        memset(value, 'x', sizeof(value) - 1);
        record_begin(&record);
        record_add(&record, "FIRST", "1");
        record_add(&record, "STACK", value);
        assert_in_range(record.used, RECORD_MAX - 256, RECORD_MAX);
        memcpy(&kept, record.data + strlen("FIRST=1\nSTACK\n"), sizeof(kept));
        assert_memory_equal(record.data + 22 + kept, "\nMEMSTALLD_CUT=STACK\n", 21);
        for (size_t i = 0; i < 1000; i++)
                record_add(&record, "MORE", "more");
        record_add(&record, "LAST", value);
        assert_in_range(record.used, RECORD_MAX - 256, RECORD_MAX);
}

static void test_cut(void **state) {
        static char value[1024];
        size_t length;

        memset(value, 'x', sizeof(value) - 1);
        record_begin(&record);
        record_add(&record, "MESSAGE", "short");
        record_add(&record, "LONG", value);
        record_add(&record, "AFTER", "kept");
        length = record_cut(record.data, record.used);
        assert_int_equal(length, record.used - 512 + strlen("MEMSTALLD_CUT=LONG\n"));
        assert_memory_equal(record.data, "MESSAGE=short\nLONG=xxx", 22);
        assert_non_null(memmem(record.data, length, "x\nAFTER=kept\nMEMSTALLD_CUT=LONG\n", 32));

        /* Again: the same value, told once. And at last there is nothing to cut. */
        length = record_cut(record.data, length);
        assert_int_equal(length, record.used - 512 - 256 + strlen("MEMSTALLD_CUT=LONG\n"));
        for (unsigned i = 0; i < 16 && length > 0; i++)
                length = record_cut(record.data, length);
        assert_int_equal(length, 0);
}

static void test_cut_lines(void **state) {
        static char value[1024];
        uint64_t kept;
        size_t length;

        memset(value, 'x', sizeof(value) - 1);
        for (size_t i = 9; i < sizeof(value) - 1; i += 10)
                value[i] = '\n';
        record_begin(&record);
        record_add(&record, "STACK", value);
        length = record_cut(record.data, record.used);
        memcpy(&kept, record.data + strlen("STACK\n"), sizeof(kept));
        assert_int_equal(kept, 509); /* 51 lines of 9, and the line's ends between them */
        assert_memory_equal(record.data + 14 + kept, "\nMEMSTALLD_CUT=STACK\n", 21);
        assert_int_equal(length, 14 + kept + 21);
}

/* ---- The ring -------------------------------------------------------------------------------- */

/* Against a model: the order and the bytes come out as they went in, at every place of the ring. */
static void test_queue(void **state) {
        static unsigned char sizes[4096];
        static char data[40000];
        RecordQueue *q = calloc(1, sizeof(*q));
        size_t first = 0, last = 0, length, refused = 0;
        char *out;

        assert_non_null(q);
        assert_null(record_queue_first(q, &length));
        srandom(1);
        for (unsigned round = 0; round < 20000; round++) {
                if (random() % 5 < 3 && last - first < sizeof(sizes)) {
                        unsigned char size = (unsigned char) (1 + random() % 255);

                        memset(data, (int) (last & 0xff), size * 150U);
                        if (record_queue_push(q, data, size * 150U))
                                sizes[last++ % sizeof(sizes)] = size;
                        else
                                refused++;
                } else if ((out = record_queue_first(q, &length))) {
                        assert_int_equal(length, sizes[first % sizeof(sizes)] * 150U);
                        memset(data, (int) (first & 0xff), length);
                        assert_memory_equal(out, data, length);
                        record_queue_pop(q);
                        first++;
                } else
                        assert_int_equal(first, last);
        }
        assert_true(refused > 100 && first > 1000);
        free(q);
}

static void test_queue_full(void **state) {
        RecordQueue *q = calloc(1, sizeof(*q));
        static char data[RECORD_QUEUE_SIZE];
        size_t length;

        assert_non_null(q);
        assert_false(record_queue_push(q, data, sizeof(data)));
        assert_true(record_queue_push(q, data, sizeof(data) - 16)); /* to the last byte */
        assert_false(record_queue_push(q, data, 1));
        record_queue_shorten(q, 5);
        assert_non_null(record_queue_first(q, &length));
        assert_int_equal(length, 5);
        record_queue_pop(q);
        assert_null(record_queue_first(q, &length));
        assert_true(record_queue_push(q, data, 1));
        free(q);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void test_text(void **state) {
        static const struct {
                const char *in, *out;
        } rows[] = {
                { "plain: ~ \\x2d", "plain: ~ \\x2d" },
                { "a\nb\tc\x7f\x1b[1m", "a\\x0ab\\x09c\\x7f\\x1b[1m" },
                { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
                { "\xc2\x9b", "\\xc2\\x9b" },                         /* U+009B: a terminal's control sequence */
                { "\xc0\x8a\xe0\x80\x8a", "\\xc0\\x8a\\xe0\\x80\\x8a" }, /* newlines in too long a form */
                { "\xed\xa0\x80", "\\xed\\xa0\\x80" },                /* a surrogate */
                { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },       /* beyond U+10FFFF */
                { "\xe2\x82", "\\xe2\\x82" },                         /* ends early */
                { "\xff", "\\xff" },
                { "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb" },           /* from here right to left */
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                Text t = { 0 };

                text_add(&t, "%s", rows[i].in);
                assert_string_equal(t.data, rows[i].out);
        }
}

static void test_text_cut(void **state) {
        Text t = { 0 };

        for (unsigned i = 0; i < 300; i++)
                text_add(&t, "abcd");
        assert_int_equal(strlen(t.data), TEXT_MAX - 1);
        text_add(&t, "\n");
        assert_int_equal(strlen(t.data), TEXT_MAX - 1);

        memset(&t, 0, sizeof(t));
        for (unsigned i = 0; i < 600; i++)
                text_add(&t, "\n");
        assert_int_equal(strlen(t.data), (TEXT_MAX - 1) / 4 * 4); /* no half escapes */
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields),     cmocka_unit_test(test_overflow),   cmocka_unit_test(test_cut),
                cmocka_unit_test(test_cut_lines),  cmocka_unit_test(test_queue),      cmocka_unit_test(test_queue_full),
                cmocka_unit_test(test_text),       cmocka_unit_test(test_text_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
