/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agent/recorder.h"
#include "base/usec.h"
#include "core/replay.h"

#define MIB (UINT64_C(1024) * 1024)

static char *written;
static size_t n_written;

static int sink(void *userdata, const char *text, size_t n) {
        written = realloc(written, n_written + n + 1);
        assert_non_null(written);
        memcpy(written + n_written, text, n);
        n_written += n;
        written[n_written] = '\0';
        return 0;
}

static const char *write_all(Recorder *r) {
        n_written = 0;
        assert_int_equal(recorder_write(r, sink, NULL), 0);
        return written;
}

static int teardown(void **state) {
        free(written);
        written = NULL;
        return 0;
}

/* ---- A daemon: a core, what it is fed, and its recorder ---------------------------------------- */

static Condition hurts[] = { { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2 * USEC_PER_SEC } } };
static Step steps[] = { {
        .name = (char *) "slow", .conditions = hurts, .n_conditions = 1, .action = ACTION_THROTTLE,
        .settle_usec = 2 * USEC_PER_SEC, .cooldown_usec = 15 * USEC_PER_SEC,
        .memory_high = { .is_share = true, .share = 9000 }, .has_until = true,
        .until = { PRESSURE_SOME, 200, 5 * USEC_PER_SEC }, .max_hold_usec = USEC_INFINITY, .signal = 9,
} };
static char *batch[] = { (char *) "batch.slice", NULL };
static Policy policy = { .name = (char *) "batch", .match = { .slices = batch }, .steps = steps, .n_steps = 1,
                         .victim = { .rank = { RANK_USAGE }, .n_rank = 1 } };
static Policy *policies[] = { &policy };
static const PolicySet set = { policies, 1 };
static const Settings settings = SETTINGS_DEFAULT;

typedef struct Daemon {
        Core *core;
        Recorder *recorder;
        uint64_t now_usec, wakeup_usec, stalled_usec;
        unsigned n_acts, n_ended;
        Outcome answer; /* id 0: none is due */
} Daemon;

static void daemon_start(Daemon *d, bool reload) {
        const TraceStart start = { .reload = reload, .seed = { 3, 4 + reload }, .version = "1" };

        core_free(d->core);
        assert_int_equal(core_new(&d->core, &settings, &set, start.seed), 0);
        recorder_start(d->recorder, &start, "# 50-batch.conf\n# memstalld.conf", d->now_usec);
}

static void step(Daemon *d, const Event *event);

static void look(Daemon *d, const Effect *e) {
        const Candidate candidates[] = { { .cgroup_id = 21, .usage_bytes = 100 * MIB },
                                         { .cgroup_id = 22, .usage_bytes = 200 * MIB } };
        Event event = { .kind = e->kind == EFFECT_SURVEY ? EVENT_SURVEY : EVENT_SAMPLE, .cgroup_id = e->look.id };
        Sample *values = e->kind == EFFECT_SURVEY ? &event.survey.values : &event.sample.values;

        values->usage_bytes = 300 * MIB;
        values->pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] = d->stalled_usec;
        if (e->kind == EFFECT_SURVEY) {
                event.survey.candidates = candidates;
                event.survey.n_candidates = 2;
        }
        d->now_usec += 100;
        event.now_usec = d->now_usec;
        step(d, &event);
}

static void step(Daemon *d, const Event *event) {
        CoreIds before = core_ids(d->core), after;
        const Effects *effects = core_step(d->core, event);
        Effect looks[16];
        size_t n_looks = 0;

        after = core_ids(d->core);
        recorder_step(d->recorder, event, effects, &before, &after);
        recorder_drop_old(d->recorder, event->now_usec);
        d->wakeup_usec = effects->wakeup_usec;
        for (size_t i = 0; i < effects->n_items; i++) {
                const Effect *e = effects->items + i;

                if (e->kind == EFFECT_SAMPLE || e->kind == EFFECT_SURVEY)
                        looks[n_looks++] = *e;
                d->n_ended += e->kind == EFFECT_ENDED;
                d->n_acts += e->kind == EFFECT_ACT;
                if (e->kind == EFFECT_ACT || e->kind == EFFECT_UNDO)
                        d->answer = (Outcome){ .id = e->kind == EFFECT_ACT ? e->decision.id : e->undo.id,
                                               .via = VIA_SYSTEMD,
                                               .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX) };
        }
        for (size_t i = 0; i < n_looks; i++)
                if (looks[i].look.id == 20)
                        look(d, looks + i);
}

