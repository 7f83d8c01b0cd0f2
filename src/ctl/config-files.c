/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "config/search.h"
#include "ctl/config-files.h"

#define PROJECT "memstalld"
#define SETTINGS_FILE "memstalld.conf"
#define SETTINGS_FOLDER "memstalld.conf.d"
#define POLICY_FOLDER "policy.d"

/* What was loaded, and where from. */
typedef struct Loaded {
        const char *root;
        const Config *config;
        const ConfigErrors *errors;
} Loaded;

static bool counts(const Config *config, const char *path) {
        for (char *const *file = config->files; file && *file; file++)
                if (strcmp(*file, path) == 0)
                        return true;
        return false;
}

static bool has_mistakes(const ConfigErrors *errors, const char *path) {
        for (size_t i = 0; i < errors->n_items; i++)
                if (!errors->items[i].warning && strcmp(errors->items[i].file, path) == 0)
                        return true;
        return false;
}

static const Policy *find_policy(const Config *config, const char *path) {
        for (size_t i = 0; i < config->policies.n_policies; i++)
                if (strcmp(config->policies.policies[i]->file, path) == 0)
                        return config->policies.policies[i];
        return NULL;
}

static void file_done(ConfigFile *file) {
        strv_free(file->hides);
        free(file->path);
}

/* `folder` is NULL for what lies beside the folders. */
static int add(ConfigFiles *files, const Loaded *loaded, const char *folder, const char *path) {
        _cleanup_(file_done) ConfigFile file = { .is_settings = !folder || strcmp(folder, POLICY_FOLDER) != 0 };
        _cleanup_(strv_freep) char **all = NULL;
        _cleanup_(freep) char *name = NULL;
        ConfigFile *grown;
        int r;

        if (asprintf(&name, "%s%s%s", folder ? folder : "", folder ? "/" : "", strrchr(path, '/') + 1) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        r = search_all(loaded->root, PROJECT, name, &all);
        for (size_t i = 1; r >= 0 && i < strv_length(all); i++)
                r = strv_push(&file.hides, all[i], strlen(all[i]));
        if (r < 0)
                return r;

        file.path = strdup(path);
        grown = realloc(files->items, (files->n_items + 1) * sizeof(*grown));
        if (grown)
                files->items = grown;
        if (!grown || !file.path)
                return -ENOMEM;
        file.state = counts(loaded->config, path)          ? FILE_IN_EFFECT
                     : has_mistakes(loaded->errors, path) ? FILE_LEFT_OUT
                                                          : FILE_MASKED;
        file.policy = file.is_settings ? NULL : find_policy(loaded->config, path);
        files->items[files->n_items++] = TAKE(file, (ConfigFile){ 0 });
        return 0;
}

static int add_folder(ConfigFiles *files, const Loaded *loaded, const char *folder) {
        _cleanup_(config_errors_done) ConfigErrors known = { 0 }; /* to config_load() as well */
        _cleanup_(strv_freep) char **paths = NULL;
        int r;

        r = search_files(loaded->root, PROJECT, folder, &paths, &known);
        for (char **path = paths; r >= 0 && path && *path; path++)
                r = add(files, loaded, folder, *path);
        return r;
}

int config_files_find(const char *root, const Config *config, const ConfigErrors *errors, ConfigFiles *ret) {
        const Loaded loaded = { root, config, errors };
        _cleanup_(config_files_done) ConfigFiles files = { 0 };
        _cleanup_(freep) char *main_file = NULL;
        int r;

        r = search_file(root, PROJECT, SETTINGS_FILE, &main_file);
        if (r >= 0 && main_file)
                r = add(&files, &loaded, NULL, main_file);
        if (r >= 0)
                r = add_folder(&files, &loaded, SETTINGS_FOLDER);
        if (r >= 0)
                r = add_folder(&files, &loaded, POLICY_FOLDER);
        if (r < 0)
                return r;
        *ret = TAKE(files, (ConfigFiles){ 0 });
        return 0;
}

void config_files_done(ConfigFiles *files) {
        for (size_t i = 0; i < files->n_items; i++)
                file_done(files->items + i);
        free(files->items);
        *files = (ConfigFiles){ 0 };
}
