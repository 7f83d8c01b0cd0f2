/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "sense/memstall.h"
#include "sense/tree.h"

/* What tasks waited in ways that PSI does not count, added up over the tree as cgroups are: a folder's sum is that of all
 * tasks beneath it, and only grows. What the kernel side forgets, and cgroups that are removed, take nothing back. */
typedef struct Waits Waits;

/* All memory is taken here, some 400 KB. 0 or -ENOMEM. */
int waits_new(Waits **ret);
Waits *waits_free(Waits *w);
DEFINE_CLEANUP(Waits *, waits_free);

/* Reads how long each cgroup's tasks have waited so far and takes it in; not if that was done less than 20 ms before
 * `now_usec`: many watches that are looked at in one turn cost one reading. What cannot be read stays as it was. */
void waits_read(Waits *w, Memstall *memstall, Tree *tree, uint64_t now_usec);

/* Takes in such a reading: what each cgroup's tasks waited since the last one goes to Sample.wait_usec of the nearest
 * watch's folder and of all above it. At most MEMSTALL_WAITS_MAX entries count. */
void waits_take(Waits *w, Tree *tree, const WaitEntry *entries, size_t n);