static void appear(Daemon *d, uint64_t id, CgroupKind kind, const char *path, const char *unit) {
        step(d, &(Event){ .kind = EVENT_CGROUP_NEW, .now_usec = d->now_usec, .cgroup_id = id,
                          .cgroup = { .kind = kind, .path = path, .unit = unit } });
}

static void appear_all(Daemon *d) {
        step(d, &(Event){ .kind = EVENT_CLOCK, .now_usec = d->now_usec, .realtime_usec = UINT64_C(1700000000000000) });
        appear(d, 1, CGROUP_HOST, "/", "-.slice");
        step(d, &(Event){ .kind = EVENT_WARNING, .now_usec = d->now_usec, .warning = WARNING_ARMED });
        appear(d, 20, CGROUP_SLICE, "/batch.slice", "batch.slice");
        appear(d, 21, CGROUP_UNIT, "/batch.slice/a.service", "a.service");
        appear(d, 22, CGROUP_UNIT, "/batch.slice/b.service", "b.service");
        step(d, &(Event){ .kind = EVENT_MANAGED, .now_usec = d->now_usec, .cgroup_id = 22, .managed = { .swap = true } });
}

/* Lets time pass; the slice stalls that share of it, and wakes the core each 100 ms while it does. */
static void pass(Daemon *d, uint64_t usec, unsigned percent) {
        for (uint64_t end = d->now_usec + usec; d->now_usec < end;) {
                d->now_usec += 10 * USEC_PER_MSEC;
                d->stalled_usec += 100 * percent;
                if (d->answer.id != 0) {
                        step(d, &(Event){ .kind = EVENT_OUTCOME, .now_usec = d->now_usec, .outcome = d->answer });
                        d->answer.id = 0;
                }
                if (d->wakeup_usec <= d->now_usec)
                        step(d, &(Event){ .kind = EVENT_TIMER, .now_usec = d->now_usec });
                if (percent > 0 && d->now_usec % (200 * USEC_PER_MSEC) < 10 * USEC_PER_MSEC) {
                        Event event = { .kind = EVENT_SAMPLE, .now_usec = d->now_usec, .cgroup_id = 20,
                                        .sample = { .cause = SAMPLE_TRIGGER, .limit = hurts[0].pressure } };

                        event.sample.values.usage_bytes = 300 * MIB;
                        event.sample.values.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] = d->stalled_usec;
                        step(d, &event);
                }
        }
}

static void daemon_new(Daemon *d, size_t ring_size) {
        *d = (Daemon){ .now_usec = 100 * USEC_PER_SEC, .wakeup_usec = USEC_INFINITY };
        assert_int_equal(recorder_new(&d->recorder, ring_size), 0);
        daemon_start(d, false);
        appear_all(d);
}

static void daemon_end(Daemon *d) {
        core_free(d->core);
        recorder_free(d->recorder);
}

/* ---- A replay of what was written -------------------------------------------------------------- */

static unsigned n_told;
static bool quiet; /* differences are expected */

static void on_line(void *userdata, const ReplayLine *line) {
        static const char marks[_REPLAY_SIDE_MAX] = { '=', '-', '+' };

        n_told++;
        if (line->side != REPLAY_SAME && !quiet)
                print_message("%c %s\n", marks[line->side], line->text);
}

/* How many lines differ. */
static size_t replay_all(const char *text) {
        _cleanup_(replay_freep) Replay *r = NULL;
        _cleanup_(freep) char *copy = strdup(text);
        char *rest = NULL;

        n_told = 0;
        assert_int_equal(replay_new(&r, &settings, &set, on_line, NULL), 0);
        for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                if (strcmp(line, TRACE_HEADER) != 0 && replay_line(r, line) < 0)
                        fail_msg("\"%s\": at \"%.20s\"", line, replay_wrong(r));
        assert_int_equal(replay_end(r), 0);
        return replay_differences(r);
}

