/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fdio.h"
#include "base/utf8.h"
#include "config/source.h"

/* kernel: Documentation/admin-guide/devices.txt */
#define NULL_DEVICE makedev(1, 3)

static const char byte_order_mark[] = "\xef\xbb\xbf";

static const char *file_kind(mode_t mode) {
        static const struct {
                mode_t format;
                const char *words;
        } kinds[] = {
                { S_IFDIR, "a directory" }, { S_IFIFO, "a FIFO" },  { S_IFSOCK, "a socket" },
                { S_IFCHR, "a device" },    { S_IFBLK, "a device" },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if ((mode & S_IFMT) == kinds[i].format)
                        return kinds[i].words;
        return "no regular file";
}

static bool is_mask(const struct stat *st) {
        return (S_ISREG(st->st_mode) && st->st_size == 0) ||
               (S_ISCHR(st->st_mode) && st->st_rdev == NULL_DEVICE);
}

/* Turns what place_error() answers into the answer of a reader. */
static int refused(int r) {
        return r < 0 ? r : CONFIG_E_REFUSED;
}

static int check_file(const Place *place, const struct stat *st) {
        if (is_mask(st))
                return CONFIG_E_MASKED;
        if (!S_ISREG(st->st_mode))
                return refused(place_error(place, "is %s, put a text file in its place", file_kind(st->st_mode)));
        if (st->st_size > (off_t) SOURCE_SIZE_MAX)
                return refused(place_error(place, "is larger than 1M, put a configuration file in its place"));
        return 0;
}

static int check_text(const Source *source, ConfigErrors *errors) {
        Place place = { .errors = errors, .file = source->path, .line = 1 };
        size_t valid;

        valid = utf8_text_length(source->text, source->size);
        if (valid == source->size)
                return 0;
        for (size_t i = 0; i < valid; i++)
                place.line += source->text[i] == '\n';
        return refused(place_error(&place, "holds bytes that are no text, write the file in UTF-8 without control "
                                           "characters"));
}

int source_read(const char *path, Source *ret, ConfigErrors *errors) {
        const Place place = { .errors = errors, .file = path, .line = 1 };
        _cleanup_(source_done) Source source = { 0 };
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat st;
        ssize_t n;
        int r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hold us up */
        if (fd < 0 || fstat(fd, &st) < 0)
                return refused(place_error(&place, "cannot be read: %s", strerror(errno)));
        r = check_file(&place, &st);
        if (r != 0)
                return r;

        source.path = strdup(path);
        source.text = malloc((size_t) st.st_size + 1);
        if (!source.path || !source.text)
                return -ENOMEM;
        n = fd_read_text(fd, source.text, (size_t) st.st_size + 1);
        if (n < 0)
                return refused(place_error(&place, "cannot be read: %s", strerror((int) -n)));
        source.size = (size_t) n;
        if (strncmp(source.text, byte_order_mark, strlen(byte_order_mark)) == 0) {
                source.size -= strlen(byte_order_mark);
                memmove(source.text, source.text + strlen(byte_order_mark), source.size + 1);
        }

        r = check_text(&source, errors);
        if (r != 0)
                return r;
        *ret = TAKE(source, (Source){ 0 });
        return 0;
}

void source_done(Source *source) {
        free(source->text);
        free(source->path);
        *source = (Source){ 0 };
}
