/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/usec.h"
#include "ctl/explain-seen.h"

#define NOW (1000 * USEC_PER_SEC)
#define MIB (UINT64_C(1) << 20)

static SeenPolicy policies[3];
static Seen seen;

/* hog.service, watched and calm; one condition of two holds. */
static void start(void) {
        static const SeenStep step = {
                .name = "end", .action = "kill", .doing = "waits", .since_usec = USEC_INFINITY,
                .last_held_usec = NOW - 200 * USEC_PER_SEC,
                .conditions = {
                        { "Usage", "80%", "bytes", 90 * MIB, 80 * MIB, true, NOW },
                        { "Pressure", "some 10% 2s", "share", 123, 1000, false, NOW - 200 * USEC_PER_SEC },
                },
                .n_conditions = 2,
        };

        policies[0] = (SeenPolicy){ "50-hog", "/etc/memstalld/policy.d/50-hog.conf", "watches" };
        policies[1] = (SeenPolicy){ "60-late", "/etc/memstalld/policy.d/60-late.conf", "later" };
        policies[2] = (SeenPolicy){ "70-no", "/etc/memstalld/policy.d/70-no.conf", "no-match" };
        seen = (Seen){
                .path = "/system.slice/hog.service", .unit = "hog.service", .now_usec = NOW,
                .budget = { 29, 30, 600 * USEC_PER_SEC }, .policies = policies, .n_policies = 3,
                .watches = { { .path = "/system.slice/hog.service", .unit = "hog.service", .policy = "50-hog",
                               .file = "/etc/memstalld/policy.d/50-hog.conf", .incident = "", .doing = "nothing",
                               .itself = true, .fresh = true, .until_usec = USEC_INFINITY, .looked_usec = NOW,
                               .steps = { step }, .n_steps = 1 } },
                .n_watches = 1,
        };
}

static char *print(void) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        assert_int_equal(seen_print(f, &seen, false), 0);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void assert_says(const char *words) {
        _cleanup_(freep) char *text = print();

        if (!strstr(text, words))
                fail_msg("no \"%s\" in:\n%s", words, text);
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                assert_true(strcspn(line, "\n") <= 80);
}

static void add_word(SeenWords *words, const char *word) {
        words->items[words->n_items++] = word;
}

static void test_calm(void **state) {
        _cleanup_(freep) char *text = NULL;

        start();
        text = print();
        assert_string_equal(text,
                            "hog.service (/system.slice/hog.service)\n"
                            "Nothing happens because Pressure=some 10% 2s of step end does not hold.\n"
                            "\n"
                            "Watched by policy 50-hog\n"
                            "  /etc/memstalld/policy.d/50-hog.conf\n"
                            "State     calm, no step holds; values are of now\n"
                            "Pays      like any other, by Rank=\n"
                            "\n"
                            "  Step end (kill): waits, 1 of 2 conditions hold\n"
                            "    yes Usage=80%                 now 90M, limit 80M\n"
                            "    no  Pressure=some 10% 2s      now 1.2%, last held 3min 20s ago\n"
                            "\n"
                            "Other policies\n"
                            "  60-late: matches as well, but an earlier policy has it\n"
                            "    /etc/memstalld/policy.d/60-late.conf\n"
                            "\n"
                            "Budget    29 of 30 actions in 10min left to the whole host\n");
}

static void test_steps(void **state) {
        SeenStep *step = seen.watches[0].steps;

        start();
        step->doing = "holds";
        step->since_usec = NOW - 3 * USEC_PER_SEC;
        step->for_usec = 5 * USEC_PER_SEC;
        assert_says("holds for 3s, acts after For=5s\n");
        step->doing = "cools";
        step->until_usec = NOW + 12 * USEC_PER_SEC;
        assert_says("holds, cools down for 12s more\n");
        step->doing = "stale";
        step->until_usec = 0;
        assert_says("waits: what holds is from before the last action\n");
        step->doing = "behind";
        assert_says("holds; a later step has its turn\n");
        step->acted_usec = NOW - 30 * USEC_PER_SEC;
        add_word(&step->refused, "protected");
        assert_says("last had its turn 30s ago\n        was not taken: protected\n");
        seen.dry_run = true;
        assert_says("(kill, dry run)");
}

