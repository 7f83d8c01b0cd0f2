/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A watch lives in the folder it watches. Which files a folder keeps open follows from the watches above and below
 * it (sense/folder.c), so arming is: count, refresh, create triggers. */

#include <fcntl.h>

#include "base/fdio.h"
#include "sense/registry.h"
#include "sense/trigger.h"

#define EVENTS_TEXT_MAX 128U

const char *watch_error_text(int error) {
        static const char *const texts[_WATCH_E_MAX] = {
                [_WATCH_E_SUCCESS] = "it is watched",
                [WATCH_E_GONE] = "the cgroup does not exist any more",
                [WATCH_E_NO_CONTROLLER] = "it has no memory controller: turn MemoryAccounting=yes on for it",
                [WATCH_E_NO_PRESSURE] = "it has no pressure file: is cgroup.pressure 0, or pressure accounting off?",
                [WATCH_E_WINDOW] = "the kernel takes windows of 500ms to 10s, and shares over 0% up to 100%",
                [WATCH_E_NO_FULL] = "the kernel does not account when all wait for the CPU: \"some\" is what it has",
                [WATCH_E_EMPTY] = "there is no process in it",
                [WATCH_E_PRIVILEGE] = "without CAP_SYS_RESOURCE the kernel takes only multiples of 2s as windows",
        };

        return error >= 0 && error < _WATCH_E_MAX ? texts[error] : "the kernel refused it";
}

const ArmedWatch *watch_find(const Tree *t, uint64_t cgroup_id) {
        const Folder *f = registry_find(t, cgroup_id);

        return f ? f->watch : NULL;
}

void watch_disarm(Tree *t, uint64_t cgroup_id) {
        Folder *f = registry_find(t, cgroup_id), *top;
        unsigned wants;

        if (!f || !f->watch)
                return;
        top = registry_claimed(t, f);
        wants = f->watch->wants;
        f->watch = folder_watch_free(f->watch);
        registry_count_look(t, f, false);
        registry_count_claims(t, top, wants, false);
}

void tree_unfollow(Tree *t, uint64_t cgroup_id) {
        Folder *f = registry_find(t, cgroup_id);

        if (f && f->n_followed > 0 && --f->n_followed == 0)
                registry_count_look(t, f, false);
}

/* Why the files that a sample reads are not open. 0 if they are. */
static int check_files(const Folder *f) {
        _cleanup_(fd_closep) int fd = -EBADF;

        if (f->place.kind == CGROUP_HOST)
                return 0;
        if (f->lacks_files)
                return -EMFILE;
        if (f->fds[FOLDER_CURRENT] >= 0)
                return 0;
        fd = folder_enter(f);
        if (fd == -ENOENT || fd == -ENOTDIR || fd == -ENODEV)
                return WATCH_E_GONE;
        return fd < 0 ? fd : WATCH_E_NO_CONTROLLER;
}

/* The manager removes a unit's cgroup when its last process is gone, and a kernel may not bear that while a trigger is
 * being created (see agent/arming.c). Slices stay. */
