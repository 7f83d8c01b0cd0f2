/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Explain(s): what the core knows about one unit. A pressure needs two looks; where a watch was not looked at lately they
 * are taken here, EXPLAIN_USEC apart, beside the core: it does not get to see them. */

#include <stdlib.h>

#include "agent/bus-explain.h"
#include "base/clock.h"
#include "sense/watch.h"

#define EXPLAIN_USEC (2 * USEC_PER_SEC)
#define WAITING_MAX 4U

static Question *questions[WAITING_MAX];

static Question *question_free(Question *q) {
        if (!q)
                return NULL;
        if (q->place)
                *q->place = NULL;
        sd_event_source_disable_unref(q->timer);
        sd_bus_message_unref(q->message);
        free(q);
        return NULL;
}
DEFINE_CLEANUP(Question *, question_free);

/* Takes the first look at each watch that nobody has looked at lately. Whether there is any. */
static bool look_first(Question *q) {
        uint64_t now_usec = clock_usec();
        bool any = false;
        ExplainWatch w;

        for (size_t i = 0; i < QUESTION_WATCHES_MAX && explain_watch(q->agent->core, q->cgroup_id, i, &w); i++) {
                if (w.looked_usec != 0 && usec_sub(now_usec, w.looked_usec) < EXPLAIN_USEC)
                        continue;
                q->first[i].now_usec = now_usec;
                if (watch_sample(q->agent->tree, w.watch.id, &q->first[i].sample) != 0)
                        continue;
                q->first_id[i] = w.watch.id;
                any = true;
        }
        return any;
}

static int on_second_look(sd_event_source *source, uint64_t usec, void *userdata) {
        Question *q = userdata;

        (void) explain_answer(q);
        question_free(q);
        return 0;
}

static Question **free_place(void) {
        for (size_t i = 0; i < WAITING_MAX; i++)
                if (!questions[i])
                        return questions + i;
        return NULL;
}

/* Keeps it until the second look. */
static int wait_for_look(Question **q) {
        Question **place = free_place();
        int r;

        if (!place)
                return -EBUSY;
        r = sd_event_add_time_relative((*q)->agent->event, &(*q)->timer, CLOCK_MONOTONIC, EXPLAIN_USEC, 0,
                                       on_second_look, *q);
        if (r < 0)
                return r;
        (*q)->place = place;
        *place = TAKE_PTR(*q);
        return 1;
}

void bus_explain_forget(void) {
        for (size_t i = 0; i < WAITING_MAX; i++)
                questions[i] = question_free(questions[i]);
}

int bus_method_explain(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(question_freep) Question *q = calloc(1, sizeof(*q));
        const char *name;
        int r;

        if (!q)
                return -ENOMEM;
        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        q->agent = ((AgentBus *) userdata)->agent;
        q->message = sd_bus_message_ref(m);
        q->cgroup_id = explain_find(q->agent->core, name);
        if (q->cgroup_id == 0)
                return sd_bus_error_setf(error, "org.memstalld1.NoSuchUnit", "%.255s does not run", name);
        if (!look_first(q))
                return explain_answer(q);
        r = wait_for_look(&q);
        return r == -EBUSY ? sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many ask at once") : r;
}
