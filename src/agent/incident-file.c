/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/incident-file.h"
#include "base/cleanup.h"

#define NAME_SIZE 48U /* 32 digits, ".trace.new" */

static int write_whole(int fd, const char *text, size_t n) {
        while (n > 0) {
                ssize_t k = write(fd, text, n);

                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k > 0) {
                        text += k;
                        n -= (size_t) k;
                }
        }
        return 0;
}

/* Ours alone, or whoever may write there says what is removed and read. */
static int open_folder(const char *folder) {
        _cleanup_(fd_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
                return -EPERM;
        return TAKE_FD(fd);
}

int incident_file_write(const char *folder, Id128 incident, const char *text, size_t n) {
        _cleanup_(fd_closep) int folder_fd = -EBADF, fd = -EBADF;
        char name[NAME_SIZE], beside[NAME_SIZE];
        int r;

        (void) snprintf(name, sizeof(name), ID128_FORMAT ".trace", ID128_VALUES(incident));
        (void) snprintf(beside, sizeof(beside), ID128_FORMAT ".trace.new", ID128_VALUES(incident));
        if (mkdir(folder, 0700) < 0 && errno != EEXIST)
                return -errno;
        folder_fd = open_folder(folder);
        if (folder_fd < 0)
                return folder_fd;
        (void) unlinkat(folder_fd, beside, 0); /* of a run that was killed */
        fd = openat(folder_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = write_whole(fd, text, n);
        if (r >= 0 && renameat(folder_fd, beside, folder_fd, name) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(folder_fd, beside, 0);
        return r;
}

typedef struct Kept {
        char name[NAME_SIZE];
        struct timespec changed;
        uint64_t bytes;
} Kept;

static bool ends_with(const char *name, const char *end) {
        size_t n = strlen(name), m = strlen(end);

        return n > m && n < NAME_SIZE && strcmp(name + n - m, end) == 0;
}

static int by_time(const void *a, const void *b) {
        const Kept *x = a, *y = b;

        if (x->changed.tv_sec != y->changed.tv_sec)
                return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
        if (x->changed.tv_nsec != y->changed.tv_nsec)
                return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
        return strcmp(x->name, y->name);
}

/* The traces of the folder; unfinished ones are removed on the way. */
static int list(DIR *dir, Kept **ret, size_t *ret_n) {
        _cleanup_(freep) Kept *kept = NULL;
        size_t n = 0, n_allocated = 0;

        for (const struct dirent *entry; (entry = readdir(dir));) {
                struct stat st;

                if (ends_with(entry->d_name, ".trace.new"))
                        (void) unlinkat(dirfd(dir), entry->d_name, 0);
                if (!ends_with(entry->d_name, ".trace") ||
                    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                if (n == n_allocated) {
                        Kept *grown = realloc(kept, (n_allocated = n_allocated * 2 + 64) * sizeof(*grown));

                        if (!grown)
                                return -ENOMEM;
                        kept = grown;
                }
                kept[n] = (Kept){ .changed = st.st_mtim, .bytes = (uint64_t) st.st_size };
                strcpy(kept[n++].name, entry->d_name);
        }
        *ret = TAKE_PTR(kept);
        *ret_n = n;
        return 0;
}

int incident_file_trim(const char *folder, uint64_t bytes_max, unsigned files_max) {
        _cleanup_(freep) Kept *kept = NULL;
        uint64_t bytes = 0;
        size_t n = 0;
        DIR *dir;
        int r;

        r = open_folder(folder);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        dir = fdopendir(r);
        if (!dir) {
                fd_close(r);
                return -ENOMEM;
        }
        r = list(dir, &kept, &n);
        if (r >= 0 && n > 0)
                qsort(kept, n, sizeof(*kept), by_time);
        for (size_t i = 0; r >= 0 && i < n; i++)
                bytes += kept[i].bytes;
        for (size_t i = 0; r >= 0 && i < n && (bytes > bytes_max || n - i > files_max); i++) {
                if (unlinkat(dirfd(dir), kept[i].name, 0) < 0 && errno != ENOENT)
                        r = -errno;
                bytes -= kept[i].bytes;
        }
        (void) closedir(dir);
        return r;
}
