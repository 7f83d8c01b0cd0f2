/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Protect and its undo: the unit, and the slices above it. */

#include <unistd.h>

#include "systemd-world.h"

#define MIB (UINT64_C(1) << 20)

static Decision protect(uint64_t id, uint64_t bytes) {
        Decision d = world_decision(id, ACTION_PROTECT);

        d.properties = (Properties) PROPERTIES_ONE(PROPERTY_MEMORY_LOW, bytes);
        return d;
}

static Undo unprotect(uint64_t id, Properties previous) {
        Undo u = world_undo(id, ACTION_PROTECT);

        u.previous = previous;
        return u;
}

static void assert_low(World *w, uint64_t a, uint64_t a_b, uint64_t hog) {
        assert_int_equal(fake_systemd_value(w->fake, "a.slice", "MemoryLow"), a);
        assert_int_equal(fake_systemd_value(w->fake, "a-b.slice", "MemoryLow"), a_b);
        assert_int_equal(fake_systemd_value(w->fake, "hog.service", "MemoryLow"), hog);
}

static void test_there_and_back(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_put(w->fake, "a.slice", "MemoryLow", 7 * MIB);
        fake_systemd_put(w->fake, "hog.service", "MemoryLow", 10 * MIB);
        o = world_act(w, protect(1, 90 * MIB));
        assert_done(o);
        assert_int_equal(o->previous.set, 1 << PROPERTY_MEMORY_LOW | 1 << PROPERTY_SLICES_LOW);
        assert_int_equal(o->previous.values[PROPERTY_MEMORY_LOW], 10 * MIB);
        assert_int_equal(o->previous.values[PROPERTY_SLICES_LOW], 80 * MIB);
        assert_low(w, 87 * MIB, 80 * MIB, 90 * MIB);
        assert_string_equal(fake_systemd_calls(w->fake), "Get hog.service Service MemoryLow\n"
                                                         "Get a.slice Slice MemoryLow\n"
                                                         "SetUnitProperties a.slice runtime=1 MemoryLow=91226112\n"
                                                         "Get a-b.slice Slice MemoryLow\n"
                                                         "SetUnitProperties a-b.slice runtime=1 MemoryLow=83886080\n"
                                                         "SetUnitProperties hog.service runtime=1 MemoryLow=94371840\n");

        assert_done(world_take_back(w, unprotect(2, o->previous)));
        assert_low(w, 7 * MIB, 0, 10 * MIB);
}

/* What each adds is what each takes away, in whatever order, also when they are sent at once. */
static void test_two_overlap(void **state) {
        World *w = *state;
        Decision d[2] = { protect(1, 10 * MIB), protect(2, 40 * MIB) };

        d[1].victim.unit = "other.service";
        d[1].victim.path = "/a.slice/other.service";
        fake_systemd_put(w->fake, "a.slice", "MemoryLow", 5 * MIB);
        for (size_t i = 0; i < 2; i++)
                systemd_act(w->systemd, &d[i]);
        world_run(w, 2, SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, 2);
        assert_int_equal(w->outcomes[0].id, 1);
        assert_done(&w->outcomes[0]);
        assert_done(&w->outcomes[1]);
        assert_low(w, 55 * MIB, 10 * MIB, 10 * MIB);

        Undo u[2] = { unprotect(3, w->outcomes[0].previous), unprotect(4, w->outcomes[1].previous) };

        u[1].victim = d[1].victim;
        for (size_t i = 0; i < 2; i++)
                systemd_undo(w->systemd, &u[i]);
        world_run(w, 4, SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, 4);
        assert_low(w, 5 * MIB, 0, 0);
        assert_int_equal(fake_systemd_value(w->fake, "other.service", "MemoryLow"), 0);
}

static void test_refusals(void **state) {
        World *w = *state;
        Decision d = protect(1, 90 * MIB);

        fake_systemd_put(w->fake, "hog.service", "MemoryLow", 90 * MIB);
        assert_int_equal(world_act(w, d)->kind, OUTCOME_REFUSED);
        fake_systemd_put(w->fake, "hog.service", "MemoryLow", UINT64_MAX);
        assert_int_equal(world_act(w, d)->kind, OUTCOME_REFUSED);
        fake_systemd_put(w->fake, "hog.service", "MemoryLow", 0);
        d.victim.path = "/a.slice/a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q.slice/hog.service";
        assert_int_equal(world_act(w, d)->kind, OUTCOME_REFUSED);
        d.properties.set = 0;
        assert_int_equal(world_act(w, d)->kind, OUTCOME_REFUSED);
        assert_null(strstr(fake_systemd_calls(w->fake), "Set"));
}

