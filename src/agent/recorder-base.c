/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "agent/recorder-base.h"
#include "core/node.h"

static void list_init(BaseLink *head) {
        *head = (BaseLink){ .before = head, .after = head };
}

static void list_remove(BaseLink *link) {
        if (!link->after)
                return;
        link->before->after = link->after;
        link->after->before = link->before;
        link->before = link->after = NULL;
}

static void list_append(BaseLink *head, BaseLink *link) {
        list_remove(link);
        link->before = head->before;
        link->after = head;
        link->before->after = link;
        head->before = link;
}

BaseItem *base_item_new(const Event *event, const char *line, size_t n) {
        BaseItem *item = calloc(1, sizeof(*item) + n + 1);

        if (!item)
                return NULL;
        item->id = event->cgroup_id;
        item->new_usec = event->now_usec;
        item->by_new.item = item->by_look.item = item->by_managed.item = item->by_gone.item = item;
        memcpy(item->line, line, n);
        return item;
}

static BaseItem **bucket(Base *b, uint64_t id) {
        return b->buckets + (id * UINT64_C(0x9e3779b97f4a7c15) >> 52) % BASE_BUCKETS;
}

static BaseItem *find(Base *b, uint64_t id) {
        for (BaseItem *item = *bucket(b, id); item; item = item->next)
                if (item->id == id)
                        return item;
        return NULL;
}

static void remove_item(Base *b, BaseItem *item) {
        BaseItem **place = bucket(b, item->id);

        while (*place != item)
                place = &(*place)->next;
        *place = item->next;
        list_remove(&item->by_new);
        list_remove(&item->by_look);
        list_remove(&item->by_managed);
        list_remove(&item->by_gone);
        b->n_gone -= item->gone_usec > 0;
        free(item);
}

static void add_item(Base *b, BaseItem *item) {
        BaseItem **place = bucket(b, item->id), *known = find(b, item->id);

        if (known)
                remove_item(b, known);
        item->next = *place;
        *place = item;
        list_append(&b->by_new, &item->by_new);
}

void base_init(Base *b) {
        list_init(&b->by_new);
        list_init(&b->by_look);
        list_init(&b->by_managed);
        list_init(&b->by_gone);
}

void base_done(Base *b) {
        while (b->by_new.after != &b->by_new)
                remove_item(b, b->by_new.after->item);
}

void base_start(Base *b, const TraceStart *start, const char *comments, uint64_t now_usec) {
        base_done(b);
        memset(b->host, 0, sizeof(b->host));
        b->started = true;
        b->start = *start;
        b->start.base = true;
        b->start_usec = b->until_usec = now_usec;
        b->comments[0] = '\0';
        if (strlen(comments) < sizeof(b->comments))
                strcpy(b->comments, comments);
}

static void fold_look(Base *b, BaseItem *item, const Event *event) {
        const Sample *values = event->kind == EVENT_SURVEY ? &event->survey.values : &event->sample.values;

        item->look = (Event){
                .kind = EVENT_SAMPLE,
                .now_usec = event->now_usec,
                .cgroup_id = event->cgroup_id,
                .sample = { .values = *values },
        };
        list_append(&b->by_look, &item->by_look);
}

/* The core still knows what it was called, see node_registry_recall(). */
static void fold_gone(Base *b, BaseItem *item, const Event *event) {
        if (b->n_gone == NODES_LATE_MAX)
                remove_item(b, b->by_gone.after->item);
        item->gone_usec = event->now_usec;
        b->n_gone++;
        list_append(&b->by_gone, &item->by_gone);
}

