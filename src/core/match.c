/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "core/match.h"

/* Without these nobody can log in, look or repair; memstalld itself acts through some of them. */
static char *const protected_units[] = {
        (char *) "init.scope",
        (char *) "systemd-*.service", /* journald, logind, udevd, and the rest */
        (char *) "dbus.service",
        (char *) "dbus-broker.service",
        (char *) "ssh.service",
        (char *) "sshd.service",
        (char *) "ssh@*.service",
        (char *) "sshd@*.service",
        (char *) "sshd-*@*.service", /* what systemd-ssh-generator(8) makes: sshd-vsock@, sshd-unix-local@ */
        (char *) "memstalld.service",
        (char *) "memstalld.slice",
        NULL,
};

/* systemd's by name, and whatever somebody runs in it. */
static char *const workloads[] = { (char *) "systemd-nspawn@*.service", NULL };

static bool path_matches(char *const *globs, const char *path) {
        return strv_fnmatch(globs, path) || (path[0] == '/' && path[1] && strv_fnmatch(globs, path + 1));
}

bool match_takes(const Policy *p, CgroupKind kind, const char *unit, const char *path) {
        switch (kind) {

        case CGROUP_HOST:
                return p->match.system;

        case CGROUP_SLICE:
                return strv_fnmatch(p->match.slices, unit) && !strv_fnmatch(p->match.except, unit);

        case CGROUP_UNIT:
                return strv_fnmatch(p->match.units, unit) && !strv_fnmatch(p->match.except, unit);

        case CGROUP_GROUP:
                return path_matches(p->match.cgroups, path) && !path_matches(p->match.except, path);

        case _CGROUP_KIND_MAX:
                break;
        }
        return false;
}

const Policy *match_policy(const PolicySet *set, CgroupKind kind, const char *unit, const char *path) {
        for (size_t i = 0; i < set->n_policies; i++)
                if (!set->policies[i]->disabled && match_takes(set->policies[i], kind, unit, path))
                        return set->policies[i];
        return NULL;
}

bool match_protected(const Settings *settings, const char *unit) {
        return (strv_fnmatch(protected_units, unit) && !strv_fnmatch(workloads, unit)) ||
               strv_fnmatch(settings->protect, unit);
}
