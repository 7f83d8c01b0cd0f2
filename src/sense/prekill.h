/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What systemd-oomd says before it kills, since systemd 260 (PrekillHookTimeoutSec=, man:oomd.conf(5)): one call of
 * https://varlink.org to each socket in a folder, a JSON text that ends with a NUL byte, and it waits for the answer:
 *
 *     {"method":"io.systemd.oom.Prekill.Notify","parameters":{"cgroup":"/system.slice/a.service"}}
 */

#define PREKILL_FOLDER "/run/systemd/oomd.prekill.hook"
#define PREKILL_CGROUP_MAX 4096U
#define PREKILL_CALL_MAX 8192U /* as long may a call be */

typedef struct PrekillCall {
        char method[64]; /* cut if it is longer: no method of ours is */
        char cgroup[PREKILL_CGROUP_MAX];
        bool oneway; /* no answer is wanted */
} PrekillCall;

enum {
        _PREKILL_E_SUCCESS,
        PREKILL_E_METHOD,    /* another method */
        PREKILL_E_PARAMETER, /* without a cgroup, or it is no path */
};

/* Reads one call, without its NUL byte. 0, PREKILL_E_…, or -EBADMSG for what is no JSON, no call, or too deep: JSON as
 * RFC 8259 has it, no key of ours twice. What else stands in it is not looked at. */
int prekill_parse(const char *text, size_t n, PrekillCall *ret);

/* The answer to what prekill_parse() said, with its NUL byte; `*ret_n` counts that. */
const char *prekill_answer(int r, size_t *ret_n);
