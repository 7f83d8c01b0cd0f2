/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What may be sent to the socket of the pre-kill hook: a call that is taken names a path, and has an answer. */

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sense/prekill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static PrekillCall call;
        size_t n;
        int r = prekill_parse((const char *) data, size, &call);

        FUZZ_CHECK(r == -EBADMSG || r == 0 || r == PREKILL_E_METHOD || r == PREKILL_E_PARAMETER);
        FUZZ_CHECK(strnlen(call.cgroup, sizeof(call.cgroup)) < sizeof(call.cgroup));
        FUZZ_CHECK(strnlen(call.method, sizeof(call.method)) < sizeof(call.method));
        if (r == 0)
                FUZZ_CHECK(call.cgroup[0] == '/' && strncasecmp(call.method, "io.systemd.oom.prekill.", 23) == 0);
        if (r >= 0)
                FUZZ_CHECK(prekill_answer(r, &n)[n - 1] == '\0');
        return 0;
}