void base_fold(Base *b, const Event *event, BaseItem *item) {
        BaseItem *known = find(b, event->cgroup_id);

        b->until_usec = event->now_usec;
        if (event->kind == EVENT_CGROUP_NEW && item)
                add_item(b, item);
        else if (event->kind == EVENT_CLOCK)
                b->host[BASE_CLOCK] = *event;
        else if (event->kind == EVENT_WARNING)
                b->host[event->warning <= WARNING_LOST ? BASE_ARMED : BASE_WARNING] = *event;
        else if (!known || known->gone_usec > 0)
                return;
        else if (event->kind == EVENT_CGROUP_GONE)
                fold_gone(b, known, event);
        else if (event->kind == EVENT_SAMPLE || event->kind == EVENT_SURVEY)
                fold_look(b, known, event);
        else if (event->kind == EVENT_MANAGED) {
                known->managed = *event;
                list_append(&b->by_managed, &known->by_managed);
        }
}

static int write_event(const Event *event, char *buf, size_t size, RecorderSink tell, void *userdata) {
        int r = trace_format_event(event, buf, size);

        return r < 0 ? r : tell(userdata, buf, strlen(buf));
}

/* The first of what is known of the host and not `done`; NULL: no more. */
static const Event *next_of_host(const Base *b, const bool done[static _BASE_HOST_MAX]) {
        const Event *first = NULL;

        for (BaseHost i = 0; i < _BASE_HOST_MAX; i++)
                if (!done[i] && b->host[i].kind != EVENT_CGROUP_NEW && (!first || b->host[i].now_usec < first->now_usec))
                        first = b->host + i;
        return first;
}

static int write_gone(const BaseItem *item, char *buf, size_t size, RecorderSink tell, void *userdata) {
        const Event event = { .kind = EVENT_CGROUP_GONE, .now_usec = item->gone_usec, .cgroup_id = item->id };

        return write_event(&event, buf, size, tell, userdata);
}

/* Four lists and what is known of the host, each in the order of time, as one. */
static int write_events(const Base *b, char *buf, size_t size, RecorderSink tell, void *userdata) {
        const BaseLink *made = b->by_new.after, *look = b->by_look.after, *managed = b->by_managed.after;
        const BaseLink *gone = b->by_gone.after;
        bool done[_BASE_HOST_MAX] = { false };
        int r = 0;

        while (r >= 0) {
                const Event *host = next_of_host(b, done);
                uint64_t made_usec = made != &b->by_new ? made->item->new_usec : UINT64_MAX;
                uint64_t look_usec = look != &b->by_look ? look->item->look.now_usec : UINT64_MAX;
                uint64_t managed_usec = managed != &b->by_managed ? managed->item->managed.now_usec : UINT64_MAX;
                uint64_t host_usec = host ? host->now_usec : UINT64_MAX;
                uint64_t gone_usec = gone != &b->by_gone ? gone->item->gone_usec : UINT64_MAX;
                uint64_t first_usec = MIN(MIN(MIN(made_usec, look_usec), MIN(managed_usec, host_usec)), gone_usec);

                if (first_usec == UINT64_MAX)
                        return 0;
                if (host_usec == first_usec) {
                        r = write_event(host, buf, size, tell, userdata);
                        done[host - b->host] = true;
                } else if (made_usec == first_usec) {
                        r = tell(userdata, made->item->line, strlen(made->item->line));
                        made = made->after;
                } else if (managed_usec == first_usec) {
                        r = write_event(&managed->item->managed, buf, size, tell, userdata);
                        managed = managed->after;
                } else if (look_usec == first_usec) {
                        r = write_event(&look->item->look, buf, size, tell, userdata);
                        look = look->after;
                } else {
                        r = write_gone(gone->item, buf, size, tell, userdata);
                        gone = gone->after;
                }
        }
        return r;
}

int base_write(const Base *b, const CoreIds *ids, char *buf, size_t size, RecorderSink tell, void *userdata) {
        int r;

        if (!b->started)
                return 0;
        r = trace_format_start(&b->start, b->start_usec, buf, size);
        if (r >= 0)
                r = tell(userdata, buf, strlen(buf));
        if (r >= 0 && b->comments[0])
                r = tell(userdata, b->comments, strlen(b->comments));
        if (r >= 0)
                r = write_events(b, buf, size, tell, userdata);
        if (r >= 0)
                r = trace_format_base(ids, b->until_usec, buf, size);
        return r < 0 ? r : tell(userdata, buf, strlen(buf));
}
