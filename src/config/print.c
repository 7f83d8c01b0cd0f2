/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "base/format.h"
#include "config/print-value.h"
#include "config/print.h"

/* ---- [Step] ---------------------------------------------------------------------------------- */

static void print_weight(FILE *f, const char *key, uint64_t weight, const char *idle) {
        if (weight == 0)
                fprintf(f, "%s=%s\n", key, idle);
        else
                fprintf(f, "%s=%" PRIu64 "\n", key, weight);
}

static void print_throttle(FILE *f, const Step *s) {
        const Properties *limits = &s->limits;

        if (s->memory_high.share > 0 || s->memory_high.bytes > 0)
                print_amount(f, "MemoryHigh", &s->memory_high);
        if (properties_has(limits, PROPERTY_CPU_QUOTA))
                fprintf(f, "CPUQuota=%s\n", FORMAT_SHARE(limits->values[PROPERTY_CPU_QUOTA] / 100));
        if (properties_has(limits, PROPERTY_CPU_WEIGHT))
                print_weight(f, "CPUWeight", limits->values[PROPERTY_CPU_WEIGHT], "idle");
        if (properties_has(limits, PROPERTY_IO_WEIGHT))
                print_weight(f, "IOWeight", limits->values[PROPERTY_IO_WEIGHT], "1");
}

static void print_protect(FILE *f, const Step *s) {
        print_list(f, "Shield", s->shield);
        print_amount(f, "MemoryLow", &s->memory_low);
}

static void print_reclaim(FILE *f, const Step *s) {
        print_amount(f, "Amount", &s->reclaim);
}

static void print_kill(FILE *f, const Step *s) {
        print_signal(f, "Signal", s->signal);
        if (s->signal != SIGKILL)
                print_duration(f, "KillAfter", s->kill_after_usec);
}

/* What only some actions have. */
static void (*const print_action[_ACTION_KIND_MAX])(FILE *f, const Step *s) = {
        [ACTION_PROTECT] = print_protect,
        [ACTION_THROTTLE] = print_throttle,
        [ACTION_RECLAIM] = print_reclaim,
        [ACTION_KILL] = print_kill,
};

/* The least share has no quarter: the default is then an Until= that may not be written, since it is not below. */
static bool can_write_until(const Step *s) {
        uint32_t trigger = 0;

        for (size_t i = 0; i < s->n_conditions; i++)
                if (condition_is_pressure(s->conditions[i].kind) &&
                    s->conditions[i].pressure.resource == s->until.resource)
                        trigger = MAX(trigger, s->conditions[i].pressure.share);
        return s->has_until && (trigger == 0 || s->until.share < trigger);
}

static void print_step(FILE *f, const Step *s) {
        fprintf(f, "\n[Step]\nName=%s\n", s->name);
        for (size_t i = 0; i < s->n_conditions; i++)
                print_condition(f, s->conditions + i);
        print_duration(f, "For", s->for_usec);
        fprintf(f, "Action=%s\n", action_to_string(s->action));
        if (print_action[s->action])
                print_action[s->action](f, s);
        if (action_holds(s->action)) {
                if (can_write_until(s))
                        print_pressure(f, "Until", &s->until);
                print_duration(f, "MaxHold", s->max_hold_usec);
        }
        if (s->start)
                fprintf(f, "Start=%s\n", s->start);
        if (s->start || action_is_job(s->action))
                print_duration(f, "StartTimeout", s->start_timeout_usec);
        print_duration(f, "Settle", s->settle_usec);
        print_duration(f, "Cooldown", s->cooldown_usec);
        print_boolean(f, "DryRun", s->dry_run);
}

/* ---- The file -------------------------------------------------------------------------------- */

static void print_match(FILE *f, const Policy *p) {
        fprintf(f, "\n[Match]\n");
        print_list(f, "Unit", p->match.units);
        print_list(f, "Slice", p->match.slices);
        print_list(f, "CGroup", p->match.cgroups);
        print_boolean(f, "System", p->match.system);
        print_list(f, "Except", p->match.except);
}

static void print_victim(FILE *f, const Policy *p) {
        fprintf(f, "\n[Victim]\n");
        print_list(f, "From", p->victim.from);
        fprintf(f, "Rank=");
        for (size_t i = 0; i < p->victim.n_rank; i++)
                fprintf(f, "%s%s", i > 0 ? " " : "", rank_to_string(p->victim.rank[i]));
        fputc('\n', f);
        print_list(f, "Never", p->victim.never);
        print_list(f, "Avoid", p->victim.avoid);
        print_list(f, "Prefer", p->victim.prefer);
        fprintf(f, "Grain=%s\n", grain_to_string(p->victim.grain));
}

void config_print_policy(FILE *f, const Policy *p) {
        fprintf(f, "[Policy]\n");
        if (p->description)
                fprintf(f, "Description=%s\n", p->description);
        print_boolean(f, "Enabled", !p->disabled);
        if (p->max_actions > 0)
                print_budget(f, "MaxActions", p->max_actions, p->max_actions_usec);
        if (p->expires_usec > 0)
                print_time(f, "Expires", p->expires_usec);
        print_match(f, p);
        print_victim(f, p);
        for (size_t i = 0; i < p->n_steps; i++)
                print_step(f, p->steps + i);
}

void config_print_settings(FILE *f, const Settings *s) {
        fprintf(f, "[Daemon]\n");
        print_boolean(f, "DryRun", s->dry_run);
        print_boolean(f, "Culprits", s->culprits);
        print_boolean(f, "CulpritStacks", s->culprit_stacks);
        print_budget(f, "MaxActions", s->max_actions, s->max_actions_usec);
        print_boolean(f, "ManagedOOM", s->managed_oom);
        print_boolean(f, "LeaveToOomd", s->leave_to_oomd);
        print_list(f, "Protect", s->protect);

        fprintf(f, "\n# oomd.conf(5), for units that say ManagedOOM...=kill and no more\n");
        fprintf(f, "#SwapUsedLimit=%s\n", FORMAT_SHARE(s->managed.swap_used_share));
        fprintf(f, "#DefaultMemoryPressureLimit=%s\n", FORMAT_SHARE(s->managed.pressure_share));
        print_duration(f, "#DefaultMemoryPressureDurationSec", s->managed.duration_usec);
}
