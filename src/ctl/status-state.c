/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/strv.h"
#include "ctl/status-state.h"

/* Room for one more item; NULL without memory. */
static void *grow(void *items, size_t *n, size_t size) {
        void **list = items;
        void *grown = realloc(*list, (*n + 1) * size);

        if (!grown)
                return NULL;
        *list = grown;
        return (char *) grown + (*n)++ * size;
}

static int read_watch(sd_bus_message *m, Status *s) {
        StatusWatch w = { .some = -1, .full = -1 }, *place;
        int r = sd_bus_message_read(m, "(sssbs)", &w.path, &w.unit, &w.policy, &w.awake, &w.incident);

        if (r <= 0)
                return r;
        place = grow(&s->watches, &s->n_watches, sizeof(w));
        if (place)
                *place = w;
        return place ? 1 : -ENOMEM;
}

static int read_hold(sd_bus_message *m, Status *s) {
        StatusHold h, *place;
        int r = sd_bus_message_read(m, "(sssstts)", &h.unit, &h.action, &h.policy, &h.step, &h.since_usec,
                                    &h.deadline_usec, &h.incident);

        if (r <= 0)
                return r;
        place = grow(&s->holds, &s->n_holds, sizeof(h));
        if (place)
                *place = h;
        return place ? 1 : -ENOMEM;
}

static int read_policy(sd_bus_message *m, Status *s) {
        StatusPolicy p, *place;
        int r = sd_bus_message_read(m, "(ss)", &p.name, &p.file);

        if (r <= 0)
                return r;
        place = grow(&s->policies, &s->n_policies, sizeof(p));
        if (place)
                *place = p;
        return place ? 1 : -ENOMEM;
}

static int read_gap(sd_bus_message *m, Status *s) {
        StatusGap g, *place;
        int r = sd_bus_message_read(m, "{st}", &g.what, &g.n);

        if (r <= 0)
                return r;
        place = grow(&s->gaps, &s->n_gaps, sizeof(g));
        if (place)
                *place = g;
        return place ? 1 : -ENOMEM;
}

static int read_rival(sd_bus_message *m, Status *s) {
        const char *unit, **place;
        int r = sd_bus_message_read(m, "s", &unit);

        if (r <= 0)
                return r;
        place = grow(&s->rivals, &s->n_rivals, sizeof(unit));
        if (place)
                *place = unit;
        return place ? 1 : -ENOMEM;
}

/* What there is: a basic type with its place, or an array with who reads one of it. */
static const struct {
        const char *name, *type;
        size_t offset;
        int (*read_item)(sd_bus_message *m, Status *s);
} properties[] = {
        { "Version", "s", offsetof(Status, version), NULL },
        { "SystemdVersion", "s", offsetof(Status, systemd), NULL },
        { "Culprits", "s", offsetof(Status, culprits), NULL },
        { "EarlyWarning", "s", offsetof(Status, warning), NULL },
        { "DryRun", "b", offsetof(Status, dry_run), NULL },
        { "ConfigErrors", "t", offsetof(Status, n_errors), NULL },
        { "LostRecords", "t", offsetof(Status, n_lost), NULL },
        { "StuckThreads", "t", offsetof(Status, n_stuck), NULL },
        { "Rivals", "s", 0, read_rival },
        { "Policies", "(ss)", 0, read_policy },
        { "Watches", "(sssbs)", 0, read_watch },
        { "Holds", "(sssstts)", 0, read_hold },
        { "Blind", "{st}", 0, read_gap },
};

static int read_items(sd_bus_message *m, const char *type, int (*read_item)(sd_bus_message *, Status *), Status *s) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', type);
        while (r > 0)
                r = read_item(m, s);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Enters the variant, reads what is known, and leaves it. */
static int read_value(sd_bus_message *m, const char *name, Status *s) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
                const char *type = properties[i].type;
                char array[32];
                int r;

                if (strcmp(properties[i].name, name) != 0)
                        continue;
                (void) snprintf(array, sizeof(array), "%s%s", properties[i].read_item ? "a" : "", type);
                r = sd_bus_message_enter_container(m, 'v', array);
                if (r < 0)
                        return r;
                r = properties[i].read_item ? read_items(m, type, properties[i].read_item, s) :
                                              sd_bus_message_read_basic(m, *type, (char *) s + properties[i].offset);
                return r < 0 ? r : sd_bus_message_exit_container(m);
        }
        return sd_bus_message_skip(m, "v");
}

int status_read(sd_bus_message *message, Status *ret) {
        _cleanup_(status_done) Status s = { .version = "", .systemd = "", .culprits = "", .warning = "" };
        const char *name;
        int r;

        s.message = sd_bus_message_ref(message);
        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        while (r > 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &name);
                if (r >= 0)
                        r = read_value(message, name, &s);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                r = r < 0 ? r : 1;
        }
        if (r < 0)
                return r;
        *ret = s;
        s = (Status){ 0 };
        return 0;
}

void status_select(Status *s, char *const *units) {
        size_t n = 0;

        if (!*units)
                return;
        for (size_t i = 0; i < s->n_watches; i++)
                if (strv_fnmatch(units, s->watches[i].unit) || strv_fnmatch(units, s->watches[i].path))
                        s->watches[n++] = s->watches[i];
        s->n_watches = n;
        n = 0;
        for (size_t i = 0; i < s->n_holds; i++)
                if (strv_fnmatch(units, s->holds[i].unit))
                        s->holds[n++] = s->holds[i];
        s->n_holds = n;
}

/* "some avg10=12.34 ...": 1234; negative without such a line. */
static int parse_average(const char *text, const char *kind) {
        const char *line = strstr(text, kind);
        unsigned whole, parts;

        line = line ? strstr(line, "avg10=") : NULL;
        return line && sscanf(line, "avg10=%3u.%2u", &whole, &parts) == 2 ? (int) (whole * 100 + parts) : -1;
}

/* It lags by seconds, which decisions may not do; for a look it serves. */
void status_read_pressure(Status *s) {
        for (StatusWatch *w = s->watches; w < s->watches + s->n_watches; w++) {
                _cleanup_(fd_closep) int fd = -EBADF;
                char file[PATH_MAX], text[256];

                if (strcmp(w->path, "/") == 0)
                        (void) snprintf(file, sizeof(file), "/proc/pressure/memory");
                else
                        (void) snprintf(file, sizeof(file), "/sys/fs/cgroup%s/memory.pressure", w->path);
                fd = open(file, O_RDONLY | O_CLOEXEC);
                if (fd < 0 || fd_read_text(fd, text, sizeof(text)) < 0)
                        continue;
                w->some = parse_average(text, "some");
                w->full = parse_average(text, "full");
        }
}

void status_done(Status *s) {
        free(s->policies);
        free(s->watches);
        free(s->holds);
        free(s->gaps);
        free(s->rivals);
        sd_bus_message_unref(s->message);
        *s = (Status){ 0 };
}
