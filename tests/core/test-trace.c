/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

#include "core/trace.h"

static TraceEvent *trace;
static char *buffer;

static int setup(void **state) {
        trace = calloc(1, sizeof(*trace));
        buffer = calloc(1, TRACE_LINE_MAX);
        return trace && buffer ? 0 : -1;
}

static int teardown(void **state) {
        free(trace);
        free(buffer);
        return 0;
}

/* As it is written, so it is read, and written again. */
static void test_round_trip(void **state) {
        static const char *const lines[] = {
                "time=0.000000 event=timer",
                "time=12.000001 event=timer",
                "time=5.500000 event=gone cgroup=18446744073709551615",
                "time=0.000000 event=new cgroup=1 kind=host path=/ unit=-.slice",
                "time=0.000000 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice",
                "time=0.000000 event=new cgroup=21 kind=unit path=/a\\x5cx2db.service unit=a\\x5cx2db.service",
                "time=0.000000 event=new cgroup=23 kind=unit path=/f.service unit=f.service born=1.500000 delegated=yes container=yes",
                "time=0.000000 event=new cgroup=22 kind=unit path=/with\\x20space\\x0a\\xc3\\xa4 unit=k=v:w.service",
                "time=2.500000 event=sample cgroup=20 cause=requested",
                "time=2.500000 event=sample cgroup=20 cause=armed",
                "time=2.500000 event=sample cgroup=20 cause=events high=1 max=2 oom-kill=3",
                "time=2.500000 event=sample cgroup=20 cause=trigger:some:10%:2.000000 some=0.700000 full=0.000001 "
                "usage=1 limit=infinity room-cgroup=9 room=2 available=3 total=4 free=5",
                "time=2.500000 event=sample cgroup=20 cause=trigger:full:0.07%:0.500000 some=infinity",
                "time=2.500000 event=sample cgroup=20 cause=trigger:io:some:10%:2.000000 host-some=1.000000 host-full=2.000000 "
                "io-some=3.000000 io-full=4.000000 cpu-some=5.000000 cpu-full=6.000000 oom=7 swap-free=8 swap-total=9 "
                "refaults=10 scanned=11 reclaimed=12 dying=13 waits=14.000000",
                "time=3.000000 event=survey cgroup=20 candidate=21:1:2:0.500000:4:5:omit",
                "time=3.000000 event=survey cgroup=20 candidate=21:1:2:0.500000:0:0:none:6:7 candidate=22:1:2:0.500000:0:0:none:0:0 "
                "reclaim=21:20:max:8:9 reclaim=1:1:host:18446744073709551615:1 reclaim=21:22:by-hand:1:1 reclaim=21:20:high:1:1",
                "time=3.000000 event=clock realtime=1700000000.000000",
                "time=3.000000 event=warning warning=armed",
                "time=3.000000 event=warning warning=lost",
                "time=3.000000 event=warning warning=kswapd",
                "time=3.000000 event=warning warning=direct-reclaim",
                "time=3.000000 event=managed cgroup=20 pressure=yes share=20% duration=2.000000 swap=yes",
                "time=3.000000 event=survey cgroup=20 some=1.000000 candidate=21:1:2:0.500000 candidate=22:0:0:0.000000 "
                "stall=21:20:77:memcg-max:0.600000:12 stall=22:0:4294967295:kswapd:1.000000:1",
                "time=3.000000 event=outcome id=7 result=failed via=systemd error=-110 text=No\\x20such\\x20unit "
                "previous=MemoryHigh:infinity,CPUWeight:20 gone=yes",
                "time=3.000000 event=outcome id=7 result=no-effect via=none previous=MemoryHigh:4096",
                "time=9.000000 event=release reason=max-hold",
                "time=9.000000 event=release cgroup=7 reason=by-hand",
                "time=9.000000 event=killed cgroup=7 killer=kernel pid=78 comm=a\\x20\\xe4b count=3",
                "time=9.000000 event=killed cgroup=7 killer=systemd-oomd pending=yes",
                "time=9.000000 event=killed cgroup=1 killer=systemd-oomd path=/a.service unit=a.service "
                "reason=memory-pressure",
                "time=9.500000 event=held unit=a.service action=throttle path=/a.service previous=MemoryHigh:4096 since=1.000000 incident-high=1 "
                "incident-low=2",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                assert_int_equal(trace_parse_event(lines[i], trace), 0);
                assert_int_equal(trace_format_event(&trace->event, buffer, TRACE_LINE_MAX), 0);
                assert_string_equal(buffer, lines[i]);

                /* Into a buffer of its very size, and one that is a byte too short. */
                assert_int_equal(trace_format_event(&trace->event, buffer, strlen(lines[i]) + 1), 0);
                assert_int_equal(trace_format_event(&trace->event, buffer, strlen(lines[i])), -ENOBUFS);
        }
}

