/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/format.h"
#include "base/strv.h"
#include "base/usec.h"
#include "config/glob.h"
#include "config/policy-draft.h"
#include "core/match.h"

/* What is no mistake by the letter and can hardly be meant. Only what the file itself says: what depends on the host
 * is asked where the host is. */

typedef int (*Warn)(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors);

/* A tick of the kernel's clock where it is slow: less stall than this is none that can be told from any. */
#define STALL_MIN_USEC (4 * USEC_PER_MSEC)

static Place step_place(const PolicyDraft *draft, const Step *step, unsigned key, ConfigErrors *errors) {
        const StepNote *note = draft->steps + (step - draft->policy->steps);

        return place_at(draft, errors, note->keys[key], policy_step_keys[key].name);
}

static int warn_expires(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->policy_keys[POLICY_KEY_EXPIRES],
                                     policy_policy_keys[POLICY_KEY_EXPIRES].name);
        uint64_t expires = draft->policy->expires_usec;

        if (expires == 0 || expires > now_usec)
                return 0;
        return place_warning(&place, "is over since %s, the policy does nothing: remove the file or write a later time",
                             FORMAT_DURATION(now_usec - expires));
}

/* ---- Globs ----------------------------------------------------------------------------------- */

static bool meets_any(const char *glob, char *const *globs) {
        for (; globs && *globs; globs++)
                if (globs_meet(*globs, glob))
                        return true;
        return false;
}

/* Names only units that no policy may touch. The built-in globs have no wildcard but the star, which takes in those of
 * the glob; a slice above a protected unit is as untouchable. */
static bool is_untouchable(const char *glob) {
        static const Settings built_in = SETTINGS_DEFAULT;
        static const char workload[] = "systemd-nspawn@*.service"; /* which is nobody's but its owner's */

        if (strcmp(glob, "-.slice") == 0 || strcmp(glob, "system.slice") == 0)
                return true;
        return match_protected(&built_in, glob) && !globs_meet(workload, glob);
}

