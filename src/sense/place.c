/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "sense/place.h"
#include "sense/text.h"

/* As deep are groups looked for in a unit before it is told. */
#define DEPTH_MAX 8U

/* With or without the slash in front, as the core has it. */
static bool glob_matches(const char *glob, const char *path) {
        return fnmatch(glob, path, FNM_NOESCAPE) == 0 || (*path == '/' && fnmatch(glob, path + 1, FNM_NOESCAPE) == 0);
}

/* The length of the bracket expression at `glob`, or 0 if it is none and stands for itself. */
static size_t bracket_length(const char *glob) {
        const char *end = glob + 1;

        if (*glob != '[')
                return 0;
        end += *end == '!' || *end == '^';
        end += *end == ']';
        end = strchr(end, ']');
        return end ? (size_t) (end + 1 - glob) : 0;
}

/* Whether the first `n` bytes of `glob`, which stand for one character, take `c`. */
static bool takes_character(const char *glob, size_t n, char c) {
        char one[64], text[2] = { c, '\0' };

        if (n >= sizeof(one))
                return true;
        memcpy(one, glob, n);
        one[n] = '\0';
        return fnmatch(one, text, FNM_NOESCAPE) == 0;
}

static bool reaches(const char *glob, const char *path) {
        for (;; path++) {
                size_t n = bracket_length(glob) ?: 1;
                char c = *path ?: '/'; /* there must be one between the path and what is below it */

                if (*glob == '*' || (n > 1 && memchr(glob + 1, '[', n - 1)))
                        return true; /* for a class of characters: at worst a folder too many is looked into */
                if (!*glob || !takes_character(glob, n, c))
                        return false;
                glob += n;
                if (!*path)
                        return *glob;
        }
}

bool place_glob_reaches(const char *glob, const char *path) {
        return reaches(glob, path) || (*path == '/' && reaches(glob, path + 1));
}

/* Whether the glob took `parent`, or something above it, as a group. */
static bool is_spent(const char *glob, const Folder *parent) {
        for (; parent && parent->place.kind == CGROUP_GROUP; parent = parent->parent)
                if (glob_matches(glob, parent->path))
                        return true;
        return false;
}

/* Groups have names that no manager chose. What is no text is of no use to the bus, which takes UTF-8 alone, nor to records
 * and traces; whoever may choose such a name may as well choose one that no policy is for. */
static bool is_text(const char *name) {
        size_t length = strlen(name);

        return utf8_text_length(name, length) == length && !strpbrk(name, "\t\r\n");
}

/* The other kinds of units that have cgroups are systemd's own affair. */
static bool is_other_unit(const char *name) {
        static const char *const suffixes[] = { ".mount", ".socket", ".swap" };
        const char *suffix = strrchr(name, '.');

        for (size_t i = 0; suffix && i < ELEMENTSOF(suffixes); i++)
                if (strcmp(suffix, suffixes[i]) == 0)
                        return true;
        return false;
}

bool place_of(char *const *globs, const Folder *parent, const char *name, Place *ret) {
        const Place *above = &parent->place;
        bool managed = above->kind == CGROUP_HOST || above->kind == CGROUP_SLICE || above->manager;
        Place p = { .delegated = above->delegated || above->kind == CGROUP_UNIT };
        char path[PATH_MAX];

        if (managed && text_parse_unit(name, &p.kind, &p.unit)) {
                p.told = true;
                p.manager = p.kind == CGROUP_UNIT && !p.delegated && text_is_user_manager(p.unit);
                p.entered = p.kind == CGROUP_SLICE || p.manager;
        } else if (*name == '.' || !is_text(name) || (managed && is_other_unit(name)))
                return false;
        else {
                p.kind = CGROUP_GROUP;
                p.delegated = true;
        }
        if (snprintf(path, sizeof(path), "%s/%s", parent->parent ? parent->path : "", name) >= (int) sizeof(path))
                return false;
        for (; globs && *globs; globs++) {
                bool matches = p.kind == CGROUP_GROUP && glob_matches(*globs, path);

                if (is_spent(*globs, parent))
                        continue;
                p.told |= matches;
                p.entered |= !matches && place_glob_reaches(*globs, path);
        }
        *ret = p;
        return p.told || p.entered;
}

static bool holds_group(char *const *globs, const Folder *f, int folder_fd, unsigned depth) {
        int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        bool found = false;

        if (!dir) {
                (void) fd_close(fd);
                return false;
        }
        for (const struct dirent *e; !found && (e = readdir(dir));) {
                _cleanup_(folder_freep) Folder *inner = NULL;
                _cleanup_(fd_closep) int inner_fd = -EBADF;
                Place place;

                if (e->d_type != DT_DIR || !place_of(globs, f, e->d_name, &place))
                        continue;
                if (place.told)
                        found = true;
                else if (depth > 0 && folder_new(&inner, f, e->d_name, &place, e->d_ino) >= 0) {
                        inner->parent = (Folder *) f; /* for place_of(); it is in no list */
                        inner_fd = openat(folder_fd, e->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                        found = inner_fd >= 0 && holds_group(globs, inner, inner_fd, depth - 1);
                        inner->parent = NULL;
                }
        }
        (void) closedir(dir);
        return found;
}

bool place_holds_group(char *const *globs, const Folder *f, int folder_fd) {
        return holds_group(globs, f, folder_fd, DEPTH_MAX);
}
