/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "test.h"

#include "core/decision.h"

/* Programs hang on these words: a change here breaks somebody. */
static void test_words(void **state) {
        static const char *const words[] = {
                "unknown",   "unit-limit", "slice-limit", "host-short", "refault",  "swap",
                "throttled", "compaction", "io",          "|",          "cause",    "sufferer",
                "|",         "done",       "failed",      "timeout",    "dry-run",  "refused",
                "settled",   "no-effect",  "|",           "none",       "systemd",  "cgroup",
                "|",         "calm",       "max-hold",    "gone",       "kill",     "stop",
                "reload",    "failed",     "recovered-after-crash", "livelock", "expired", "by-hand", "|", "protected",  "budget",   "oomd", "no-candidate",
                "too-many-held", "policy-budget", "bad-name", "|",    "other",       "memcg-max",  "memcg-high", "high-throttle",
                "direct-reclaim", "node-reclaim", "compaction", "refault", "swap-in", "read",
                "blkcg",     "kswapd",     "kcompactd",  "swap-wait",  "file-wait",
                "|",         "max",        "high",       "by-hand",    "host",
                "|",         "armed",      "lost",       "kswapd",     "direct-reclaim",
                "|",         "kernel",     "systemd-oomd",
                "|",         "limit",      "growth",     "refaults",   "reclaim",    "itself",
        };
        const char *seen[ELEMENTSOF(words) + 1];
        size_t n = 0;

        for (Cause c = 0; c < _CAUSE_MAX; c++)
                seen[n++] = cause_to_string(c);
        seen[n++] = "|";
        for (CulpritRole r = 0; r < _ROLE_MAX; r++)
                seen[n++] = role_to_string(r);
        seen[n++] = "|";
        for (OutcomeKind k = 0; k < _OUTCOME_KIND_MAX; k++)
                seen[n++] = outcome_to_string(k);
        seen[n++] = "|";
        for (OutcomeVia v = 0; v < _VIA_MAX; v++)
                seen[n++] = via_to_string(v);
        seen[n++] = "|";
        for (ReleaseReason r = 0; r < _RELEASE_REASON_MAX; r++)
                seen[n++] = release_to_string(r);
        seen[n++] = "|";
        for (RefusalReason r = 0; r < _REFUSAL_REASON_MAX; r++)
                seen[n++] = refusal_to_string(r);
        seen[n++] = "|";
        for (StallClass c = 0; c < _STALL_CLASS_MAX; c++)
                seen[n++] = stall_to_string(c);
        seen[n++] = "|";
        for (ReclaimKind k = 0; k < _RECLAIM_KIND_MAX; k++)
                seen[n++] = reclaim_to_string(k);
        seen[n++] = "|";
        for (WarningKind k = 0; k < _WARNING_KIND_MAX; k++)
                seen[n++] = warning_to_string(k);
        seen[n++] = "|";
        for (Killer k = 0; k < _KILLER_MAX; k++)
                seen[n++] = killer_to_string(k);
        seen[n++] = "|";
        for (BlameKind k = 0; k < _BLAME_KIND_MAX; k++)
                seen[n++] = blame_to_string(k);

        assert_int_equal(n, ELEMENTSOF(words));
        for (size_t i = 0; i < n; i++)
                assert_string_equal(seen[i], words[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