static void test_slices(void **state) {
        static const struct {
                const char *path, *slices; /* the sets in their order */
        } rows[] = {
                { "/init.scope", "" },
                { "/hog.service", "" },
                { "/system.slice/hog.service", "system.slice" },
                { "/_memory.slice/memory-x.slice/hog.service", "memory.slice memory-x.slice" },
                { "/a.slice/a-b.slice/_a-b-c.slice/hog.service", "a.slice a-b.slice a-b-c.slice" },
                { "/a.slice/a-b.slice", "a.slice" }, /* a slice as the victim */
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Decision d = protect(i, (i + 1) * MIB);
                char seen[256] = "";

                d.victim.path = rows[i].path;
                fake_systemd_forget(w->fake);
                assert_done(world_act(w, d));
                for (const char *c = fake_systemd_calls(w->fake); (c = strstr(c, "SetUnitProperties ")); c++) {
                        const char *name = strchr(c, ' ') + 1;
                        size_t used = strlen(seen);

                        if (strncmp(name, "hog.service", 11) != 0)
                                (void) snprintf(seen + used, sizeof(seen) - used, "%s%.*s", used > 0 ? " " : "",
                                                (int) (strchr(name, ' ') - name), name);
                }
                assert_string_equal(seen, rows[i].slices);
        }
}

/* What has no limit is not limited; nothing grows into infinity or falls below nothing. */
static void test_bounds(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_put(w->fake, "a.slice", "MemoryLow", UINT64_MAX);
        fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", UINT64_MAX - 5);
        o = world_act(w, protect(1, 90 * MIB));
        assert_done(o);
        assert_low(w, UINT64_MAX, UINT64_MAX - 1, 90 * MIB);
        fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", 3);
        assert_done(world_take_back(w, unprotect(2, o->previous)));
        assert_low(w, UINT64_MAX, 0, 0);
}

/* Half of it is worse than nothing: an undo would take away what was never added. */
static void test_taken_back(void **state) {
        static const FakeAnswer rows[] = {
                { .member = "SetUnitProperties", .error = "org.example.No", .times = 1 },
                { .member = "Get", .path = "/org/freedesktop/systemd1/unit/a_2db_2eslice", .error = "org.example.No", .times = 1 },
                { .member = "Get", .path = "/org/freedesktop/systemd1/unit/a_2db_2eslice", .silent = true, .times = 1 },
                { .member = "Get", .path = "/org/freedesktop/systemd1/unit/a_2db_2eslice", .hang_up = true, .times = 1 },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Outcome *o;

                fake_systemd_put(w->fake, "a.slice", "MemoryLow", 4 * MIB);
                fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", 5 * MIB);
                fake_systemd_answer(w->fake, rows[i]);
                o = world_act(w, protect(1, 90 * MIB));
                assert_int_equal(o->kind, rows[i].silent ? OUTCOME_TIMEOUT : OUTCOME_FAILED);
                assert_int_equal(o->previous.set, 0);
                world_run(w, w->n_outcomes + 1, 50 * USEC_PER_MSEC);
                assert_low(w, 4 * MIB, 5 * MIB, 0);

                /* The same for an undo, which is tried again as a whole. */
                fake_systemd_put(w->fake, "a.slice", "MemoryLow", 94 * MIB);
                fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", 95 * MIB);
                fake_systemd_put(w->fake, "hog.service", "MemoryLow", 90 * MIB);
                fake_systemd_answer(w->fake, rows[i]);
                Undo u = unprotect(2, (Properties){ .set = 1 << PROPERTY_MEMORY_LOW | 1 << PROPERTY_SLICES_LOW,
                                                    .values = { [PROPERTY_SLICES_LOW] = 90 * MIB } });
                assert_int_not_equal(world_take_back(w, u)->kind, OUTCOME_DONE);
                world_run(w, w->n_outcomes + 1, 50 * USEC_PER_MSEC);
                assert_low(w, 94 * MIB, 95 * MIB, i == 0 ? 90 * MIB : 0);
                assert_done(world_take_back(w, u));
                assert_low(w, 4 * MIB, 5 * MIB, 0);
        }
}

