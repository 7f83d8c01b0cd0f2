/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/strv.h"
#include "config/search.h"

static const char *const folders[] = {
        "/etc",
        "/run",
        "/usr/local/lib",
        "/usr/lib",
};

static char *path_join(const char *folder, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static char *path_of(const char *root, const char *folder, const char *project, const char *name) {
        char *path;

        return asprintf(&path, "%s%s/%s/%s", root, folder, project, name) < 0 ? NULL : path;
}

static const char *path_name(const char *path) {
        return strrchr(path, '/') + 1;
}

int search_all(const char *root, const char *project, const char *name, char ***ret) {
        _cleanup_(strv_freep) char **paths = NULL;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(freep) char *path = path_of(root, folders[i], project, name);

                if (!path)
                        return -ENOMEM;
                /* A link to nothing counts: reading it will say so. */
                if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                r = strv_push(&paths, path, strlen(path));
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(paths);
        return 0;
}

int search_file(const char *root, const char *project, const char *name, char **ret) {
        _cleanup_(strv_freep) char **paths = NULL;
        int r;

        r = search_all(root, project, name, &paths);
        if (r < 0)
                return r;
        *ret = paths ? strdup(*paths) : NULL;
        return paths && !*ret ? -ENOMEM : 0;
}

static void dir_closep(DIR **dir) {
        if (*dir)
                (void) closedir(*dir);
}

static int is_conf(const struct dirent *entry) {
        size_t length = strlen(entry->d_name);

        return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static bool has_name(char *const *paths, const char *name) {
        for (; paths && *paths; paths++)
                if (strcmp(path_name(*paths), name) == 0)
                        return true;
        return false;
}

/* Adds what no earlier folder has. */
static int add_folder(const char *path, char ***paths, ConfigErrors *errors) {
        const Place place = { .errors = errors, .file = path, .line = 1 };
        _cleanup_(dir_closep) DIR *dir = opendir(path);
        const struct dirent *entry;
        int r;

        if (!dir)
                return errno == ENOENT ? 0 : place_error(&place, "cannot be read: %s", strerror(errno));
        while (errno = 0, (entry = readdir(dir))) {
                _cleanup_(freep) char *file = NULL;

                if (!is_conf(entry) || has_name(*paths, entry->d_name))
                        continue;
                file = path_join(path, entry->d_name);
                if (!file)
                        return -ENOMEM;
                r = strv_push(paths, file, strlen(file));
                if (r < 0)
                        return r;
        }
        return errno == 0 ? 0 : place_error(&place, "cannot be read: %s", strerror(errno));
}

static int compare_names(const void *a, const void *b) {
        return strcmp(path_name(*(char *const *) a), path_name(*(char *const *) b));
}

int search_files(const char *root, const char *project, const char *folder, char ***ret, ConfigErrors *errors) {
        _cleanup_(strv_freep) char **paths = NULL;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(freep) char *path = path_of(root, folders[i], project, folder);

                if (!path)
                        return -ENOMEM;
                r = add_folder(path, &paths, errors);
                if (r < 0)
                        return r;
        }
        if (paths)
                qsort(paths, strv_length(paths), sizeof(*paths), compare_names);
        *ret = TAKE_PTR(paths);
        return 0;
}
