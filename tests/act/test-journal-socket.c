/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The writer against a journal that is slow, full, gone, or short of space: it never waits, and what is lost is told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/journal.h"
#include "act/message-ids.h"
#include "base/clock.h"
#include "fake-journal.h"

typedef struct World {
        char folder[32], path[64];
        sd_event *event;
        int fd;        /* the journal's end */
        int journal_fd; /* the writer's own, by its number */
        Journal *journal;
        FakeRecord record;
} World;

static int set_up(void **state) {
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-journal-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void) snprintf(w->path, sizeof(w->path), "%s/socket", w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        w->fd = fake_journal_open(w->path);
        w->journal_fd = dup(0); /* the lowest free number, and so the next to be given out */
        assert_int_equal(close(w->journal_fd), 0);
        assert_int_equal(journal_new(&w->journal, w->event, w->path), 0);
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        World *w = *state;

        w->journal = journal_free(w->journal);
        if (w->fd >= 0)
                fake_journal_close(w->fd, w->path);
        sd_event_unref(w->event);
        (void) rmdir(w->folder);
        return 0;
}

static void run(World *w, uint64_t usec) {
        uint64_t end = clock_usec() + usec, now;

        while ((now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
}

/* Sends n records, "0", "1", ..., and fails if that takes as long as waiting would. */
static void send_many(World *w, unsigned from, unsigned n) {
        uint64_t start = clock_usec();
        char text[32];

        for (unsigned i = from; i < from + n; i++) {
                (void) snprintf(text, sizeof(text), "%u", i);
                journal_notice(w->journal, 6, text);
        }
        assert_in_range(clock_usec() - start, 0, USEC_PER_SEC);
}

/* Takes all that comes within a while. The numbers must rise; a gap in them must be what a record of lost ones
 * says, right there. Returns how many came. */
static unsigned take_many(World *w, unsigned from, unsigned n) {
        uint64_t end = clock_usec() + 2 * USEC_PER_SEC;
        unsigned next = from, taken = 0;

        while (next < from + n && clock_usec() < end) {
                if (!fake_journal_take(w->fd, &w->record)) {
                        assert_true(sd_event_run(w->event, 10 * USEC_PER_MSEC) >= 0);
                        continue;
                }
                if (strcmp(fake_record_get(&w->record, "MEMSTALLD_RECORD"), "lost") == 0) {
                        assert_string_equal(fake_record_get(&w->record, "MESSAGE_ID"), MESSAGE_ID_LOST);
                        next += (unsigned) atoi(fake_record_get(&w->record, "MEMSTALLD_COUNT"));
                } else {
                        assert_int_equal(atoi(fake_record_get(&w->record, "MESSAGE")), next);
                        next++;
                        taken++;
                }
        }
        assert_int_equal(next, from + n);
        assert_false(fake_journal_take(w->fd, &w->record));
        return taken;
}

static void test_in_order(void **state) {
        World *w = *state;

        send_many(w, 0, 5);
        assert_int_equal(take_many(w, 0, 5), 5);
        assert_int_equal(journal_lost(w->journal), 0);
}

/* More than the kernel takes, less than the queue: nothing is lost. */
static void test_full_for_a_while(void **state) {
        World *w = *state;

        send_many(w, 0, 1000);
        assert_int_equal(take_many(w, 0, 1000), 1000);
        assert_int_equal(journal_lost(w->journal), 0);
        send_many(w, 1000, 5);
        assert_int_equal(take_many(w, 1000, 5), 5);
}

/* More than the queue, twice, so that there are two gaps. */
static void test_full_for_long(void **state) {
        World *w = *state;
        unsigned taken;

        send_many(w, 0, 10000);
        assert_true(journal_lost(w->journal) > 5000);
        taken = take_many(w, 0, 10000);
        assert_int_equal(taken + journal_lost(w->journal), 10000);

        send_many(w, 10000, 10000);
        taken += take_many(w, 10000, 10000);
        assert_int_equal(taken + journal_lost(w->journal), 20000);
}

/* The gap lies in the middle: some are lost, the journal goes on, and more follow before all is taken. */
static void test_gap_in_the_middle(void **state) {
        World *w = *state;
        unsigned taken = 0;

        send_many(w, 0, 10000);
        for (unsigned round = 0; round < 5; round++) {
                while (fake_journal_take(w->fd, &w->record))
                        taken++;
                run(w, 5 * USEC_PER_MSEC);
        }
        assert_true(taken > 0);
        send_many(w, 10000, 50);
        taken += take_many(w, taken, 10050 - taken);
        assert_int_equal(taken + journal_lost(w->journal), 10050);
}

static void test_gone_and_back(void **state) {
        World *w = *state;

        send_many(w, 0, 1);
        assert_int_equal(take_many(w, 0, 1), 1);

        fake_journal_close(w->fd, w->path);
        w->fd = -1;
        send_many(w, 1, 3);
        run(w, 50 * USEC_PER_MSEC);
        w->fd = fake_journal_open(w->path);
        assert_int_equal(take_many(w, 1, 3), 3);
        assert_int_equal(journal_lost(w->journal), 0);

        send_many(w, 4, 1);
        assert_int_equal(take_many(w, 4, 1), 1);
}

/* While it is gone it is tried ever less often, and when nothing is queued not at all. */
static void test_wakeups(void **state) {
        uint64_t end = clock_usec() + 2 * USEC_PER_SEC, now;
        World *w = *state;
        unsigned n = 0;

        assert_int_equal(sd_event_run(w->event, 200 * USEC_PER_MSEC), 0);
        fake_journal_close(w->fd, w->path);
        w->fd = -1;
        send_many(w, 0, 10);
        while ((now = clock_usec()) < end)
                n += sd_event_run(w->event, end - now) > 0;
        assert_in_range(n, 2, 6);

        w->fd = fake_journal_open(w->path);
        run(w, 2 * USEC_PER_SEC);
        assert_int_equal(take_many(w, 0, 10), 10);
        assert_int_equal(sd_event_run(w->event, 200 * USEC_PER_MSEC), 0);
}

/* The kernel says that the record is too long for the socket: its longest value is made shorter. */
static void test_too_long(void **state) {
        World *w = *state;
        static char text[32768];

        memset(text, 'x', sizeof(text) - 1);
        assert_int_equal(setsockopt(w->journal_fd, SOL_SOCKET, SO_SNDBUF, &(int){ 4096 }, sizeof(int)), 0);
        journal_config(w->journal, "/a.conf", 1, text);
        assert_true(fake_journal_take(w->fd, &w->record));
        assert_string_equal(fake_record_get(&w->record, "MEMSTALLD_CUT"), "MEMSTALLD_REASON");
        assert_string_equal(fake_record_get(&w->record, "MEMSTALLD_CONFIG_FILE"), "/a.conf");
        assert_in_range(strlen(fake_record_get(&w->record, "MEMSTALLD_REASON")), 500, 8000);
        assert_int_equal(journal_lost(w->journal), 0);
}

/* What is still queued at the end goes out if it can. */
static void test_free_sends(void **state) {
        World *w = *state;
        unsigned n = 0;

        fake_journal_close(w->fd, w->path);
        send_many(w, 0, 3);
        w->fd = fake_journal_open(w->path);
        w->journal = journal_free(w->journal);
        while (fake_journal_take(w->fd, &w->record))
                n++;
        assert_int_equal(n, 3);
}

static void test_no_journal(void **state) {
        World *w = *state;
        Journal *j = NULL;
        char path[256];

        assert_int_equal(journal_new(&j, w->event, "/nonexistent/socket"), 0);
        journal_notice(j, 6, "nobody hears this");
        j = journal_free(j);
        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(journal_new(&j, w->event, path), -ENAMETOOLONG);
        assert_null(j);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_in_order),      TEST(test_full_for_a_while), TEST(test_full_for_long), TEST(test_gap_in_the_middle),
                TEST(test_gone_and_back), TEST(test_wakeups),          TEST(test_too_long),      TEST(test_free_sends),
                TEST(test_no_journal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
