/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Small kernel files, read whole through a descriptor that stays open: no open(2) on the way to an action. */

/* Reads the file from its start into `buf` and terminates it; a longer file is cut. Returns the number of bytes, or
 * -errno: -ENODEV is what a removed cgroup answers. */
ssize_t fd_read_text(int fd, char *buf, size_t size);

/* One decimal number, or "max" as UINT64_MAX, as memory.current and memory.high hold it. -EBADMSG if it is neither. */
int fd_read_uint(int fd, uint64_t *ret);

/* The number behind `key` and a space at the start of a line, as memory.events and memory.stat have it. -ENOENT if
 * there is no such line. `text` is the file's text. */
int text_find_uint(const char *text, const char *key, uint64_t *ret);
