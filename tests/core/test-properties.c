/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "test.h"

#include "core/properties.h"

static void test_round_trip(void **state) {
        static const char *const texts[] = {
                "-",
                "MemoryHigh:536870912",
                "MemoryHigh:infinity,CPUQuotaPerSecUSec:200000,IOWeight:100",
                ("MemoryHigh:18446744073709551614,MemoryLow:18446744073709551614,CPUQuotaPerSecUSec:18446744073709551614,"
                 "CPUWeight:18446744073709551614,IOWeight:18446744073709551614,SlicesMemoryLow:18446744073709551614"),
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Properties p;

                assert_int_equal(properties_parse(texts[i], &p), 0);
                assert_string_equal(FORMAT_PROPERTIES(&p), texts[i]);
        }
}

static void test_units(void **state) {
        Properties p;

        assert_int_equal(properties_parse("MemoryLow:1G", &p), 0);
        assert_true(properties_has(&p, PROPERTY_MEMORY_LOW));
        assert_false(properties_has(&p, PROPERTY_MEMORY_HIGH));
        assert_int_equal(p.values[PROPERTY_MEMORY_LOW], UINT64_C(1) << 30);
}

static void test_mistakes(void **state) {
        static const char *const texts[] = {
                "", ",", "MemoryHigh", "MemoryHigh:", "MemoryHigh:x", "memoryhigh:1", "MemoryHigh:1,", "MemoryHigh:1;CPUWeight:1",
                "MemoryHighMemoryHighMemoryHighMemoryHighMemoryHighMemoryHighMemoryHigh:1", "MemoryHigh:99999999999999999999",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Properties p;

                if (properties_parse(texts[i], &p) >= 0)
                        fail_msg("\"%s\"", texts[i]);
        }
}

/* As many zeros as there is room for, and one more. */
static void test_longest(void **state) {
        for (int n = 63; n <= 64; n++) {
                char text[80];
                Properties p;
                int r;

                (void) snprintf(text, sizeof(text), "MemoryHigh:%0*d", n - (int) strlen("MemoryHigh:"), 7);
                assert_int_equal(strlen(text), n);
                r = properties_parse(text, &p);
                assert_int_equal(r, n == 63 ? 0 : -EINVAL);
                if (r == 0)
                        assert_int_equal(p.values[PROPERTY_MEMORY_HIGH], 7);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_units),
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_longest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
