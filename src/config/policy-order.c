/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "config/glob.h"
#include "config/policy-order.h"

/* Whether the glob is covered by one of the policy's own list of that kind. */
static bool list_covers(char *const *globs, const char *glob) {
        for (; globs && *globs; globs++)
                if (glob_covers(*globs, glob))
                        return true;
        return false;
}

static bool lists_cover(char *const *globs, char *const *others) {
        for (; others && *others; others++)
                if (!list_covers(globs, *others))
                        return false;
        return true;
}

/* Of a policy that is off at some time, or that leaves something out, nothing is certain. */
static bool takes_all(const Policy *earlier, const Policy *p) {
        return !earlier->disabled && earlier->expires_usec == 0 && !earlier->match.except &&
               (earlier->match.system || !p->match.system) && lists_cover(earlier->match.units, p->match.units) &&
               lists_cover(earlier->match.slices, p->match.slices) &&
               lists_cover(earlier->match.cgroups, p->match.cgroups);
}

int policy_order_warn(const PolicySet *set, ConfigErrors *errors) {
        int r;

        for (size_t i = 1; i < set->n_policies; i++) {
                const Policy *p = set->policies[i];
                const Place place = { .errors = errors, .file = p->file, .line = 1 };

                if (p->disabled)
                        continue;
                for (size_t j = 0; j < i; j++) {
                        if (!takes_all(set->policies[j], p))
                                continue;
                        r = place_warning(&place, "watches nothing, since the policy %s comes first and takes all that "
                                                  "[Match] names: give this file a name before it",
                                          set->policies[j]->name);
                        if (r < 0)
                                return r;
                        break;
                }
        }
        return 0;
}
