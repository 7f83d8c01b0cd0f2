/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture.h"

#include "core/replay.h"

static Step steps[] = { STEP("slow", ACTION_THROTTLE, CONDITIONS(SOME(10, 2 * SEC))) };
static Policy policy = { .name = (char *) "batch", .steps = steps, .n_steps = 1 };
static Policy *policies[] = { &policy };
static char *slices[] = { (char *) "batch.slice", NULL };

static char told[65536];

static void on_line(void *userdata, const ReplayLine *line) {
        static const char marks[_REPLAY_SIDE_MAX] = { '=', '-', '+' };
        char effect[64] = "";

        (void) sscanf(strstr(line->text, "effect=") + 7, "%63s", effect);
        (void) snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%c%s%s", told[0] ? " " : "",
                        marks[line->side], effect, line->made_up ? "~" : "");
}

#define HEAD                                                                                                  \
        "time=0 start=daemon seed=00000000000000000000000000000000 dry-run=no version=1",                     \
        "time=0 event=new cgroup=1 kind=host path=/ unit=-.slice",                                            \
        "time=0 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice",                           \
        "time=0 event=sample cgroup=20 cause=requested usage=300M",                                           \
        "time=0 event=new cgroup=21 kind=unit path=/batch.slice/a.service unit=a.service",                    \
        "time=0 event=new cgroup=22 kind=unit path=/batch.slice/b.service unit=b.service"

#define TROUBLE "time=10 event=sample cgroup=20 cause=trigger:some:10%:2s some=300ms usage=400M"
#define SURVEY "time=10.0001 event=survey cgroup=20 some=300.1ms usage=400M candidate=21:100M:0:0 candidate=22:300M:0:0"
#define SURVEY_LATER "time=20 event=survey cgroup=20 some=300.1ms usage=400M candidate=21:100M:0:0 candidate=22:300M:0:0"
#define ACT(id, victim)                                                                                       \
        "time=10.000100 effect=act id=" id " action=throttle policy=batch step=slow watch=batch.slice victim=" victim \
        " count=1 set=MemoryHigh:283115520 cause=unknown rank=usage candidates=2 saw=Pressure:10% incident=0"
#define DONE(id) "time=10.01 event=outcome id=" id " result=done via=systemd previous=MemoryHigh:infinity"
#define LATER "time=10.2 event=sample cgroup=22 cause=events"

static int replay(const char *const *lines, bool prepare, size_t *ret_differences) {
        static const Settings settings = SETTINGS_DEFAULT;
        const PolicySet set = { policies, 1 };
        _cleanup_(replay_freep) Replay *r = NULL;
        int lost = 0, k;

        policy.match.slices = slices;
        policy.victim.rank[0] = RANK_USAGE;
        policy.victim.n_rank = 1;
        told[0] = '\0';
        assert_int_equal(replay_new(&r, &settings, &set, on_line, NULL), 0);
        for (size_t i = 0; prepare && lines[i]; i++)
                assert_int_equal(replay_prepare(r, lines[i]), 0);
        for (size_t i = 0; lines[i]; i++) {
                k = replay_line(r, lines[i]);
                if (k < 0)
                        return k;
                lost += k;
        }
        assert_int_equal(replay_end(r), 0);
        *ret_differences = replay_differences(r);
        return lost;
}

