/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"
#include "core/policy.h"

/* memstalld.conf and its drop-ins: section [Daemon], see man:memstalld.conf(5). */

/* Reads the file on top of what `settings` holds; lists are added to. All of the file counts or nothing of it:
 * `settings` changes only with 0. Else CONFIG_E_… or -ENOMEM. */
int settings_read_file(const char *path, Settings *settings, ConfigErrors *errors);
