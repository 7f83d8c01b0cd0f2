/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

/* The settings of systemd-oomd, see man:oomd.conf(5): what units that say ManagedOOM…=kill get where they say no more.
 * Read so that taking its place changes nothing. The files are not ours: what is unknown or wrong in them is passed
 * over. */

/* Reads oomd.conf and oomd.conf.d/ of the host into settings->managed. `root` goes in front of the folders. 0 or
 * -ENOMEM. */
int oomd_files_read(const char *root, Settings *settings);
