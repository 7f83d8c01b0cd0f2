/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Limits and protection through the files, in the values that systemd's properties have, so that what was there before
 * can be kept, shown and put back alike, whoever set it. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/cgroup-action.h"
#include "base/format.h"
#include "base/usec.h"

#define CPU_QUOTA_MIN_USEC 1000U /* the kernel's smallest cpu.max */
#define WEIGHT_DEFAULT 100U

/* ---- memory.high ----------------------------------------------------------------------------- */

static int read_high(int dir_fd, uint64_t *ret) {
        return cgroup_read_uint(dir_fd, "memory.high", ret);
}

/* Below the usage the writer reclaims, until a signal ends that; the limit holds from the first moment. */
static int write_high(int dir_fd, uint64_t value) {
        return cgroup_write_uint(dir_fd, "memory.high", value, O_NONBLOCK);
}

/* ---- cpu.max: "max 100000", "20000 100000" ----------------------------------------------------- */

static int read_cpu_max(int dir_fd, uint64_t *ret_quota, uint64_t *ret_period) {
        char text[64], *rest = text;
        int r;

        r = cgroup_read_text(dir_fd, "cpu.max", text, sizeof(text));
        if (r < 0)
                return r;
        *ret_quota = strncmp(text, "max ", 4) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
        rest = strchr(text, ' ');
        *ret_period = rest ? strtoull(rest, NULL, 10) : 0;
        return *ret_period > 0 && *ret_quota > 0 ? 0 : -EBADMSG;
}

static uint64_t scale(uint64_t value, uint64_t by, uint64_t of) {
        return (uint64_t) (((unsigned __int128) value * by + of / 2) / of);
}

static int read_quota(int dir_fd, uint64_t *ret) {
        uint64_t quota, period;
        int r;

        r = read_cpu_max(dir_fd, &quota, &period);
        if (r < 0)
                return r;
        *ret = quota == UINT64_MAX ? UINT64_MAX : scale(quota, USEC_PER_SEC, period);
        return 0;
}

/* The period that is there stays. */
static int write_quota(int dir_fd, uint64_t value) {
        uint64_t quota, period;
        char text[64];
        int r;

        r = read_cpu_max(dir_fd, &quota, &period);
        if (r < 0)
                return r;
        if (value == UINT64_MAX)
                (void) snprintf(text, sizeof(text), "max %" PRIu64, period);
        else
                (void) snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64,
                                MAX((uint64_t) CPU_QUOTA_MIN_USEC, scale(value, period, USEC_PER_SEC)), period);
        return cgroup_write_text(dir_fd, "cpu.max", text, 0);
}

/* ---- cpu.weight, io.weight --------------------------------------------------------------------- */

static int read_cpu_weight(int dir_fd, uint64_t *ret) {
        return cgroup_read_uint(dir_fd, "cpu.weight", ret);
}

static int write_cpu_weight(int dir_fd, uint64_t value) {
        return cgroup_write_uint(dir_fd, "cpu.weight", value == UINT64_MAX ? WEIGHT_DEFAULT : value, 0);
}

/* Its first line is "default 100"; devices may follow. */
static int read_io_weight(int dir_fd, uint64_t *ret) {
        char text[512];
        int r;

        r = cgroup_read_text(dir_fd, "io.weight", text, sizeof(text));
        if (r < 0)
                return r;
        if (strncmp(text, "default ", strlen("default ")) != 0)
                return -EBADMSG;
        *ret = strtoull(text + strlen("default "), NULL, 10);
        return 0;
}

static int write_io_weight(int dir_fd, uint64_t value) {
        char text[40];

        (void) snprintf(text, sizeof(text), "default %" PRIu64, value == UINT64_MAX ? WEIGHT_DEFAULT : value);
        return cgroup_write_text(dir_fd, "io.weight", text, 0);
}

/* ---- Throttle -------------------------------------------------------------------------------- */

static const struct Limit {
        const char *file, *word;
        int (*read)(int dir_fd, uint64_t *ret);
        int (*write)(int dir_fd, uint64_t value);
} limits[_PROPERTY_MAX] = {
        [PROPERTY_MEMORY_HIGH] = { "memory.high", "MemoryHigh=", read_high, write_high },
        [PROPERTY_CPU_QUOTA] = { "cpu.max", "CPUQuota=", read_quota, write_quota },
        [PROPERTY_CPU_WEIGHT] = { "cpu.weight", "CPUWeight=", read_cpu_weight, write_cpu_weight },
        [PROPERTY_IO_WEIGHT] = { "io.weight", "IOWeight=", read_io_weight, write_io_weight },
};

