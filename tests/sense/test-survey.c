/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/wants.h"
#include "fake-units.h"
#include "sense/registry.h"

static const Candidate *find(const Candidates *s, uint64_t id) {
        for (size_t i = 0; i < s->n_candidates; i++)
                if (s->candidates[i].cgroup_id == id)
                        return &s->candidates[i];
        fail_msg("no candidate %llu", (unsigned long long) id);
        return NULL;
}

static void test_survey(void **state) {
        UnitsFixture *f = *state;
        Candidates s;

        (void) units_fixture_sample(f, f->host);
        (void) units_fixture_sample(f, f->batch);
        (void) units_fixture_sample(f, f->x);
        fake_tree_write(&f->fake, "batch.slice/batch-a.slice/x.service", "memory.pressure",
                        "some total=12\nfull total=11\n");

        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(s.n_candidates, 3);
        assert_int_equal(find(&s, f->other)->usage_bytes, 50 * MIB);
        assert_int_equal(find(&s, f->other)->protected_bytes, 45 * MIB);
        assert_int_equal(s.values.usage_bytes, 400000 * KIB);

        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(s.n_candidates, 2);
        assert_int_equal(find(&s, f->x)->usage_bytes, 30 * MIB);
        assert_int_equal(find(&s, f->x)->protected_bytes, 8 * MIB); /* the slice has no more to give */
        assert_int_equal(find(&s, f->x)->pressure_usec, 12);
        assert_int_equal(find(&s, f->y)->protected_bytes, 4 * MIB);
        assert_int_equal(s.values.usage_bytes, 300 * MIB);

        /* the slices above count for a watch that starts below them, too */
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.n_candidates, 1);
        assert_int_equal(s.candidates[0].cgroup_id, f->x);
        assert_int_equal(s.candidates[0].protected_bytes, 8 * MIB);

        /* protection of memory that is not used protects nothing */
        units_fixture_write_mib(f, "batch.slice/batch-a.slice", "memory.min", 50);
        units_fixture_write_mib(f, "batch.slice/batch-a.slice/x.service", "memory.current", 10);
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.candidates[0].protected_bytes, 10 * MIB);
}

