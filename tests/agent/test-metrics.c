/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With an argument it prints the text that test-metrics.sh has others read. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/metrics.h"

#define MSEC UINT64_C(1000000)

static Policy policy = { .name = (char *) "50-hog" }, odd = { .name = (char *) "a\"b\\c\n\xff" };

static void count(Metrics *m, const Policy *p, ActionKind action, OutcomeKind outcome, uint64_t latency_usec, bool started) {
        const Decision d = { .policy = p, .action = action };
        const Report r = { .decision = &d, .outcome.kind = outcome, .latency_usec = latency_usec, .started = started };

        metrics_count_outcome(m, &r);
}

static void fill(Metrics *m) {
        metrics_expect(m, "50-hog", ACTION_THROTTLE);
        metrics_expect(m, "50-hog", ACTION_FREEZE);
        count(m, &policy, ACTION_FREEZE, OUTCOME_DONE, 1500, false);
        count(m, &policy, ACTION_FREEZE, OUTCOME_DONE, 20000, false);
        count(m, &policy, ACTION_FREEZE, OUTCOME_SETTLED, 2000000, false); /* no answer: no latency */
        count(m, &policy, ACTION_KILL, OUTCOME_TIMEOUT, 9000000, false);
        count(m, &policy, ACTION_KILL, OUTCOME_DONE, 7, true); /* of what was started before */
        count(m, &odd, ACTION_LOG, OUTCOME_DRY_RUN, 0, false);
        metrics_count_release(m, &(Undo){ .action = ACTION_FREEZE, .reason = RELEASE_BY_HAND });
        metrics_count_refusal(m, &(Refusal){ .reason = REFUSAL_BUDGET });
        metrics_add_stall(m, "hog.service", STALL_MEMCG_MAX, 1500 * MSEC);
        metrics_add_stall(m, "web.service", STALL_REFAULT, 1);
        metrics_add_stall(m, "hog.service", STALL_MEMCG_MAX, 500 * MSEC);
}

static void print(const Metrics *m, FILE *f) {
        const MetricsNow now = {
                .n_policies = 2,
                .n_watches = 3,
                .n_incidents = 1,
                .n_held = { [ACTION_FREEZE] = 1 },
                .culprits = true,
                .blind = { { "units", 4 } },
                .dropped = { { "records", 5 }, { "stalls", 0 } },
        };

        metrics_print(m, &now, f);
}

static char *text_of(const Metrics *m) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        print(m, f);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void assert_has(const char *text, const char *line) {
        const char *found = strstr(text, line);

        if (!found || (found > text && found[-1] != '\n') || found[strlen(line)] != '\n')
                fail_msg("no line %s in:\n%s", line, text);
}

static void test_text(void **state) {
        static const char *const lines[] = {
                "memstalld_actions_total{policy=\"50-hog\",action=\"freeze\",outcome=\"done\"} 2",
                "memstalld_actions_total{policy=\"50-hog\",action=\"throttle\",outcome=\"failed\"} 0",
                "memstalld_actions_total{policy=\"50-hog\",action=\"kill\",outcome=\"timeout\"} 1",
                "memstalld_actions_total{policy=\"a\\\"b\\\\c\\n\xef\xbf\xbd\",action=\"log\",outcome=\"dry-run\"} 1",
                "memstalld_decision_latency_seconds_bucket{le=\"0.001\"} 0",
                "memstalld_decision_latency_seconds_bucket{le=\"0.002\"} 1",
                "memstalld_decision_latency_seconds_bucket{le=\"0.020\"} 2",
                "memstalld_decision_latency_seconds_bucket{le=\"5.000\"} 2",
                "memstalld_decision_latency_seconds_bucket{le=\"+Inf\"} 3",
                "memstalld_decision_latency_seconds_sum 9.021500000",
                "memstalld_releases_total{action=\"freeze\",reason=\"by-hand\"} 1",
                "memstalld_refusals_total{reason=\"budget\"} 1",
                "memstalld_stall_seconds_total{unit=\"hog.service\",class=\"memcg-max\"} 2.000000000",
                "memstalld_stall_seconds_total{unit=\"web.service\",class=\"refault\"} 0.000000001",
                "memstalld_held{action=\"freeze\"} 1",
                "memstalld_held{action=\"throttle\"} 0",
                "memstalld_blind{what=\"units\"} 4",
                "memstalld_dropped_total{what=\"records\"} 5",
                "# EOF",
        };
        _cleanup_(metrics_freep) Metrics *m = NULL;
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(metrics_new(&m), 0);
        fill(m);
        text = text_of(m);
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                assert_has(text, lines[i]);
        assert_null(strstr(text, "action=\"kill\",outcome=\"done\""));
}

/* More policies and units than there is room for: nothing is lost but their names. */
static void test_bounds(void **state) {
        _cleanup_(metrics_freep) Metrics *m = NULL;
        _cleanup_(freep) char *text = NULL;
        char name[32];

        assert_int_equal(metrics_new(&m), 0);
        for (unsigned i = 0; i < 1000; i++) {
                const Policy p = { .name = name };

                (void) snprintf(name, sizeof(name), "%u", i);
                count(m, &p, ACTION_KILL, OUTCOME_DONE, 1, false);
                metrics_add_stall(m, name, STALL_REFAULT, 1000 * MSEC);
        }
        for (ActionKind k = 0; k < _ACTION_KIND_MAX; k++)
                for (OutcomeKind o = 0; o < _OUTCOME_KIND_MAX; o++)
                        count(m, &(Policy){ .name = (char *) "new" }, k, o, 1, false);
        text = text_of(m);
        assert_has(text, "memstalld_actions_total{policy=\"7\",action=\"kill\",outcome=\"done\"} 1");
        assert_has(text, "memstalld_stall_seconds_total{unit=\"other\",class=\"refault\"} 489.000000000");
        assert_has(text, "memstalld_actions_total{policy=\"other\",action=\"log\",outcome=\"failed\"} 1");
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_bounds),
        };
        _cleanup_(metrics_freep) Metrics *m = NULL;

        if (argc == 1)
                return cmocka_run_group_tests(tests, NULL, NULL);
        if (metrics_new(&m) < 0)
                return 1;
        fill(m);
        print(m, stdout);
        return 0;
}
