/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/trust.h"

static bool others_write(const struct stat *st) {
        return (st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != 0);
}

/* `what` is the file itself, or a folder that it lies in. */
static int check_path(const Place *place, const char *what, bool folder) {
        const char *where = folder ? "the folder " : "", *name = folder ? what : "it";
        struct stat st;
        int r;

        if (stat(what, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
                return 0; /* /dev/null switches files off; whoever reads it says what else is wrong */
        if (st.st_uid != 0)
                r = place_error(place, "%s%s belongs to uid %u, but only root may say what is done as root: chown root:root %s",
                                where, name, (unsigned) st.st_uid, what);
        else if (others_write(&st))
                r = place_error(place, "%s%s can be written by others than root: chmod go-w %s", where, name, what);
        else
                return 0;
        return r < 0 ? r : CONFIG_E_REFUSED;
}

/* Takes the last name off. */
static bool go_up(char *path) {
        char *slash = strrchr(path, '/');

        if (!slash || slash == path)
                return false;
        *slash = '\0';
        return true;
}

static bool is_called(const char *path, const char *name) {
        const char *slash = strrchr(path, '/');

        return strcmp(slash ? slash + 1 : path, name) == 0;
}

static int check_folders(const Place *place, const char *path, const char *project) {
        _cleanup_(freep) char *folder = strdup(path);
        int r = 0;

        if (!folder)
                return -ENOMEM;
        while (r == 0 && go_up(folder)) {
                r = check_path(place, folder, true);
                if (is_called(folder, project))
                        break;
        }
        return r;
}

int trust_check(const char *path, const char *project, ConfigErrors *errors) {
        const Place place = { .errors = errors, .file = path, .line = 1 };
        _cleanup_(freep) char *real = NULL;
        int r;

        r = check_folders(&place, path, project);
        if (r != 0)
                return r;
        real = realpath(path, NULL);
        if (!real)
                return errno == ENOMEM ? -ENOMEM : 0;
        r = check_path(&place, real, false);
        if (r != 0 || !go_up(real))
                return r;
        return check_path(&place, real, true);
}
