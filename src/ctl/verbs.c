/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "ctl/verbs.h"

static const Verb verbs[] = {
        { "check", "[FILE...]", "Verify settings and policies without a daemon", verb_check },
        { "explain", "UNIT|INCIDENT", "Tell why something happened, or why nothing did", verb_explain },
        { "incidents", "", "List what happened, out of the journal", verb_incidents },
        { "metrics", "", "Print what was counted, as OpenMetrics", verb_metrics },
        { "record", "FILE", "Write what memstalld sees and decides to a trace", verb_record },
        { "release", "UNIT...|--all", "Undo a throttle, freeze or protection by hand", verb_release },
        { "replay", "TRACE", "Put a trace through policies, and compare what is decided", verb_replay },
        { "show-config", "[UNIT...]", "Show what is in effect, and which file gave what", verb_show_config },
        { "status", "[UNIT...]", "Show what is watched, by which policy, and what is held", verb_status },
        { "top", "", "Show live where the host stalls on memory", verb_top },
};

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return verbs + i;
        return NULL;
}

void verbs_print(FILE *f) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                fprintf(f, "  %-11s %-13s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
}