/* A unit that starts below a watch is a candidate at once, and nothing is opened for the survey. */
static void test_survey_newcomer(void **state) {
        UnitsFixture *f = *state;
        unsigned fds;
        uint64_t id;
        Candidates s;

        (void) units_fixture_sample(f, f->batch);
        id = fake_tree_add(&f->fake, "batch.slice/late.service");
        (void) fake_tree_add_bare(&f->fake, "batch.slice/bare.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        fds = fake_tree_count_fds();
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(fake_tree_count_fds(), fds);
        assert_int_equal(s.n_candidates, 3); /* not the one without a memory controller */
        assert_int_equal(find(&s, id)->usage_bytes, MIB);
}

static const Candidate *look_up(const Candidates *s, uint64_t id) {
        for (size_t i = 0; i < s->n_candidates; i++)
                if (s->candidates[i].cgroup_id == id)
                        return &s->candidates[i];
        return NULL;
}

static void test_wants(void **state) {
        UnitsFixture *f = *state;
        const ArmedWatch *watch;
        unsigned fds;
        Candidates s;

        units_fixture_write_mib(f, "batch.slice/batch-a.slice/x.service", "memory.current", 2); /* too little to matter */
        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, 0, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, f->x)->swap_bytes, 0);
        assert_int_equal(find(&s, f->x)->scanned, 0);

        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, WANT_CANDIDATE_SWAP, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, f->x)->swap_bytes, 4096);
        assert_int_equal(find(&s, f->x)->scanned, 0);

        fds = fake_tree_count_fds();
        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, WANT_CANDIDATE_STAT, &watch), 0);
        assert_int_equal(fake_tree_count_fds(), fds - 2); /* memory.stat is there anyway */
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, f->x)->swap_bytes, 0);
        assert_int_equal(find(&s, f->x)->scanned, 20);

        /* what one watch wants is not what another gets */
        assert_int_equal(watch_arm(f->tree, f->host, NULL, 0, WANT_CANDIDATE_SWAP, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(find(&s, f->x)->swap_bytes, 4096);
        assert_int_equal(find(&s, f->x)->scanned, 0);
        assert_null(look_up(&s, f->a));

        /* a unit without swap accounting */
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/y.service/memory.swap.current");
        watch_disarm(f->tree, f->host);
        assert_int_equal(watch_arm(f->tree, f->host, NULL, 0, WANT_CANDIDATE_SWAP, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(find(&s, f->y)->swap_bytes, 0);
}

/* memory.stat is read of who uses a hundredth of what the watch does, or of all where that is asked for. */
static void test_counts(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service";
        const ArmedWatch *watch;
        Candidates s;

        units_fixture_write_mib(f, "batch.slice", "memory.current", 300);
        for (uint64_t mib = 2; mib <= 3; mib++) {
                units_fixture_write_mib(f, x, "memory.current", mib);
                assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, 0, &watch), 0);
                assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
                assert_int_equal(find(&s, f->x)->counted, mib == 3);
                assert_int_equal(find(&s, f->x)->scanned, mib == 3 ? 20 : 0);
                assert_int_equal(find(&s, f->x)->reclaimed, mib == 3 ? 10 : 0);
                assert_int_equal(find(&s, f->x)->refaulted, mib == 3 ? 3 : 0);

                assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, WANT_CANDIDATE_STAT, &watch), 0);
                assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
                assert_true(find(&s, f->x)->counted);
                assert_int_equal(find(&s, f->x)->reclaimed, 10);
        }

        /* who uses nothing does nothing; slices are not asked, and what cannot be read is not known */
        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, WANT_CANDIDATE_SLICES, &watch), 0);
        units_fixture_write_mib(f, "batch.slice", "memory.current", 0);
        units_fixture_write_mib(f, x, "memory.current", 0);
        fake_tree_write(&f->fake, "batch.slice/batch-a.slice/y.service", "memory.stat", "pgsteal x\n");
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_false(find(&s, f->x)->counted);
        assert_false(find(&s, f->y)->counted);
        assert_false(find(&s, f->a)->counted);
        fake_tree_write(&f->fake, "batch.slice/batch-a.slice/y.service", "memory.stat", "pgsteal 1\n");
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_true(find(&s, f->y)->counted);
}

static void test_slices(void **state) {
        UnitsFixture *f = *state;
        const ArmedWatch *watch;
        Candidates s;

        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, WANT_CANDIDATE_SLICES | WANT_CANDIDATE_STAT, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(s.n_candidates, 3);
        assert_null(look_up(&s, f->batch)); /* beneath the watch, not the watch */
        assert_int_equal(find(&s, f->a)->usage_bytes, 120 * MIB);
        assert_int_equal(find(&s, f->a)->protected_bytes, 8 * MIB);
        assert_int_equal(find(&s, f->a)->scanned, 20);

        assert_int_equal(watch_arm(f->tree, f->host, NULL, 0, WANT_CANDIDATE_SLICES, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(s.n_candidates, 5);
        assert_null(look_up(&s, f->host));
}

/* Candidates from everywhere, for a watch that has its victims elsewhere. */
static void test_all(void **state) {
        UnitsFixture *f = *state;
        unsigned fds = fake_tree_count_fds();
        const ArmedWatch *watch;
        Candidates s;

        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, WANT_CANDIDATE_ALL | WANT_CANDIDATE_SWAP, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.n_candidates, 3);
        assert_int_equal(find(&s, f->other)->usage_bytes, 50 * MIB);
        assert_int_equal(find(&s, f->other)->swap_bytes, 4096);
        assert_int_equal(s.values.usage_bytes, 30 * MIB);
        watch_disarm(f->tree, f->x);
        assert_int_equal(fake_tree_count_fds(), fds);

        /* gone with its cgroup, the claims go, too */
        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, WANT_CANDIDATE_ALL, &watch), 0);
        fake_tree_remove(&f->fake, "batch.slice/batch-a.slice/x.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(fake_tree_count_fds(), fds);
}

