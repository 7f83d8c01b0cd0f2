/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stop, restart, start: the reply to the call names a job, and the signal JobRemoved tells how a job has ended. PID 1
 * keeps the id when it turns the stop of a restart into a start. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/systemd-action.h"
#include "base/parse.h"

/* src/core/job.c: job_result_table. Skipped: there was nothing to do, as for a start of what is active. */
static const struct {
        const char *word;
        int error;
} results[] = {
        { "done", 0 },
        { "skipped", 0 },
        { "canceled", -ECANCELED },
        { "collected", -ECANCELED },
        { "timeout", -ETIME },
        { "unsupported", -EOPNOTSUPP },
};

static void end_with(Action *a, const char *result) {
        int error = -EIO; /* failed, dependency, and what may come */

        for (size_t i = 0; i < ELEMENTSOF(results); i++)
                if (strcmp(result, results[i].word) == 0)
                        error = results[i].error;
        action_end(a, error < 0 ? OUTCOME_FAILED : OUTCOME_DONE, error, error < 0 ? result : "");
}

int job_on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *path, *unit, *result;
        Systemd *s = userdata;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) /* jobs are merged: it may be that of several */
                if (s->actions[i].awaits_job && s->actions[i].job == id)
                        end_with(&s->actions[i], result);

        s->removed.jobs[s->removed.next].id = id;
        (void) snprintf(s->removed.jobs[s->removed.next].result, sizeof(s->removed.jobs->result), "%s", result);
        s->removed.next = (s->removed.next + 1) % JOBS_REMOVED_MAX;
        return 0;
}

int job_on_lost(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Systemd *s = userdata;

        for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
                if (s->actions[i].awaits_job)
                        action_end(&s->actions[i], OUTCOME_FAILED, -ECONNRESET, "the connection to systemd was lost");
        return 0;
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Action *a = userdata;
        const JobsRemoved *removed = &a->systemd->removed;
        const char *path;
        uint64_t id;
        int r;

        if (sd_bus_message_is_method_error(m, NULL))
                return chain_fail(a, sd_bus_message_get_error(m));
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0)
                return chain_next(a, r);
        r = parse_uint(strrchr(path, '/') + 1, &id);
        if (r < 0 || id == 0 || id > UINT32_MAX)
                return chain_next(a, -EBADMSG);

        a->slot = sd_bus_slot_unref(a->slot);
        a->awaits_job = true;
        a->job = (uint32_t) id;
        for (size_t i = 0; i < JOBS_REMOVED_MAX; i++)
                if (removed->jobs[i].id == a->job) {
                        end_with(a, removed->jobs[i].result);
                        break;
                }
        return 0;
}

int job_start(Action *a) {
        Call call = chain_call(a, on_job);

        return call_job(&call, a->method, a->unit);
}
