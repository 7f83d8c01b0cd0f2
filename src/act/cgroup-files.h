/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The files of one cgroup, opened anew each time: for a worker's threads, where that may wait. Nothing allocates. */

#define CGROUP_PATH_MAX 1024U

/* Opens the folder `path` below `root_fd`, part by part and through no symlink. `id` is the inode number that it must
 * have, 0 for any. The descriptor, -ENOENT if it is not there or is another one, or -errno. */
int cgroup_open(int root_fd, const char *path, uint64_t id);

/* Whether the kernel still has it: the descriptor of a folder outlives that. */
bool cgroup_is_there(int dir_fd);

/* One number, "max" being UINT64_MAX. -ENOENT without that file, or what fd_read_uint() says. */
int cgroup_read_uint(int dir_fd, const char *file, uint64_t *ret);
int cgroup_read_text(int dir_fd, const char *file, char *buf, size_t size);

/* Writes the text in one go. `extra_flags` for open(2): a new memory.high does not reclaim by itself with O_NONBLOCK (Linux
 * 6.16). */
int cgroup_write_text(int dir_fd, const char *file, const char *text, int extra_flags);

/* UINT64_MAX is written as "max". */
int cgroup_write_uint(int dir_fd, const char *file, uint64_t value, int extra_flags);

/* Calls `func` for each process of the cgroup and of those beneath it, until it answers with what is not 0. Returns that,
 * 0, or -errno. A process may come twice while processes move. */
typedef int (*CgroupPidFunc)(void *userdata, pid_t pid);
int cgroup_each_process(int dir_fd, int proc_fd, CgroupPidFunc func, void *userdata);
