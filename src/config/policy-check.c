/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "config/glob.h"
#include "config/policy-draft.h"

/* ---- [Match] --------------------------------------------------------------------------------- */

/* Goes by the keys that were given rather than by their values: a wrong value is reported already. */
static bool matches_something(const PolicyDraft *draft) {
        static const MatchKey keys[] = { MATCH_KEY_UNIT, MATCH_KEY_SLICE, MATCH_KEY_CGROUP };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (draft->match.keys[keys[i]] > 0)
                        return true;
        return draft->policy->match.system;
}

static int check_match(const PolicyDraft *draft, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->match.line, NULL);

        if (draft->match.line == 0)
                return place_error(&place, "[Match] is missing, write it with Unit=, Slice=, CGroup= or System=yes");
        if (!matches_something(draft))
                return place_error(&place, "[Match] has no condition, write Unit=, Slice=, CGroup= or System=yes");
        return 0;
}

/* Except= takes out of what is watched and does not spare victims, which is easily mistaken. */
static int check_except(const PolicyDraft *draft, ConfigErrors *errors) {
        static const struct {
                MatchKey key;
                unsigned kind;
        } keys[] = {
                { MATCH_KEY_UNIT, GLOB_UNIT }, { MATCH_KEY_SLICE, GLOB_SLICE }, { MATCH_KEY_CGROUP, GLOB_GROUP },
        };
        const Place place = place_at(draft, errors, draft->match.keys[MATCH_KEY_EXCEPT],
                                     policy_match_keys[MATCH_KEY_EXCEPT].name);
        char *const *except = draft->policy->match.except;
        unsigned watched = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (draft->match.keys[keys[i].key] > 0)
                        watched |= keys[i].kind;
        for (size_t i = 0; i < strv_length(except); i++)
                if (!(glob_kinds(except[i]) & watched)) {
                        int r;

                        r = place_error(&place, "\"%s\" is nothing that [Match] watches, write Never=%s in [Victim] "
                                                "to spare it",
                                        except[i], except[i]);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* ---- [Victim] -------------------------------------------------------------------------------- */

unsigned policy_victim_kinds(const Policy *policy) {
        unsigned kinds = 0;

        for (size_t i = 0; i < strv_length(policy->victim.from); i++)
                kinds |= glob_kinds(policy->victim.from[i]);
        if (kinds > 0)
                return kinds;
        if (policy->match.cgroups && !policy->match.units && !policy->match.slices && !policy->match.system)
                return GLOB_GROUP;
        return GLOB_UNIT | GLOB_GROUP;
}

static int check_grain(const PolicyDraft *draft, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->victim_keys[VICTIM_KEY_GRAIN],
                                     policy_victim_keys[VICTIM_KEY_GRAIN].name);
        const Policy *policy = draft->policy;

        if (policy->victim.grain != GRAIN_PROCESS)
                return 0;
        for (size_t i = 0; i < policy->n_steps; i++)
                if (policy->steps[i].action == ACTION_KILL || draft->steps[i].keys[STEP_KEY_ACTION] == 0)
                        return 0;
        return place_error(&place, "process belongs to kill and no [Step] has Action=kill, remove it");
}

int policy_draft_check(const PolicyDraft *draft, ConfigErrors *errors) {
        static int (*const checks[])(const PolicyDraft *draft, ConfigErrors *errors) = {
                check_match, check_except, check_grain, policy_draft_check_steps,
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                r = checks[i](draft, errors);
                if (r < 0)
                        return r;
        }
        return 0;
}
