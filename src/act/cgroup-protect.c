/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Protection through memory.low, which counts only as far as each cgroup above protects as much: those that are systemd's
 * are read, those between them and the one that is meant are raised with it. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "act/cgroup-action.h"
#include "base/format.h"
#include "base/usec.h"

static bool is_slice(const char *part, size_t length) {
        static const char suffix[] = ".slice";

        return length >= sizeof(suffix) && memcmp(part + length - strlen(suffix), suffix, strlen(suffix)) == 0;
}

/* How much of the path is the system manager's: its slices, and the unit that it delegates. The rest is beneath. */
static size_t system_length(const char *path) {
        const char *part = path + strspn(path, "/");

        while (*part) {
                size_t length = strcspn(part, "/");

                if (!is_slice(part, length))
                        return (size_t) (part + length - path);
                part += length + strspn(part + length, "/");
        }
        return strlen(path);
}

/* The next longer part of the path that is a cgroup above the whole: 0 when there is none. */
static size_t next_above(const char *path, size_t length) {
        length += strspn(path + length, "/");
        length += strcspn(path + length, "/");
        return path[length] && path[length + strspn(path + length, "/")] ? length : 0;
}

static int open_above(const CgroupJob *j, size_t length) {
        char path[CGROUP_PATH_MAX];

        memcpy(path, j->path, length);
        path[length] = '\0';
        return cgroup_open(j->root_fd, path, 0);
}

/* The least of the memory.low of those that are systemd's: more does not count beneath them. */
static int read_cap(const CgroupJob *j, uint64_t *ret, size_t *ret_whose) {
        size_t end = system_length(j->path);

        *ret = UINT64_MAX;
        for (size_t length = next_above(j->path, 0); length > 0 && length <= end; length = next_above(j->path, length)) {
                _cleanup_(fd_closep) int fd = open_above(j, length);
                uint64_t low;
                int r;

                r = fd < 0 ? fd : cgroup_read_uint(fd, "memory.low", &low);
                if (r < 0)
                        return r;
                if (low < *ret) {
                        *ret = low;
                        *ret_whose = length;
                }
        }
        return 0;
}

/* Changes memory.low of each cgroup between systemd's and this one, as far as the path's first `until` characters; what
 * is infinite stays so. A raise stops at an error, and `ret_until` says how far it came. */
static int change_above(const CgroupJob *j, bool raise, uint64_t bytes, size_t until, size_t *ret_until) {
        size_t end = system_length(j->path);

        *ret_until = end;
        for (size_t length = next_above(j->path, end); length > 0 && length <= until;
             length = next_above(j->path, length)) {
                _cleanup_(fd_closep) int fd = open_above(j, length);
                uint64_t low;
                int r;

                r = fd < 0 ? fd : cgroup_read_uint(fd, "memory.low", &low);
                if (r >= 0 && low != UINT64_MAX)
                        r = cgroup_write_uint(fd, "memory.low", raise ? usec_add(low, bytes) : usec_sub(low, bytes), 0);
                if (r < 0 && raise)
                        return r;
                *ret_until = length;
        }
        return 0;
}

/* The name of the cgroup in which the path has come to `length`. */
static const char *last_part(const CgroupJob *j, size_t length, char *buf, size_t size) {
        size_t start = length;

        while (start > 0 && j->path[start - 1] != '/')
                start--;
        (void) snprintf(buf, size, "%.*s", (int) (length - start), j->path + start);
        return buf;
}

void run_protect(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        uint64_t wanted = j->properties.values[PROPERTY_MEMORY_LOW], previous, cap, more;
        size_t whose = 0, until;
        char name[64];
        int error;

        error = cgroup_read_uint(dir_fd, "memory.low", &previous);
        if (error >= 0)
                error = read_cap(j, &cap, &whose);
        if (error == -ENOENT && cgroup_is_there(dir_fd)) {
                reply(r, OUTCOME_REFUSED, -EOPNOTSUPP, "the memory controller is not on for it");
                return;
        }
        if (error < 0) {
                reply_error(r, dir_fd, "memory.low", error);
                return;
        }
        if (previous >= wanted || cap == 0) {
                if (cap == 0)
                        reply(r, OUTCOME_REFUSED, -ERANGE, "%s has no MemoryLow=, so nothing beneath it is protected",
                              last_part(j, whose, name, sizeof(name)));
                else
                        reply(r, OUTCOME_REFUSED, -ERANGE, "its MemoryLow= is not below that already");
                return;
        }

        more = wanted - previous;
        properties_set(&r->outcome.previous, PROPERTY_MEMORY_LOW, previous);
        properties_set(&r->outcome.previous, PROPERTY_SLICES_LOW, more);
        if (!cgroup_note(j, r))
                return;
        error = change_above(j, true, more, SIZE_MAX, &until);
        if (error >= 0)
                error = cgroup_write_uint(dir_fd, "memory.low", wanted, 0);
        if (error < 0) {
                (void) change_above(j, false, more, until, &until);
                reply_error(r, dir_fd, "memory.low", error);
        } else if (cap < wanted)
                reply(r, OUTCOME_DONE, 0, "only %s of it count: MemoryLow= of %s is no more", FORMAT_SIZE(cap),
                      last_part(j, whose, name, sizeof(name)));
        else
                reply(r, OUTCOME_DONE, 0, "%s", "");
}

void run_undo_protect(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        size_t until;
        int error = 0;

        if (dir_fd >= 0)
                error = cgroup_write_uint(dir_fd, "memory.low", j->properties.values[PROPERTY_MEMORY_LOW], 0);
        /* An undo that failed comes again: what is above is lowered once. */
        if (error < 0 && cgroup_is_there(dir_fd)) {
                reply_error(r, dir_fd, "memory.low", error);
                return;
        }
        (void) change_above(j, false, j->properties.values[PROPERTY_SLICES_LOW], SIZE_MAX, &until);
        r->outcome.gone = dir_fd < 0 || error < 0;
        reply(r, OUTCOME_DONE, 0, "%s", "");
}
