/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "act/held-line.h"
#include "base/fdio.h"

#define FILE_SIZE ((1 + HELD_UNITS_MAX) * (size_t) HELD_LINE_MAX)
#define EARLIER_FILE_MAX (1U << 20) /* 256 lines of the longest that there were */

/* ---- Reading --------------------------------------------------------------------------------- */

static unsigned parse_version(const char *line) {
        unsigned version = 0;
        int end = 0;

        return sscanf(line, HELD_HEADER "%3u %n", &version, &end) == 1 && line[end] == '\0' ? version : 0;
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
        text = malloc(EARLIER_FILE_MAX);
        if (!text)
                return -ENOMEM;
        r = fd_read_text(fd, text, EARLIER_FILE_MAX);
        if (r < 0)
                return (int) r;
        rest = text;
        line = strsep(&rest, "\n");
        version = parse_version(line);
        while (n < n_max && (line = strsep(&rest, "\n")))
                n += held_line_parse(line, version, ret + n);
        *ret_n_units = n;
        return 0;
}

int held_lock(const char *folder) {
        _cleanup_(fd_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* ---- The list -------------------------------------------------------------------------------- */

struct HeldList {
        char *map; /* FILE_SIZE */
        pthread_mutex_t lock;
        uint64_t ids[HELD_UNITS_MAX]; /* 0: none */
};

static char *line_at(HeldList *l, size_t slot) {
        return l->map + (1 + slot) * HELD_LINE_MAX;
}

/* `text` is as long as the line, filled up with spaces. Its first character is written last, and taken away first: what is
 * killed in between leaves a free slot. The compiler has to keep that order; of what a dead process has written all is
 * seen. */
static void write_line(char *line, const char text[static HELD_LINE_MAX]) {
        volatile char *first = line;

        if (memcmp(line, text, HELD_LINE_MAX) == 0)
                return;
        *first = ' ';
        atomic_signal_fence(memory_order_seq_cst);
        memcpy(line + 1, text + 1, HELD_LINE_MAX - 1);
        atomic_signal_fence(memory_order_seq_cst);
        *first = text[0];
}

static void fill_up(char text[static HELD_LINE_MAX], size_t length) {
        memset(text + length, ' ', HELD_LINE_MAX - 1 - length);
        text[HELD_LINE_MAX - 1] = '\n';
}

static void free_line(char *line) {
        volatile char *first = line;

        *first = ' ';
        atomic_signal_fence(memory_order_seq_cst);
        fill_up(line, 0);
}

static int set_line(HeldList *l, size_t slot, const HeldUnit *unit) {
        char text[HELD_LINE_MAX];
        size_t length = held_line_format(text, unit);

        if (length >= HELD_LINE_MAX - 1)
                return HELD_E_LONG;
        fill_up(text, length);
        write_line(line_at(l, slot), text);
        return 0;
}

static bool read_line(HeldList *l, size_t slot, HeldUnit *ret) {
        char text[HELD_LINE_MAX];

        memcpy(text, line_at(l, slot), HELD_LINE_MAX - 1);
        text[HELD_LINE_MAX - 1] = '\0';
        return held_line_parse(text, HELD_VERSION, ret);
}

static bool find(const HeldList *l, uint64_t id, size_t *ret_slot) {
        for (size_t i = 0; i < HELD_UNITS_MAX && id != 0; i++)
                if (l->ids[i] == id) {
                        *ret_slot = i;
                        return true;
                }
        return false;
}

int held_list_set(HeldList *l, size_t slot, uint64_t id, const HeldUnit *unit) {
        int r = 0;

        pthread_mutex_lock(&l->lock);
        if (id == 0 || l->ids[slot] != id) { /* else it may have been noted more than is known here */
                r = set_line(l, slot, unit);
                if (r != 0)
                        free_line(line_at(l, slot));
                l->ids[slot] = r == 0 ? id : 0;
        }
        pthread_mutex_unlock(&l->lock);
        return r;
}

void held_list_clear(HeldList *l, size_t slot) {
        pthread_mutex_lock(&l->lock);
        l->ids[slot] = 0;
        free_line(line_at(l, slot));
        pthread_mutex_unlock(&l->lock);
}

bool held_list_has(HeldList *l, uint64_t id) {
        size_t slot;
        bool found;

        pthread_mutex_lock(&l->lock);
        found = find(l, id, &slot);
        pthread_mutex_unlock(&l->lock);
        return found;
}

bool held_list_note(HeldList *l, uint64_t id, const Properties *previous) {
        HeldUnit unit;
        size_t slot;
        bool noted;

        if (!l)
                return true;
        pthread_mutex_lock(&l->lock);
        noted = find(l, id, &slot) && read_line(l, slot, &unit);
        if (noted) {
                unit.previous = *previous;
                noted = set_line(l, slot, &unit) == 0;
        }
        pthread_mutex_unlock(&l->lock);
        return noted;
}

/* ---- Its file -------------------------------------------------------------------------------- */

static int open_beside(const char *path, char beside[static PATH_MAX]) {
        int fd, r;

        if ((size_t) snprintf(beside, PATH_MAX, "%s.new", path) >= PATH_MAX)
                return -ENAMETOOLONG;
        fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = posix_fallocate(fd, 0, FILE_SIZE);
        if (r != 0) {
                (void) close(fd);
                return -r;
        }
        return fd;
}

static void fill(HeldList *l, const HeldUnit *units, size_t n_units) {
        for (size_t i = 0; i <= HELD_UNITS_MAX; i++)
                fill_up(l->map + i * HELD_LINE_MAX, 0);
        (void) snprintf(l->map, HELD_LINE_MAX, HELD_HEADER "%u", HELD_VERSION);
        fill_up(l->map, strlen(l->map));
        for (size_t i = 0; i < MIN(n_units, (size_t) HELD_UNITS_MAX); i++)
                (void) set_line(l, i, units + i);
}

int held_list_new(HeldList **ret, const char *path, const HeldUnit *units, size_t n_units) {
        _cleanup_(held_list_freep) HeldList *l = calloc(1, sizeof(*l));
        _cleanup_(fd_closep) int fd = -EBADF;
        char beside[PATH_MAX];

        if (!l)
                return -ENOMEM;
        (void) pthread_mutex_init(&l->lock, NULL);
        fd = open_beside(path, beside);
        if (fd < 0)
                return fd;
        l->map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
        if (l->map == MAP_FAILED) {
                l->map = NULL;
                return -errno;
        }
        fill(l, units, n_units);
        if (rename(beside, path) < 0)
                return -errno;
        *ret = TAKE_PTR(l);
        return 0;
}

HeldList *held_list_free(HeldList *l) {
        if (!l)
                return NULL;
        if (l->map)
                (void) munmap(l->map, FILE_SIZE);
        (void) pthread_mutex_destroy(&l->lock);
        free(l);
        return NULL;
}