static bool is_empty(const Folder *f, int folder_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[EVENTS_TEXT_MAX];
        uint64_t populated;

        if (f->place.kind != CGROUP_UNIT && f->place.kind != CGROUP_GROUP)
                return false;
        fd = openat(folder_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        return fd >= 0 && fd_read_text(fd, text, sizeof(text)) > 0 &&
               text_find_uint(text, "populated", &populated) == 0 && populated == 0;
}

/* Opens one trigger in the file of its resource: of the folder, or of the host. */
static int open_trigger(const Tree *t, const Folder *f, int folder_fd, Trigger *trigger) {
        static const char *const paths[_RESOURCE_MAX] = {
                [RESOURCE_MEMORY] = "memory.pressure",
                [RESOURCE_IO] = "io.pressure",
                [RESOURCE_CPU] = "cpu.pressure",
        };
        const PressureLimit *limit = &trigger->limit;
        bool host = f->place.kind == CGROUP_HOST || limit->resource == RESOURCE_HOST_MEMORY;

        if (!host && is_empty(f, folder_fd))
                return WATCH_E_EMPTY;
        if (!host)
                return trigger_open(&trigger->fd, folder_fd, paths[limit->resource], limit);
        /* it is there since 5.13, and takes triggers, but is always 0 */
        if (limit->resource == RESOURCE_CPU && limit->kind == PRESSURE_FULL)
                return WATCH_E_NO_FULL;
        return trigger_open(&trigger->fd, t->host.proc_fd, host_pressure_path(limit->resource), limit);
}

/* Creates the triggers. Returns the first answer that is not 0. */
static int open_triggers(const Tree *t, const Folder *f, ArmedWatch *watch) {
        _cleanup_(fd_closep) int folder_fd = folder_enter(f);
        int first = 0;

        if (folder_fd < 0)
                return folder_fd == -ENOENT ? WATCH_E_GONE : folder_fd;
        for (size_t i = 0; i < watch->n_triggers; i++) {
                Trigger *trigger = &watch->triggers[i];

                trigger->error = open_trigger(t, f, folder_fd, trigger);
                if (first == 0)
                        first = trigger->error;
                if (trigger->error < 0 || trigger->error == WATCH_E_GONE)
                        return trigger->error;
        }
        return first;
}

/* Whether an answer means that there is nothing to watch, rather than less than was asked for. */
static bool is_refusal(int r) {
        return r < 0 || r == WATCH_E_GONE || r == WATCH_E_NO_CONTROLLER;
}

/* Opens what the watch needs. The first look is for memory.events.local, which wakes nobody before it was read. */
static int bring_up(Tree *t, Folder *f) {
        Sample sample;
        int r, answer;

        registry_count_look(t, f, true);
        registry_count_claims(t, registry_claimed(t, f), f->watch->wants, true);
        r = check_files(f);
        if (is_refusal(r))
                return r;
        answer = open_triggers(t, f, f->watch);
        if (is_refusal(answer))
                return answer;
        r = watch_sample(t, f->id, &sample);
        return r != 0 ? r : answer;
}

/* What the limits ask for by themselves. */
static void note_limit(ArmedWatch *watch, const PressureLimit *limit) {
        switch (limit->resource) {
        case RESOURCE_HOST_MEMORY:
                watch->host_pressure = true;
                break;
        case RESOURCE_IO:
                watch->wants |= WANT_IO;
                break;
        case RESOURCE_CPU:
                watch->wants |= WANT_CPU;
                break;
        case RESOURCE_MEMORY:
        case _RESOURCE_MAX:
                break;
        }
}

int watch_arm(Tree *t, uint64_t cgroup_id, const PressureLimit *limits, size_t n_limits, unsigned wants,
              const ArmedWatch **ret_watch) {
        Folder *f = registry_find(t, cgroup_id);
        ArmedWatch *watch;
        int r;

        if (!f || !f->place.told)
                return WATCH_E_GONE;
        watch_disarm(t, cgroup_id);

        watch = calloc(1, sizeof(*watch) + n_limits * sizeof(*watch->triggers));
        if (!watch)
                return -ENOMEM;
        watch->cgroup_id = cgroup_id;
        watch->wants = wants;
        watch->n_triggers = n_limits;
        for (size_t i = 0; i < n_limits; i++) {
                watch->triggers[i] = (Trigger){ .limit = limits[i], .fd = -EBADF };
                note_limit(watch, &limits[i]);
        }
        f->watch = watch; /* the folder's from here on: watch_disarm() undoes all that follows */

        r = bring_up(t, f);
        if (is_refusal(r)) {
                watch_disarm(t, cgroup_id);
                return r;
        }
        watch->events_fd = f->fds[FOLDER_EVENTS];
        *ret_watch = watch;
        return r;
}

int tree_follow(Tree *t, uint64_t cgroup_id) {
        Folder *f = registry_find(t, cgroup_id);
        int r;

        if (!f || !f->place.told)
                return WATCH_E_GONE;
        if (f->n_followed++ > 0)
                return 0;
        registry_count_look(t, f, true);
        r = check_files(f);
        if (r != 0)
                tree_unfollow(t, cgroup_id);
        return r;
}