static void test_by_hand(void **state) {
        const Sample *v = &trace->event.sample.values;

        assert_int_equal(trace_parse_event("  time=1min\tevent=sample   cgroup=20 usage=512M some=250ms room=1.5G "
                                           "cause=trigger:full:2.5%:2s \r",
                                           trace),
                         0);
        assert_int_equal(trace->event.kind, EVENT_SAMPLE);
        assert_int_equal(trace->event.now_usec, 60 * SEC);
        assert_int_equal(trace->event.cgroup_id, 20);
        assert_int_equal(trace->event.sample.cause, SAMPLE_TRIGGER);
        assert_int_equal(trace->event.sample.limit.kind, PRESSURE_FULL);
        assert_int_equal(trace->event.sample.limit.share, 250);
        assert_int_equal(trace->event.sample.limit.window_usec, 2 * SEC);
        assert_int_equal(v->usage_bytes, 512 * MIB);
        assert_int_equal(v->room_bytes, 1536 * MIB);
        assert_int_equal(v->pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME], 250 * MSEC);
        assert_int_equal(v->pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL], 0);

        /* Nothing of one line stays for the next. */
        assert_int_equal(trace_parse_event("time=0 event=sample", trace), 0);
        assert_int_equal(trace->event.sample.cause, SAMPLE_REQUESTED);
        assert_int_equal(v->usage_bytes, 0);
        assert_int_equal(trace_parse_event("time=0 event=new path=/a", trace), 0);
        assert_string_equal(trace->event.cgroup.path, "/a");
        assert_int_equal(trace_parse_event("time=0 event=new unit=a.service", trace), 0);
        assert_string_equal(trace->event.cgroup.path, "");
        assert_string_equal(trace->event.cgroup.unit, "a.service");

        assert_int_equal(trace_parse_event("", trace), TRACE_E_NOTHING);
        assert_int_equal(trace_parse_event("  \t", trace), TRACE_E_NOTHING);
        assert_int_equal(trace_parse_event(" # time=1 event=timer", trace), TRACE_E_NOTHING);
}

