/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

ssize_t fd_read_text(int fd, char *buf, size_t size) {
        size_t used = 0;

        while (used < size - 1) {
                ssize_t n = pread(fd, buf + used, size - 1 - used, (off_t) used);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                used += (size_t) n;
        }
        buf[used] = '\0';
        return (ssize_t) used;
}

/* Digits at `s` up to one of " \n\0". */
static int take_uint(const char *s, uint64_t *ret) {
        uint64_t value = 0;

        if (*s < '0' || *s > '9')
                return -EBADMSG;
        for (; *s >= '0' && *s <= '9'; s++)
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
                        return -EBADMSG;
        if (*s && *s != '\n' && *s != ' ')
                return -EBADMSG;
        *ret = value;
        return 0;
}

int fd_read_uint(int fd, uint64_t *ret) {
        char buf[32];
        ssize_t n;

        n = fd_read_text(fd, buf, sizeof(buf));
        if (n < 0)
                return (int) n;
        if (strcmp(buf, "max\n") == 0 || strcmp(buf, "max") == 0) {
                *ret = UINT64_MAX;
                return 0;
        }
        return take_uint(buf, ret);
}

int text_find_uint(const char *text, const char *key, uint64_t *ret) {
        size_t length = strlen(key);

        for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
                if (strncmp(line, key, length) == 0 && line[length] == ' ') {
                        const char *value = line + length;

                        return take_uint(value + strspn(value, " "), ret);
                }
        return -ENOENT;
}
