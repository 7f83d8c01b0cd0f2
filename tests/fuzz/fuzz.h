/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What the fuzzers share. Each is one file with the function below; libFuzzer calls it with what it thinks of, main.c
 * with the files of its corpus, so that these run as tests with any compiler. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as text: a copy that ends with NUL, valid until the next call. */
char *fuzz_text(const uint8_t *data, size_t size);

/* The path of a file that holds the input, the same each time. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* A property of the input that does not hold is as bad as a crash. Not assert(): it is never compiled out. */
#define FUZZ_CHECK(expr)                                                                                      \
        do {                                                                                                  \
                if (!(expr)) {                                                                                \
                        (void) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expr);                     \
                        abort();                                                                              \
                }                                                                                             \
        } while (0)
