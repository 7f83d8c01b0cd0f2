/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "config/nearest.h"

static const char *const names[] = {
        "Pressure", "For", "Settle", "Cooldown", "Available", "Usage", "Name", "Action", "MemoryHigh", "Until",
};

static void test_nearest(void **state) {
        static const struct {
                const char *word, *best;
        } rows[] = {
                { "Presure", "Pressure" },      /* left out */
                { "Pressuree", "Pressure" },    /* added */
                { "Prassure", "Pressure" },     /* changed */
                { "Perssure", "Pressure" },     /* swapped */
                { "pressure", "Pressure" },     /* case */
                { "PRESURE", "Pressure" },
                { "Vaailable", "Available" },
                { "Acton", "Action" },
                { "Fr", "For" },
                { "Memory", NULL },
                { "Fort", "For" },
                { "HostPressure", NULL },
                { "X", NULL },
                { "", NULL },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Nearest nearest = { .word = rows[i].word };

                for (size_t n = 0; n < ELEMENTSOF(names); n++)
                        nearest_offer(&nearest, names[n]);
                if (!nearest.best || !rows[i].best)
                        assert_ptr_equal(nearest.best, rows[i].best);
                else
                        assert_string_equal(nearest.best, rows[i].best);
        }
}

/* Of two that are as near, the first offered. */
static void test_tie(void **state) {
        Nearest nearest = { .word = "cat" };

        nearest_offer(&nearest, "car");
        nearest_offer(&nearest, "bat");
        assert_string_equal(nearest.best, "car");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nearest),
                cmocka_unit_test(test_tie),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