/* Killed at any moment: what the list has by then is enough to put back what was raised, and nothing else. */
static void test_half_way(void **state) {
        static const HeldUnit unit = { .action = ACTION_PROTECT, .unit = "hog.service", .path = "/a.slice/a-b.slice/hog.service" };
        static const char *const last_calls[] = { "SetUnitProperties a.slice", "Get a-b.slice", "SetUnitProperties a-b.slice",
                                                  "SetUnitProperties hog.service" };
        World *w = *state;
        char path[64];

        (void) snprintf(path, sizeof(path), "%s/held", w->folder);
        for (size_t i = 0; i < 2 * ELEMENTSOF(last_calls); i++) {
                bool arrives = i % 2; /* the last one, before it is over */
                _cleanup_(held_list_freep) HeldList *list = NULL;
                HeldUnit read;
                size_t n;

                fake_systemd_put(w->fake, "a.slice", "MemoryLow", 4 * MIB);
                fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", 5 * MIB);
                fake_systemd_put(w->fake, "hog.service", "MemoryLow", 10 * MIB);
                fake_systemd_forget(w->fake);
                assert_int_equal(held_list_new(&list, path, NULL, 0), 0);
                systemd_keep_list(w->systemd, list);
                assert_int_equal(held_list_set(list, 0, 1, &unit), 0);
                systemd_act(w->systemd, (Decision[]){ protect(1, 90 * MIB) });
                while (!strstr(fake_systemd_calls(w->fake), last_calls[i / 2]))
                        assert_true(sd_event_run(w->event, USEC_PER_SEC) > 0);
                assert_int_equal(held_read(path, &read, 1, &n), 0);
                assert_int_equal(n, 1);
                w->systemd = systemd_free(w->systemd);
                if (!arrives && i / 2 != 1) /* as if it had not been sent */
                        fake_systemd_put(w->fake, i / 2 == 0 ? "a.slice" : i / 2 == 2 ? "a-b.slice" : "hog.service", "MemoryLow",
                                         i / 2 == 0 ? 4 * MIB : i / 2 == 2 ? 5 * MIB : 10 * MIB);

                assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, w->peers, 2, world_on_answer, w), 0);
                assert_done(world_take_back(w, unprotect(2, read.previous)));
                assert_low(w, 4 * MIB, 5 * MIB, 10 * MIB);
                assert_int_equal(unlink(path), 0);
        }
}

/* The unit is gone, its slices are not. */
static void test_undo_of_a_gone_unit(void **state) {
        World *w = *state;
        const Outcome *o;

        fake_systemd_put(w->fake, "a.slice", "MemoryLow", 90 * MIB);
        fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", 91 * MIB);
        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "SetUnitProperties", .times = 1,
                                                   .error = "org.freedesktop.systemd1.NoSuchUnit" });
        o = world_take_back(w, unprotect(1, (Properties){ .set = 1 << PROPERTY_MEMORY_LOW | 1 << PROPERTY_SLICES_LOW,
                                                          .values = { [PROPERTY_SLICES_LOW] = 90 * MIB } }));
        assert_done(o);
        assert_true(o->gone);
        assert_int_equal(fake_systemd_value(w->fake, "a.slice", "MemoryLow"), 0);
        assert_int_equal(fake_systemd_value(w->fake, "a-b.slice", "MemoryLow"), 1 * MIB);

        assert_done(world_take_back(w, unprotect(2, (Properties){ 0 }))); /* nothing was set */
}

/* After a crash nobody knows the path any more. */
static void test_undo_without_path(void **state) {
        World *w = *state;
        Undo u = unprotect(1, (Properties){ .set = 1 << PROPERTY_MEMORY_LOW | 1 << PROPERTY_SLICES_LOW,
                                            .values = { [PROPERTY_SLICES_LOW] = 90 * MIB } });

        u.victim.path = "";
        fake_systemd_put(w->fake, "a.slice", "MemoryLow", 90 * MIB);
        fake_systemd_put(w->fake, "a-b.slice", "MemoryLow", 91 * MIB);
        fake_systemd_set_slice(w->fake, "a-b.slice");
        assert_done(world_take_back(w, u));
        assert_low(w, 0, MIB, 0);
        fake_systemd_set_slice(w->fake, "-.slice");
        assert_done(world_take_back(w, u));
        fake_systemd_set_slice(w->fake, "");
        assert_done(world_take_back(w, u));
        assert_low(w, 0, MIB, 0);
}

/* Those that wait for their turn have their deadline, too. */
static void test_turns(void **state) {
        World *w = *state;

        fake_systemd_answer(w->fake, (FakeAnswer){ .member = "Get", .silent = true, .times = 2 });
        for (uint64_t id = 1; id <= 3; id++) {
                Decision d = protect(id, id * MIB);

                systemd_act(w->systemd, &d);
        }
        world_run(w, 3, 2 * SYSTEMD_DEADLINE_USEC);
        assert_int_equal(w->n_outcomes, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(w->outcomes[i].kind, OUTCOME_TIMEOUT);
        fake_systemd_answer(w->fake, (FakeAnswer){ 0 });
        assert_done(world_act(w, protect(4, 9 * MIB)));
        assert_low(w, 9 * MIB, 9 * MIB, 9 * MIB);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_there_and_back),
                TEST(test_two_overlap),
                TEST(test_refusals),
                TEST(test_slices),
                TEST(test_bounds),
                TEST(test_taken_back),
                TEST(test_half_way),
                TEST(test_undo_of_a_gone_unit),
                TEST(test_undo_without_path),
                TEST(test_turns),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
