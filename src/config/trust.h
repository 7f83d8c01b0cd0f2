/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/errors.h"

/* Whose word a configuration file is. The daemon acts as root on what it reads, so nobody but root may be able to write
 * it: neither the file, through symlinks, nor the folders that it is found in, up to the one that is called `project`, nor
 * the one where it really lies. A group may write if it is root's. */

/* 0; CONFIG_E_REFUSED with what is wrong, and what would be right, in `errors`; or -ENOMEM. A file that is not there is for
 * its reader to complain about. */
int trust_check(const char *path, const char *project, ConfigErrors *errors);
