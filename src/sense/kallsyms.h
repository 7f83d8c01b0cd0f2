/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* The kernel's functions by address, out of /proc/kallsyms: read once, kept sorted, asked without
 * allocating. */
typedef struct Kallsyms Kallsyms;

#define KALLSYMS_PATH "/proc/kallsyms"

enum {
        _KALLSYMS_E_SUCCESS,
        KALLSYMS_E_HIDDEN,              /* there are symbols, but all at address 0, or none at all */
};

/* Reads the text symbols of `path`, in the format of /proc/kallsyms: "ADDRESS TYPE NAME[\t[MODULE]]". Lines
 * that are not like that are passed over. The kernel shows addresses to CAP_SYSLOG unless
 * kernel.kptr_restrict is 2 (kernel/ksyms_common.c, kallsyms_show_value). Takes some 100 ms; holds 2 to 4
 * MB. Returns 0, KALLSYMS_E_HIDDEN, or a negative errno: of opening and reading, -ENOMEM, -E2BIG. */
int kallsyms_new(Kallsyms **ret, const char *path);

/* Those of the running kernel: out of standard input where that is /proc/kallsyms, opened by somebody who may see
 * addresses (StandardInput= of memstalld.service), else out of the file. */
int kallsyms_new_running(Kallsyms **ret);

Kallsyms *kallsyms_free(Kallsyms *k);
DEFINE_CLEANUP(Kallsyms *, kallsyms_free);

/* The function that `address` is in, as "NAME" or "NAME [MODULE]", or NULL where none is near. Of a stack
 * frame ask for one less than what it says: a return address may be that of the next function. `ret_offset`
 * is optional: how far in, in bytes. */
const char *kallsyms_find(const Kallsyms *k, uint64_t address, uint64_t *ret_offset);

/* Where the function called `name` lies, also where compilers have appended something to its name (.isra,
 * .constprop), but not what they have moved out of it (.cold, .part). Returns whether there is one. */
bool kallsyms_place(const Kallsyms *k, const char *name, uint64_t *ret_begin, uint64_t *ret_size);
