/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "agent/metrics.h"
#include "base/usec.h"
#include "base/utf8.h"
#include "core/policy.h"

#define ACTIONS_MAX 256U
#define UNITS_MAX 512U
#define UNIT_SLOTS (2 * UNITS_MAX) /* a power of two */
#define NAME_MAX_BYTES 256U
#define OTHER "other"

typedef struct ActionCount {
        char policy[NAME_MAX_BYTES];
        ActionKind action;
        OutcomeKind outcome;
        uint64_t n;
} ActionCount;

typedef struct UnitStalls {
        char unit[NAME_MAX_BYTES];
        uint64_t ns[_STALL_CLASS_MAX];
} UnitStalls;

static const uint64_t latency_limits_usec[] = {
        1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000,
};

struct Metrics {
        ActionCount actions[ACTIONS_MAX]; /* the last may be `other` */
        size_t n_actions;
        uint64_t n_latencies[ELEMENTSOF(latency_limits_usec) + 1], latency_usec;
        uint64_t n_released[_ACTION_KIND_MAX][_RELEASE_REASON_MAX];
        uint64_t n_refused[_REFUSAL_REASON_MAX];
        UnitStalls units[UNITS_MAX];
        size_t n_units;
        uint16_t unit_slots[UNIT_SLOTS]; /* index into `units` and one, 0: free */
};

int metrics_new(Metrics **ret) {
        Metrics *m = calloc(1, sizeof(*m));

        if (!m)
                return -ENOMEM;
        *ret = m;
        return 0;
}

Metrics *metrics_free(Metrics *m) {
        free(m);
        return NULL;
}

/* ---- Counting ------------------------------------------------------------------------------------ */

static ActionCount *find_action(Metrics *m, const char *policy, ActionKind action, OutcomeKind outcome) {
        ActionCount *a;

        for (a = m->actions; a < m->actions + m->n_actions; a++)
                if (a->action == action && a->outcome == outcome && strncmp(a->policy, policy, NAME_MAX_BYTES - 1) == 0)
                        return a;
        /* One is kept for each outcome that the others have. */
        if (m->n_actions + _ACTION_KIND_MAX * _OUTCOME_KIND_MAX >= ACTIONS_MAX && strcmp(policy, OTHER) != 0)
                return find_action(m, OTHER, action, outcome);
        m->n_actions++;
        *a = (ActionCount){ .action = action, .outcome = outcome };
        (void) snprintf(a->policy, sizeof(a->policy), "%s", policy);
        return a;
}

void metrics_expect(Metrics *m, const char *policy, ActionKind action) {
        static const OutcomeKind answers[] = { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_TIMEOUT };

        for (size_t i = 0; i < ELEMENTSOF(answers); i++)
                (void) find_action(m, policy, action, answers[i]);
}

static void count_latency(Metrics *m, uint64_t usec) {
        size_t i = 0;

        while (i < ELEMENTSOF(latency_limits_usec) && usec > latency_limits_usec[i])
                i++;
        m->n_latencies[i]++;
        m->latency_usec += usec;
}

void metrics_count_outcome(Metrics *m, const Report *report) {
        OutcomeKind kind = report->outcome.kind;

        if (report->started)
                return;
        find_action(m, report->decision->policy->name, report->decision->action, kind)->n++;
        if (kind == OUTCOME_DONE || kind == OUTCOME_FAILED || kind == OUTCOME_TIMEOUT)
                count_latency(m, report->latency_usec);
}

void metrics_count_release(Metrics *m, const Undo *undo) {
        m->n_released[undo->action][undo->reason]++;
}

void metrics_count_refusal(Metrics *m, const Refusal *refusal) {
        m->n_refused[refusal->reason]++;
}

static uint32_t hash_name(const char *name) {
        size_t n = strnlen(name, NAME_MAX_BYTES - 1);
        uint32_t h = UINT32_C(0x811c9dc5);

        for (size_t i = 0; i < n; i++)
                h = (h ^ (unsigned char) name[i]) * UINT32_C(0x01000193);
        return h;
}

