/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/match.h"
#include "ctl/host.h"
#include "ctl/json.h"
#include "ctl/show-private.h"
#include "ctl/verbs.h"

/* What was asked for, as the core would meet it: a unit that does not run now has no path but its name. */
typedef struct Asked {
        CgroupKind kind;
        const char *unit, *path;
} Asked;

static bool ends_in(const char *s, const char *suffix) {
        size_t length = strlen(s), n = strlen(suffix);

        return length > n && strcmp(s + length - n, suffix) == 0;
}

/* As systemctl has it, a name without suffix is a service; a path is a cgroup, "/" and "-.slice" the host. */
static Asked asked_for(const char *word, char *name, size_t size) {
        if (strcmp(word, "/") == 0 || strcmp(word, "-.slice") == 0)
                return (Asked){ CGROUP_HOST, "-.slice", "/" };
        if (*word == '/')
                return (Asked){ CGROUP_GROUP, word, word };
        if (ends_in(word, ".slice"))
                return (Asked){ CGROUP_SLICE, word, word };
        if (ends_in(word, ".service") || ends_in(word, ".scope"))
                return (Asked){ CGROUP_UNIT, word, word };
        (void) snprintf(name, size, "%s.service", word);
        return (Asked){ CGROUP_UNIT, name, name };
}

/* The first of that name, or at that path, that runs. */
static const HostCgroup *find(const Host *host, const Asked *asked) {
        for (size_t i = 0; i < host->n_cgroups; i++) {
                const HostCgroup *c = host->cgroups + i;

                if (strcmp(asked->kind == CGROUP_GROUP ? c->path : c->unit, asked->unit) == 0)
                        return c;
        }
        return NULL;
}

/* What a policy is in [Match] for: off or not, it says so. */
static bool takes(const Policy *p, const Asked *asked) {
        return match_takes(p, asked->kind, asked->unit, asked->path);
}

static const Policy *first_taker(const Show *show, const Asked *asked) {
        for (size_t i = 0; i < show->config.policies.n_policies; i++) {
                const Policy *p = show->config.policies.policies[i];

                if (!show_policy_off(show, p) && takes(p, asked))
                        return p;
        }
        return NULL;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void print_others(const Show *show, const Asked *asked, const Policy *taker) {
        bool is_behind = false;

        for (size_t i = 0; i < show->config.policies.n_policies; i++) {
                const Policy *p = show->config.policies.policies[i];
                const char *off = show_policy_off(show, p);

                if (p == taker)
                        is_behind = true;
                else if (takes(p, asked))
                        printf("  %s matches as well, but %s%s: %s\n", p->name, off ? "is " : "",
                               off        ? off
                               : is_behind ? "comes later"
                                           : "is passed over",
                               p->file);
        }
}

/* What is below a watch pays for it. */
static void print_above(const Show *show, const Host *host, const char *path) {
        const Policy *p;

        for (size_t i = 0; i < host->n_cgroups; i++) {
                const HostCgroup *above = host->cgroups + i;
                size_t n = strlen(above->path);

                if (strncmp(path, above->path, n) != 0 || path[n] != '/')
                        continue;
                p = first_taker(show, &(Asked){ above->kind, above->unit, above->path });
                if (p)
                        printf("  it may pay for %s, which %s watches\n", above->unit, p->name);
        }
        p = first_taker(show, &(Asked){ CGROUP_HOST, "-.slice", "/" });
        if (p)
                printf("  it may pay for the host, which %s watches\n", p->name);
}

static void print_unit(const Show *show, const Host *host, const Asked *asked, const Policy *taker, bool runs) {
        if (taker)
                printf("%s: %s watches it: %s\n", asked->unit, taker->name, taker->file);
        else
                printf("%s: no policy watches it\n", asked->unit);
        print_others(show, asked, taker);
        if (asked->kind == CGROUP_UNIT && match_protected(&show->config.settings, asked->unit))
                printf("  nobody acts on it: it is protected\n");
        else if (runs)
                print_above(show, host, asked->path);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_unit(const Show *show, Json *j, const Asked *asked, const Policy *taker, bool runs) {
        json_object(j, NULL);
        json_string(j, "unit", asked->unit);
        json_string(j, "cgroup", runs ? asked->path : NULL);
        json_string(j, "policy", taker ? taker->name : NULL);
        json_string(j, "file", taker ? taker->file : NULL);
        json_boolean(j, "protected",
                     asked->kind == CGROUP_UNIT && match_protected(&show->config.settings, asked->unit));
        json_list(j, "others");
        for (size_t i = 0; i < show->config.policies.n_policies; i++) {
                const Policy *p = show->config.policies.policies[i];
                const char *off = show_policy_off(show, p);

                if (p == taker || !takes(p, asked))
                        continue;
                json_object(j, NULL);
                json_string(j, "policy", p->name);
                json_string(j, "file", p->file);
                json_string(j, "state", off ? off : "in-effect");
                json_end(j);
        }
        json_end(j);
        json_end(j);
}

int show_units(const Show *show, char *const *units) {
        _cleanup_(host_done) Host host = { 0 };
        Json j = { .f = stdout };
        int status = CTL_DONE, r = 0;

        if (!*show->root)
                r = host_read(NULL, &host);
        if (r < 0) {
                fprintf(stderr, "memstallctl: cannot look at the cgroups: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        if (show->json)
                json_list(&j, NULL);
        for (; *units; units++) {
                char name[PATH_MAX];
                Asked asked = asked_for(*units, name, sizeof(name));
                const HostCgroup *cgroup = asked.kind == CGROUP_HOST ? NULL : find(&host, &asked);
                const Policy *taker;

                if (cgroup)
                        asked = (Asked){ cgroup->kind, cgroup->unit, cgroup->path };
                taker = first_taker(show, &asked);
                if (!taker)
                        status = CTL_FAILED;
                if (show->json)
                        json_unit(show, &j, &asked, taker, cgroup || asked.kind == CGROUP_HOST);
                else
                        print_unit(show, &host, &asked, taker, cgroup);
        }
        if (show->json)
                json_end(&j);
        return status;
}
