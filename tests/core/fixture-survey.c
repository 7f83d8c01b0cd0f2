/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture-survey.h"

NodeRegistry nodes;
Survey survey;

int setup(void **state) {
        registry_put(&nodes, HOST, CGROUP_HOST, "-.slice");
        registry_put(&nodes, SLICE, CGROUP_SLICE, "s.slice");
        registry_put(&nodes, A, CGROUP_UNIT, "s.slice/a.service");
        registry_put(&nodes, B, CGROUP_UNIT, "s.slice/b.service");
        registry_put(&nodes, C, CGROUP_UNIT, "c.service");
        return survey_init(&survey);
}

int teardown(void **state) {
        survey_done(&survey);
        node_registry_done(&nodes);
        return 0;
}

bool fill(uint64_t now_usec, const Candidate *candidates, size_t n) {
        return survey_fill(&survey, &nodes,
                           &(Event){ .kind = EVENT_SURVEY, .now_usec = now_usec,
                                     .survey = { .candidates = candidates, .n_candidates = n } });
}
