/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Limits through the files, in the values that systemd's properties have, so that what was there before can be kept, shown
 * and put back alike, whoever set it. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/cgroup-action.h"
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

/* A weight in a file is 100 if none was set. To systemd that is another thing than a weight of 100. */
static uint64_t as_property(Property p, uint64_t value) {
        return (p == PROPERTY_CPU_WEIGHT || p == PROPERTY_IO_WEIGHT) && value == WEIGHT_DEFAULT ? UINT64_MAX : value;
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
                /* systemd knows better: it may be stuck in the very write that this is instead of. */
                if (properties_has(&j->known, p))
                        previous = j->known.values[p];
                else if (j->instead)
                        previous = as_property(p, previous);
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
                if (!cgroup_note(j, r))
                        return;
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
