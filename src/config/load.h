/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/strv.h"
#include "config/errors.h"
#include "core/policy.h"

/* All configuration of the host, see "FILES" in man:memstalld.policy(5) and man:memstalld.conf(5). A file with a
 * mistake is left out whole, and the rest is loaded; the caller decides whether that will do: at start it does, at
 * reload it does not. */

typedef struct Config {
        Settings settings;
        PolicySet policies;
        char **files; /* that were read and count, in the order in which they were */
} Config;

/* Reads memstalld.conf, memstalld.conf.d/ and policy.d/ under the folders of config/search.h, and for the units' own
 * ManagedOOM…= what systemd-oomd's files say. `root` goes in front of them; "" for the host, whose files have to be root's
 * (config/trust.h). 0, with what is wrong in
 * `errors` (which is added to), or -ENOMEM. */
int config_load(const char *root, Config *ret, ConfigErrors *errors);

/* Reads one file and adds it to the config, which was initialised with CONFIG_DEFAULT or loaded: settings if it lies
 * in memstalld.conf.d, or is called memstalld.conf and does not lie in policy.d; else a policy, which goes behind those
 * that are there. 0, CONFIG_E_… or -ENOMEM. */
int config_load_file(const char *path, Config *config, ConfigErrors *errors);

void config_done(Config *config);

#define CONFIG_DEFAULT { .settings = SETTINGS_DEFAULT }
