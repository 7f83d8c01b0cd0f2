/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "core/past.h"

static uint64_t random_state;

static uint64_t random_below(uint64_t n) {
        random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
        return (random_state >> 33) % n;
}

/* Until the next look: mostly soon, at times long after. */
static uint64_t some_pause(void) {
        static const uint64_t longest_usec[] = { 30 * MSEC, 300 * MSEC, 3 * SEC, 30 * SEC, 300 * SEC };

        return random_below(longest_usec[random_below(random_below(3) == 0 ? ELEMENTSOF(longest_usec) : 2)]);
}

static void assert_alike(const Past *a, const Past *b) {
        static const uint64_t windows_usec[] = { 500 * MSEC, SEC, 2 * SEC, 2 * SEC + 1, 5 * SEC, 10 * SEC };

        for (size_t i = 0; i < ELEMENTSOF(windows_usec); i++) {
                assert_int_equal(past_share(a, windows_usec[i]), past_share(b, windows_usec[i]));
                assert_int_equal(past_share_max(a, windows_usec[i]), past_share_max(b, windows_usec[i]));
        }
}

/* What has a window only while it needs one tells the same as what always has one. */
static void test_alike(void **state) {
        enum { N = 5 };
        uint64_t now_usec = 1000 * SEC, total_usec[N] = { 0 };
        PastPool *pool;
        Past *shared[N], *own[N];

        random_state = 1;
        assert_int_equal(past_pool_new(&pool, N), 0);
        for (size_t i = 0; i < N; i++) {
                assert_int_equal(past_new(shared + i, pool), 0);
                assert_int_equal(past_new(own + i, NULL), 0);
                assert_alike(shared[i], own[i]);
        }
        for (unsigned step = 0; step < 20000; step++) {
                size_t i = random_below(N);
                uint64_t pause = some_pause();

                if (random_below(1000) == 0)
                        total_usec[i] = 0;
                now_usec += pause;
                total_usec[i] += random_below(2) * random_below(pause + 1);
                past_push(shared[i], now_usec, total_usec[i], 100 * MSEC);
                past_push(own[i], now_usec, total_usec[i], 100 * MSEC);
                if (random_below(5) == 0) {
                        past_seed(shared[i], now_usec, 2 * SEC, 400 * MSEC);
                        past_seed(own[i], now_usec, 2 * SEC, 400 * MSEC);
                }
                assert_alike(shared[i], own[i]);
        }
        for (size_t i = 0; i < N; i++) {
                past_free(shared[i]);
                past_free(own[i]);
        }
        past_pool_free(pool);
}

/* Who is calm has no window, and who has not been looked at for long leaves it to others. */
static void test_windows_go_round(void **state) {
        PastPool *pool;
        Past *a, *b, *c;

        assert_int_equal(past_pool_new(&pool, 1), 0);
        assert_int_equal(past_new(&a, pool), 0);
        assert_int_equal(past_new(&b, pool), 0);
        assert_int_equal(past_new(&c, NULL), 0);

        for (uint64_t s = 100; s <= 200; s += 20)
                past_push(a, s * SEC, s * SEC / 2, 0);
        assert_null(a->window);
        assert_int_equal(past_share(a, 10 * SEC), 5000);
        past_push(a, 201 * SEC, 101 * SEC, 0);
        assert_non_null(a->window);
        assert_int_equal(past_share(a, 1 * SEC), 10000);

        /* There is none for b: the reading before the last one counts on. */
        past_push(b, 200 * SEC, 0, 0);
        past_push(b, 201 * SEC, 0, 0);
        past_push(b, 202 * SEC, 1 * SEC, 0);
        assert_null(b->window);
        assert_int_equal(past_share(b, 2 * SEC), 5000);
        assert_int_equal(past_share(b, 1 * SEC), 5000);

        past_copy(c, a);
        assert_alike(c, a);
        past_copy(c, b);
        assert_alike(c, b);

        /* Now a has not been looked at for long enough. */
        past_push(b, 212 * SEC, 1 * SEC, 0);
        past_push(b, 213 * SEC, 2 * SEC, 0);
        assert_non_null(b->window);
        assert_null(a->window);
        assert_int_equal(past_share(a, 1 * SEC), 10000);
        past_push(a, 220 * SEC, 101 * SEC, 0);
        assert_int_equal(past_share(a, 10 * SEC), 0);

        /* And given back when it ends. */
        past_free(b);
        past_push(a, 221 * SEC, 102 * SEC, 0);
        past_push(a, 222 * SEC, 102 * SEC, 0);
        assert_non_null(a->window);
        past_free(a);
        past_free(c);
        past_pool_free(pool);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_alike),
                cmocka_unit_test(test_windows_go_round),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