static void test_errors(void **state) {
        static const struct {
                const char *line, *wrong;
                int r;
        } rows[] = {
                { "time=1", "", -EINVAL },
                { "event=timer time=1", "event=timer time=1", -EINVAL },
                { "time event=timer", "time event=timer", -EINVAL },
                { "time=1 cgroup=3", "cgroup=3", -EINVAL },
                { "time=x event=timer", "time=x event=timer", -EINVAL },
                { "time=-1 event=timer", "time=-1 event=timer", -EINVAL },
                { "time=infinity event=timer", "time=infinity event=timer", -ERANGE },
                { "time=4611686018427387904us event=timer", "time=4611686018427387904us event=timer", -ERANGE },
                { "time=1 event=tick", "event=tick", -EINVAL },
                { "time=1 event=timer cgroup=3", "cgroup=3", -EINVAL },
                { "time=1 event=gone cgroup=x", "cgroup=x", -EINVAL },
                { "time=1 event=gone cgroup=", "cgroup=", -EINVAL },
                { "time=1 event=gone cgroup", "cgroup", -EINVAL },
                { "time=1 event=gone cgrou=1", "cgrou=1", -EINVAL },
                { "time=1 event=gone cgroups=1", "cgroups=1", -EINVAL },
                { "time=1 event=gone cgroup=18446744073709551616", "cgroup=18446744073709551616", -ERANGE },
                { "time=1 event=new kind=pod", "kind=pod", -EINVAL },
                { "time=1 event=new path=\\x2 unit=a", "path=\\x2 unit=a", -EINVAL },
                { "time=1 event=new path=\\y20 unit=a", "path=\\y20 unit=a", -EINVAL },
                { "time=1 event=new path=\\x2G unit=a", "path=\\x2G unit=a", -EINVAL },
                { "time=1 event=new path=\\x00 unit=a", "path=\\x00 unit=a", -EINVAL },
                { "time=1 event=new path=a\\ unit=a", "path=a\\ unit=a", -EINVAL },
                { "time=1 event=sample cause=trigger", "cause=trigger", -EINVAL },
                { "time=1 event=sample cause=events:some:1%:2s", "cause=events:some:1%:2s", -EINVAL },
                { "time=1 event=sample cause=trigger:some:1%", "cause=trigger:some:1%", -EINVAL },
                { "time=1 event=sample cause=trigger:some:1%:2s:3", "cause=trigger:some:1%:2s:3", -EINVAL },
                { "time=1 event=sample cause=trigger:any:1%:2s", "cause=trigger:any:1%:2s", -EINVAL },
                { "time=1 event=sample cause=trigger:some:101%:2s", "cause=trigger:some:101%:2s", -ERANGE },
                { "time=1 event=sample cause=trigger:some:1%:499999us", "cause=trigger:some:1%:499999us", -ERANGE },
                { "time=1 event=sample cause=trigger:some:1%:10000001us", "cause=trigger:some:1%:10000001us", -ERANGE },
                { "time=1 event=survey candidate=1:2:3", "candidate=1:2:3", -EINVAL },
                { "time=1 event=survey candidate=1:2:3:4:5", "candidate=1:2:3:4:5", -EINVAL },
                { "time=1 event=survey candidate=1:2:3:4:5:6:none:8", "candidate=1:2:3:4:5:6:none:8", -EINVAL },
                { "time=1 event=survey candidate=1:2:3:4:5:6:none:8:9:10", "candidate=1:2:3:4:5:6:none:8:9:10", -EINVAL },
                { "time=1 event=survey reclaim=1:2:max:3", "reclaim=1:2:max:3", -EINVAL },
                { "time=1 event=survey reclaim=1:2:soft:3:4", "reclaim=1:2:soft:3:4", -EINVAL },
                { "time=1 event=survey candidate=1:2::4", "candidate=1:2::4", -EINVAL },
                { "time=1 event=survey stall=1:2:4294967296:read:1:1", "stall=1:2:4294967296:read:1:1", -ERANGE },
                { "time=1 event=survey stall=1:2:3:write:1:1", "stall=1:2:3:write:1:1", -EINVAL },
                { "time=1 event=outcome result=fine", "result=fine", -EINVAL },
                { "time=1 event=outcome error=5", "error=5", -ERANGE },
                { "time=1 event=outcome error=-4096", "error=-4096", -ERANGE },
                { "time=1 event=outcome error=--5", "error=--5", -EINVAL },
                { "time=1 event=outcome gone=maybe", "gone=maybe", -EINVAL },
                { "time=1 event=release reason=whim", "reason=whim", -EINVAL },
                { "time=1 event=killed killer=jack", "killer=jack", -EINVAL },
                { "time=1 event=killed pending=perhaps", "pending=perhaps", -EINVAL },
                { "time=1 event=killed comm=1234567890123456", "comm=1234567890123456", -ENOBUFS },
                { "memstalld-trace 1", "memstalld-trace 1", -EINVAL },
                { "time=1 effect=melt", "effect=melt", -EINVAL },
                { "time=1 effect=act id", "id", -EINVAL },
                { "time=1 start=again", "start=again", -EINVAL },
                { "time=1 start=daemon seed=12", "seed=12", -EINVAL },
                { "time=1 start=daemon seed=0011223344556677X899aabbccddeeff", "seed=0011223344556677X899aabbccddeeff",
                  -EINVAL },
                { "time=1 start=daemon dry-run=x", "dry-run=x", -EINVAL },
                { "time=1 start=daemon colour=red", "colour=red", -EINVAL },
                { "time=1 start=daemon version=12345678901234567890123456789012",
                  "version=12345678901234567890123456789012", -ENOBUFS },
                { "time=1 base=start", "base=start", -EINVAL },
                { "time=1 base=end id=3", "id=3", -EINVAL },
                { "time=1 lost=some", "lost=some", -EINVAL },
                { "time=1 lost=1 found=1", "found=1", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int r = trace_parse_event(rows[i].line, trace);

                if (r != rows[i].r)
                        fail_msg("\"%s\": %d, not %d", rows[i].line, r, rows[i].r);
                assert_string_equal(trace->wrong, rows[i].wrong);
        }
}

/* Lines that are no events. */
static void test_other_lines(void **state) {
        const TraceStart *start = &trace->start;

        strcpy(buffer, "time=1.000000 start=reload base=yes seed=00112233445566778899aabbccddeeff dry-run=yes version=0.1.0 "
                       "kernel=6.12\\x20x systemd=257");
        assert_int_equal(trace_parse_event(buffer, trace), TRACE_E_START);
        assert_int_equal(trace->event.now_usec, SEC);
        assert_true(start->reload);
        assert_true(start->dry_run);
        assert_int_equal(start->seed.high, UINT64_C(0x0011223344556677));
        assert_int_equal(start->seed.low, UINT64_C(0x8899aabbccddeeff));
        assert_string_equal(start->kernel, "6.12 x");
        assert_int_equal(trace_format_start(start, SEC, buffer + 1000, 1000), 0);
        assert_string_equal(buffer, buffer + 1000);
        assert_int_equal(trace_format_start(start, SEC, buffer + 1000, strlen(buffer)), -ENOBUFS);

        assert_int_equal(trace_parse_event("time=2 base=end ids=12 incidents=3 ended=2", trace), TRACE_E_BASE);
        assert_int_equal(trace->ids.last_id, 12);
        assert_int_equal(trace->ids.n_begun, 3);
        assert_int_equal(trace->ids.n_ended, 2);
        assert_int_equal(trace_format_base(&trace->ids, 2 * SEC, buffer, 1000), 0);
        assert_string_equal(buffer, "time=2.000000 base=end ids=12 incidents=3 ended=2");

        assert_int_equal(trace_parse_event("time=3 lost=35", trace), TRACE_E_LOST);
        assert_int_equal(trace->n_lost, 35);
        assert_int_equal(trace_format_lost(35, 3 * SEC, buffer, 1000), 0);
        assert_string_equal(buffer, "time=3.000000 lost=35");

        for (EffectKind kind = 0; kind < _EFFECT_KIND_MAX; kind++)
                assert_int_equal(trace_effect_decides(kind),
                                 kind != EFFECT_ARM && kind != EFFECT_DISARM && kind != EFFECT_FOLLOW &&
                                         kind != EFFECT_UNFOLLOW && kind != EFFECT_SAMPLE && kind != EFFECT_SURVEY &&
                                         kind != EFFECT_ENDED);
}

/* "time=1 event=EVENT KEY=" and `n` bytes. */
static const char *line_of(const char *start, const char *part, size_t n) {
        size_t used = strlen(start);

        strcpy(buffer, start);
        for (; n > 0; n--, used += strlen(part))
                strcpy(buffer + used, part);
        return buffer;
}

static void test_bounds(void **state) {
        assert_int_equal(trace_parse_event(line_of("time=1 event=new unit=", "u", TRACE_UNIT_MAX - 1), trace), 0);
        assert_int_equal(strlen(trace->event.cgroup.unit), TRACE_UNIT_MAX - 1);
        assert_int_equal(trace_parse_event(line_of("time=1 event=new unit=", "u", TRACE_UNIT_MAX), trace), -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=new path=", "p", TRACE_PATH_MAX - 1), trace), 0);
        assert_int_equal(trace_parse_event(line_of("time=1 event=new path=", "p", TRACE_PATH_MAX), trace), -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=killed comm=", "c", KILLED_COMM_MAX - 1), trace), 0);
        assert_int_equal(trace_parse_event(line_of("time=1 event=killed reason=", "r", KILLED_REASON_MAX - 1), trace), 0);
        assert_int_equal(trace_parse_event(line_of("time=1 event=killed reason=", "r", KILLED_REASON_MAX), trace), -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=killed unit=", "u", TRACE_UNIT_MAX), trace), -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=outcome text=", "t", OUTCOME_ERROR_MAX - 1), trace), 0);
        assert_int_equal(trace_parse_event(line_of("time=1 event=outcome text=", "t", OUTCOME_ERROR_MAX), trace),
                         -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=gone cgroup=", "0", 159), trace), 0);
        assert_int_equal(trace_parse_event(line_of("time=1 event=gone cgroup=", "0", 160), trace), -EINVAL);
        assert_int_equal(trace_parse_event(line_of("time=", "0", 159), trace), -EINVAL);

        assert_int_equal(trace_parse_event(line_of("time=1 event=survey", " candidate=1:2:3:4", TRACE_CANDIDATES_MAX),
                                           trace),
                         0);
        assert_int_equal(trace->event.survey.n_candidates, TRACE_CANDIDATES_MAX);
        assert_int_equal(trace_parse_event(
                                 line_of("time=1 event=survey", " candidate=1:2:3:4", TRACE_CANDIDATES_MAX + 1), trace),
                         -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=survey", " stall=1:2:3:read:5:6", TRACE_STALLS_MAX),
                                           trace),
                         0);
        assert_int_equal(trace_parse_event(
                                 line_of("time=1 event=survey", " stall=1:2:3:read:5:6", TRACE_STALLS_MAX + 1), trace),
                         -ENOBUFS);
        assert_int_equal(trace_parse_event(line_of("time=1 event=survey", " reclaim=1:2:max:5:6", TRACE_RECLAIMS_MAX), trace),
                         0);
        assert_int_equal(trace->event.survey.n_reclaims, TRACE_RECLAIMS_MAX);
        assert_int_equal(trace_parse_event(
                                 line_of("time=1 event=survey", " reclaim=1:2:max:5:6", TRACE_RECLAIMS_MAX + 1), trace),
                         -ENOBUFS);
}

/* The longest survey there is fits into the longest line. */
static void test_longest_line(void **state) {
        for (size_t i = 0; i < TRACE_CANDIDATES_MAX; i++)
                trace->candidates[i] = (Candidate){ UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1,
                                                    .swap_bytes = UINT64_MAX - 1, .scanned = UINT64_MAX,
                                                    .preference = PREFERENCE_AVOID, .reclaimed = UINT64_MAX,
                                                    .refaulted = UINT64_MAX, .counted = true };
        for (size_t i = 0; i < TRACE_STALLS_MAX; i++)
                trace->stalls[i] = (Stall){ UINT64_MAX, UINT64_MAX,     UINT32_MAX,
                                            STALL_DIRECT_RECLAIM, UINT64_MAX - 1, UINT64_MAX };
        for (size_t i = 0; i < TRACE_RECLAIMS_MAX; i++)
                trace->reclaims[i] = (Reclaim){ UINT64_MAX, UINT64_MAX, RECLAIM_BY_HAND, UINT64_MAX, UINT64_MAX };
        trace->event = (Event){
                .kind = EVENT_SURVEY,
                .now_usec = TRACE_TIME_MAX_USEC,
                .survey = { .candidates = trace->candidates, .n_candidates = TRACE_CANDIDATES_MAX,
                            .stalls = trace->stalls, .n_stalls = TRACE_STALLS_MAX,
                            .reclaims = trace->reclaims, .n_reclaims = TRACE_RECLAIMS_MAX },
        };
        memset(&trace->event.survey.values, 0xfe, sizeof(Sample));
        assert_int_equal(trace_format_event(&trace->event, buffer, TRACE_LINE_MAX), 0);
}

static Step ladder[] = { STEP("slow down", ACTION_THROTTLE, CONDITIONS(SOME(10, 2 * SEC), AVAILABLE_SHARE(5))),
                         STEP("end", ACTION_KILL, CONDITIONS(USAGE_BYTES(GIB))) };
static Policy policy = { .name = (char *) "50-batch", .steps = ladder, .n_steps = 2 };

#define BATCH { 20, CGROUP_SLICE, "/batch.slice", "batch.slice" }
#define A_UNIT { 21, CGROUP_UNIT, "/batch.slice/a.service", "a.service" }
#define WHOSE .policy = &policy, .step = ladder, .watch = BATCH, .victim = A_UNIT
#define INCIDENT .incident = { 1, 2 }
#define INCIDENT_TEXT " incident=00000000000000010000000000000002"

static const PressureLimit limits[] = { { PRESSURE_SOME, 1000, 2 * SEC }, { PRESSURE_FULL, 250, 500 * MSEC } };
static const Decision throttle = {
        .id = 3, INCIDENT, .count = 2, WHOSE, .action = ACTION_THROTTLE, .properties = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 4096),
        .cause = CAUSE_UNIT_LIMIT, .rank = RANK_GROWTH, .n_candidates = 5, .seen = { 1234, 4096 },
        .culprits = { { .role = ROLE_CAUSE, .share = 9500, .unit = A_UNIT,
                        .values = { .pid = 77, .class = STALL_MEMCG_MAX } } },
        .n_culprits = 1,
};
static const Decision kill_all = {
        .id = 4, INCIDENT, .count = 1, .policy = &policy, .step = ladder + 1, .watch = BATCH, .victim = A_UNIT,
        .action = ACTION_KILL, .signal = 9, .thaw_first = true, .escalation = true, .dry_run = true, .seen = { UINT64_MAX },
};

