/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "world-private.h"

#define TICK_USEC (10 * USEC_PER_MSEC)
#define STUCK_SHARE 9000U
#define STUCK_EVENTS 50U /* a second */
#define LOOK_USEC UINT64_C(100) /* what a look takes */

World *world_free(World *w) {
        if (!w)
                return NULL;

        for (size_t i = 0; i < w->n_lines; i++)
                free(w->lines[i].text);
        free(w->queue);
        free(w->cgroups);
        free(w);
        return NULL;
}

/* "at TIME REST" or "REST". */
static int add_line(World *w, char *text, unsigned number) {
        WorldLine *line = w->lines + w->n_lines;
        char *rest = text + strspn(text, " \t\n"), *end;
        uint64_t at_usec = 0;

        if (!*rest || *rest == '#')
                return 0;
        if (strncmp(rest, "at ", 3) == 0) {
                rest += 3;
                end = strchr(rest, ' ');
                if (!end)
                        return -EINVAL;
                *end = '\0';
                if (parse_duration(rest, &at_usec) < 0)
                        return -EINVAL;
                rest = end + 1;
        }
        if (w->n_lines >= WORLD_LINES_MAX)
                return -EINVAL;
        for (; line > w->lines && line[-1].at_usec > at_usec; line--)
                line[0] = line[-1];
        *line = (WorldLine){ .at_usec = at_usec, .number = number, .text = strdup(rest) };
        w->n_lines++;
        return line->text ? 0 : -ENOMEM;
}

