/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks: the reading half of sense/watch.h. Nothing here opens a file, allocates, or waits. */

#include <string.h>

#include "base/fdio.h"
#include "core/wants.h"
#include "sense/look.h"

/* Enough for the short files, whose lines are few and fixed. */
#define TEXT_MAX 512U

/* A descriptor of a removed cgroup answers ENODEV (fs/kernfs/file.c). */
static int answer(int r) {
        return r == -ENODEV ? WATCH_E_GONE : r;
}

void look_pressure(int fd, uint64_t pressure_usec[static _PRESSURE_KIND_MAX]) {
        char text[TEXT_MAX];

        if (fd >= 0 && fd_read_text(fd, text, sizeof(text)) > 0)
                (void) text_parse_pressure(text, pressure_usec);
}

int look_number(const Folder *f, FolderFile file, uint64_t absent, uint64_t *ret) {
        if (f->fds[file] < 0) {
                *ret = absent;
                return 0;
        }
        return fd_read_uint(f->fds[file], ret);
}

int look_reclaim(Tree *t, int fd, ReclaimCounts *ret) {
        ssize_t n;

        if (fd < 0)
                return 0;
        n = fd_read_text(fd, t->text, sizeof(t->text));
        return n < 0 ? (int) n : text_parse_reclaim(t->text, ret);
}

static int read_dying(int fd, uint64_t *ret) {
        char text[TEXT_MAX];
        ssize_t n;

        if (fd < 0)
                return 0;
        n = fd_read_text(fd, text, sizeof(text));
        return n < 0 ? (int) n : text_parse_dying(text, ret);
}

static int read_events(int fd, Sample *ret) {
        char text[TEXT_MAX];
        ssize_t n;

        if (fd < 0)
                return 0;
        n = fd_read_text(fd, text, sizeof(text));
        return n < 0 ? (int) n : text_parse_events(text, ret);
}

/* The smaller of memory.high and memory.max. */
static int read_limit(const Folder *f, uint64_t *ret_bytes) {
        uint64_t high, max;
        int r;

        r = look_number(f, FOLDER_HIGH, UINT64_MAX, &high);
        if (r < 0)
                return r;
        r = look_number(f, FOLDER_MAX, UINT64_MAX, &max);
        if (r < 0)
                return r;
        *ret_bytes = MIN(high, max);
        return 0;
}

/* Narrows limit and room of the sample by what `f` allows. */
static int apply_limit(const Folder *f, uint64_t usage_bytes, Sample *s) {
        uint64_t limit, room;
        int r;

        r = read_limit(f, &limit);
        if (r < 0)
                return r;
        s->limit_bytes = MIN(s->limit_bytes, limit);
        room = limit > usage_bytes ? limit - usage_bytes : 0;
        if (room < s->room_bytes) {
                s->room_bytes = room;
                s->room_cgroup_id = f->id;
        }
        return 0;
}

/* What the folder and its ancestors add to a sample of the host. */
static int sample_folder(const Folder *f, Sample *s) {
        int r;

        r = look_number(f, FOLDER_CURRENT, 0, &s->usage_bytes);
        if (r < 0)
                return r;
        r = apply_limit(f, s->usage_bytes, s);
        if (r < 0)
                return r;
        for (const Folder *above = f->parent; above->place.kind != CGROUP_HOST; above = above->parent) {
                uint64_t usage_bytes;

                r = look_number(above, FOLDER_CURRENT, 0, &usage_bytes);
                if (r < 0)
                        return r;
                r = apply_limit(above, usage_bytes, s);
                if (r < 0)
                        return r;
        }
        return read_events(f->fds[FOLDER_EVENTS], s);
}

/* The file that tells of a resource, or -EBADF if nobody wants to know. */
static int pressure_fd(const Tree *t, const Folder *f, PressureResource resource) {
        bool host = f->place.kind == CGROUP_HOST;
        unsigned wants = folder_wants(f);

        switch (resource) {
        case RESOURCE_MEMORY:
                return host ? t->host.pressure_fds[RESOURCE_MEMORY] : f->fds[FOLDER_PRESSURE];
        case RESOURCE_HOST_MEMORY:
                return !host && f->watch && f->watch->host_pressure ? t->host.pressure_fds[RESOURCE_MEMORY] : -EBADF;
        case RESOURCE_IO:
                return host && (wants & WANT_IO) ? t->host.pressure_fds[RESOURCE_IO] : f->fds[FOLDER_IO_PRESSURE];
        case RESOURCE_CPU:
                return host && (wants & WANT_CPU) ? t->host.pressure_fds[RESOURCE_CPU] : f->fds[FOLDER_CPU_PRESSURE];
        case _RESOURCE_MAX:
                break;
        }
        return -EBADF;
}

static void sample_pressure(const Tree *t, Folder *f, Sample *s) {
        for (PressureResource i = 0; i < _RESOURCE_MAX; i++)
                look_pressure(pressure_fd(t, f, i), f->pressure_usec[i]);
        memcpy(s->pressure_usec, f->pressure_usec, sizeof(s->pressure_usec));
        if (f->place.kind == CGROUP_HOST)
                memcpy(s->pressure_usec[RESOURCE_HOST_MEMORY], f->pressure_usec[RESOURCE_MEMORY],
                       sizeof(s->pressure_usec[RESOURCE_HOST_MEMORY]));
}

/* What was wanted beside the rest. */
static int sample_wanted(Tree *t, const Folder *f, Sample *s) {
        bool host = f->place.kind == CGROUP_HOST;
        unsigned wants = folder_wants(f);
        ReclaimCounts counts = { 0 };
        int r;

        if (wants & WANT_STAT) {
                r = look_reclaim(t, host ? t->host.vmstat_fd : f->fds[FOLDER_STAT], &counts);
                if (r < 0)
                        return r;
        }
        s->refaults = counts.refaults;
        s->scanned = counts.scanned;
        s->reclaimed = counts.reclaimed;
        s->wait_usec = wants & WANT_WAITS ? f->wait_usec : 0;
        return wants & WANT_DYING ? read_dying(f->fds[FOLDER_CGROUP_STAT], &s->dying) : 0;
}

int watch_sample(Tree *t, uint64_t cgroup_id, Sample *ret) {
        Folder *f = registry_find(t, cgroup_id);
        HostMemory host;
        Sample s;
        int r;

        if (!f || !(f->watch || f->n_followed))
                return WATCH_E_GONE;
        r = host_read(&t->host, &host);
        if (r < 0)
                return r;
        s = (Sample){
                .usage_bytes = host.total_bytes - MIN(host.available_bytes, host.total_bytes),
                .limit_bytes = host.total_bytes,
                .room_bytes = host.available_bytes,
                .host_available_bytes = host.available_bytes,
                .host_total_bytes = host.total_bytes,
                .host_free_bytes = host.free_bytes,
                .room_cgroup_id = t->root->id,
                .swap_free_bytes = host.swap_free_bytes,
                .swap_total_bytes = host.swap_total_bytes,
        };
        if (f->place.kind != CGROUP_HOST) {
                r = sample_folder(f, &s);
                if (r < 0)
                        return answer(r);
        }
        r = sample_wanted(t, f, &s);
        if (r < 0)
                return answer(r);
        sample_pressure(t, f, &s);
        *ret = s;
        return 0;
}