static UnitStalls *find_unit(Metrics *m, const char *unit) {
        size_t slot = hash_name(unit) % UNIT_SLOTS;
        UnitStalls *u;

        for (; m->unit_slots[slot] != 0; slot = (slot + 1) % UNIT_SLOTS) {
                u = m->units + m->unit_slots[slot] - 1;
                if (strncmp(u->unit, unit, NAME_MAX_BYTES - 1) == 0)
                        return u;
        }
        if (m->n_units + 1 >= UNITS_MAX && strcmp(unit, OTHER) != 0)
                return find_unit(m, OTHER);
        u = m->units + m->n_units++;
        m->unit_slots[slot] = (uint16_t) m->n_units;
        (void) snprintf(u->unit, sizeof(u->unit), "%s", unit);
        return u;
}

void metrics_add_stall(Metrics *m, const char *unit, StallClass class, uint64_t ns) {
        find_unit(m, unit)->ns[class] += ns;
}

/* ---- The text ------------------------------------------------------------------------------------ */

static void begin(FILE *f, const char *name, const char *type, const char *unit, const char *help) {
        fprintf(f, "# TYPE memstalld_%s %s\n", name, type);
        if (unit)
                fprintf(f, "# UNIT memstalld_%s %s\n", name, unit);
        fprintf(f, "# HELP memstalld_%s %s\n", name, help);
}

static void print_value(FILE *f, const char *value) {
        size_t size = strlen(value);

        fputc('"', f);
        for (const char *c = value; size > 0;) {
                uint32_t character;
                size_t n = utf8_character(c, size, &character);

                if (n == 0)
                        fputs("\xef\xbf\xbd", f); /* U+FFFD */
                else if (*c == '\n')
                        fputs("\\n", f);
                else
                        fprintf(f, "%s%.*s", *c == '"' || *c == '\\' ? "\\" : "", (int) n, c);
                c += MAX(n, (size_t) 1);
                size -= MAX(n, (size_t) 1);
        }
        fputc('"', f);
}

static void print_label(FILE *f, const char *before, const char *name, const char *value) {
        fprintf(f, "%s%s=", before, name);
        print_value(f, value);
}

static void print_seconds(FILE *f, uint64_t ns) {
        fprintf(f, "%" PRIu64 ".%09" PRIu64 "\n", ns / UINT64_C(1000000000), ns % UINT64_C(1000000000));
}

static void print_stalls(const Metrics *m, FILE *f) {
        begin(f, "stall_seconds", "counter", "seconds",
              "Time that tasks of a unit stalled on memory, all tasks together, by class of memstalld-records(7).");
        for (size_t i = 0; i < m->n_units; i++)
                for (StallClass c = 0; c < _STALL_CLASS_MAX; c++) {
                        if (m->units[i].ns[c] == 0)
                                continue;
                        print_label(f, "memstalld_stall_seconds_total{", "unit", m->units[i].unit);
                        print_label(f, ",", "class", stall_to_string(c));
                        fputs("} ", f);
                        print_seconds(f, m->units[i].ns[c]);
                }
}

static void print_actions(const Metrics *m, FILE *f) {
        begin(f, "actions", "counter", NULL,
              "Outcome records: one for the answer to an action, and one for what came of it (settled, no-effect).");
        for (const ActionCount *a = m->actions; a < m->actions + m->n_actions; a++) {
                print_label(f, "memstalld_actions_total{", "policy", a->policy);
                print_label(f, ",", "action", action_to_string(a->action));
                print_label(f, ",", "outcome", outcome_to_string(a->outcome));
                fprintf(f, "} %" PRIu64 "\n", a->n);
        }
        begin(f, "releases", "counter", NULL, "What was undone, and why.");
        for (ActionKind k = 0; k < _ACTION_KIND_MAX; k++)
                for (ReleaseReason r = 0; r < _RELEASE_REASON_MAX; r++)
                        if (m->n_released[k][r] > 0)
                                fprintf(f, "memstalld_releases_total{action=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
                                        action_to_string(k), release_to_string(r), m->n_released[k][r]);
        begin(f, "refusals", "counter", NULL, "Actions that were due and not taken, and why.");
        for (RefusalReason r = 0; r < _REFUSAL_REASON_MAX; r++)
                fprintf(f, "memstalld_refusals_total{reason=\"%s\"} %" PRIu64 "\n", refusal_to_string(r), m->n_refused[r]);
}

