/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

/* What is wrong in the files, where, and what would be right. The readers collect; whoever called them tells. A warning
 * is about what can hardly be meant, and no reason to leave a file out: only files without errors have any. */

typedef struct ConfigError {
        char *file;
        unsigned line; /* from 1; also 1 for what is wrong with the file as a whole */
        char *text;    /* For=: "4 fortnights" is no duration, write for example 2s or 1min 30s */
        bool warning;
} ConfigError;

/* Files in the order in which they were read, within a file by line. */
typedef struct ConfigErrors {
        ConfigError *items;
        size_t n_items;
} ConfigErrors;

/* A file of a hundred mistakes is the wrong file; one more error says so, and further ones are not kept. As many
 * warnings are kept, without a word. */
#define CONFIG_FILE_ERRORS_MAX 100U

/* How many there are without the warnings, and how many warnings. */
size_t config_errors_count(const ConfigErrors *errors);
size_t config_errors_count_warnings(const ConfigErrors *errors);

void config_errors_done(ConfigErrors *errors);

/* What the readers of one file answer beside 0 and -ENOMEM. */
enum {
        CONFIG_E_MASKED = 1, /* the file is empty or /dev/null: systemd's way to switch a file of this name off */
        CONFIG_E_REFUSED,    /* it has mistakes, which are in `errors`, and nothing of it counts */
};

/* Where a reader stands, and where it reports to. */
typedef struct Place {
        ConfigErrors *errors;
        const char *file;
        unsigned line;
        const char *key; /* NULL: the complaint is not about one key */
} Place;

/* Adds an error at this place; its text starts with the key. 0 or -ENOMEM: a reader that meets a mistake reports it
 * and goes on, and whether there were any is seen from config_errors_count(). */
int place_error(const Place *place, const char *format, ...) _printf_(2, 3);

/* The same, a warning. */
int place_warning(const Place *place, const char *format, ...) _printf_(2, 3);