/* Others are candidates only where it is asked who of them is to blame, and only where their files are there for it. */
/* Several watches claim the whole host, one of them more than the other: each file stays until the last who needs it goes. */
static void test_claims(void **state) {
        UnitsFixture *f = *state;
        unsigned fds = fake_tree_count_fds();
        const ArmedWatch *watch;
        Candidates s;
        uint64_t z;

        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, WANT_CANDIDATE_OTHERS, &watch), 0);
        assert_int_equal(watch_arm(f->tree, f->y, NULL, 0, WANT_CANDIDATE_ALL | WANT_CANDIDATE_SWAP, &watch), 0);
        z = fake_tree_add(&f->fake, "z.service"); /* comes under what is claimed */
        fake_tree_write(&f->fake, "z.service", "memory.current", "1048576\n");
        fake_tree_write(&f->fake, "z.service", "memory.swap.current", "4096\n");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_survey(f->tree, f->y, &s), 0);
        assert_int_equal(find(&s, z)->swap_bytes, 4096);

        watch_disarm(f->tree, f->y);
        assert_int_equal(watch_survey_around(f->tree, f->x, &s), 0);
        assert_int_equal(find(&s, z)->usage_bytes, MIB);
        assert_int_equal(find(&s, z)->swap_bytes, 0);
        assert_int_equal(find(&s, f->other)->usage_bytes, 50 * MIB);

        watch_disarm(f->tree, f->x);
        fake_tree_remove(&f->fake, "z.service");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(fake_tree_count_fds(), fds);
}

static void test_around(void **state) {
        UnitsFixture *f = *state;
        unsigned fds = fake_tree_count_fds();
        const ArmedWatch *watch;
        Candidates s;

        assert_int_equal(watch_survey_around(f->tree, f->x, &s), WATCH_E_GONE);
        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, 0, &watch), 0);
        assert_int_equal(watch_survey_around(f->tree, f->x, &s), 0);
        assert_int_equal(s.n_candidates, 1);
        watch_disarm(f->tree, f->x);

        assert_int_equal(watch_arm(f->tree, f->x, NULL, 0, WANT_CANDIDATE_OTHERS, &watch), 0);
        assert_int_equal(watch_survey(f->tree, f->x, &s), 0);
        assert_int_equal(s.n_candidates, 1);
        assert_int_equal(s.candidates[0].cgroup_id, f->x);
        assert_int_equal(watch_survey_around(f->tree, f->x, &s), 0);
        assert_int_equal(s.n_candidates, 3);
        assert_int_equal(find(&s, f->other)->usage_bytes, 50 * MIB);
        assert_int_equal(s.values.usage_bytes, 30 * MIB);
        watch_disarm(f->tree, f->x);
        assert_int_equal(fake_tree_count_fds(), fds);
}

/* As systemd-oomd does: what a unit says of itself counts if root said it, or the owner of what is watched. */
static void test_preference(void **state) {
        UnitsFixture *f = *state;
        static const struct {
                uid_t unit, watch;
                Preference says, counts;
        } rows[] = {
                { 0, 0, PREFERENCE_OMIT, PREFERENCE_OMIT },      { 0, 0, PREFERENCE_AVOID, PREFERENCE_AVOID },
                { 0, 1000, PREFERENCE_OMIT, PREFERENCE_OMIT },   { 1000, 1000, PREFERENCE_OMIT, PREFERENCE_OMIT },
                { 1000, 0, PREFERENCE_OMIT, PREFERENCE_NONE },   { 1000, 1001, PREFERENCE_AVOID, PREFERENCE_NONE },
                { 0, 0, PREFERENCE_NONE, PREFERENCE_NONE },
        };
        const ArmedWatch *watch;
        Candidates s;

        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, 0, &watch), 0);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                registry_find(f->tree, f->batch)->owner = rows[i].watch;
                registry_find(f->tree, f->x)->owner = rows[i].unit;
                registry_find(f->tree, f->x)->preference = rows[i].says;
                assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
                if (find(&s, f->x)->preference != rows[i].counts)
                        fail_msg("row %zu", i);
                assert_int_equal(find(&s, f->y)->preference, PREFERENCE_NONE);
        }
}

