/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/clock.h"
#include "base/format.h"
#include "ctl/json.h"
#include "ctl/status-state.h"
#include "ctl/table.h"

static const char *average_text(int share, char *buf, size_t size) {
        if (share < 0)
                return "-";
        (void) snprintf(buf, size, "%d.%02d%%", share / 100, share % 100);
        return buf;
}

static int print_watches(FILE *f, const Status *s, bool chosen, bool colors) {
        _cleanup_(table_done) Table t = { .n_columns = 5, .colors = colors };
        int r;

        r = table_add(&t, (const char *const[]){ "WATCHED", "POLICY", "SOME avg10", "FULL avg10", "NOW" });
        for (const StatusWatch *w = s->watches; r >= 0 && w < s->watches + s->n_watches; w++) {
                char some[32], full[32], now[64];

                (void) snprintf(now, sizeof(now), *w->incident ? "incident %.8s" : "calm", w->incident);
                r = table_add(&t, (const char *const[]){ strcmp(w->path, "/") == 0 ? "the host" : w->unit, w->policy,
                                                         average_text(w->some, some, sizeof(some)),
                                                         average_text(w->full, full, sizeof(full)), now });
                if (r >= 0 && *w->incident)
                        table_stress(&t);
        }
        if (t.n_rows > 1)
                table_print(&t, f);
        else
                fprintf(f, "Nothing %sis watched: no policy matches what runs.\n", chosen ? "of these " : "");
        return r;
}

/* "calm", "calm, at most 20s". */
static const char *until_text(uint64_t deadline_usec, char *buf, size_t size) {
        if (deadline_usec == USEC_INFINITY)
                return "calm";
        (void) snprintf(buf, size, "calm, at most %s",
                        FORMAT_DURATION(usec_sub(deadline_usec, clock_usec()) / USEC_PER_SEC * USEC_PER_SEC));
        return buf;
}

static int print_holds(FILE *f, const Status *s, bool colors) {
        _cleanup_(table_done) Table t = { .n_columns = 6, .colors = colors };
        int r;

        r = table_add(&t, (const char *const[]){ "HELD", "BY", "POLICY", "STEP", "FOR", "UNTIL" });
        for (const StatusHold *h = s->holds; r >= 0 && h < s->holds + s->n_holds; h++) {
                char until[80];

                r = table_add(&t, (const char *const[]){
                                          h->unit, h->action, h->policy, h->step,
                                          FORMAT_DURATION(usec_sub(clock_usec(), h->since_usec) / USEC_PER_SEC * USEC_PER_SEC),
                                          until_text(h->deadline_usec, until, sizeof(until)) });
        }
        if (t.n_rows > 1)
                table_print(&t, f);
        else
                fprintf(f, "Nothing is protected, throttled or frozen.\n");
        return r;
}