static void print_latency(const Metrics *m, FILE *f) {
        uint64_t n = 0;

        begin(f, "decision_latency_seconds", "histogram", "seconds",
              "From the kernel's event to the answer of who carried out the decision.");
        for (size_t i = 0; i < ELEMENTSOF(latency_limits_usec); i++) {
                n += m->n_latencies[i];
                fprintf(f, "memstalld_decision_latency_seconds_bucket{le=\"%" PRIu64 ".%03" PRIu64 "\"} %" PRIu64 "\n",
                        latency_limits_usec[i] / USEC_PER_SEC, latency_limits_usec[i] % USEC_PER_SEC / 1000, n);
        }
        n += m->n_latencies[ELEMENTSOF(latency_limits_usec)];
        fprintf(f, "memstalld_decision_latency_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
                   "memstalld_decision_latency_seconds_count %" PRIu64 "\nmemstalld_decision_latency_seconds_sum ", n, n);
        print_seconds(f, m->latency_usec * 1000);
}

static void print_gauge(FILE *f, const char *name, const char *help, uint64_t value) {
        begin(f, name, "gauge", NULL, help);
        fprintf(f, "memstalld_%s %" PRIu64 "\n", name, value);
}

static void print_now(const MetricsNow *now, FILE *f) {
        begin(f, "held", "gauge", NULL, "Units that are protected, throttled or frozen now.");
        for (ActionKind k = 0; k < _ACTION_KIND_MAX; k++)
                if (action_holds(k))
                        fprintf(f, "memstalld_held{action=\"%s\"} %zu\n", action_to_string(k), now->n_held[k]);
        print_gauge(f, "policies", "Policies in effect.", now->n_policies);
        print_gauge(f, "watches", "Cgroups that are watched.", now->n_watches);
        print_gauge(f, "open_incidents", "Watches with an incident that is not over.", now->n_incidents);
        begin(f, "blind", "gauge", NULL, "How much cannot be seen, see Blind in org.memstalld1(5).");
        for (size_t i = 0; i < ELEMENTSOF(now->blind) && now->blind[i].what; i++)
                fprintf(f, "memstalld_blind{what=\"%s\"} %" PRIu64 "\n", now->blind[i].what, now->blind[i].n);
        begin(f, "dropped", "counter", NULL, "What was lost so far: records for the journal, stalls, warnings and other news of the kernel.");
        for (size_t i = 0; i < ELEMENTSOF(now->dropped) && now->dropped[i].what; i++)
                fprintf(f, "memstalld_dropped_total{what=\"%s\"} %" PRIu64 "\n", now->dropped[i].what, now->dropped[i].n);
        print_gauge(f, "config_errors", "Mistakes in the files that were read last.", now->n_config_errors);
        print_gauge(f, "stuck_threads", "Threads that wait in the kernel for something that does not end.", now->n_stuck);
        print_gauge(f, "dry_run", "1 if nothing is done, whatever is decided.", now->dry_run);
        print_gauge(f, "culprits", "1 if stalls are captured: else there are no stall seconds.", now->culprits);
}

void metrics_print(const Metrics *m, const MetricsNow *now, FILE *f) {
        begin(f, "build_info", "gauge", NULL, "Always 1, with the version."); /* node exporters know no type info */
        fprintf(f, "memstalld_build_info{version=\"" PROJECT_VERSION "\"} 1\n");
        print_stalls(m, f);
        print_actions(m, f);
        print_latency(m, f);
        print_now(now, f);
        fputs("# EOF\n", f);
}