/* ---- Tests ------------------------------------------------------------------------------------- */

static void test_from_start(void **state) {
        static const char expected[] =
                "memstalld-trace 1\n"
                "time=100.000000 start=daemon seed=00000000000000030000000000000004 dry-run=no version=1 kernel= systemd=\n"
                "# 50-batch.conf\n# memstalld.conf\n"
                "time=100.000000 event=clock realtime=1700000000.000000\n"
                "time=100.000000 event=new cgroup=1 kind=host path=/ unit=-.slice\n";
        Daemon d;

        daemon_new(&d, RECORDER_RING_SIZE);
        assert_memory_equal(write_all(d.recorder), expected, strlen(expected));
        pass(&d, 5 * USEC_PER_SEC, 50);
        assert_int_equal(d.n_acts, 1);
        assert_int_equal(replay_all(write_all(d.recorder)), 0);
        assert_true(n_told >= 2);
        daemon_end(&d);
}

/* An incident long after the start: what was before is folded into the base, ids go on, and it replays as it was. */
static void test_from_base(void **state) {
        Daemon d;

        daemon_new(&d, RECORDER_RING_SIZE);
        pass(&d, 10 * USEC_PER_SEC, 50);
        step(&d, &(Event){ .kind = EVENT_WARNING, .now_usec = d.now_usec, .warning = WARNING_KSWAPD });
        pass(&d, 200 * USEC_PER_SEC, 0);
        assert_int_equal(d.n_ended, 1);
        appear(&d, 23, CGROUP_UNIT, "/batch.slice/c.service", "c.service");
        step(&d, &(Event){ .kind = EVENT_CGROUP_GONE, .now_usec = d.now_usec, .cgroup_id = 21 });
        pass(&d, 100 * USEC_PER_SEC, 1);
        pass(&d, 20 * USEC_PER_SEC, 50);
        assert_true(d.n_acts >= 2);
        pass(&d, 40 * USEC_PER_SEC, 0);
        assert_int_equal(d.n_ended, 2);

        assert_int_equal(replay_all(write_all(d.recorder)), 0);
        assert_true(n_told >= 4);
        assert_non_null(strstr(written, "\ntime=100.000000 start=daemon base=yes "));
        assert_non_null(strstr(written, "\n# memstalld.conf\n"));
        assert_non_null(strstr(written, " unit=a.service"));
        assert_non_null(strstr(written, " event=gone cgroup=21\n")); /* the core remembers it as well */
        assert_non_null(strstr(written, " unit=c.service"));
        assert_non_null(strstr(written, " event=managed cgroup=22 swap=yes"));
        assert_non_null(strstr(written, " event=clock "));
        assert_non_null(strstr(written, "time=100.000000 event=warning warning=armed\n"));
        assert_non_null(strstr(written, " event=warning warning=kswapd\n"));
        assert_non_null(strstr(written, " base=end ids="));
        daemon_end(&d);
}

/* Nothing of the core before is left in the base of the next. */
static void test_reload(void **state) {
        Daemon d;

        daemon_new(&d, RECORDER_RING_SIZE);
        pass(&d, 10 * USEC_PER_SEC, 50);
        step(&d, &(Event){ .kind = EVENT_RELEASE, .now_usec = d.now_usec, .release = RELEASE_RELOAD });
        pass(&d, USEC_PER_SEC, 0);
        daemon_start(&d, true);
        appear_all(&d);
        pass(&d, 10 * USEC_PER_SEC, 50);
        assert_int_equal(replay_all(write_all(d.recorder)), 0);

        pass(&d, 200 * USEC_PER_SEC, 1);
        assert_int_equal(replay_all(write_all(d.recorder)), 0);
        assert_non_null(strstr(written, " start=reload base=yes seed=00000000000000030000000000000005"));
        assert_null(strstr(written, "start=daemon"));
        daemon_end(&d);
}

