/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture-unit.h"

Fixture f;
Step steps[2];
Policy policy;

void unit_start(const Step *list, size_t n) {
        static char *units[] = { (char *) "a.service", NULL };

        for (size_t i = 0; i < n; i++)
                steps[i] = list[i];
        policy = (Policy){ .name = (char *) "p", .match.units = units, .steps = steps, .n_steps = n,
                           .victim = { RANK_BY(RANK_USAGE) } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, A, CGROUP_UNIT, "a.service");
        feed_look(&f, A);
}

void unit_survey(void) {
        feed_survey(&f, A, &(Candidate){ .cgroup_id = A, .usage_bytes = 1000 }, 1);
}

uint64_t unit_act(Step step) {
        static Condition condition = SOME(10, 2 * SEC);

        if (step.n_conditions == 0) {
                step.conditions = &condition;
                step.n_conditions = 1;
        }
        unit_start(&step, 1);
        pass(&f, 2 * SEC, 5000, 0);
        feed_look(&f, A);
        unit_survey();
        return effect_of(&f, EFFECT_ACT)->decision.id;
}

void unit_answer(uint64_t id, OutcomeKind kind, uint64_t previous_bytes) {
        feed_outcome(&f, (Outcome){ .id = id, .kind = kind, .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, previous_bytes) });
}

void slice_start(Step step, RankMeasure rank) {
        static Condition condition = USAGE_BYTES(1);
        static char *slices[] = { (char *) "s.slice", NULL };

        steps[0] = step;
        steps[0].conditions = &condition;
        steps[0].n_conditions = 1;
        policy = (Policy){ .name = (char *) "p", .match.slices = slices, .steps = steps, .n_steps = 1,
                           .victim = { .rank = { rank }, .n_rank = 1 } };
        f = (Fixture){ .settings = SETTINGS_DEFAULT };
        fixture_start(&f, (Policy *[]){ &policy }, 1);
        feed_new(&f, SLICE, CGROUP_SLICE, "s.slice");
        feed_new(&f, A, CGROUP_UNIT, "s.slice/a.service");
        feed_new(&f, B, CGROUP_UNIT, "s.slice/b.service");
        f.sample.usage_bytes = 1000;
        feed_look(&f, SLICE);
        assert_effects(&f, "survey");
}

const Decision *slice_survey(uint64_t a_bytes, uint64_t b_bytes) {
        feed_survey(&f, SLICE, (Candidate[]){ { A, a_bytes, 100, 0 }, { B, b_bytes, 0, 0 } }, 2);
        return &effect_of(&f, EFFECT_ACT)->decision;
}
