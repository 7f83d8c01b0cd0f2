/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* JSON (RFC 8259) as the verbs print it with --json: written as it comes, nothing is built up. In short, what stands in the
 * outermost object or list has a line each; pretty, each value has one. Values in an object have a key, those in a list have NULL. Whether it
 * could be written is for the caller to ask the stream.
 *
 *         Json j = { .f = stdout };
 *
 *         json_list(&j, NULL);
 *         json_object(&j, NULL);
 *         json_string(&j, "unit", "hog.service");
 *         json_end(&j);
 *         json_end(&j); */

#define JSON_DEPTH_MAX 16U

typedef struct Json {
        FILE *f;
        unsigned depth;
        bool is_list[JSON_DEPTH_MAX], has_values[JSON_DEPTH_MAX];
} Json;

/* --json=WORD, for all that is written from then on: "pretty", "short", or "off", which prints text; NULL, for --json alone,
 * is pretty on a terminal and else short. False if it is none of these, which is told on standard error. */
bool json_option(const char *word, bool *ret_json);

void json_object(Json *j, const char *key);
void json_list(Json *j, const char *key);

/* Ends the innermost object or list; after the outermost one comes a line feed. */
void json_end(Json *j);

/* Control characters are escaped, and each byte that is no UTF-8 is U+FFFD: names of cgroups hold what their makers
 * like. NULL is null. */
void json_string(Json *j, const char *key, const char *value);

void json_uint(Json *j, const char *key, uint64_t value);
void json_boolean(Json *j, const char *key, bool value);
void json_null(Json *j, const char *key);

/* A list of strings, see base/strv.h. */
void json_strv(Json *j, const char *key, char *const *values);
