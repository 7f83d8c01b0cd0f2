/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "core/warning.h"

bool warning_note(Warning *w, WarningKind kind, uint64_t now_usec) {
        switch (kind) {

        case WARNING_ARMED:
                w->armed = true;
                return false; /* each watch finds out at its next look, which is planned */

        case WARNING_LOST:
                w->armed = false;
                return true;

        case WARNING_KSWAPD:
        case WARNING_DIRECT_RECLAIM:
                w->last_usec = now_usec;
                return true;

        case _WARNING_KIND_MAX:
                break;
        }
        return false;
}

bool warning_is_quiet(const Warning *w, uint64_t now_usec) {
        return w && w->armed && (w->last_usec == 0 || usec_sub(now_usec, w->last_usec) >= WARNING_QUIET_USEC);
}

uint64_t warning_wanted(const Warning *w, uint64_t now_usec, uint64_t next_look_usec) {
        if (warning_is_quiet(w, now_usec))
                return now_usec;
        return MIN(next_look_usec, usec_add(w->last_usec, WARNING_PAUSE_USEC));
}
