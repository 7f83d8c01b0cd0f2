/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/export-file.h"

#define PARSE(text, records, line) export_parse(text, sizeof(text) - 1, records, line)

static void test_records(void **state) {
        static const char text[] = "__REALTIME_TIMESTAMP=1795403529000001\n_UID=0\nMEMSTALLD_RECORD=decision\n"
                                   "MEMSTALLD_BLAME=one\nMEMSTALLD_BLAME=two\nMEMSTALLD_COUNT=12\n"
                                   "MEMSTALLD_LIMIT=infinity\n\n"
                                   "\n\nMESSAGE=somebody else's\n\n"
                                   "MEMSTALLD_RECORD=culprit\nMEMSTALLD_CULPRIT_STACK\n\x04\0\0\0\0\0\0\0a\nb\0\nMESSAGE=\n";
        _cleanup_(records_done) JournalRecords records = { 0 };
        const JournalRecord *r;
        uint64_t n;
        size_t line;

        assert_int_equal(PARSE(text, &records, &line), 0);
        assert_int_equal(records.n_items, 2);
        r = records.items;
        assert_int_equal(r->realtime_usec, UINT64_C(1795403529000001));
        assert_true(record_is(r, "MEMSTALLD_RECORD", "decision"));
        assert_string_equal(record_nth(r, "MEMSTALLD_BLAME", 1), "two");
        assert_null(record_nth(r, "MEMSTALLD_BLAME", 2));
        assert_null(record_get(r, "_UID"));
        assert_string_equal(record_text(r, "MEMSTALLD_CAUSE"), "");
        assert_true(record_uint(r, "MEMSTALLD_COUNT", &n));
        assert_int_equal(n, 12);
        assert_false(record_uint(r, "MEMSTALLD_LIMIT", &n));
        assert_false(record_uint(r, "MEMSTALLD_NOT", &n));
        r++;
        assert_string_equal(record_get(r, "MEMSTALLD_CULPRIT_STACK"), "a\nb?");
        assert_string_equal(record_get(r, "MESSAGE"), "");
        assert_int_equal(r->realtime_usec, 0);
        assert_false(records.cut);
}

static void test_wrong(void **state) {
        _cleanup_(records_done) JournalRecords records = { 0 };
        size_t line = 0;

        assert_int_equal(PARSE("", &records, &line), 0);
        assert_int_equal(PARSE("A=1", &records, &line), -EINVAL); /* no end of line */
        assert_int_equal(PARSE("A=1\nb=2\n", &records, &line), -EINVAL);
        assert_int_equal(line, 2);
        assert_int_equal(PARSE("A=1\n\n1A=2\n", &records, &line), -EINVAL);
        assert_int_equal(line, 3);
        assert_int_equal(PARSE("=2\n", &records, &line), -EINVAL);
        assert_int_equal(PARSE("A B=2\n", &records, &line), -EINVAL);
        assert_int_equal(PARSE("A\n\1\0\0\0\0\0\0", &records, &line), -EINVAL);            /* half a length */
        assert_int_equal(PARSE("A\n\2\0\0\0\0\0\0\0x\n", &records, &line), -EINVAL);      /* longer than what is left */
        assert_int_equal(PARSE("A\n\1\0\0\0\0\0\0\0xy\n", &records, &line), -EINVAL);     /* shorter than its line */
        assert_int_equal(PARSE("A\n\1\0\0\0\0\0\0\0x\n", &records, &line), 0);
        assert_int_equal(PARSE("A\n\xff\xff\xff\xff\xff\xff\xff\xffx\n", &records, &line), -EINVAL);
        assert_int_equal(PARSE("__REALTIME_TIMESTAMP=1x\n", &records, &line), -EINVAL);
        assert_int_equal(PARSE("__REALTIME_TIMESTAMP=111111111111111111111\n", &records, &line), -EINVAL);
        assert_int_equal(records.n_items, 0);
}

static void test_many(void **state) {
        _cleanup_(records_done) JournalRecords records = { 0 };
        JournalRecord *r;
        char value[16];

        for (unsigned i = 0; i < JOURNAL_RECORDS_MAX + 1; i++) {
                r = records_add(&records);
                assert_non_null(r);
                (void) snprintf(value, sizeof(value), "%u", i);
                assert_int_equal(record_put(r, "MESSAGE", 7, value, strlen(value)), 0);
        }
        assert_int_equal(records.n_items, JOURNAL_RECORDS_MAX / 2 + 1);
        assert_true(records.cut);
        assert_string_equal(record_get(records.items + records.n_items - 1, "MESSAGE"), value); /* the newest stay */

        r = records.items;
        for (unsigned i = 0; i < 2 * RECORD_FIELDS_MAX; i++)
                assert_int_equal(record_put(r, "MEMSTALLD_X", 11, "", 0), 0);
        assert_int_equal(r->n_fields, RECORD_FIELDS_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records),
                cmocka_unit_test(test_wrong),
                cmocka_unit_test(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
