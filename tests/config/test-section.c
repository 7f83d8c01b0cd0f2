/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-test.h"

#include "config/section.h"

/* A language of two sections, one of which may be repeated. */
typedef struct Thing {
        bool flag;
        uint64_t usec;
        char *word;
} Thing;

typedef struct Things {
        Thing one, many[2];
        unsigned one_lines[3], many_lines[2][3];
        size_t n_many;
} Things;

static const Thing thing_default = { .flag = true, .usec = 7 };

static const Key keys[] = {
        { "Flag", &value_boolean, offsetof(Thing, flag) },
        { "Wait", &value_duration, offsetof(Thing, usec) },
        { "Word", &value_word, offsetof(Thing, word) },
};

static int enter_one(void *user, const Place *place, Target *ret) {
        Things *things = user;

        *ret = (Target){ &things->one, things->one_lines };
        return 0;
}

static int enter_many(void *user, const Place *place, Target *ret) {
        Things *things = user;

        if (things->n_many == ELEMENTSOF(things->many))
                return place_error(place, "[Many]: too many");
        *ret = (Target){ things->many + things->n_many, things->many_lines[things->n_many] };
        things->n_many++;
        return 0;
}

static const Section sections[] = {
        { "One", keys, 2, &thing_default, enter_one },
        { "Many", keys, 3, &thing_default, enter_many },
};

static void things_done(Things *things) {
        for (size_t i = 0; i < things->n_many; i++)
                free(things->many[i].word);
}

static void read_things(const char *text, Things *ret, const char *expected_errors) {
        Source source = { .path = (char *) "x.conf", .text = (char *) text, .size = strlen(text) };
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };

        assert_int_equal(sections_read(&source, sections, ELEMENTSOF(sections), ret, &errors), 0);
        assert_string_equal(errors_text(&errors), expected_errors);
}

static void test_values(void **state) {
        _cleanup_(things_done) Things things = { 0 };

        read_things("[One]\nWait=1s\n[Many]\nWord=a\n[One]\nFlag=yes\n[Many]\nWord=b\nWait=2us\nWait=3us\n", &things, "");
        assert_true(things.one.flag);
        assert_int_equal(things.one.usec, 1000000);
        assert_int_equal(things.n_many, 2);
        assert_string_equal(things.many[0].word, "a");
        assert_string_equal(things.many[1].word, "b");
        assert_int_equal(things.many[1].usec, 3);
        assert_int_equal(things.one_lines[0], 6);
        assert_int_equal(things.one_lines[1], 2);
        assert_int_equal(things.many_lines[0][1], 0);
        assert_int_equal(things.many_lines[1][1], 10);
}

/* An empty assignment puts the default back, and the key counts as not given. */
static void test_empty(void **state) {
        _cleanup_(things_done) Things things = { 0 };

        read_things("[Many]\nFlag=no\nFlag=\nWait=1s\nWait=\nWord=a\nWord=\n", &things, "");
        assert_true(things.many[0].flag);
        assert_int_equal(things.many[0].usec, 7);
        assert_null(things.many[0].word);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(things.many_lines[0][i], 0);
}

static void test_unknown(void **state) {
        static const struct {
                const char *text, *errors;
        } rows[] = {
                { "Flag=no\n", "1: Flag=: stands above the first section, write [One] before it\n" },
                { "[Two]\nFlag=x\n", "1: [Two]: unknown section, write [One] or [Many]\n" },
                { "[many]\nFlag=x\n", "1: [many]: unknown section, did you mean [Many]?\n"
                                      "2: Flag=: \"x\" is no boolean, write yes or no\n" },
                { "[One]\nFlga=no\n", "2: Flga=: unknown key in [One], did you mean Flag=?\n" },
                { "[One]\nflag=no\n", "2: flag=: unknown key in [One], did you mean Flag=?\n" },
                { "[One]\nNothing=no\n", "2: Nothing=: unknown key in [One], remove it\n" },
                { "[One]\nWord=no\n", "2: Word=: unknown key in [One], it belongs in [Many]\n" },
                { "[Many]\n[Many]\n[Many]\nFlag=x\nFoo=x\n",
                  "3: [Many]: too many\n5: Foo=: unknown key in [Many], remove it\n" },
                { "[One\nFlag=x\n[One]\nFlag=x\n",
                  "1: the section header has no ], write for example [Match]\n"
                  "4: Flag=: \"x\" is no boolean, write yes or no\n" },
                { "[One]\nFlag=x\nWait=y\nFoo=z\nFlag=yes\n",
                  "2: Flag=: \"x\" is no boolean, write yes or no\n"
                  "3: Wait=: \"y\" is no duration, write for example 2s or 1min 30s\n"
                  "4: Foo=: unknown key in [One], remove it\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(things_done) Things things = { 0 };

                read_things(rows[i].text, &things, rows[i].errors);
        }
}

/* The key that was meant counts as given, so that it is not called missing as well. */
static void test_meant(void **state) {
        _cleanup_(things_done) Things things = { 0 };

        read_things("[One]\nFlga=no\n", &things, "2: Flga=: unknown key in [One], did you mean Flag=?\n");
        assert_int_equal(things.one_lines[0], 2);
        assert_false(things.one.flag);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_empty),
                cmocka_unit_test(test_unknown),
                cmocka_unit_test(test_meant),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
