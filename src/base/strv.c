/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fnmatch.h>
#include <string.h>

#include "base/strv.h"

size_t strv_length(char *const *strv) {
        size_t n = 0;

        while (strv && strv[n])
                n++;
        return n;
}

int strv_push(char ***strv, const char *s, size_t n) {
        _cleanup_(freep) char *copy = strndup(s, n);
        size_t length = strv_length(*strv);
        char **grown;

        if (!copy)
                return -ENOMEM;

        grown = realloc(*strv, (length + 2) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;

        grown[length] = TAKE_PTR(copy);
        grown[length + 1] = NULL;
        *strv = grown;
        return 0;
}

char **strv_free(char **strv) {
        for (size_t i = 0; strv && strv[i]; i++)
                free(strv[i]);
        free(strv);
        return NULL;
}

bool strv_fnmatch(char *const *globs, const char *name) {
        for (; globs && *globs; globs++)
                if (fnmatch(*globs, name, FNM_NOESCAPE) == 0)
                        return true;
        return false;
}