/* The system manager says it shortly after it made the cgroup, or much later; a survey reads nothing for it. */
static void test_preference_changes(void **state) {
        UnitsFixture *f = *state;
        const char *x = "batch.slice/batch-a.slice/x.service", *late = "batch.slice/late.service";
        const ArmedWatch *watch;
        Candidates s;
        uint64_t id;

        assert_int_equal(watch_arm(f->tree, f->batch, NULL, 0, 0, &watch), 0);
        registry_find(f->tree, f->batch)->owner = registry_find(f->tree, f->x)->owner; /* whoever runs this */
        if (!fake_tree_set_xattr(&f->fake, x, "user.oomd_omit", "1"))
                skip();
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, f->x)->preference, PREFERENCE_NONE); /* not told yet */
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(f->n_told, 6);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, f->x)->preference, PREFERENCE_OMIT);
        assert_int_equal(tree_preference(f->tree, f->batch, f->x), PREFERENCE_OMIT);
        assert_int_equal(tree_preference(f->tree, f->batch, 999999), PREFERENCE_NONE);
        assert_true(fake_tree_set_xattr(&f->fake, x, "user.oomd_omit", "0"));
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, f->x)->preference, PREFERENCE_NONE);

        /* there before the registry looked, and between its look and its dispatch */
        id = fake_tree_add(&f->fake, late);
        assert_true(fake_tree_set_xattr(&f->fake, late, "user.oomd_avoid", "1"));
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, id)->preference, PREFERENCE_AVOID);

        /* a rescan, as after the kernel's queue was full, finds it by itself */
        registry_find(f->tree, id)->preference = PREFERENCE_NONE;
        assert_int_equal(tree_scan(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_survey(f->tree, f->batch, &s), 0);
        assert_int_equal(find(&s, id)->preference, PREFERENCE_AVOID);
}

/* A user manager never pays as a whole; a unit that holds groups does not while it holds some. */
static void test_containers(void **state) {
        UnitsFixture *f = *state;
        char *const globs[] = { (char *) "/d.service/*", (char *) "/e.service/*/app", NULL };
        uint64_t user, inner, d, e, group;
        const ArmedWatch *watch;
        Candidates s;

        assert_int_equal(tree_add_groups(f->tree, globs), 0);
        fake_tree_add(&f->fake, "user@2.service"); /* still empty */
        user = fake_tree_add(&f->fake, "user@1.service");
        fake_tree_add(&f->fake, "user@1.service/app.slice");
        inner = fake_tree_add(&f->fake, "user@1.service/app.slice/in.service");
        d = fake_tree_add(&f->fake, "d.service");
        e = fake_tree_add(&f->fake, "e.service");
        fake_tree_add(&f->fake, "e.service/way");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_arm(f->tree, f->host, NULL, 0, 0, &watch), 0);

        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(s.n_candidates, 6); /* x, y, other, in, d, e */
        assert_null(look_up(&s, user));
        assert_non_null(look_up(&s, inner));
        assert_non_null(look_up(&s, d));
        assert_non_null(look_up(&s, e)); /* what is on the way to groups is none */

        group = fake_tree_add(&f->fake, "d.service/one");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_survey(f->tree, f->host, &s), 0);
        assert_int_equal(s.n_candidates, 6);
        assert_null(look_up(&s, d));
        assert_int_equal(find(&s, group)->usage_bytes, MIB);

        /* watched by themselves: what they hold */
        assert_int_equal(watch_arm(f->tree, d, NULL, 0, 0, &watch), 0);
        assert_int_equal(watch_survey(f->tree, d, &s), 0);
        assert_int_equal(s.n_candidates, 1);
        assert_int_equal(s.candidates[0].cgroup_id, group);

        fake_tree_remove(&f->fake, "d.service/one");
        assert_int_equal(tree_dispatch(f->tree, units_fixture_on_event, f), 0);
        assert_int_equal(watch_survey(f->tree, d, &s), 0);
        assert_int_equal(s.n_candidates, 1);
        assert_int_equal(s.candidates[0].cgroup_id, d);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_survey, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_survey_newcomer, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_wants, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_counts, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_slices, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_all, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_claims, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_around, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_preference, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_preference_changes, units_fixture_setup, units_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_containers, units_fixture_setup, units_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
