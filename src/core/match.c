/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "core/match.h"

/* Without these nobody can log in, look or repair; memstalld itself acts through some of them. */
static char *const protected_units[] = {
        (char *) "init.scope",        (char *) "systemd-*.service", (char *) "dbus.service",
        (char *) "dbus-broker.service", (char *) "ssh.service",     (char *) "sshd.service",
        (char *) "ssh@*.service",     (char *) "sshd@*.service",    (char *) "memstalld.service",
        NULL,
};

static bool policy_takes(const Policy *p, CgroupKind kind, const char *unit) {
        switch (kind) {

        case CGROUP_HOST:
                return p->match.system;

        case CGROUP_SLICE:
                return strv_fnmatch(p->match.slices, unit) && !strv_fnmatch(p->match.except, unit);

        case CGROUP_UNIT:
                return strv_fnmatch(p->match.units, unit) && !strv_fnmatch(p->match.except, unit);

        case CGROUP_GROUP:
        case _CGROUP_KIND_MAX:
                break;
        }
        return false;
}

const Policy *match_policy(const PolicySet *set, CgroupKind kind, const char *unit) {
        for (size_t i = 0; i < set->n_policies; i++)
                if (policy_takes(set->policies[i], kind, unit))
                        return set->policies[i];
        return NULL;
}

bool match_protected(const Settings *settings, const char *unit) {
        return strv_fnmatch(protected_units, unit) || strv_fnmatch(settings->protect, unit);
}
