/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "core/match.h"
#include "core/rivals.h"
#include "ctl/check-host.h"
#include "ctl/where.h"

#define SETTINGS_FILE "/etc/memstalld/memstalld.conf" /* where one would write what is written nowhere yet */

/* ---- What a step asks for -------------------------------------------------------------------- */

static bool has_condition(const Step *step, ConditionKind kind) {
        for (size_t i = 0; i < step->n_conditions; i++)
                if (step->conditions[i].kind == kind)
                        return true;
        return false;
}

static bool asks_for_swap(const Step *step) {
        return has_condition(step, CONDITION_SWAP_FREE);
}

static bool asks_for_cpu_quota(const Step *step) {
        return step->action == ACTION_THROTTLE && properties_has(&step->limits, PROPERTY_CPU_QUOTA);
}

static bool asks_for_cpu_weight(const Step *step) {
        return step->action == ACTION_THROTTLE && properties_has(&step->limits, PROPERTY_CPU_WEIGHT);
}

static bool asks_for_io_weight(const Step *step) {
        return step->action == ACTION_THROTTLE && properties_has(&step->limits, PROPERTY_IO_WEIGHT);
}

static bool asks_for_reclaim(const Step *step) {
        return step->action == ACTION_RECLAIM;
}

static bool kills(const Step *step) {
        return step->action == ACTION_KILL && !step->dry_run;
}

static bool freezes(const Step *step) {
        return step->action == ACTION_FREEZE;
}

static const struct {
        HostFact fact;
        bool (*asks)(const Step *step);
        const char *key, *text;
} wants[] = {
        { HOST_SWAP, asks_for_swap, "SwapFree", "this host has no swap, so the step never acts" },
        { HOST_CPU, asks_for_cpu_quota, "CPUQuota", "this host has no cpu controller, so it changes nothing" },
        { HOST_CPU, asks_for_cpu_weight, "CPUWeight", "this host has no cpu controller, so it changes nothing" },
        { HOST_IO, asks_for_io_weight, "IOWeight", "this host has no io controller, so it changes nothing" },
        { HOST_RECLAIM, asks_for_reclaim, "Action",
          "this kernel has no memory.reclaim, so the step can do nothing; it came with Linux 5.19" },
        { HOST_KILL, kills, "Action",
          "this kernel has no cgroup.kill, so what forks faster than it is killed gets away; it came with Linux 5.14" },
};

static Place place_step(const Policy *policy, size_t i, const char *key, ConfigErrors *warnings) {
        return (Place){
                .errors = warnings, .file = policy->file, .line = where_key(policy->file, "Step", i, key), .key = key,
        };
}

