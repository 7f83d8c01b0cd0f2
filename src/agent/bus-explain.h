/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agent-private.h"
#include "agent/bus-private.h"
#include "core/explain.h"

/* What bus-explain.c, which takes the question and the looks that it needs, shares with bus-explain-answer.c. */

#define QUESTION_WATCHES_MAX 8U

/* One question. */
typedef struct Question {
        Agent *agent;
        sd_bus_message *message;
        sd_event_source *timer; /* of the second look */
        struct Question **place; /* where it is counted */
        uint64_t cgroup_id;
        ExplainSight first[QUESTION_WATCHES_MAX];
        uint64_t first_id[QUESTION_WATCHES_MAX]; /* the watch; 0: there was no such look */
} Question;

/* Looks at the watches, for the second time where there was a first look, and answers. Negative errno of the bus. */
int explain_answer(const Question *q);
