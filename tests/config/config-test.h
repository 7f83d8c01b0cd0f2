/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test.h"

#include "config/value.h"
#include "core/policy.h"

/* A folder of files that goes away with its test, and errors as one text that a row can hold. */

/* For cmocka_unit_test_setup_teardown(): makes a folder, whose path becomes `*state`; removes it with all that is in it. */
int folder_setup(void **state);
int folder_teardown(void **state);

#define folder_test(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

/* Writes a file of this name into the folder, and the folders above it. Returns its path until the next call. */
const char *folder_write(void **state, const char *name, const char *text, size_t size);

/* Where such a file would be. Until the next call. */
const char *folder_path(void **state, const char *name);

/* Reads a value of a key K into the field. What is wrong with it, without the key; "" if nothing is. Until the next
 * call. */
const char *value_error(const ValueType *type, const char *value, void *field);

/* Reads a policy in which the errors and warnings, as errors_text() has them, must be these. NULL if it is refused. */
Policy *policy_read_text(void **state, const char *text, const char *expected);

/* One "LINE: TEXT\n" for each, "LINE: warning: TEXT\n" for a warning. Until the next call. */
const char *errors_text(const ConfigErrors *errors);
