/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/recording.h"

static const CoreIds none = { 0 };
static const Effects nothing = { 0 };

static void tick(Recorder *r, uint64_t now_usec) {
        recorder_step(r, &(Event){ .kind = EVENT_TIMER, .now_usec = now_usec }, &nothing, &none, &none);
}

static void turn(sd_event *event, unsigned n) {
        while (n-- > 0 && sd_event_run(event, 0) > 0)
                ;
}

/* What the pipe holds by now. */
static char *drain(sd_event *event, int fd) {
        static char text[8 * 1024 * 1024];
        size_t used = 0;
        ssize_t n;

        do {
                turn(event, 4);
                n = read(fd, text + used, sizeof(text) - used - 1);
                used += n > 0 ? (size_t) n : 0;
        } while (n > 0);
        text[used] = '\0';
        return text;
}

static void test_recording(void **state) {
        static const TraceStart start = { .version = "1" };
        static const Candidate many[2000];
        Recorder *recorder;
        Recording *recording;
        sd_event *event;
        int fds[2];
        char *text;

        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(recorder_new(&recorder, RECORDER_RING_SIZE), 0);
        assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        recorder_start(recorder, &start, NULL, 0);
        tick(recorder, 1000000);
        assert_int_equal(recording_new(&recording, event, recorder, fds[1]), 0);

        text = drain(event, fds[0]);
        assert_memory_equal(text, TRACE_HEADER "\ntime=0.000000 start=daemon", strlen(TRACE_HEADER) + 27);
        assert_non_null(strstr(text, "\ntime=1.000000 event=timer\n"));
        tick(recorder, 2000000);
        assert_string_equal(drain(event, fds[0]), "time=2.000000 event=timer\n");

        /* Nobody reads for long: what found no room is counted, where it is missing. */
        for (unsigned i = 0; i < 200; i++)
                recorder_step(recorder, &(Event){ .kind = EVENT_SURVEY, .now_usec = 3000000 + i,
                                                  .survey = { .candidates = many, .n_candidates = 2000 } },
                              &nothing, &none, &none);
        text = drain(event, fds[0]);
        assert_true(strlen(text) > 4U * 1024 * 1024);
        assert_null(strstr(text, " lost="));
        tick(recorder, 4000000);
        text = drain(event, fds[0]);
        assert_non_null(strstr(text, " lost="));
        assert_non_null(strstr(text, "time=4.000000 event=timer\n"));
        assert_false(recording_ended(recording));

        (void) close(fds[0]);
        turn(event, 4);
        assert_true(recording_ended(recording));
        tick(recorder, 5000000);
        recording_free(recording);
        recorder_free(recorder);
        sd_event_unref(event);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_recording) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