/* "its MemoryHigh= is not above that already, there is no io.weight for it": why properties are left alone. */
typedef struct Lacks {
        char text[OUTCOME_ERROR_MAX];
        size_t used;
} Lacks;

static void add_lack(Lacks *l, const char *before, const char *word, const char *after) {
        int n = snprintf(l->text + l->used, sizeof(l->text) - l->used, "%s%s%s%s", l->used > 0 ? ", " : "", before, word,
                         after);

        l->used = MIN(l->used + (size_t) MAX(n, 0), sizeof(l->text) - 1);
}

/* Notes what is there of all that can be set. 0 or -errno, with the property in `ret_failed`. */
static int read_previous(const CgroupJob *j, int dir_fd, Properties *ret, Lacks *lacks, Property *ret_failed) {
        for (Property p = 0; p < _PROPERTY_MAX; p++) {
                uint64_t previous = 0;
                int r;

                if (!limits[p].file || !properties_has(&j->properties, p))
                        continue;
                r = limits[p].read(dir_fd, &previous);
                if (r == -ENOENT && cgroup_is_there(dir_fd)) {
                        add_lack(lacks, "there is no ", limits[p].file, " for it");
                        continue;
                }
                if (r < 0) {
                        *ret_failed = p;
                        return r;
                }
                if (p == PROPERTY_MEMORY_HIGH && previous <= j->properties.values[p])
                        add_lack(lacks, "its ", limits[p].word, " is not above that already");
                else if (p == PROPERTY_CPU_WEIGHT && previous == 0)
                        add_lack(lacks, "its ", limits[p].word, " is idle already");
                else
                        properties_set(ret, p, previous);
        }
        return 0;
}

/* Writes those of `values` that `which` has; after an error nothing more. */
static int write_limits(int dir_fd, const Properties *which, const Properties *values, Property *ret_failed) {
        for (Property p = 0; p < _PROPERTY_MAX; p++) {
                int r;

                if (!limits[p].file || !properties_has(which, p))
                        continue;
                r = limits[p].write(dir_fd, values->values[p]);
                if (r < 0) {
                        *ret_failed = p;
                        return r;
                }
        }
        return 0;
}

void run_throttle(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        Properties *previous = &r->outcome.previous;
        Property failed = 0, ignored;
        Lacks lacks = { 0 };
        int error;

        error = read_previous(j, dir_fd, previous, &lacks, &failed);
        if (error >= 0 && previous->set == 0) {
                reply(r, OUTCOME_REFUSED, -ERANGE, "%s", lacks.used > 0 ? lacks.text : "there is nothing to set");
                return;
        }
        if (error >= 0) {
                worker_tell(r); /* should a write not come back, this is what to put back */
                error = write_limits(dir_fd, previous, &j->properties, &failed);
                if (error < 0)
                        (void) write_limits(dir_fd, previous, previous, &ignored);
        }
        if (error < 0)
                reply_error(r, dir_fd, limits[failed].file, error);
        else
                reply(r, OUTCOME_DONE, 0, "%s", lacks.text);
}

void run_undo_throttle(const CgroupJob *j, int dir_fd, CgroupReply *r) {
        Property failed = 0;
        int error, first = 0;

        /* One that cannot be put back is no reason to leave the others. */
        for (Property p = 0; p < _PROPERTY_MAX; p++) {
                Properties one = { 0 };

                if (!limits[p].file || !properties_has(&j->properties, p))
                        continue;
                properties_set(&one, p, 0);
                error = write_limits(dir_fd, &one, &j->properties, &failed);
                if (error == -ENOENT && cgroup_is_there(dir_fd))
                        continue; /* its controller was switched off: there is no limit any more */
                if (error < 0 && first == 0) {
                        first = error;
                        reply_error(r, dir_fd, limits[p].file, error);
                }
        }
        if (first == 0)
                reply(r, OUTCOME_DONE, 0, "%s", "");
}

/* ---- Protect --------------------------------------------------------------------------------- */

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
        worker_tell(r);
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
