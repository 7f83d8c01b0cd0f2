/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/usec.h"
#include "core/trace.h"
#include "ctl/incident-trace.h"

#define BEFORE_USEC (15 * USEC_PER_SEC)

/* Letters for what was done, beneath the chart. */
static const struct {
        const char *word;
        char letter;
} marks[] = {
        { " effect=release", 'u' },    { " action=log", 'l' },  { " action=protect", 'p' }, { " action=throttle", 't' },
        { " action=reclaim", 'r' },    { " action=freeze", 'f' }, { " action=kill", 'k' },  { " action=stop", 's' },
        { " action=restart", 's' },
};

/* Whether the line is of this watch; the names in it are of the trace's own spelling, which leaves common ones alone. */
static bool is_of(const char *line, const char *unit) {
        const char *watch = strstr(line, " watch=");

        return watch && strncmp(watch + strlen(" watch="), unit, strlen(unit)) == 0 &&
               strchr(" \n", watch[strlen(" watch=") + strlen(unit)]);
}

static void take_effect(const TraceEvent *t, const char *line, const char *unit, Chart *c) {
        bool act = strstr(line, " effect=act "), release = strstr(line, " effect=release ");

        if ((!act && !release) || !is_of(line, unit))
                return;
        for (size_t i = release ? 0 : 1; i < ELEMENTSOF(marks); i++) {
                const char *found = strstr(line, marks[i].word);

                if (found && strchr(" \n", found[strlen(marks[i].word)])) {
                        chart_mark(c, t->event.now_usec, marks[i].letter);
                        return;
                }
        }
}

static int take_event(const Event *event, const char *watch, uint64_t *id, Chart *c) {
        const Sample *sample = event->kind == EVENT_SAMPLE ? &event->sample.values :
                               event->kind == EVENT_SURVEY ? &event->survey.values : NULL;

        if (event->kind == EVENT_CGROUP_NEW && strcmp(event->cgroup.path, watch) == 0)
                *id = event->cgroup_id;
        if (!sample || *id == 0 || event->cgroup_id != *id)
                return 0;
        return chart_add(c, event->now_usec, sample->pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME]);
}

static int read_lines(FILE *f, const char *watch, TraceEvent *t, Chart *c) {
        _cleanup_(freep) char *line = NULL;
        const char *unit = strcmp(watch, "/") == 0 ? "-.slice" : strrchr(watch, '/') ? strrchr(watch, '/') + 1 : watch;
        size_t size = 0;
        uint64_t id = 0;
        ssize_t n;
        int r = 0;

        while (r >= 0 && (n = getline(&line, &size, f)) > 0) {
                if (line[n - 1] == '\n')
                        line[n - 1] = '\0';
                r = trace_parse_event(line, t);
                if (r == TRACE_E_EFFECT)
                        take_effect(t, line, unit, c);
                r = r == 0 ? take_event(&t->event, watch, &id, c) : 0;
        }
        return r == -ENOBUFS ? 0 : r;
}

int incident_trace_read(const char *path, const char *watch, Chart *ret) {
        _cleanup_(freep) TraceEvent *t = malloc(sizeof(*t));
        FILE *f;
        int r;

        if (!t)
                return -ENOMEM;
        f = fopen(path, "re");
        if (!f)
                return -errno;
        r = read_lines(f, watch, t, ret);
        (void) fclose(f);
        chart_trim(ret, BEFORE_USEC); /* a minute of calm would leave little room for the rest */
        return r;
}

bool incident_is_name(const char *s) {
        size_t n = strlen(s);

        return strcmp(s, "last") == 0 ||
               (n >= INCIDENT_DIGITS_MIN && n <= INCIDENT_DIGITS && strspn(s, "0123456789abcdef") == n);
}

/* The one that was written last; NULL if there is none. */
static const char *newest(const glob_t *found) {
        struct timespec best = { 0 };
        const char *path = NULL;

        for (size_t i = 0; i < found->gl_pathc; i++) {
                struct stat st;

                if (stat(found->gl_pathv[i], &st) < 0)
                        continue;
                if (!path || st.st_mtim.tv_sec > best.tv_sec ||
                    (st.st_mtim.tv_sec == best.tv_sec && st.st_mtim.tv_nsec > best.tv_nsec)) {
                        best = st.st_mtim;
                        path = found->gl_pathv[i];
                }
        }
        return path;
}

int incident_trace_find(const char *root, const char *name, char *ret, size_t size) {
        bool last = strcmp(name, "last") == 0;
        char pattern[4096];
        glob_t found = { 0 };
        const char *path;
        int r = 0;

        (void) snprintf(pattern, sizeof(pattern), "%s" INCIDENT_TRACES "/%s*.trace", root, last ? "" : name);
        if (glob(pattern, 0, NULL, &found) == GLOB_NOSPACE)
                r = -ENOMEM;
        path = newest(&found);
        if (r == 0 && !path)
                r = -ENOENT;
        if (r == 0 && !last && found.gl_pathc > 1)
                r = -ENOTUNIQ;
        if (r == 0 && (size_t) snprintf(ret, size, "%s", path) >= size)
                r = -ENAMETOOLONG;
        globfree(&found);
        return r;
}