static void test_values(void **state) {
        static const struct {
                const char *unit;
                uint64_t value;
                const char *text;
        } cases[] = {
                { "share", 3456, "now 34%" },
                { "bytes/s", 20 * MIB, "now 20M a second" },
                { "usec", USEC_INFINITY, "now never" },
                { "usec", 2500000, "now 2s" },
                { "pages/s", 17, "now 17 pages a second" },
                { "causes", 1U << CAUSE_REFAULT | 1U << CAUSE_SWAP, "now refault, swap" },
                { "causes", 0, "now not known now" },
                { "events", 3, "now 3 events" },
        };

        start();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                seen.watches[0].steps[0].conditions[1].unit = cases[i].unit;
                seen.watches[0].steps[0].conditions[1].value = cases[i].value;
                assert_says(cases[i].text);
        }
        seen.watches[0].steps[0].conditions[1].last_held_usec = 0;
        assert_says(", never held\n");
        seen.watches[0].looked_usec = 0;
        seen.watches[0].fresh = false;
        assert_says("  not seen yet\n");
        assert_says("it was not looked at yet");
}

static void test_standing(void **state) {
        static const struct {
                const char *word, *text;
        } cases[] = {
                { "protected", "never: it is protected" },
                { "not-from", "never: From= does not name it" },
                { "never", "never: Never= names it" },
                { "omit", "never: its own ManagedOOMPreference=omit" },
                { "container", "never: it only holds others" },
                { "dying", "never: it was killed just now" },
                { "avoid", "behind all others, Avoid=" },
                { "oomd-avoid", "behind all others, its own ManagedOOMPreference=avoid" },
                { "prefer", "ahead of all others, Prefer=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                start();
                add_word(&seen.watches[0].standing, cases[i].word);
                assert_says(cases[i].text);
        }
        start();
        add_word(&seen.notes, "protected");
        assert_says("Whatever holds, nothing is done to hog.service: it is protected.");
        start();
        add_word(&seen.notes, "left-alone");
        assert_says("\nLeft alone: it was released by hand; for ten minutes nothing holds it again\n");
        start();
        seen.no_freeze = true;
        seen.watches[0].steps[0].action = "freeze";
        assert_says("step end will not freeze it");
}

static void test_unwatched(void **state) {
        start();
        seen.n_watches = 0;
        seen.n_policies = 1;
        policies[0].verdict = "no-match";
        assert_says("No policy watches it\n  None of the 1 policies has a [Match] for it.\n");
        assert_says("Nothing happens to hog.service because no policy watches it");
        policies[0].verdict = "except";
        assert_says("Policies that come near\n  50-hog: would match, but for its Except=\n");
        policies[0].verdict = "expired";
        assert_says("50-hog: matches, but its Expires= is over\n");
        policies[0].verdict = "disabled";
        assert_says("50-hog: matches, but has Enabled=no\n");
        seen.n_policies = 0;
        assert_says("There are no policies.");
}

static void test_busy(void **state) {
        start();
        seen.watches[0].incident = "8c9c1b4ff2f84f0f8ae1f4a2c7d9b0ea";
        seen.watches[0].doing = "settles";
        seen.watches[0].until_usec = NOW + USEC_PER_SEC;
        seen.watches[0].budget = (SeenBudget){ 0, 3, 60 * USEC_PER_SEC };
        assert_says("in incident 8c9c1b4ff2f84f0f8ae1f4a2c7d9b0ea; Settle= runs after an");
        assert_says("0 of 3 actions in 1min left to this policy");
        assert_says("memstallctl explain 8c9c1b4f tells");
        seen.holds[seen.n_holds++] = (SeenHold){ "batch.slice", "freeze", "p", "s", NOW - USEC_PER_SEC, NOW + 29 * USEC_PER_SEC };
        assert_says("Held: freeze on batch.slice for 1s, by policy p, step s\n  until it is calm, for 29s more at most\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calm),     cmocka_unit_test(test_steps),     cmocka_unit_test(test_values),
                cmocka_unit_test(test_standing), cmocka_unit_test(test_unwatched), cmocka_unit_test(test_busy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
