/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/errors.h"

static void config_error_done(ConfigError *error) {
        free(error->text);
        free(error->file);
        *error = (ConfigError){ 0 };
}

void config_errors_done(ConfigErrors *errors) {
        for (size_t i = 0; i < errors->n_items; i++)
                config_error_done(errors->items + i);
        free(errors->items);
        *errors = (ConfigErrors){ 0 };
}

/* How many errors at the end of the list are about this file. */
static size_t count_last(const ConfigErrors *errors, const char *file) {
        size_t n = 0;

        while (n < errors->n_items && strcmp(errors->items[errors->n_items - n - 1].file, file) == 0)
                n++;
        return n;
}

/* Puts the error behind those of its file that stand on its line or above. Takes what the error owns. */
static int insert(ConfigErrors *errors, ConfigError *error, size_t n_last) {
        size_t at = errors->n_items, first = errors->n_items - n_last;
        ConfigError *grown;

        grown = realloc(errors->items, (errors->n_items + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        errors->items = grown;

        for (; at > first && grown[at - 1].line > error->line; at--)
                grown[at] = grown[at - 1];
        grown[at] = TAKE(*error, (ConfigError){ 0 });
        errors->n_items++;
        return 0;
}

int place_error(const Place *place, const char *format, ...) {
        _cleanup_(config_error_done) ConfigError error = { .line = place->line };
        _cleanup_(freep) char *what = NULL;
        size_t n_last = count_last(place->errors, place->file);
        va_list ap;
        int r;

        if (n_last > CONFIG_FILE_ERRORS_MAX)
                return 0;

        va_start(ap, format);
        r = vasprintf(&what, format, ap);
        va_end(ap);
        if (r < 0) {
                what = NULL;
                return -ENOMEM;
        }

        if (n_last == CONFIG_FILE_ERRORS_MAX)
                r = asprintf(&error.text, "more errors follow and are not shown, mend these first");
        else if (place->key)
                r = asprintf(&error.text, "%s=: %s", place->key, what);
        else
                error.text = TAKE_PTR(what);
        if (r < 0) {
                error.text = NULL;
                return -ENOMEM;
        }

        error.file = strdup(place->file);
        if (!error.file)
                return -ENOMEM;
        return insert(place->errors, &error, n_last);
}
