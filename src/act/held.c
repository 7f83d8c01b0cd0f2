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

#define HEADER "memstalld-held "
#define LINE_MAX_LENGTH (768U + 2 * HELD_PATH_MAX) /* action, properties, three numbers, a unit name, and the path */
#define FILE_MAX (sizeof(HEADER) + 3 + HELD_UNITS_MAX * LINE_MAX_LENGTH)
#define CHUNK_MAX (2 * LINE_MAX_LENGTH)

/* A path has no empty part, so "//" is free to be a newline, and a line stays a line. */
static const char *escape_path(const char *path, char ret[static 2 * HELD_PATH_MAX]) {
        size_t n = 0;

        for (; *path; path++) {
                if (*path == '\n')
                        ret[n++] = '/';
                ret[n++] = (char) (*path == '\n' ? '/' : *path);
        }
        ret[n] = '\0';
        return ret;
}

static bool unescape_path(const char *s, char ret[static HELD_PATH_MAX]) {
        size_t n = 0;

        if (strcmp(s, "-") == 0)
                s = "";
        for (; *s; s++) {
                if (n >= HELD_PATH_MAX - 1)
                        return false;
                if (s[0] == '/' && s[1] == '/') {
                        ret[n++] = '\n';
                        s++;
                } else
                        ret[n++] = *s;
        }
        ret[n] = '\0';
        return true;
}

static size_t format_line(char *buf, size_t size, const HeldUnit *u) {
        char path[2 * HELD_PATH_MAX];

        return (size_t) snprintf(buf, size, "%s %s " ID128_FORMAT " %" PRIu64 " %s %s\n", action_to_string(u->action),
                                 FORMAT_PROPERTIES(&u->previous), ID128_VALUES(u->incident), u->since_usec,
                                 u->unit[0] ? u->unit : "-", u->path[0] ? escape_path(u->path, path) : "-");
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

/* In pieces: the whole of it may be large, and what it is made in is locked memory. */
static int write_list(int fd, const HeldUnit *units, size_t n_units) {
        static char chunk[CHUNK_MAX]; /* a write is on the way to an action, where nothing is allocated */
        size_t used = (size_t) snprintf(chunk, sizeof(chunk), HEADER "2\n");
        int r;

        for (size_t i = 0; i < MIN(n_units, (size_t) HELD_UNITS_MAX); i++) {
                if (used + LINE_MAX_LENGTH > sizeof(chunk)) {
                        r = write_all(fd, chunk, used);
                        if (r < 0)
                                return r;
                        used = 0;
                }
                used += format_line(chunk + used, sizeof(chunk) - used, units + i);
        }
        return write_all(fd, chunk, used);
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
        r = write_list(fd, units, n_units);
        if (r < 0)
                return r;
        return rename(beside, path) < 0 ? -errno : 0;
}

/* One line, without its newline. */
static bool parse_line(const char *line, unsigned version, HeldUnit *ret) {
        char action[16], previous[PROPERTIES_TEXT_MAX];
        int end = 0;

        *ret = (HeldUnit){ 0 };
        if (sscanf(line, "%15s %255s %16" SCNx64 "%16" SCNx64 " %" SCNu64 " %255s%n", action, previous,
                   &ret->incident.high, &ret->incident.low, &ret->since_usec, ret->unit, &end) != 6)
                return false;
        ret->action = action_from_string(action);
        if (!action_holds(ret->action))
                return false;
        if (version == 1) { /* MemoryHigh= was all there was */
                if (ret->action == ACTION_THROTTLE)
                        properties_set(&ret->previous, PROPERTY_MEMORY_HIGH, strtoull(previous, NULL, 10));
                return line[end] == '\0' && strcmp(ret->unit, "-") != 0;
        }

        if (properties_parse(previous, &ret->previous) < 0 ||
            (line[end] == ' ' ? !unescape_path(line + end + 1, ret->path) : line[end] != '\0'))
                return false;
        if (strcmp(ret->unit, "-") == 0)
                ret->unit[0] = '\0';
        return ret->unit[0] || ret->path[0];
}

int held_read(const char *path, HeldUnit *ret, size_t n_max, size_t *ret_n_units) {
        _cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_(freep) char *text = NULL;
        char *line, *rest;
        unsigned version;
        size_t n = 0;
        ssize_t r;

        *ret_n_units = 0;
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        text = malloc(FILE_MAX);
        if (!text)
                return -ENOMEM;
        r = fd_read_text(fd, text, FILE_MAX);
        if (r < 0)
                return (int) r;
        rest = text;
        line = strsep(&rest, "\n");
        version = strcmp(line, HEADER "1") == 0 ? 1 : strcmp(line, HEADER "2") == 0 ? 2 : 0;
        if (version == 0)
                return 0;

        while (n < n_max && (line = strsep(&rest, "\n")))
                n += parse_line(line, version, ret + n);
        *ret_n_units = n;
        return 0;
}
