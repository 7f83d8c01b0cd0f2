/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "sense/preference.h"

#define VALUE_MAX 16U

static bool read_flag(const char *path, const char *name) {
        char value[VALUE_MAX];
        bool flag = false;
        ssize_t n;

        n = getxattr(path, name, value, sizeof(value) - 1);
        if (n <= 0)
                return false;
        value[n] = '\0';
        return parse_boolean(value, &flag) >= 0 && flag;
}

Preference preference_read(int fd) {
        char path[sizeof("/proc/self/fd/") + 10]; /* fgetxattr(2) takes no O_PATH descriptors */

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (read_flag(path, "user.oomd_omit"))
                return PREFERENCE_OMIT;
        return read_flag(path, "user.oomd_avoid") ? PREFERENCE_AVOID : PREFERENCE_NONE;
}
