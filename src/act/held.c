/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/held.h"
#include "base/cleanup.h"
#include "base/fdio.h"
#include "core/properties.h"

#define HEADER "memstalld-held 2\n"
#define LINE_MAX_LENGTH 768U /* action, properties, three numbers, a unit name of at most 255 bytes */
#define TEXT_MAX (sizeof(HEADER) + HELD_UNITS_MAX * LINE_MAX_LENGTH)

/* Static: a write is on the way to an action, where nothing is allocated. */
static char text[TEXT_MAX];

static size_t format(const HeldUnit *units, size_t n_units) {
        size_t used = (size_t) snprintf(text, sizeof(text), "%s", HEADER);

        for (size_t i = 0; i < MIN(n_units, (size_t) HELD_UNITS_MAX); i++) {
                const HeldUnit *u = units + i;

                used += (size_t) snprintf(text + used, sizeof(text) - used,
                                          "%s %s " ID128_FORMAT " %" PRIu64 " %s\n",
                                          action_to_string(u->action), FORMAT_PROPERTIES(&u->previous), ID128_VALUES(u->incident),
                                          u->since_usec, u->unit);
        }
        return used;
}

static int write_all(int fd, const char *buf, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, buf, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                buf += n;
                size -= (size_t) n;
        }
        return 0;
}

int held_write(const char *path, const HeldUnit *units, size_t n_units) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char beside[PATH_MAX];
        int r;

        if ((size_t) snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
                return -ENAMETOOLONG;
        fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, format(units, n_units));
        if (r < 0)
                return r;
        return rename(beside, path) < 0 ? -errno : 0;
}

/* One line, without its newline. */
static bool parse_line(const char *line, HeldUnit *ret) {
        char action[16], previous[PROPERTIES_TEXT_MAX];
        int end = 0;

        if (sscanf(line, "%15s %255s %16" SCNx64 "%16" SCNx64 " %" SCNu64 " %255s%n", action,
                   previous, &ret->incident.high, &ret->incident.low, &ret->since_usec, ret->unit,
                   &end) != 6 ||
            line[end] != '\0' || properties_parse(previous, &ret->previous) < 0)
                return false;
        ret->action = action_from_string(action);
        return action_holds(ret->action);
}

int held_read(const char *path, HeldUnit *ret, size_t n_max, size_t *ret_n_units) {
        _cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char *line, *rest = text;
        size_t n = 0;
        ssize_t r;

        *ret_n_units = 0;
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        r = fd_read_text(fd, text, sizeof(text));
        if (r < 0)
                return (int) r;
        if (strncmp(text, HEADER, strlen(HEADER)) != 0)
                return 0;

        rest += strlen(HEADER);
        while (n < n_max && (line = strsep(&rest, "\n")))
                n += parse_line(line, ret + n);
        *ret_n_units = n;
        return 0;
}
