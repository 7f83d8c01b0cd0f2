/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id128.h"

/* Traces of incidents that are over, for memstallctl replay --incident: FOLDER/ID.trace, the oldest removed. What is
 * here waits for a disk, and is for a thread that may. */

#define INCIDENT_FOLDER "/var/lib/memstalld/incidents"
#define INCIDENT_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
#define INCIDENT_FILES_MAX 200U

/* Writes the file, beside first and renamed then: it is there whole or not at all. Makes the folder if its parent is
 * there. Both are for root alone, and the folder has to be: -EPERM where others could write there. 0 or -errno. */
int incident_file_write(const char *folder, Id128 incident, const char *text, size_t n);

/* Removes the oldest traces until there are at most so many and so large together, and what an earlier run did not
 * finish. 0 or -errno; no folder is no error. */
int incident_file_trim(const char *folder, uint64_t bytes_max, unsigned files_max);
