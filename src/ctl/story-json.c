/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "ctl/advice.h"
#include "ctl/story-print.h"

static void json_number(Json *j, const char *key, const JournalRecord *r, const char *field) {
        uint64_t value;

        if (r && record_uint(r, field, &value))
                json_uint(j, key, value);
        else
                json_null(j, key);
}

static void json_parts(Json *j, const char *key, const Part *parts, size_t n) {
        json_list(j, key);
        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *unit = strndup(parts[i].unit, parts[i].unit_length);
                _cleanup_(freep) char *evidence =
                        parts[i].rests_on ? strndup(parts[i].rests_on, strcspn(parts[i].rests_on, "\n")) : NULL;

                json_object(j, NULL);
                json_string(j, "unit", unit);
                json_uint(j, "share", parts[i].share);
                json_string(j, "comm", parts[i].comm);
                json_string(j, "pid", parts[i].pid);
                json_string(j, "class", parts[i].class);
                json_string(j, "evidence", evidence);
                json_end(j);
        }
        json_end(j);
}

static void json_deed(Json *j, const Deed *d) {
        const JournalRecord *last = d->effect ? d->effect : d->answer;

        json_object(j, NULL);
        json_uint(j, "time_usec", d->at_usec);
        json_string(j, "policy", record_get(d->any, "MEMSTALLD_POLICY"));
        json_string(j, "step", record_get(d->any, "MEMSTALLD_STEP"));
        json_string(j, "action", record_get(d->any, "MEMSTALLD_ACTION"));
        json_string(j, "victim", record_get(d->any, "MEMSTALLD_VICTIM"));
        json_string(j, "outcome", deed_end_word(d));
        json_string(j, "reason", d->kind == DEED_ACTION ? NULL : record_get(d->any, "MEMSTALLD_REASON"));
        json_string(j, "killer", record_get(d->any, "MEMSTALLD_KILLER"));
        json_boolean(j, "pending", record_is(d->any, "MEMSTALLD_PENDING", "yes"));
        json_string(j, "comm", record_get(d->any, "MEMSTALLD_COMM"));
        json_string(j, "pid", record_get(d->any, "MEMSTALLD_PID"));
        json_string(j, "conditions", d->record ? record_get(d->record, "MEMSTALLD_CONDITIONS") : NULL);
        json_string(j, "error", last ? record_get(last, "MEMSTALLD_ERROR") : NULL);
        json_number(j, "latency_usec", d->answer, "MEMSTALLD_LATENCY_USEC");
        json_number(j, "pressure_before", d->effect, "MEMSTALLD_PRESSURE_BEFORE");
        json_number(j, "pressure_after", d->effect, "MEMSTALLD_PRESSURE_AFTER");
        json_number(j, "freed", d->effect, "MEMSTALLD_FREED");
        if (d->released)
                json_uint(j, "released_usec", d->released->realtime_usec);
        else
                json_null(j, "released_usec");
        json_string(j, "release_reason", d->released ? record_get(d->released, "MEMSTALLD_REASON") : NULL);
        json_boolean(j, "held", d->held);
        json_end(j);
}

int story_print_json(Json *j, const char *key, const Story *s, const StoryLook *look) {
        char *advice[ADVICE_MAX];
        int n = advice_for(s, advice);

        if (n < 0)
                return n;
        json_object(j, key);
        json_string(j, "incident", s->incident);
        json_uint(j, "first_usec", s->first_usec);
        json_uint(j, "last_usec", s->last_usec);
        json_string(j, "watch", s->watch_unit);
        json_string(j, "cgroup", s->watch);
        json_string(j, "policy", s->policy);
        json_string(j, "cause", cause_to_string(s->cause));
        json_number(j, "pressure_some", s->worst, "MEMSTALLD_PRESSURE_SOME");
        json_number(j, "pressure_full", s->worst, "MEMSTALLD_PRESSURE_FULL");
        json_number(j, "usage", s->worst, "MEMSTALLD_USAGE");
        json_number(j, "limit", s->worst, "MEMSTALLD_LIMIT");
        json_number(j, "host_available", s->worst, "MEMSTALLD_HOST_AVAILABLE");
        json_parts(j, "causes", s->causes, s->n_causes);
        json_parts(j, "sufferers", s->sufferers, s->n_sufferers);
        json_list(j, "deeds");
        for (const Deed *d = s->deeds; d < s->deeds + s->n_deeds; d++)
                json_deed(j, d);
        json_end(j);
        json_uint(j, "deeds_left_out", s->n_more);
        json_boolean(j, "open", s->is_open);
        json_boolean(j, "records_missing", s->has_gaps || look->gap);
        json_list(j, "advice");
        for (int i = 0; i < n; i++) {
                json_string(j, NULL, advice[i]);
                free(advice[i]);
        }
        json_end(j);
        if (look->chart)
                chart_print_json(j, "chart", look->chart);
        json_end(j);
        return 0;
}