static int check_step(const Host *host, const Policy *policy, size_t i, ConfigErrors *warnings) {
        Place place;
        int r;

        for (size_t w = 0; w < ELEMENTSOF(wants); w++) {
                if (host->facts[wants[w].fact] != HOST_NO || !wants[w].asks(policy->steps + i))
                        continue;
                place = place_step(policy, i, wants[w].key, warnings);
                r = place_warning(&place, "%s", wants[w].text);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What BPF alone tells is not asked for. */
static int check_waits(const Config *config, const Policy *policy, size_t i, ConfigErrors *warnings) {
        const Place place = place_step(policy, i, "Stall", warnings);

        if (config->settings.culprits || !has_condition(policy->steps + i, CONDITION_STALL))
                return 0;
        return place_warning(&place, "Culprits=no is set, so it is memory pressure alone; write Culprits=yes");
}

static int check_rank(const Host *host, const Policy *policy, ConfigErrors *warnings) {
        const Place place = {
                .errors = warnings, .file = policy->file,
                .line = where_key(policy->file, "Victim", SIZE_MAX, "Rank"), .key = "Rank",
        };

        if (host->facts[HOST_SWAP] != HOST_NO || policy->victim.n_rank != 1 || policy->victim.rank[0] != RANK_SWAP)
                return 0;
        return place_warning(&place, "this host has no swap, so all candidates are alike; add another measure, for "
                                     "example usage");
}

/* ---- Whom a policy reaches ------------------------------------------------------------------- */

static bool is_below(const char *path, const char *top) {
        size_t n = strlen(top);

        return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool watches(const Config *config, const Policy *policy, const HostCgroup *cgroup) {
        return match_policy(&config->policies, cgroup->kind, cgroup->unit, cgroup->path) == policy;
}

/* Whether the cgroup is a watch of the policy, or beneath one. */
static bool reaches(const Host *host, const Config *config, const Policy *policy, const HostCgroup *cgroup) {
        if (policy->match.system)
                return true;
        for (size_t i = 0; i < host->n_cgroups; i++)
                if (is_below(cgroup->path, host->cgroups[i].path) && watches(config, policy, host->cgroups + i))
                        return true;
        return false;
}

static bool is_candidate(const Host *host, const Config *config, const Policy *policy, const HostCgroup *cgroup) {
        return !match_protected(&config->settings, cgroup->unit) &&
               !strv_fnmatch(policy->victim.never, cgroup->unit) &&
               (!policy->victim.from || strv_fnmatch(policy->victim.from, cgroup->unit)) &&
               reaches(host, config, policy, cgroup);
}

static const Step *find_step(const Policy *policy, bool (*is)(const Step *step)) {
        for (size_t i = 0; i < policy->n_steps; i++)
                if (is(policy->steps + i))
                        return policy->steps + i;
        return NULL;
}

/* Before systemd 258 a watchdog goes on while its unit is frozen, and kills it. */
static int check_watchdogs(const Host *host, const Config *config, const Policy *policy, ConfigErrors *warnings) {
        const Step *step = find_step(policy, freezes);
        const HostCgroup *first = NULL;
        size_t n = 0;
        Place place;

        if (!step || host->systemd_version == 0 || host->systemd_version >= 258)
                return 0;
        for (size_t i = 0; i < host->n_cgroups; i++)
                if (host->cgroups[i].has_watchdog && is_candidate(host, config, policy, host->cgroups + i)) {
                        first = first ? first : host->cgroups + i;
                        n++;
                }
        if (!first)
                return 0;
        place = place_step(policy, (size_t) (step - policy->steps), "Action", warnings);
        if (n > 1)
                return place_warning(&place, "%s and %zu more units have WatchdogSec= and are not frozen, which takes "
                                             "systemd 258; write a step that helps with them",
                                     first->unit, n - 1);
        return place_warning(&place, "%s has WatchdogSec= and is not frozen, which takes systemd 258; write a step "
                                     "that helps with it",
                             first->unit);
}

/* ---- Others who do the same ------------------------------------------------------------------ */

static bool is_oomd(const char *rival) {
        return strcmp(rival, "systemd-oomd.service") == 0;
}

static bool kills_everywhere(const char *name) {
        const Rival *rival = rival_find(name, NULL);

        return rival && rival->everywhere;
}

/* A cgroup that systemd-oomd acts in, and the policy (NULL: any) as well. */
static const HostCgroup *find_shared(const Host *host, const Config *config, const Policy *policy) {
        for (size_t i = 0; i < host->n_cgroups; i++) {
                const HostCgroup *managed = host->cgroups + i;

                if (!managed->is_managed)
                        continue;
                if (!policy || reaches(host, config, policy, managed))
                        return managed;
                for (size_t j = 0; j < host->n_cgroups; j++)
                        if (is_below(host->cgroups[j].path, managed->path) &&
                            watches(config, policy, host->cgroups + j))
                                return managed;
        }
        return NULL;
}

/* systemd-oomd, where both reach the same units. */
static int check_oomd(const Host *host, const Config *config, const Policy *policy, const Place *place) {
        const HostCgroup *shared = find_shared(host, config, policy);

        if (!shared)
                return 0;
        if (config->settings.leave_to_oomd)
                return place_warning(place, "systemd-oomd.service is active, and what lies in %s is left to it "
                                            "(LeaveToOomd=), let one of the two do it",
                                     shared->unit);
        return place_warning(place, "systemd-oomd.service is active and kills below %s as well, let one of the two do "
                                    "it",
                             shared->unit);
}

/* Another one kills where it likes: to say so once will do. */
static int check_rival(const Host *host, const Config *config, const char *rival, ConfigErrors *warnings) {
        for (size_t i = 0; i < config->policies.n_policies && !config->settings.dry_run; i++) {
                const Policy *policy = config->policies.policies[i];
                const Step *step = policy->disabled ? NULL : find_step(policy, kills);
                Place place;
                int r;

                if (!step)
                        continue;
                place = place_step(policy, (size_t) (step - policy->steps), "Action", warnings);
                if (kills_everywhere(rival))
                        return place_warning(&place, "%s is active and kills on the whole host as well, stop one of the "
                                                     "two",
                                             rival);
                if (!is_oomd(rival))
                        return 0;
                r = check_oomd(host, config, policy, &place);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ManagedOOM= is what systemd-oomd does, done here. */
static int check_managed(const Host *host, const Config *config, ConfigErrors *warnings) {
        const HostCgroup *managed = find_shared(host, config, NULL);
        Place place = { .errors = warnings, .file = SETTINGS_FILE, .line = 1, .key = "ManagedOOM" };
        bool is_active = false;

        for (size_t i = 0; i < strv_length(host->rivals); i++)
                is_active |= is_oomd(host->rivals[i]);
        if (!is_active || !managed || !config->settings.managed_oom || config->settings.leave_to_oomd ||
            config->settings.dry_run)
                return 0;
        for (size_t i = 0; i < strv_length(config->files); i++)
                if (where_find(config->files[i], "Daemon", SIZE_MAX, "ManagedOOM", &place.line))
                        place.file = config->files[i];
        return place_warning(&place, "systemd-oomd.service is active and minds the same settings of %s, stop it or write "
                                     "ManagedOOM=no",
                             managed->unit);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int check_kernel(const Host *host, ConfigErrors *warnings) {
        static const struct {
                HostFact fact;
                const char *file, *text;
        } rows[] = {
                { HOST_PRESSURE, "/proc/pressure/memory",
                  "this kernel does not account pressure, boot it with psi=1" },
                { HOST_UNIFIED, "/sys/fs/cgroup",
                  "this host has no unified cgroup tree, boot it with systemd.unified_cgroup_hierarchy=1" },
                { HOST_MEMORY, "/sys/fs/cgroup/cgroup.controllers",
                  "this kernel has no memory controller, boot it with cgroup_enable=memory" },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Place place = { .errors = warnings, .file = rows[i].file, .line = 1 };

                if (host->facts[rows[i].fact] != HOST_NO)
                        continue;
                r = place_warning(&place, "%s", rows[i].text);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_policy(const Host *host, const Config *config, const Policy *policy, ConfigErrors *warnings) {
        int r;

        r = check_rank(host, policy, warnings);
        for (size_t i = 0; r >= 0 && i < policy->n_steps; i++)
                r = check_step(host, policy, i, warnings);
        for (size_t i = 0; r >= 0 && i < policy->n_steps; i++)
                r = check_waits(config, policy, i, warnings);
        return r < 0 ? r : check_watchdogs(host, config, policy, warnings);
}

int check_host(const Host *host, const Config *config, ConfigErrors *warnings) {
        int r;

        r = check_kernel(host, warnings);
        if (r >= 0)
                r = check_managed(host, config, warnings);
        for (size_t i = 0; r >= 0 && i < strv_length(host->rivals); i++)
                r = check_rival(host, config, host->rivals[i], warnings);
        for (size_t i = 0; r >= 0 && i < config->policies.n_policies; i++)
                if (!config->policies.policies[i]->disabled)
                        r = check_policy(host, config, config->policies.policies[i], warnings);
        return r < 0 ? r : 0;
}

static bool matches_some(const Host *host, const char *glob, unsigned kinds) {
        char *const globs[] = { (char *) glob, NULL };

        for (size_t i = 0; i < host->n_cgroups; i++)
                if (kinds & 1U << host->cgroups[i].kind) {
                        const HostCgroup *cgroup = host->cgroups + i;

                        if (strv_fnmatch(globs, kinds & 1U << CGROUP_GROUP ? cgroup->path : cgroup->unit))
                                return true;
                }
        return false;
}

static int hint_globs(const Host *host, const Policy *policy, const char *key, char *const *globs, unsigned kinds,
                      ConfigErrors *hints) {
        const Place place = {
                .errors = hints, .file = policy->file, .line = where_key(policy->file, "Match", SIZE_MAX, key), .key = key,
        };
        int r;

        for (; globs && *globs; globs++) {
                if (matches_some(host, *globs, kinds))
                        continue;
                r = place_warning(&place, "nothing that runs on this host now matches \"%s\"", *globs);
                if (r < 0)
                        return r;
        }
        return 0;
}

int check_host_globs(const Host *host, const Config *config, ConfigErrors *hints) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < config->policies.n_policies && host->n_cgroups > 0; i++) {
                const Policy *policy = config->policies.policies[i];

                if (policy->disabled)
                        continue;
                r = hint_globs(host, policy, "Unit", policy->match.units, 1U << CGROUP_UNIT, hints);
                if (r >= 0)
                        r = hint_globs(host, policy, "Slice", policy->match.slices, 1U << CGROUP_SLICE, hints);
                if (r >= 0)
                        r = hint_globs(host, policy, "CGroup", policy->match.cgroups,
                                       1U << CGROUP_GROUP | 1U << CGROUP_UNIT | 1U << CGROUP_SLICE, hints);
        }
        return r < 0 ? r : 0;
}