/* They can be matched and are never acted on. */
static int warn_protected(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        const struct {
                char *const *globs;
                unsigned line;
                const char *key;
        } lists[] = {
                { draft->policy->match.units, draft->match.keys[MATCH_KEY_UNIT],
                  policy_match_keys[MATCH_KEY_UNIT].name },
                { draft->policy->victim.from, draft->victim_keys[VICTIM_KEY_FROM],
                  policy_victim_keys[VICTIM_KEY_FROM].name },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                const Place place = place_at(draft, errors, lists[i].line, lists[i].key);

                for (char *const *glob = lists[i].globs; glob && *glob; glob++) {
                        if (!is_untouchable(*glob))
                                continue;
                        r = place_warning(&place, "\"%s\" names only units that no policy may touch, they are never "
                                                  "acted on",
                                          *glob);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* Of a unit of a user manager and of a cgroup below a delegated unit the lists of [Victim] also name what stands above
 * it in its path (core/victim.c). Such globs can name what they do not look like. */
static bool reaches_beneath(const char *glob) {
        return strchr("/*?[", glob[0]) || globs_meet("user@*.service", glob);
}

static bool from_reaches_beneath(const Policy *p) {
        for (char *const *glob = p->victim.from; *glob; glob++)
                if (reaches_beneath(*glob))
                        return true;
        return false;
}

static int warn_strangers(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        const Policy *p = draft->policy;
        const struct {
                char *const *globs;
                VictimKey key;
        } lists[] = {
                { p->victim.never, VICTIM_KEY_NEVER },
                { p->victim.avoid, VICTIM_KEY_AVOID },
                { p->victim.prefer, VICTIM_KEY_PREFER },
        };
        int r;

        if (!p->victim.from || from_reaches_beneath(p))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                const Place place = place_at(draft, errors, draft->victim_keys[lists[i].key],
                                             policy_victim_keys[lists[i].key].name);

                for (char *const *glob = lists[i].globs; glob && *glob; glob++) {
                        if (meets_any(*glob, p->victim.from) || reaches_beneath(*glob))
                                continue;
                        r = place_warning(&place, "\"%s\" is nothing that From= names, remove it or add it there",
                                          *glob);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* Never= is absolute: what it spares need not be moved. */
static int warn_spared(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        const Policy *p = draft->policy;
        const struct {
                char *const *globs;
                VictimKey key;
        } lists[] = { { p->victim.avoid, VICTIM_KEY_AVOID }, { p->victim.prefer, VICTIM_KEY_PREFER } };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                const Place place = place_at(draft, errors, draft->victim_keys[lists[i].key],
                                             policy_victim_keys[lists[i].key].name);

                for (char *const *glob = lists[i].globs; glob && *glob; glob++)
                        for (char *const *never = p->victim.never; never && *never; never++) {
                                if (!glob_covers(*never, *glob))
                                        continue;
                                r = place_warning(&place, "\"%s\" is spared by Never=%s already, remove one of the two",
                                                  *glob, *never);
                                if (r < 0)
                                        return r;
                                break;
                        }
        }
        return 0;
}

static int warn_except(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        const Place place = place_at(draft, errors, draft->match.keys[MATCH_KEY_EXCEPT],
                                     policy_match_keys[MATCH_KEY_EXCEPT].name);
        const Policy *p = draft->policy;
        int r;

        for (char *const *glob = p->match.except; glob && *glob; glob++) {
                if (meets_any(*glob, p->match.units) || meets_any(*glob, p->match.slices) ||
                    meets_any(*glob, p->match.cgroups))
                        continue;
                r = place_warning(&place, "\"%s\" takes nothing out, since nothing else in [Match] names it", *glob);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static int warn_stall(const PolicyDraft *draft, const Step *step, ConfigErrors *errors) {
        int r;

        for (size_t i = 0; i < step->n_conditions; i++) {
                const Condition *c = step->conditions + i;
                const Place place = step_place(draft, step, c->kind, errors);
                const PressureLimit *limit = &c->pressure;

                if (!condition_is_pressure(c->kind) || limit->share * limit->window_usec >= STALL_MIN_USEC * 10000)
                        continue;
                r = place_warning(&place, "%s of %s are %s, which any wait reaches: write at least %s%s%s %s",
                                  FORMAT_SHARE(limit->share), FORMAT_DURATION(limit->window_usec),
                                  FORMAT_DURATION(limit->share * limit->window_usec / 10000),
                                  c->kind == CONDITION_STALL ? "" : pressure_to_string(limit->kind),
                                  c->kind == CONDITION_STALL ? "" : " ",
                                  FORMAT_SHARE((STALL_MIN_USEC * 10000 + limit->window_usec - 1) / limit->window_usec),
                                  FORMAT_DURATION(limit->window_usec));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What nothing tells of: it is looked at time and again, whether anything stalls or not, as soon as memory is not plenty
 * (core/watch-room.c). */
static bool is_polled(ConditionKind kind) {
        return kind == CONDITION_GROWTH || kind == CONDITION_REFAULTS || kind == CONDITION_RECLAIM ||
               kind == CONDITION_EFFICIENCY;
}

/* What the kernel or the core tells of, or what cannot come sooner than the room shrinks. */
static bool is_told(ConditionKind kind) {
        return kind <= CONDITION_USAGE || kind == CONDITION_EVENT || kind == CONDITION_PRESENT ||
               kind == CONDITION_ABSENT;
}

static int warn_polled(const PolicyDraft *draft, const Step *step, ConfigErrors *errors) {
        const Condition *polled = NULL;
        Place place;

        for (size_t i = 0; i < step->n_conditions; i++) {
                if (is_told(step->conditions[i].kind))
                        return 0;
                if (is_polled(step->conditions[i].kind) && !polled)
                        polled = step->conditions + i;
        }
        if (!polled)
                return 0;
        place = step_place(draft, step, polled->kind, errors);
        return place_warning(&place, "nothing else in the step tells when to look: where the kernel warns of shortage "
                                     "nobody does while memory is plenty, and else each watch is looked at all the time: "
                                     "add for example Pressure=some 1%% 2s");
}

/* A host has no limit to meet, and while one task waits for a CPU another has it. */
static int warn_host(const PolicyDraft *draft, const Step *step, ConfigErrors *errors) {
        const Policy *p = draft->policy;

        if (!p->match.system || p->match.units || p->match.slices || p->match.cgroups)
                return 0;
        for (size_t i = 0; i < step->n_conditions; i++) {
                const Condition *c = step->conditions + i;
                const Place place = step_place(draft, step, c->kind, errors);

                if (c->kind == CONDITION_EVENT)
                        return place_warning(&place, "never holds for the host, which has no limit: the step never "
                                                     "acts");
                if (c->kind == CONDITION_CPU_PRESSURE && c->pressure.kind == PRESSURE_FULL)
                        return place_warning(&place, "full never holds for the host, of which some task always runs: "
                                                     "write some");
        }
        return 0;
}

static int warn_kill_after(const PolicyDraft *draft, const Step *step, ConfigErrors *errors) {
        const Place place = step_place(draft, step, STEP_KEY_KILL_AFTER, errors);
        const StepNote *note = draft->steps + (step - draft->policy->steps);

        if (note->keys[STEP_KEY_KILL_AFTER] == 0 || step->signal != SIGKILL)
                return 0;
        return place_warning(&place, "SIGKILL leaves nothing to kill later: remove it or write another Signal=");
}

/* Of a ladder that is climbed one by one: `full` is never above `some`, and when it comes to so much of `full` the
 * milder step still waits for more of `some`. */
static int warn_order(const PolicyDraft *draft, const Step *step, ConfigErrors *errors) {
        const Policy *p = draft->policy;
        const PressureLimit *limit = step_trigger(step);

        for (const Step *later = step + 1; limit && later < p->steps + p->n_steps; later++) {
                const PressureLimit *other = step_trigger(later);
                Place place;

                if (!other || other->resource != limit->resource || other->kind != PRESSURE_FULL ||
                    limit->kind != PRESSURE_SOME || other->share >= limit->share ||
                    later->for_usec > step->for_usec || later->n_conditions > 1 || later->action == ACTION_LOG ||
                    later->dry_run)
                        continue;
                place = place_at(draft, errors, draft->steps[step - p->steps].line, NULL);
                return place_warning(&place, "[Step] %s waits for some %s, and step %s for full %s only: it will "
                                             "hardly have its turn, write the mildest step first",
                                     step->name, FORMAT_SHARE(limit->share), later->name,
                                     FORMAT_SHARE(other->share));
        }
        return 0;
}

static int warn_steps(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        static int (*const warns[])(const PolicyDraft *draft, const Step *step, ConfigErrors *errors) = {
                warn_stall, warn_polled, warn_host, warn_kill_after, warn_order,
        };
        int r;

        for (size_t i = 0; i < draft->policy->n_steps; i++)
                for (size_t k = 0; k < ELEMENTSOF(warns); k++) {
                        r = warns[k](draft, draft->policy->steps + i, errors);
                        if (r < 0)
                                return r;
                }
        return 0;
}

int policy_draft_warn(const PolicyDraft *draft, uint64_t now_usec, ConfigErrors *errors) {
        static const Warn warns[] = {
                warn_expires, warn_protected, warn_strangers, warn_spared, warn_except, warn_steps,
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(warns); i++) {
                r = warns[i](draft, now_usec, errors);
                if (r < 0)
                        return r;
        }
        return 0;
}
