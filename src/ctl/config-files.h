/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/load.h"

/* Which files there are, and what became of each: those of memstalld.conf first, then its drop-ins, then the policies,
 * in the order in which they are read. */

typedef enum FileState {
        FILE_IN_EFFECT,
        FILE_MASKED,   /* empty, or a link to /dev/null */
        FILE_LEFT_OUT, /* it has mistakes */
} FileState;

typedef struct ConfigFile {
        char *path;
        char **hides; /* files of the same name in later folders */
        FileState state;
        bool is_settings;
        const Policy *policy; /* in the configuration; NULL for settings, and without effect */
} ConfigFile;

typedef struct ConfigFiles {
        ConfigFile *items;
        size_t n_items;
} ConfigFiles;

/* Finds the files below `root` that config_load() read to make `config` and `errors`. 0 or -ENOMEM. */
int config_files_find(const char *root, const Config *config, const ConfigErrors *errors, ConfigFiles *ret);

void config_files_done(ConfigFiles *files);
