/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The number of bytes from the start that are text: UTF-8 (RFC 3629: no surrogates, no overlong forms) without
 * control characters, except tab, LF, and CR right before LF. `size` if all of it is. */
size_t text_valid_length(const char *text, size_t size);
