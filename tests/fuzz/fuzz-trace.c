/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Traces: what is read is written so that it reads the same, and all of it goes through a replay. */

#include <string.h>

#include "core/replay.h"
#include "fuzz.h"

static void line_round(const char *line) {
        static char first[TRACE_LINE_MAX], second[TRACE_LINE_MAX];
        static TraceEvent trace;

        if (trace_parse_event(line, &trace) != 0)
                return;
        FUZZ_CHECK(trace_format_event(&trace.event, first, sizeof(first)) == 0);
        FUZZ_CHECK(trace_parse_event(first, &trace) == 0);
        FUZZ_CHECK(trace_format_event(&trace.event, second, sizeof(second)) == 0);
        FUZZ_CHECK(strcmp(first, second) == 0);
}

static Condition hurts[] = { { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2000000 } } };
static Condition full[] = { { .kind = CONDITION_USAGE, .amount = { .bytes = 1000000 } } };
static Step steps[] = {
        { .name = (char *) "slow", .conditions = hurts, .n_conditions = 1, .action = ACTION_THROTTLE,
          .memory_high = { .is_share = true, .share = 9000 }, .has_until = true, .until = { PRESSURE_SOME, 200, 5000000 },
          .max_hold_usec = 30000000, .signal = 9 },
        { .name = (char *) "end", .conditions = full, .n_conditions = 1, .action = ACTION_KILL, .signal = 15,
          .kill_after_usec = 5000000 },
};
static char *all[] = { (char *) "*", NULL };
static Policy policy = { .name = (char *) "all", .match = { .units = all, .slices = all, .system = true }, .steps = steps,
                         .n_steps = 2, .victim = { .rank = { RANK_CULPRIT, RANK_USAGE }, .n_rank = 2 } };

static void on_line(void *userdata, const ReplayLine *line) {
        FUZZ_CHECK(strncmp(line->text, "time=", 5) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const Settings settings = SETTINGS_DEFAULT;
        static Policy *policies[] = { &policy };
        const PolicySet set = { policies, 1 };
        char *text = fuzz_text(data, size), *rest;
        Replay *replay;

        FUZZ_CHECK(replay_new(&replay, &settings, &set, on_line, NULL) == 0);
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                line_round(line);
                (void) replay_prepare(replay, line);
                (void) replay_line(replay, line);
        }
        FUZZ_CHECK(replay_end(replay) == 0);
        replay_free(replay);
        return 0;
}
