/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Metrics(): what was counted, and how things stand. The sums of stalls are taken in when somebody asks. */

#include <stdio.h>

#include "agent/agent-private.h"
#include "agent/alarm.h"
#include "agent/bus-private.h"
#include "agent/metrics.h"
#include "base/clock.h"
#include "sense/memstall-sums.h"

#define KEEP_USEC USEC_PER_SEC /* who asks again sooner gets the same */

/* Made when somebody asks for the first time. */
struct BusMetrics {
        MemstallSums *sums; /* NULL as long as no stalls are captured */
        char *text;
        size_t size;
        uint64_t made_usec;
};

BusMetrics *bus_metrics_free(BusMetrics *b) {
        if (!b)
                return NULL;
        memstall_sums_free(b->sums);
        free(b->text);
        free(b);
        return NULL;
}

/* What has gone already is nobody's any more. */
static void add_stall(void *userdata, uint64_t cgroup_id, StallClass class, uint64_t ns) {
        Agent *a = userdata;
        uint64_t id = tree_resolve(a->tree, cgroup_id);
        const char *unit = "gone";

        if (id != 0)
                (void) tree_name(a->tree, id, NULL, NULL, &unit, NULL);
        metrics_add_stall(a->metrics, unit, class, ns);
}

static MetricsNow look(const Agent *a) {
        CoreCounts counts = core_counts(a->core);
        TreeGaps gaps = tree_gaps(a->tree);
        MetricsNow now = {
                .n_policies = a->config.policies.n_policies,
                .n_watches = counts.n_watches,
                .n_incidents = counts.n_incidents,
                .n_config_errors = a->n_config_errors,
                .n_stuck = worker_n_stuck(a->worker),
                .dry_run = a->config.settings.dry_run,
                .culprits = a->culprits.memstall != NULL,
                .blind = { { "watches", arming_n_blind(a) }, { "units", gaps.units }, { "folders", gaps.folders }, { "files", gaps.files },
                           { "cgroups", counts.n_lost }, { "preferences", managers_lost(a) } },
                .dropped = { { "records", journal_lost(a->journal) }, { "stalls", culprits_missed(a) },
                             { "warnings", a->warnings.alarm ? alarm_lost(a->warnings.alarm) : 0 },
                             { "overflows", gaps.overflows } },
        };
        HoldStatus h;

        for (size_t i = 0; core_hold_status(a->core, i, &h); i++)
                now.n_held[h.action]++;
        return now;
}

static void expect_actions(Agent *a) {
        for (size_t i = 0; i < a->config.policies.n_policies; i++) {
                const Policy *p = a->config.policies.policies[i];

                for (const Step *step = p->steps; step < p->steps + p->n_steps; step++)
                        metrics_expect(a->metrics, p->name, step->action);
        }
}

static int make_text(BusMetrics *b, Agent *a) {
        MetricsNow now = look(a);
        FILE *f;

        if (a->culprits.memstall && !b->sums) {
                int r = memstall_sums_new(&b->sums);

                if (r < 0)
                        return r;
        }
        if (a->culprits.memstall)
                (void) memstall_sums_read(b->sums, a->culprits.memstall, add_stall, a);
        expect_actions(a);
        free(TAKE_PTR(b->text));
        f = open_memstream(&b->text, &b->size);
        if (!f)
                return -ENOMEM;
        metrics_print(a->metrics, &now, f);
        return fclose(f) == 0 ? 0 : -ENOMEM;
}

int bus_method_metrics(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        AgentBus *b = userdata;
        uint64_t now_usec = clock_usec();
        int r = 0;

        if (!b->metrics)
                b->metrics = calloc(1, sizeof(*b->metrics));
        if (!b->metrics)
                return -ENOMEM;
        if (!b->metrics->text || usec_sub(now_usec, b->metrics->made_usec) >= KEEP_USEC) {
                r = make_text(b->metrics, b->agent);
                b->metrics->made_usec = now_usec;
        }
        return r < 0 ? r : sd_bus_reply_method_return(m, "s", b->metrics->text);
}
