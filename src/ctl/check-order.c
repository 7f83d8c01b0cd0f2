/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/glob.h"
#include "ctl/check-order.h"
#include "ctl/where.h"

/* What the lists of [Match] are called, and where they are. */
static const struct {
        const char *key;
        size_t offset;
} lists[] = {
        { "Unit", offsetof(Policy, match.units) },
        { "Slice", offsetof(Policy, match.slices) },
        { "CGroup", offsetof(Policy, match.cgroups) },
};

static char *const *list_of(const Policy *policy, size_t i) {
        return *(char *const *const *) ((const char *) policy + lists[i].offset);
}

/* A policy that may be over some day hands back what it took. */
static bool takes_for_good(const Policy *policy) {
        return !policy->disabled && policy->expires_usec == 0;
}

static bool covers(const Policy *first, size_t list, const char *glob) {
        if (first->match.except)
                return false;
        for (char *const *other = list_of(first, list); other && *other; other++)
                if (glob_covers(*other, glob))
                        return true;
        return false;
}

static Place place_of(const Policy *policy, const char *key, ConfigErrors *warnings) {
        return (Place){
                .errors = warnings, .file = policy->file,
                .line = where_key(policy->file, "Match", SIZE_MAX, key), .key = key,
        };
}

/* The first of the policies before the i-th that has taken the host, or all that the glob can match. */
static const Policy *taker_of(const PolicySet *set, size_t i, size_t list, const char *glob) {
        for (size_t j = 0; j < i; j++) {
                const Policy *first = set->policies[j];

                if (takes_for_good(first) && (glob ? covers(first, list, glob) : first->match.system))
                        return first;
        }
        return NULL;
}

static int check_host_watch(const PolicySet *set, size_t i, ConfigErrors *warnings) {
        const Policy *policy = set->policies[i], *first = policy->match.system ? taker_of(set, i, 0, NULL) : NULL;
        Place place;

        if (!first)
                return 0;
        place = place_of(policy, "System", warnings);
        return place_warning(&place, "the host is watched by %s, which comes first", first->name);
}

static int check_list(const PolicySet *set, size_t i, size_t list, ConfigErrors *warnings) {
        const Policy *policy = set->policies[i];
        int r;

        for (char *const *glob = list_of(policy, list); glob && *glob; glob++) {
                const Policy *first = taker_of(set, i, list, *glob);
                Place place;

                if (!first)
                        continue;
                place = place_of(policy, lists[list].key, warnings);
                r = place_warning(&place, "what matches \"%s\" is watched by %s, which comes first", *glob, first->name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int check_order(const Config *config, ConfigErrors *warnings) {
        const PolicySet *set = &config->policies;
        int r = 0;

        for (size_t i = 0; i < set->n_policies && r >= 0; i++) {
                if (set->policies[i]->disabled)
                        continue;
                r = check_host_watch(set, i, warnings);
                for (size_t list = 0; r >= 0 && list < ELEMENTSOF(lists); list++)
                        r = check_list(set, i, list, warnings);
        }
        return r < 0 ? r : 0;
}
