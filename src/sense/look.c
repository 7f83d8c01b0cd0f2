/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks: the reading half of sense/watch.h. Nothing here opens a file, allocates, or waits. */

#include "base/fdio.h"
#include "sense/registry.h"
#include "sense/text.h"

/* Enough for the files that are read here, whose lines are few and fixed. */
#define TEXT_MAX 512U

/* A descriptor of a removed cgroup answers ENODEV (fs/kernfs/file.c). */
static int answer(int r) {
        return r == -ENODEV ? WATCH_E_GONE : r;
}

/* Totals of a pressure file. What cannot be read leaves them as they are: it may have been turned off meanwhile. */
static void read_pressure(int fd, uint64_t pressure_usec[static _PRESSURE_KIND_MAX]) {
        char text[TEXT_MAX];

        if (fd >= 0 && fd_read_text(fd, text, sizeof(text)) > 0)
                (void) text_parse_pressure(text, pressure_usec);
}

static int read_events(int fd, Sample *ret) {
        char text[TEXT_MAX];
        ssize_t n;

        if (fd < 0)
                return 0;
        n = fd_read_text(fd, text, sizeof(text));
        return n < 0 ? (int) n : text_parse_events(text, ret);
}

/* One number. A file that the folder does not have counts as `absent`. */
static int read_number(const Folder *f, FolderFile file, uint64_t absent, uint64_t *ret) {
        if (f->fds[file] < 0) {
                *ret = absent;
                return 0;
        }
        return fd_read_uint(f->fds[file], ret);
}

/* The smaller of memory.high and memory.max. */
static int read_limit(const Folder *f, uint64_t *ret_bytes) {
        uint64_t high, max;
        int r;

        r = read_number(f, FOLDER_HIGH, UINT64_MAX, &high);
        if (r < 0)
                return r;
        r = read_number(f, FOLDER_MAX, UINT64_MAX, &max);
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

        r = read_number(f, FOLDER_CURRENT, 0, &s->usage_bytes);
        if (r < 0)
                return r;
        r = apply_limit(f, s->usage_bytes, s);
        if (r < 0)
                return r;
        for (const Folder *above = f->parent; above->kind != CGROUP_HOST; above = above->parent) {
                uint64_t usage_bytes;

                r = read_number(above, FOLDER_CURRENT, 0, &usage_bytes);
                if (r < 0)
                        return r;
                r = apply_limit(above, usage_bytes, s);
                if (r < 0)
                        return r;
        }
        return read_events(f->fds[FOLDER_EVENTS], s);
}

int watch_sample(Tree *t, uint64_t cgroup_id, Sample *ret) {
        Folder *f = registry_find(t, cgroup_id);
        HostMemory host;
        Sample s;
        int r;

        if (!f || !f->watch)
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
                .room_cgroup_id = t->root->id,
        };
        if (f->kind != CGROUP_HOST) {
                r = sample_folder(f, &s);
                if (r < 0)
                        return answer(r);
        }
        read_pressure(f->kind == CGROUP_HOST ? t->host.pressure_fd : f->fds[FOLDER_PRESSURE], f->pressure_usec);
        for (size_t i = 0; i < _PRESSURE_KIND_MAX; i++)
                s.pressure_usec[RESOURCE_MEMORY][i] = f->pressure_usec[i];
        *ret = s;
        return 0;
}

/* The protection that a folder asks for: memory.min is the stronger kind of the same promise, and they do not add
 * up. What cannot be read protects nothing. */
static uint64_t read_protection(const Folder *f) {
        uint64_t min, low;

        if (f->kind == CGROUP_HOST)
                return UINT64_MAX;
        if (read_number(f, FOLDER_MIN, 0, &min) < 0 || read_number(f, FOLDER_LOW, 0, &low) < 0)
                return 0;
        return MAX(min, low);
}

/* No unit gets more protection than the slices above it. */
static uint64_t protection_above(const Folder *f) {
        uint64_t bytes = UINT64_MAX;

        for (const Folder *above = f->parent; above; above = above->parent)
                bytes = MIN(bytes, read_protection(above));
        return bytes;
}

static bool read_candidate(const Folder *f, Candidate *ret) {
        uint64_t pressure_usec[_PRESSURE_KIND_MAX] = { 0 };
        uint64_t usage_bytes;

        if (fd_read_uint(f->fds[FOLDER_CURRENT], &usage_bytes) < 0)
                return false;
        read_pressure(f->fds[FOLDER_PRESSURE], pressure_usec);
        *ret = (Candidate){
                .cgroup_id = f->id,
                .usage_bytes = usage_bytes,
                .protected_bytes = MIN(f->protected_bytes, usage_bytes),
                .pressure_usec = pressure_usec[PRESSURE_SOME],
        };
        return true;
}

int watch_survey(Tree *t, uint64_t cgroup_id, Candidates *ret) {
        Folder *top = registry_find(t, cgroup_id);
        Candidates s = { .candidates = t->candidates };
        uint64_t above_bytes;
        int r;

        if (!top || !top->watch)
                return WATCH_E_GONE;
        above_bytes = protection_above(top);
        for (Folder *f = top; f; f = folder_next(f, top)) {
                f->protected_bytes = MIN(f == top ? above_bytes : f->parent->protected_bytes, read_protection(f));
                if (f->kind != CGROUP_UNIT)
                        continue;
                assert(s.n_candidates < t->n_candidates_max);
                s.n_candidates += read_candidate(f, &t->candidates[s.n_candidates]);
        }
        r = watch_sample(t, cgroup_id, &s.values);
        if (r != 0)
                return r;
        *ret = s;
        return 0;
}
