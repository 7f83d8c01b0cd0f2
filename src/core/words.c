/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The words that records, traces and the policy language use for the core's values. They are a contract: see
 * man:memstalld-records(7). */

#include "core/decision.h"

const char *role_to_string(CulpritRole r) {
        static const char *const words[_ROLE_MAX] = {
                [ROLE_CAUSE] = "cause",
                [ROLE_SUFFERER] = "sufferer",
        };

        return words[r];
}

const char *outcome_to_string(OutcomeKind k) {
        static const char *const words[_OUTCOME_KIND_MAX] = {
                [OUTCOME_DONE] = "done",       [OUTCOME_FAILED] = "failed",   [OUTCOME_TIMEOUT] = "timeout",
                [OUTCOME_DRY_RUN] = "dry-run", [OUTCOME_REFUSED] = "refused", [OUTCOME_SETTLED] = "settled",
                [OUTCOME_NO_EFFECT] = "no-effect",
        };

        return words[k];
}

const char *via_to_string(OutcomeVia v) {
        static const char *const words[_VIA_MAX] = {
                [VIA_NONE] = "none",
                [VIA_SYSTEMD] = "systemd",
                [VIA_CGROUP] = "cgroup",
        };

        return words[v];
}

const char *release_to_string(ReleaseReason r) {
        static const char *const words[_RELEASE_REASON_MAX] = {
                [RELEASE_CALM] = "calm", [RELEASE_MAX_HOLD] = "max-hold", [RELEASE_GONE] = "gone",
                [RELEASE_KILL] = "kill", [RELEASE_STOP] = "stop",         [RELEASE_RELOAD] = "reload",
                [RELEASE_FAILED] = "failed", [RELEASE_RECOVERED] = "recovered-after-crash",
                [RELEASE_LIVELOCK] = "livelock", [RELEASE_EXPIRED] = "expired", [RELEASE_BY_HAND] = "by-hand",
        };

        return words[r];
}

const char *refusal_to_string(RefusalReason r) {
        static const char *const words[_REFUSAL_REASON_MAX] = {
                [REFUSAL_PROTECTED] = "protected",
                [REFUSAL_BUDGET] = "budget",
                [REFUSAL_OOMD] = "oomd",
                [REFUSAL_NOBODY] = "no-candidate",
                [REFUSAL_FULL] = "too-many-held",
                [REFUSAL_POLICY_BUDGET] = "policy-budget",
                [REFUSAL_NAME] = "bad-name",
        };

        return words[r];
}

const char *reclaim_to_string(ReclaimKind k) {
        static const char *const words[_RECLAIM_KIND_MAX] = {
                [RECLAIM_MAX] = "max",
                [RECLAIM_HIGH] = "high",
                [RECLAIM_BY_HAND] = "by-hand",
                [RECLAIM_HOST] = "host",
        };

        return words[k];
}

const char *warning_to_string(WarningKind k) {
        static const char *const words[_WARNING_KIND_MAX] = {
                [WARNING_ARMED] = "armed",
                [WARNING_LOST] = "lost",
                [WARNING_KSWAPD] = "kswapd",
                [WARNING_DIRECT_RECLAIM] = "direct-reclaim",
        };

        return words[k];
}

const char *killer_to_string(Killer k) {
        static const char *const words[_KILLER_MAX] = {
                [KILLER_KERNEL] = "kernel",
                [KILLER_SYSTEMD_OOMD] = "systemd-oomd",
        };

        return words[k];
}

const char *blame_to_string(BlameKind k) {
        static const char *const words[_BLAME_KIND_MAX] = {
                [BLAME_LIMIT] = "limit",
                [BLAME_GROWTH] = "growth",
                [BLAME_REFAULTS] = "refaults",
                [BLAME_RECLAIM] = "reclaim",
                [BLAME_ITSELF] = "itself",
        };

        return words[k];
}

const char *stall_to_string(StallClass c) {
        static const char *const words[_STALL_CLASS_MAX] = {
                [STALL_OTHER] = "other",
                [STALL_MEMCG_MAX] = "memcg-max",
                [STALL_MEMCG_HIGH] = "memcg-high",
                [STALL_HIGH_THROTTLE] = "high-throttle",
                [STALL_DIRECT_RECLAIM] = "direct-reclaim",
                [STALL_NODE_RECLAIM] = "node-reclaim",
                [STALL_COMPACTION] = "compaction",
                [STALL_REFAULT] = "refault",
                [STALL_SWAP_IN] = "swap-in",
                [STALL_READ] = "read",
                [STALL_BLKCG] = "blkcg",
                [STALL_KSWAPD] = "kswapd",
                [STALL_KCOMPACTD] = "kcompactd",
                [STALL_SWAP_WAIT] = "swap-wait",
                [STALL_FILE_WAIT] = "file-wait",
        };

        return words[c];
}
