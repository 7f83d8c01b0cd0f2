/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is asked what a unit itself has to say about its kills: PID 1, or, for what is below a user@UID.service, the manager
 * of that user. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent-private.h"

#define USERS_MAX 128U

typedef struct UserManager {
        uint64_t cgroup_id;
        ManagedOom *managed; /* NULL: a free place */
        char *path;          /* with a slash at its end */
} UserManager;

struct Managers {
        ManagedOom *system;
        UserManager users[USERS_MAX];
        bool told; /* that there are more */
};

static void on_managed(void *userdata, const Event *event) {
        Event copy = *event;

        agent_feed(userdata, &copy);
}

static void forget_user(UserManager *u) {
        u->managed = managed_oom_free(u->managed);
        free(u->path);
        *u = (UserManager){ 0 };
}

/* NULL: none that is known. */
static UserManager *find_user(Managers *m, const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(m->users); i++)
                if (m->users[i].managed && strncmp(path, m->users[i].path, strlen(m->users[i].path)) == 0)
                        return &m->users[i];
        return NULL;
}

/* Of a manager, not of a service that somebody has given a similar name. */
static bool parse_uid(const Event *event, uint32_t *ret) {
        char name[64];

        if (!event->cgroup.container || event->cgroup.delegated || sscanf(event->cgroup.unit, "user@%" SCNu32, ret) != 1)
                return false;
        (void) snprintf(name, sizeof(name), "user@%" PRIu32 ".service", *ret);
        return strcmp(name, event->cgroup.unit) == 0;
}

static void add_user(Agent *a, const Event *event, uint32_t uid) {
        Managers *m = a->managers;
        UserManager *u = NULL;

        for (size_t i = 0; !u && i < ELEMENTSOF(m->users); i++)
                if (!m->users[i].managed)
                        u = &m->users[i];
        if (u && asprintf(&u->path, "%s/", event->cgroup.path) < 0)
                u->path = NULL;
        if (u && u->path && managed_oom_new_for_user(&u->managed, a->event, uid, on_managed, a) >= 0) {
                u->cgroup_id = event->cgroup_id;
                return;
        }
        if (u)
                forget_user(u);
        if (!m->told)
                journal_blind(a->journal, event->cgroup.path, event->cgroup.unit,
                              u ? strerror(ENOMEM) : "more than 128 user managers: what units of the others say with "
                                                     "ManagedOOMMemoryPressure= is not known");
        m->told = true;
}

static void remove_user(Managers *m, uint64_t cgroup_id) {
        for (size_t i = 0; i < ELEMENTSOF(m->users); i++)
                if (m->users[i].managed && m->users[i].cgroup_id == cgroup_id)
                        forget_user(&m->users[i]);
}

void managers_ask(Agent *a, const Event *event) {
        ManagedOom *managed;
        UserManager *user;
        uint32_t uid;

        if (!a->managers || event->cgroup.kind == CGROUP_GROUP)
                return;
        user = event->cgroup.delegated ? find_user(a->managers, event->cgroup.path) : NULL;
        managed = !event->cgroup.delegated ? a->managers->system : user ? user->managed : NULL;
        if (event->kind == EVENT_CGROUP_GONE) {
                if (managed)
                        managed_oom_remove(managed, event->cgroup_id);
                remove_user(a->managers, event->cgroup_id);
                return;
        }
        if (managed)
                managed_oom_add(managed, event->cgroup_id, event->cgroup.unit);
        if (parse_uid(event, &uid))
                add_user(a, event, uid);
}

int managers_start(Agent *a) {
        int r;

        if (!a->config.settings.managed_oom && !a->config.settings.leave_to_oomd)
                return 0;
        a->managers = calloc(1, sizeof(*a->managers));
        if (!a->managers)
                return -ENOMEM;
        r = managed_oom_new(&a->managers->system, a->event, on_managed, a);
        if (r < 0)
                managers_stop(a);
        return r;
}

uint64_t managers_lost(const Agent *a) {
        const Managers *m = a->managers;
        uint64_t n;

        if (!m)
                return 0;
        n = managed_oom_n_lost(m->system);
        for (size_t i = 0; i < ELEMENTSOF(m->users); i++)
                if (m->users[i].managed)
                        n += managed_oom_n_lost(m->users[i].managed);
        return n;
}

void managers_stop(Agent *a) {
        if (!a->managers)
                return;
        for (size_t i = 0; i < ELEMENTSOF(a->managers->users); i++)
                forget_user(&a->managers->users[i]);
        managed_oom_free(a->managers->system);
        free(a->managers);
        a->managers = NULL;
}