/* What the daemon misses, by the name that the bus has for it. */
static void print_gap(FILE *f, const StatusGap *gap) {
        static const struct {
                const char *what, *words;
        } rows[] = {
                { "watches", "watches lack a trigger or a file, and are tried again; journalctl -u memstalld says why" },
                { "overflows", "times cgroups came and went faster than they could be told, and all were looked through" },
                { "preferences", "units could not be asked for their ManagedOOMPreference=: they are too many" },
                { "stalls", "stalls at most were not counted; who is to blame is less certain" },
                { "warnings", "early warnings of the kernel came too fast to be read" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (strcmp(gap->what, rows[i].what) == 0) {
                        fprintf(f, "Blind: %" PRIu64 " %s\n", gap->n, rows[i].words);
                        return;
                }
        fprintf(f, "Blind: %" PRIu64 " %s could not be taken in; journalctl -u memstalld says why.\n", gap->n, gap->what);
}

static void print_daemon(FILE *f, const Status *s) {
        fprintf(f, "memstalld %s%s, systemd %s\nCulprits: %s\nEarly warning: %s\n", s->version,
                s->dry_run ? " (dry run)" : "", s->systemd, s->culprits, s->warning);
        if (s->n_errors > 0)
                fprintf(f, "Configuration: %" PRIu64 " mistakes when it was last read; see memstallctl check\n", s->n_errors);
        if (s->n_lost > 0)
                fprintf(f, "Journal: %" PRIu64 " records were lost\n", s->n_lost);
        if (s->n_stuck > 0)
                fprintf(f, "Stuck: %" PRIu64 " threads that act through the files of cgroups do not come back from the kernel\n",
                        s->n_stuck);
        for (size_t i = 0; i < s->n_rivals; i++)
                fprintf(f, "%s%s%s", i == 0 ? "Others that act when memory is short: " : ", ", s->rivals[i],
                        i + 1 == s->n_rivals ? "\n" : "");
        for (const StatusGap *gap = s->gaps; gap < s->gaps + s->n_gaps; gap++)
                if (gap->n > 0)
                        print_gap(f, gap);
}

int status_print(FILE *f, const Status *s, bool chosen, bool colors) {
        int r;

        print_daemon(f, s);
        fputc('\n', f);
        r = print_watches(f, s, chosen, colors);
        fputc('\n', f);
        return r < 0 ? r : print_holds(f, s, colors);
}

/* ---- For programs -------------------------------------------------------------------------------- */

static void json_text(Json *j, const char *key, const char *text) {
        json_string(j, key, *text ? text : NULL);
}

static void json_average(Json *j, const char *key, int share) {
        if (share < 0)
                json_null(j, key);
        else
                json_uint(j, key, (uint64_t) share);
}

static void json_watch(Json *j, const StatusWatch *w) {
        json_object(j, NULL);
        json_string(j, "cgroup", w->path);
        json_string(j, "unit", w->unit);
        json_string(j, "policy", w->policy);
        json_boolean(j, "awake", w->awake);
        json_text(j, "incident", w->incident);
        json_average(j, "some_avg10", w->some);
        json_average(j, "full_avg10", w->full);
        json_end(j);
}

static void json_hold(Json *j, const StatusHold *h) {
        uint64_t now_usec = clock_usec();

        json_object(j, NULL);
        json_string(j, "unit", h->unit);
        json_string(j, "action", h->action);
        json_string(j, "policy", h->policy);
        json_string(j, "step", h->step);
        json_text(j, "incident", h->incident);
        json_uint(j, "held_usec", usec_sub(now_usec, h->since_usec));
        if (h->deadline_usec == USEC_INFINITY)
                json_null(j, "left_usec");
        else
                json_uint(j, "left_usec", usec_sub(h->deadline_usec, now_usec));
        json_end(j);
}

static void json_daemon(Json *j, const Status *s) {
        json_string(j, "version", s->version);
        json_string(j, "systemd_version", s->systemd);
        json_string(j, "culprits", s->culprits);
        json_string(j, "early_warning", s->warning);
        json_boolean(j, "dry_run", s->dry_run);
        json_uint(j, "config_errors", s->n_errors);
        json_uint(j, "lost_records", s->n_lost);
        json_uint(j, "stuck_threads", s->n_stuck);
        json_list(j, "rivals");
        for (size_t i = 0; i < s->n_rivals; i++)
                json_string(j, NULL, s->rivals[i]);
        json_end(j);
        json_object(j, "blind");
        for (const StatusGap *gap = s->gaps; gap < s->gaps + s->n_gaps; gap++)
                json_uint(j, gap->what, gap->n);
        json_end(j);
}

void status_print_json(FILE *f, const Status *s) {
        Json j = { .f = f };

        json_object(&j, NULL);
        json_daemon(&j, s);
        json_list(&j, "policies");
        for (const StatusPolicy *p = s->policies; p < s->policies + s->n_policies; p++) {
                json_object(&j, NULL);
                json_string(&j, "name", p->name);
                json_text(&j, "file", p->file);
                json_end(&j);
        }
        json_end(&j);
        json_list(&j, "watches");
        for (const StatusWatch *w = s->watches; w < s->watches + s->n_watches; w++)
                json_watch(&j, w);
        json_end(&j);
        json_list(&j, "holds");
        for (const StatusHold *h = s->holds; h < s->holds + s->n_holds; h++)
                json_hold(&j, h);
        json_end(&j);
        json_end(&j);
}