static void test_sides(void **state) {
        static const struct {
                const char *what, *lines[20], *told;
                size_t n;
        } rows[] = {
                { "the same, ids aside", { HEAD, TROUBLE, SURVEY, ACT("7", "b.service"), DONE("7"),
                  "time=10.010000 effect=report id=7 result=done via=systemd latency=0.010000 before=10% after=10% freed=0 incident=0",
                  LATER },
                  "=act =report", 0 },
                { "another victim then: its outcome is nobody's, this one's is made up",
                  { HEAD, TROUBLE, SURVEY, ACT("7", "a.service"), DONE("7"), LATER }, "-act +act +report~", 2 + 1 },
                { "nothing then", { HEAD, TROUBLE, SURVEY, LATER }, "+act +report~", 2 },
                { "nothing now", { HEAD, "time=10 event=sample cgroup=20 cause=events usage=400M",
                                   ACT("7", "b.service"), DONE("7"), LATER }, "-act", 1 },
                { "no survey then: it is made up of what later ones tell",
                  { HEAD, TROUBLE, LATER, SURVEY_LATER }, "+act~ +report~", 2 },
                { "by hand: an id is an id, and nothing is made up",
                  { "time=0 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice",
                    "time=0 event=sample cgroup=20 cause=requested usage=300M",
                    "time=0 event=new cgroup=22 kind=unit path=/batch.slice/b.service unit=b.service",
                    TROUBLE, SURVEY, DONE("1") }, "+arm +act +follow +report", 4 },
                { "what was known before is not told",
                  { "time=0 start=daemon base=yes seed=00000000000000000000000000000000 dry-run=no",
                    "time=0 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice",
                    "time=0 event=new cgroup=22 kind=unit path=/batch.slice/b.service unit=b.service",
                    "time=0 event=sample cgroup=20 cause=requested usage=300M",
                    "time=9 base=end ids=6 incidents=0 ended=0",
                    TROUBLE, SURVEY, ACT("7", "b.service"), DONE("7") }, "-act +act +report", 3 },
                { "a dry run then", { "time=0 start=daemon seed=00000000000000000000000000000000 dry-run=yes",
                    "time=0 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice",
                    "time=0 event=sample cgroup=20 cause=requested usage=300M",
                    "time=0 event=new cgroup=22 kind=unit path=/batch.slice/b.service unit=b.service",
                    TROUBLE, SURVEY,
                    "time=10.000100 effect=act id=1 action=throttle policy=batch step=slow watch=batch.slice "
                    "victim=b.service count=1 set=MemoryHigh:283115520 dry-run=yes cause=unknown rank=usage candidates=1 "
                    "saw=Pressure:10% incident=0" }, "=act", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t n = 0;

                assert_int_equal(replay(rows[i].lines, true, &n), 0);
                if (strcmp(told, rows[i].told) != 0 || n != rows[i].n)
                        fail_msg("%s: \"%s\" (%zu), not \"%s\"", rows[i].what, told, n, rows[i].told);
        }
}

static void test_lost_and_wrong(void **state) {
        static const char *const lost[] = { HEAD, "time=1 lost=12", TROUBLE, NULL };
        static const char *const wrong[] = { HEAD, "time=1 event=sample cgroup=20 colour=red", NULL };
        size_t n;

        assert_int_equal(replay(lost, false, &n), REPLAY_E_LOST);
        assert_int_equal(replay(wrong, false, &n), -EINVAL);
}

/* A reload is a new core that knows nothing of what was before. */
static void test_reload(void **state) {
        static const char *const lines[] = {
                HEAD, TROUBLE, SURVEY, ACT("1", "b.service"),
                "time=11 start=reload seed=00000000000000000000000000000001 dry-run=no",
                "time=12 event=sample cgroup=20 cause=trigger:some:10%:2s some=900ms usage=400M", NULL
        };
        size_t n;

        assert_int_equal(replay(lines, true, &n), 0);
        assert_string_equal(told, "=act");
}

/* The core's own end of an answer that never came, later than any timer of a daemon. */
static void test_timer(void **state) {
        static const char *const lines[] = { HEAD, TROUBLE, SURVEY, ACT("7", "b.service"),
                                             "time=60 event=sample cgroup=22 cause=events", NULL };
        size_t n;

        assert_int_equal(replay(lines, false, &n), 0);
        assert_string_equal(told, "=act +report~");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sides),
                cmocka_unit_test(test_lost_and_wrong),
                cmocka_unit_test(test_reload),
                cmocka_unit_test(test_timer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