int world_load(World **ret, const char *path) {
        _cleanup_(world_freep) World *w = calloc(1, sizeof(*w));
        char text[512];
        FILE *file = fopen(path, "re");
        int r = 0;

        if (!file)
                return -errno;
        w->cgroups = calloc(WORLD_CGROUPS_MAX, sizeof(*w->cgroups));
        w->queue = calloc(WORLD_QUEUE_MAX, sizeof(*w->queue));
        w->cgroups[w->n_cgroups++] = (WorldCgroup){ .id = 1, .kind = CGROUP_HOST, .name = "-.slice",
                                                    .dies_at_usec = USEC_INFINITY, .limit_bytes = UINT64_MAX };
        w->total_bytes = UINT64_C(1) << 30;
        w->wakeup_usec = USEC_INFINITY;
        w->end_usec = USEC_PER_MINUTE;

        for (unsigned number = 1; r >= 0 && fgets(text, sizeof(text), file); number++) {
                r = add_line(w, text, number);
                if (r < 0)
                        (void) fprintf(stderr, "%s:%u: cannot be read\n", path, number);
        }
        (void) fclose(file);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

WorldCounts world_counts(const World *w) {
        return w->counts;
}

void world_queue(World *w, const WorldItem *item) {
        assert(w->n_queue < WORLD_QUEUE_MAX);
        w->queue[w->n_queue++] = *item;
}

/* ---- Time ------------------------------------------------------------------------------------ */

static bool rests(const WorldCgroup *c) {
        return c->frozen || (c->throttled && c->calms);
}

/* Throttled and with nothing left to give: it stands still in the kernel. */
static bool is_stuck(const WorldCgroup *c) {
        return c->throttled && c->stuck;
}

static uint32_t share_of(const WorldCgroup *c, PressureKind kind) {
        if (c->shielded && c->calms)
                return 0;
        return is_stuck(c) ? STUCK_SHARE : c->share[kind];
}

static void pass_unit(World *w, WorldCgroup *c, uint64_t usec, uint32_t share[_PRESSURE_KIND_MAX][WORLD_CGROUPS_MAX]) {
        if (c->gone || rests(c))
                return;
        if (is_stuck(c))
                c->events_micro[0] += STUCK_EVENTS * usec;
        else
                c->usage_micro += c->grow * usec;
        for (size_t i = 0; i < 2; i++)
                c->events_micro[i] += c->events_rate[i] * usec;
        c->scanned_micro += c->scan * usec;
        c->reclaimed_micro += c->reclaim * usec;
        c->streamed_micro += c->stream * usec;
        c->again_micro += c->refault * usec;
        for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                for (size_t above = (size_t) (c - w->cgroups);; above = w->cgroups[above].parent) {
                        share[k][above] = MIN(share[k][above] + share_of(c, k), 10000U);
                        if (above == 0)
                                break;
                }
}

/* io pressure adds up like memory's, waits are those of all tasks. */
static void pass_waits(World *w, WorldCgroup *c, uint64_t usec, uint32_t share[WORLD_CGROUPS_MAX]) {
        if (c->gone || rests(c))
                return;
        for (size_t above = (size_t) (c - w->cgroups);; above = w->cgroups[above].parent) {
                share[above] = MIN(share[above] + c->io_share, 10000U);
                w->cgroups[above].wait_part += c->wait_share * usec;
                if (above == 0)
                        break;
        }
}

static void pass(World *w, uint64_t until_usec) {
        static uint32_t share[_PRESSURE_KIND_MAX][WORLD_CGROUPS_MAX], io_share[WORLD_CGROUPS_MAX];
        uint64_t usec = until_usec - w->now_usec;

        memset(share, 0, sizeof(share));
        memset(io_share, 0, sizeof(io_share));
        for (size_t i = 0; i < w->n_cgroups; i++) {
                pass_unit(w, w->cgroups + i, usec, share);
                pass_waits(w, w->cgroups + i, usec, io_share);
        }
        for (size_t i = 0; i < w->n_cgroups; i++) {
                w->cgroups[i].io_part += io_share[i] * usec;
                for (PressureKind k = 0; k < _PRESSURE_KIND_MAX; k++)
                        w->cgroups[i].stall_part[k] += share[k][i] * usec;
        }
        w->now_usec = until_usec;
}

/* ---- What happens ---------------------------------------------------------------------------- */

static bool fire(World *w, WorldCgroup *c, Event *ret) {
        for (WorldTrigger *t = c->triggers; t < c->triggers + c->n_triggers; t++) {
                uint64_t total = world_total_usec(w, c, &t->limit), elapsed = w->now_usec - t->start_usec;
                uint64_t growth = total - t->start_total_usec, size = t->limit.window_usec;

                if (elapsed > size) {
                        t->start_usec = w->now_usec;
                        t->start_total_usec = total;
                        t->previous_usec = growth;
                } else
                        growth += t->previous_usec * (size - elapsed) / size;

                if (growth < size * t->limit.share / 10000 ||
                    (t->last_fired_usec != 0 && w->now_usec < t->last_fired_usec + size))
                        continue;
                t->last_fired_usec = w->now_usec;
                w->counts.n_triggers++;
                *ret = (Event){ .kind = EVENT_SAMPLE, .cgroup_id = c->id,
                                .sample = { .cause = SAMPLE_TRIGGER, .limit = t->limit } };
                world_sample(w, c, &ret->sample.values);
                return true;
        }
        return false;
}

static void write_path(const World *w, const WorldCgroup *c, char *buf, size_t size) {
        char above[TRACE_PATH_MAX] = "";

        if (c == w->cgroups) {
                (void) snprintf(buf, size, "/");
                return;
        }
        if (c->parent != 0)
                write_path(w, w->cgroups + c->parent, above, sizeof(above));
        if (snprintf(buf, size, "%s/%s", above, c->name) >= (int) size)
                exit(EXIT_FAILURE);
}

static bool take_cgroup(World *w, TraceEvent *ret) {
        for (size_t i = 0; i < w->n_cgroups; i++) {
                WorldCgroup *c = w->cgroups + i;

                if (!c->known) {
                        c->known = true;
                        write_path(w, c, ret->path, sizeof(ret->path));
                        (void) snprintf(ret->unit, sizeof(ret->unit), "%s", c->name);
                        ret->event = (Event){ .kind = EVENT_CGROUP_NEW, .cgroup_id = c->id,
                                              .cgroup = { .kind = c->kind, .path = ret->path, .unit = ret->unit,
                                                          .born_usec = w->now_usec > 0 } };
                        return true;
                }
                if (!c->gone && c->dies_at_usec <= w->now_usec) {
                        c->gone = true;
                        c->usage_micro = 0;
                        if (c->comes_back)
                                world_add_again(w, c);
                        ret->event = (Event){ .kind = EVENT_CGROUP_GONE, .cgroup_id = c->id };
                        return true;
                }
        }
        return false;
}

static void describe(World *w, const WorldItem *item, TraceEvent *ret) {
        WorldCgroup *c = w->cgroups + item->cgroup;

        ret->event = (Event){ .kind = item->kind };
        if (item->kind == EVENT_OUTCOME)
                ret->event.outcome = item->outcome;
        else if (item->kind == EVENT_RELEASE) {
                ret->event.release = item->reason;
                ret->event.cgroup_id = item->cgroup == 0 ? 0 : c->id;
        } else if (item->kind == EVENT_CLOCK)
                ret->event.realtime_usec = item->realtime_usec;
        else if (item->kind == EVENT_WARNING)
                ret->event.warning = item->warning;
        else if (item->kind == EVENT_MANAGED) {
                ret->event.cgroup_id = c->id;
                ret->event.managed.pressure = item->managed_share > 0;
                ret->event.managed.share = item->managed_share;
                ret->event.managed.duration_usec = item->managed_usec;
        } else {
                ret->event.cgroup_id = c->id;
                if (item->kind == EVENT_SURVEY) {
                        w->counts.n_surveys++;
                        world_survey(w, c, ret);
                        return;
                }
                w->counts.n_samples += item->cause == SAMPLE_REQUESTED;
                ret->event.sample.cause = item->cause;
                ret->event.sample.limit = item->limit;
                world_sample(w, c, &ret->event.sample.values);
        }
}

static bool take_queue(World *w, TraceEvent *ret) {
        for (size_t i = 0; i < w->n_queue; i++) {
                WorldItem item = w->queue[i];

                if (item.at_usec > w->now_usec)
                        continue;
                memmove(w->queue + i, w->queue + i + 1, (w->n_queue - i - 1) * sizeof(*w->queue));
                w->n_queue--;
                i--;
                if ((item.kind == EVENT_SAMPLE || item.kind == EVENT_SURVEY)) {
                        if (w->cgroups[item.cgroup].gone)
                                continue;
                        pass(w, w->now_usec + LOOK_USEC);
                }
                describe(w, &item, ret);
                return true;
        }
        return false;
}

static void take_lines(World *w) {
        while (w->next_line < w->n_lines && w->lines[w->next_line].at_usec <= w->now_usec) {
                WorldLine *line = w->lines + w->next_line++;

                if (world_do_line(w, line->text) < 0) {
                        (void) fprintf(stderr, "line %u makes no sense: %s\n", line->number, line->text);
                        exit(EXIT_FAILURE);
                }
        }
}

/* What is due at this moment, the first of it. */
static bool take_due(World *w, TraceEvent *ret) {
        take_lines(w);
        if (take_cgroup(w, ret) || take_queue(w, ret))
                return true;
        if (w->wakeup_usec <= w->now_usec) {
                w->wakeup_usec = USEC_INFINITY;
                w->counts.n_timers++;
                ret->event = (Event){ .kind = EVENT_TIMER };
                return true;
        }
        return false;
}

bool world_next(World *w, TraceEvent *ret) {
        for (;;) {
                if (take_due(w, ret)) {
                        ret->event.now_usec = w->now_usec;
                        return true;
                }
                if (w->now_usec >= w->next_tick_usec) {
                        w->next_tick_usec = w->now_usec - w->now_usec % TICK_USEC + TICK_USEC;
                        for (size_t i = 0; i < w->n_cgroups; i++)
                                if (!w->cgroups[i].gone && fire(w, w->cgroups + i, &ret->event)) {
                                        ret->event.now_usec = w->now_usec;
                                        w->next_tick_usec = w->now_usec; /* there may be more */
                                        return true;
                                }
                }
                if (w->now_usec >= w->end_usec)
                        return false;
                pass(w, MAX(w->now_usec, MIN(w->next_tick_usec, w->wakeup_usec)));
        }
}
