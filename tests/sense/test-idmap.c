/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "sense/idmap.h"

#define KEYS 512U
#define ROUNDS 200000U

/* xorshift64*: the same numbers in every run. Its upper half, since the lowest bits follow one another. */
static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return (*state * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
}

static void test_empty(void **state) {
        IdMap map = { 0 };

        assert_null(idmap_get(&map, 1));
        assert_null(idmap_get(&map, 0));
        idmap_remove(&map, 1);
        idmap_done(&map);
        idmap_done(&map);
}

/* Many entries that come and go, against a plain array. Removal must keep what collided reachable. */
static void test_like_an_array(void **state) {
        static uint64_t values[KEYS];
        void *reference[KEYS] = { NULL };
        uint64_t random = UINT64_C(88172645463325252);
        size_t n = 0;
        IdMap map = { 0 };

        for (size_t round = 0; round < ROUNDS; round++) {
                size_t k = next_random(&random) % KEYS;
                /* half of the keys are neighbours, half lie far apart */
                uint64_t key = k % 2 ? k : k << 40;

                key += 1;
                assert_ptr_equal(idmap_get(&map, key), reference[k]);
                if (next_random(&random) % 2) {
                        assert_int_equal(idmap_put(&map, key, &values[k]), 0);
                        n += !reference[k];
                        reference[k] = &values[k];
                } else {
                        idmap_remove(&map, key);
                        n -= reference[k] != NULL;
                        reference[k] = NULL;
                }
                assert_int_equal(map.n_used, n);
        }
        for (size_t k = 0; k < KEYS; k++)
                assert_ptr_equal(idmap_get(&map, (k % 2 ? k : k << 40) + 1), reference[k]);
        idmap_done(&map);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_empty),
                cmocka_unit_test(test_like_an_array),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
