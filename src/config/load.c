/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config/load.h"
#include "config/oomd-file.h"
#include "config/policy-file.h"
#include "config/policy-order.h"
#include "config/search.h"
#include "config/settings-file.h"
#include "config/trust.h"

#define PROJECT "memstalld"
#define SETTINGS_FILE "memstalld.conf"
#define SETTINGS_FOLDER "memstalld.conf.d"
#define POLICY_FOLDER "policy.d"

static int add_policy(PolicySet *set, Policy **policy) {
        Policy **grown;

        grown = realloc(set->policies, (set->n_policies + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        grown[set->n_policies++] = TAKE_PTR(*policy);
        set->policies = grown;
        return 0;
}

static int load_policy(const char *path, Config *config, ConfigErrors *errors) {
        _cleanup_(policy_freep) Policy *policy = NULL;
        int r;

        r = policy_read_file(path, &policy, errors);
        if (r != 0)
                return r;
        return add_policy(&config->policies, &policy);
}

/* Whether the last folder of the path is called so. */
static bool lies_in(const char *path, const char *folder) {
        const char *end = strrchr(path, '/'), *start = end;

        while (start && start > path && start[-1] != '/')
                start--;
        return end && (size_t) (end - start) == strlen(folder) && strncmp(start, folder, (size_t) (end - start)) == 0;
}

static bool is_settings(const char *path) {
        const char *slash = strrchr(path, '/');

        if (strcmp(slash ? slash + 1 : path, SETTINGS_FILE) == 0)
                return !lies_in(path, POLICY_FOLDER);
        return lies_in(path, SETTINGS_FOLDER);
}

int config_load_file(const char *path, Config *config, ConfigErrors *errors) {
        int r;

        if (is_settings(path))
                r = settings_read_file(path, &config->settings, errors);
        else
                r = load_policy(path, config, errors);
        if (r != 0)
                return r;
        return strv_push(&config->files, path, strlen(path));
}

/* What was found below `root`. Below another than the host's own it is for nobody to act on. */
static int load_found(const char *root, const char *path, Config *config, ConfigErrors *errors) {
        int r = *root == '\0' ? trust_check(path, PROJECT, errors) : 0;

        return r == 0 ? config_load_file(path, config, errors) : r;
}

static int load_folder(const char *root, const char *folder, Config *config, ConfigErrors *errors) {
        _cleanup_(strv_freep) char **paths = NULL;
        int r;

        r = search_files(root, PROJECT, folder, &paths, errors);
        if (r < 0)
                return r;
        for (size_t i = 0; i < strv_length(paths); i++) {
                r = load_found(root, paths[i], config, errors);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_load(const char *root, Config *ret, ConfigErrors *errors) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(freep) char *main_file = NULL;
        int r;

        r = oomd_files_read(root, &config.settings);
        if (r < 0)
                return r;
        r = search_file(root, PROJECT, SETTINGS_FILE, &main_file);
        if (r < 0)
                return r;
        if (main_file) {
                r = load_found(root, main_file, &config, errors);
                if (r < 0)
                        return r;
        }
        r = load_folder(root, SETTINGS_FOLDER, &config, errors);
        if (r < 0)
                return r;
        r = load_folder(root, POLICY_FOLDER, &config, errors);
        if (r < 0)
                return r;
        r = policy_order_warn(&config.policies, errors);
        if (r < 0)
                return r;

        *ret = TAKE(config, (Config){ 0 });
        return 0;
}

void config_done(Config *config) {
        config->files = strv_free(config->files);
        policy_set_done(&config->policies);
        settings_done(&config->settings);
}
