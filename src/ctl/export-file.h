/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/journal-record.h"

/* What `journalctl -o export` prints (https://systemd.io/JOURNAL_EXPORT_FORMATS): a field a line as NAME=VALUE, or, where
 * the value is no single line of text, NAME, LF, its length in eight bytes, little endian, the value, LF; an empty line
 * behind each record. */

/* Adds the records that have MEMSTALLD_RECORD to `records`. 0; -EINVAL if the text is none of these, with the line that is
 * wrong in `ret_line` (a value counts as one); -ENOMEM. */
int export_parse(const char *text, size_t size, JournalRecords *records, size_t *ret_line);