static const PressureLimit io_limit = { PRESSURE_SOME, 1000, 2 * SEC, RESOURCE_IO };
static Condition process_conditions[] = { { .kind = CONDITION_CAUSE }, { .kind = CONDITION_EXHAUSTION },
                                          { .kind = CONDITION_EFFICIENCY } };
static Step process_step = { .name = (char *) "causes", .conditions = process_conditions, .n_conditions = 3 };
static const Decision process = {
        .id = 7, INCIDENT, .count = 1, .policy = &policy, .step = &process_step, .watch = BATCH, .victim = A_UNIT,
        .action = ACTION_KILL, .signal = 15, .grain = GRAIN_PROCESS, .reclaim_bytes = 4096, .start = "dump@a.service",
        .timeout_usec = 5 * SEC, .cause = CAUSE_SWAP, .n_candidates = 1, .seen = { 1U << CAUSE_SWAP, 3 * SEC, 250 },
};

#define UNDO { .id = 5, INCIDENT, WHOSE, .action = ACTION_THROTTLE, .reason = RELEASE_CALM, \
               .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX), .held_usec = 1500 * MSEC }

static void test_effects(void **state) {
        const struct {
                Effect effect;
                const char *line;
        } rows[] = {
                { { .kind = EFFECT_ARM, .arm = { BATCH, limits, 2, true } },
                  "effect=arm watch=batch.slice trigger=some:10%:2.000000 trigger=full:2.5%:0.500000 events=yes" },
                { { .kind = EFFECT_ACT, .decision = throttle },
                  "effect=act id=3 action=throttle policy=50-batch step=slow\\x20down watch=batch.slice victim=a.service "
                  "count=2 set=MemoryHigh:4096 cause=unit-limit rank=growth candidates=5 saw=Pressure:12.34% saw=Available:4096 "
                  "culprit=a.service:77:memcg-max:cause:95%" INCIDENT_TEXT },
                { { .kind = EFFECT_ACT, .decision = kill_all },
                  "effect=act id=4 action=kill policy=50-batch step=end watch=batch.slice victim=a.service count=1 "
                  "signal=9 thaw=yes escalation=yes dry-run=yes cause=unknown rank=culprit candidates=0 "
                  "saw=Usage:infinity" INCIDENT_TEXT },
                { { .kind = EFFECT_UNDO, .undo = UNDO },
                  "effect=undo id=5 action=throttle policy=50-batch step=slow\\x20down watch=batch.slice "
                  "victim=a.service reason=calm previous=MemoryHigh:infinity held=1.500000" INCIDENT_TEXT },
                { { .kind = EFFECT_RELEASE, .undo = { .id = 5, INCIDENT, WHOSE, .action = ACTION_FREEZE,
                                                      .reason = RELEASE_MAX_HOLD } },
                  "effect=release id=5 action=freeze policy=50-batch step=slow\\x20down watch=batch.slice "
                  "victim=a.service reason=max-hold held=0.000000" INCIDENT_TEXT },
                { { .kind = EFFECT_REPORT,
                    .report = { &throttle, { .id = 3, .kind = OUTCOME_SETTLED, .via = VIA_SYSTEMD }, 7, 1500, 20, 8192 } },
                  "effect=report id=3 result=settled via=systemd latency=0.000007 before=15% after=0.2% freed=8192"
                  INCIDENT_TEXT },
                { { .kind = EFFECT_STUCK, .stuck = { UNDO, { .kind = OUTCOME_FAILED, .error = -5, .error_text = "a b" } } },
                  "effect=stuck id=5 action=throttle policy=50-batch step=slow\\x20down watch=batch.slice "
                  "victim=a.service result=failed error=-5 text=a\\x20b" INCIDENT_TEXT },
                { { .kind = EFFECT_REFUSE, .refusal = { INCIDENT, .policy = &policy, .step = ladder, .watch = BATCH,
                                                        .reason = REFUSAL_NOBODY } },
                  "effect=refuse action=throttle policy=50-batch step=slow\\x20down watch=batch.slice "
                  "reason=no-candidate" INCIDENT_TEXT },
                { { .kind = EFFECT_ARM, .arm = { BATCH, &io_limit, 1, ~0U } },
                  "effect=arm watch=batch.slice trigger=io:some:10%:2.000000 events=yes wants=stat wants=io wants=cpu "
                  "wants=dying wants=waits wants=candidate-swap wants=candidate-stat wants=candidate-slices "
                  "wants=candidate-all" },
                { { .kind = EFFECT_SEEN,
                    .seen = { INCIDENT, .killer = KILLER_KERNEL, .count = 3, .missed = 2, .pid = 78, .comm = "a b",
                              .victim = A_UNIT, .watch = BATCH, .cause = CAUSE_UNIT_LIMIT,
                              .culprits = { { .role = ROLE_CAUSE, .share = 9500, .unit = A_UNIT,
                                              .values = { .pid = 77, .class = STALL_MEMCG_MAX } } },
                              .n_culprits = 1 } },
                  "effect=seen killer=kernel pid=78 comm=a\\x20b victim=a.service watch=batch.slice count=3 missed=2 "
                  "cause=unit-limit culprit=a.service:77:memcg-max:cause:95%" INCIDENT_TEXT },
                { { .kind = EFFECT_SEEN,
                    .seen = { INCIDENT, .killer = KILLER_SYSTEMD_OOMD, .pending = true, .count = 1, .victim = A_UNIT,
                              .watch = BATCH, .reason = "x" } },
                  "effect=seen killer=systemd-oomd pending=yes victim=a.service watch=batch.slice count=1 reason=x "
                  "cause=unknown" INCIDENT_TEXT },
                { { .kind = EFFECT_DISARM, .look = BATCH }, "effect=disarm watch=batch.slice" },
                { { .kind = EFFECT_FOLLOW, .look = A_UNIT }, "effect=follow watch=a.service" },
                { { .kind = EFFECT_UNFOLLOW, .look = A_UNIT }, "effect=unfollow watch=a.service" },
                { { .kind = EFFECT_EXPIRED, .expired = &policy }, "effect=expired policy=50-batch" },
                { { .kind = EFFECT_START, .job = { 8, &process } },
                  "effect=start id=8 decision=7 unit=dump@a.service timeout=5.000000" INCIDENT_TEXT },
                { { .kind = EFFECT_ACT, .decision = process },
                  "effect=act id=7 action=kill policy=50-batch step=causes watch=batch.slice victim=a.service count=1 "
                  "signal=15 grain=process reclaim=4096 start=dump@a.service cause=swap rank=culprit candidates=1 "
                  "saw=Cause:swap saw=Exhaustion:3.000000 saw=Efficiency:2.5%" INCIDENT_TEXT },
                { { .kind = EFFECT_REPORT,
                    .report = { &process, { .id = 8, .kind = OUTCOME_TIMEOUT, .error = -110 }, .started = true } },
                  "effect=report id=8 result=timeout start=dump@a.service error=-110 latency=0.000000 before=0% after=0% "
                  "freed=0" INCIDENT_TEXT },
        };
        static const char time[] = "time=2.000001 ";

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_int_equal(trace_format_effect(&rows[i].effect, 2 * SEC + 1, buffer, TRACE_EFFECT_MAX), 0);
                assert_memory_equal(buffer, time, strlen(time));
                assert_string_equal(buffer + strlen(time), rows[i].line);
                assert_int_equal(trace_format_effect(&rows[i].effect, 2 * SEC + 1, buffer, strlen(buffer)), -ENOBUFS);
        }

        assert_int_equal(trace_format_effect(&(Effect){ .kind = EFFECT_SAMPLE }, 0, buffer, 100), TRACE_E_NOTHING);
        assert_int_equal(trace_format_effect(&(Effect){ .kind = EFFECT_SURVEY }, 0, buffer, 100), TRACE_E_NOTHING);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip), cmocka_unit_test(test_by_hand), cmocka_unit_test(test_errors),
                cmocka_unit_test(test_bounds),     cmocka_unit_test(test_longest_line), cmocka_unit_test(test_effects),
                cmocka_unit_test(test_other_lines),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
