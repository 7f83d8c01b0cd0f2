/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/rivals.h"

static void test_find(void **state) {
        size_t n = 0, index;

        for (const Rival *r; (r = rival_at(n)); n++) {
                assert_ptr_equal(rival_find(r->unit, &index), r);
                assert_int_equal(index, n);
                assert_non_null(r->does);
        }
        assert_true(n > 0 && n <= RIVALS_MAX);
        assert_null(rival_at(n));
        assert_true(rival_find("earlyoom.service", NULL)->everywhere);
        assert_false(rival_find("systemd-oomd.service", NULL)->everywhere);
        assert_null(rival_find("earlyoom", NULL));
        assert_null(rival_find("memstalld.service", NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
