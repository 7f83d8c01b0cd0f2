/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/policy.h"

/* Properties as text: "MemoryHigh:536870912,CPUWeight:infinity", "-" for none. For traces and for the list of what is
 * held. */

#define PROPERTIES_TEXT_MAX 320U /* always enough, with the end of the string */

/* Returns `buf`. */
char *properties_format(char *buf, size_t size, const Properties *p);

#define FORMAT_PROPERTIES(p) properties_format((char[PROPERTIES_TEXT_MAX]){ 0 }, PROPERTIES_TEXT_MAX, p)

/* Reads such a text, amounts in the units of man:systemd.resource-control(5). 0; -EINVAL or -ERANGE with nothing
 * promised of `ret`. */
int properties_parse(const char *s, Properties *ret);
