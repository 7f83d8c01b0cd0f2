/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names and files that others have written: are they text, and of which kind? */

/* The length of the character that `text` begins with, and its value; 0 if that is none (RFC 3629: no surrogates, no
 * overlong forms). */
size_t utf8_character(const char *text, size_t size, uint32_t *ret);

/* C0, DEL and C1: what a terminal obeys. */
bool utf8_is_control(uint32_t character);

/* What shows as nothing, ends a line, or turns the order of the characters beside it around: a name with it may look like
 * another. */
bool utf8_misleads(uint32_t character);

/* The number of bytes from the start that are text: UTF-8 without control characters, except tab, LF, and CR right before
 * LF. `size` if all of it is. */
size_t utf8_text_length(const char *text, size_t size);
