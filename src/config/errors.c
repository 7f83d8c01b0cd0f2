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

size_t config_errors_count_warnings(const ConfigErrors *errors) {
        size_t n = 0;

        for (size_t i = 0; i < errors->n_items; i++)
                n += errors->items[i].warning;
        return n;
}

size_t config_errors_count(const ConfigErrors *errors) {
        return errors->n_items - config_errors_count_warnings(errors);
}

/* How many at the end of the list are about this file, and how many of those are as grave. */
static size_t count_last(const ConfigErrors *errors, const char *file, bool warning, size_t *ret_same) {
        size_t n = 0;

        *ret_same = 0;
        for (; n < errors->n_items; n++) {
                const ConfigError *error = errors->items + errors->n_items - n - 1;

                if (strcmp(error->file, file) != 0)
                        break;
                *ret_same += error->warning == warning;
        }
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

_printf_(3, 0) static int set_text(ConfigError *error, const Place *place, const char *format, va_list ap) {
        _cleanup_(freep) char *what = NULL;

        if (vasprintf(&what, format, ap) < 0) {
                what = NULL;
                return -ENOMEM;
        }
        if (!place->key) {
                error->text = TAKE_PTR(what);
                return 0;
        }
        if (asprintf(&error->text, "%s=: %s", place->key, what) < 0) {
                error->text = NULL;
                return -ENOMEM;
        }
        return 0;
}

_printf_(3, 0) static int add(const Place *place, bool warning, const char *format, va_list ap) {
        _cleanup_(config_error_done) ConfigError error = { .line = place->line, .warning = warning };
        size_t n_same, n_last = count_last(place->errors, place->file, warning, &n_same);
        int r = 0;

        if (n_same > CONFIG_FILE_ERRORS_MAX || (warning && n_same == CONFIG_FILE_ERRORS_MAX))
                return 0;
        if (n_same == CONFIG_FILE_ERRORS_MAX) {
                error.text = strdup("more errors follow and are not shown, mend these first");
                if (!error.text)
                        return -ENOMEM;
        } else
                r = set_text(&error, place, format, ap);
        if (r < 0)
                return r;

        error.file = strdup(place->file);
        if (!error.file)
                return -ENOMEM;
        return insert(place->errors, &error, n_last);
}

int place_error(const Place *place, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = add(place, false, format, ap);
        va_end(ap);
        return r;
}

int place_warning(const Place *place, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = add(place, true, format, ap);
        va_end(ap);
        return r;
}