/* Whatever the size of the ring, and however the lines lie in it: what comes out is a trace, and says what is not there. */
static void test_small_ring(void **state) {
        quiet = true;
        for (size_t size = 4096; size < 4096 + 40 * 16; size += 16) {
                Daemon d;

                daemon_new(&d, size);
                pass(&d, 4 * USEC_PER_SEC, 50);
                (void) replay_all(write_all(d.recorder));
                assert_non_null(strstr(written, "\n# There was no room for "));
                assert_non_null(strstr(written, " base=end "));
                daemon_end(&d);
        }
        quiet = false;
}

static void test_keep(void **state) {
        Daemon d;

        daemon_new(&d, RECORDER_RING_SIZE);
        recorder_keep(d.recorder, true);
        pass(&d, 100 * USEC_PER_SEC, 1);
        assert_null(strstr(write_all(d.recorder), "base=end"));
        recorder_keep(d.recorder, false);
        pass(&d, USEC_PER_SEC, 1);
        assert_non_null(strstr(write_all(d.recorder), "base=end"));
        daemon_end(&d);
}

static void count_line(void *userdata, const char *line, size_t n) {
        assert_int_equal(strlen(line), n);
        (*(unsigned *) userdata)++;
}

/* Thousands of short-lived units leave nothing behind, but for the last; each line goes through the tap as well. */
static void test_many(void **state) {
        unsigned n = 0;
        Daemon d;

        daemon_new(&d, RECORDER_RING_SIZE);
        recorder_tap(d.recorder, count_line, &n);
        for (uint64_t id = 1000; id < 11000; id++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "/batch.slice/%u.service", (unsigned) id);
                appear(&d, id, CGROUP_UNIT, path, path + 13);
                step(&d, &(Event){ .kind = EVENT_CGROUP_GONE, .now_usec = d.now_usec, .cgroup_id = id });
        }
        assert_true(n >= 20000);
        recorder_tap(d.recorder, NULL, NULL);
        pass(&d, 100 * USEC_PER_SEC, 1);
        assert_true(n < 20100);
        assert_int_equal(replay_all(write_all(d.recorder)), 0);
        assert_null(strstr(written, "/1000.service"));
        assert_null(strstr(written, "/10935.service"));
        assert_non_null(strstr(written, "/10936.service"));
        assert_non_null(strstr(written, " event=gone cgroup=10999\n"));
        daemon_end(&d);
}

static int refuse(void *userdata, const char *text, size_t n) {
        return -ENOSPC;
}

static void test_sink_fails(void **state) {
        Daemon d;

        daemon_new(&d, RECORDER_RING_SIZE);
        assert_int_equal(recorder_write(d.recorder, refuse, NULL), -ENOSPC);
        daemon_end(&d);
}

/* What is old goes when there is time for it, a little at a time; what is not, stays. */
static void test_drop_old(void **state) {
        const Effects nothing = { 0 };
        const CoreIds none = { 0 };
        Recorder *r;
        size_t n = 0;

        assert_int_equal(recorder_new(&r, 64 * 1024), 0);
        for (unsigned i = 0; i < 200; i++)
                recorder_step(r, &(Event){ .kind = EVENT_TIMER, .now_usec = USEC_PER_SEC + i }, &nothing, &none, &none);
        recorder_drop_old(r, USEC_PER_SEC + RECORDER_KEEP_USEC);
        for (const char *line = write_all(r); (line = strstr(line, "event=timer")); line++)
                n++;
        assert_int_equal(n, 200);

        recorder_drop_old(r, USEC_PER_MINUTE * 2);
        n = 0;
        for (const char *line = write_all(r); (line = strstr(line, "event=timer")); line++)
                n++;
        assert_int_equal(n, 200 - 64);
        assert_null(strstr(written, "no room"));
        recorder_free(r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_from_start), cmocka_unit_test(test_from_base),  cmocka_unit_test(test_reload),
                cmocka_unit_test(test_small_ring), cmocka_unit_test(test_keep),       cmocka_unit_test(test_many),
                cmocka_unit_test(test_sink_fails), cmocka_unit_test(test_drop_old),
        };

        return cmocka_run_group_tests(tests, NULL, teardown);
}
