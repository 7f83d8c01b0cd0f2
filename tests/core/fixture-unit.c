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
