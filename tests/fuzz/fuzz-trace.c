/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Traces: what is read is written so that it reads the same. */

#include <string.h>

#include "core/trace.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = fuzz_text(data, size), *rest;

        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                line_round(line);
        return 0;
}
