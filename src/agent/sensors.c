/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The side of the kernel: cgroups that come and go, and the looks that the core asks for. */

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/agent-private.h"
#include "base/clock.h"
#include "sense/watch.h"

void sensors_tell_blind(Agent *a, uint64_t cgroup_id, const char *reason) {
        const char *path = NULL, *unit = NULL;

        (void) tree_name(a->tree, cgroup_id, NULL, &path, &unit, NULL);
        journal_blind(a->journal, path, unit, reason);
}

void sensors_follow(Agent *a, uint64_t cgroup_id) {
        int r = tree_follow(a->tree, cgroup_id);

        if (r != 0 && r != WATCH_E_GONE)
                sensors_tell_blind(a, cgroup_id, r > 0 ? watch_error_text(r) : strerror(-r));
}

static bool sample(Agent *a, uint64_t cgroup_id, Sample *ret) {
        if (watch_sample(a->tree, cgroup_id, ret) != 0)
                return false;
        sightings_on_sample(a, cgroup_id, ret);
        return true;
}

/* Of the host, though nobody watches it: how much there is, and who stalled. Candidates have no files open then. */
static bool survey_unwatched(Agent *a, uint64_t cgroup_id, Candidates *ret) {
        int r;

        *ret = (Candidates){ 0 };
        if (cgroup_id != tree_host_id(a->tree) || tree_follow(a->tree, cgroup_id) != 0)
                return false;
        r = watch_sample(a->tree, cgroup_id, &ret->values);
        tree_unfollow(a->tree, cgroup_id);
        return r == 0;
}

bool sensors_look(Agent *a, const Look *look, Event *ret) {
        Candidates survey = { 0 };

        culprits_read_waits(a, look->cgroup_id);
        if (!look->survey) {
                *ret = (Event){ .kind = EVENT_SAMPLE, .cgroup_id = look->cgroup_id };
                return sample(a, look->cgroup_id, &ret->sample.values);
        }

        culprits_read(a, look->cgroup_id);
        if ((a->culprits.around ? watch_survey_around : watch_survey)(a->tree, look->cgroup_id, &survey) == 0)
                sightings_on_sample(a, look->cgroup_id, &survey.values);
        else if (!survey_unwatched(a, look->cgroup_id, &survey))
                return false;
        *ret = (Event){
                .kind = EVENT_SURVEY,
                .cgroup_id = look->cgroup_id,
                .survey.values = survey.values,
                .survey.candidates = survey.candidates,
                .survey.n_candidates = survey.n_candidates,
                .survey.stalls = a->culprits.stalls,
                .survey.n_stalls = a->culprits.n_stalls,
                .survey.reclaims = a->culprits.reclaims,
                .survey.n_reclaims = a->culprits.n_reclaims,
        };
        return true;
}

/* Tells what the tree cannot see, once each time that it is more than before. */
static void tell_gaps(Agent *a) {
        TreeGaps gaps = tree_gaps(a->tree);
        char text[160];

        if (gaps.units > a->told_gaps.units || gaps.folders > a->told_gaps.folders ||
            gaps.files > a->told_gaps.files) {
                (void) snprintf(text, sizeof(text),
                                "%zu cgroups over the limit of %u, %zu folders without inotify "
                                "(fs.inotify.max_user_watches), %zu files not opened (LimitNOFILE=)",
                                gaps.units, TREE_NODES_MAX, gaps.folders, gaps.files);
                journal_blind(a->journal, NULL, NULL, text);
        }
        if (gaps.overflows >= MAX(2 * a->told_gaps.overflows, (size_t) 1)) {
                (void) snprintf(text, sizeof(text), "cgroups came and went faster than the kernel could tell, %zu times: all "
                                                    "folders were looked through", gaps.overflows);
                journal_blind(a->journal, NULL, NULL, text);
        } else
                gaps.overflows = a->told_gaps.overflows;
        a->told_gaps = gaps;
}

static void on_cgroup(const Event *event, void *userdata) {
        Agent *a = userdata;
        Event copy = *event;

        if (event->kind == EVENT_CGROUP_GONE) {
                arming_forget(a, event->cgroup_id);
                sightings_forget(a, event);
        } else
                copy.cgroup.born_usec = a->scanned ? clock_usec() : 0;
        a->newborn_id = a->scanned ? event->cgroup_id : 0;
        agent_feed(a, &copy);
        a->newborn_id = 0;
        managers_ask(a, event);
        rivals_on_cgroup(a, event);
}

static int on_tree(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Agent *a = userdata;
        int r;

        r = tree_dispatch(a->tree, on_cgroup, a);
        if (r < 0)
                journal_blind(a->journal, NULL, NULL, strerror(-r));
        tell_gaps(a);
        return 0;
}

/* What a policy watches, and what it may choose a victim from, by path. */
static int add_groups(Agent *a, const Policy *policy) {
        int r;

        r = tree_add_groups(a->tree, policy->match.cgroups);
        for (char **glob = policy->victim.from; r >= 0 && glob && *glob; glob++)
                if (**glob == '/')
                        r = tree_add_groups(a->tree, (char *[]){ *glob, NULL });
        return r;
}

int sensors_start(Agent *a) {
        int r;

        r = tree_new(&a->tree, NULL, NULL);
        if (r < 0)
                return r;
        r = arming_start(a);
        if (r < 0)
                return r;
        r = managers_start(a);
        if (r < 0)
                return r;
        for (size_t i = 0; i < a->config.policies.n_policies; i++) {
                r = add_groups(a, a->config.policies.policies[i]);
                if (r < 0)
                        return r;
        }
        r = sd_event_add_io(a->event, &a->tree_source, tree_fd(a->tree), EPOLLIN, on_tree, a);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(a->tree_source, PRIORITY_TREE);
        if (r < 0)
                return r;
        a->scanned = false;
        memset(a->n_rivals, 0, sizeof(a->n_rivals));
        r = tree_scan(a->tree, on_cgroup, a);
        if (r < 0)
                return r;
        a->scanned = true;
        tell_gaps(a);
        return 0;
}

void sensors_stop(Agent *a) {
        managers_stop(a);
        arming_stop(a);
        a->tree_source = sd_event_source_disable_unref(a->tree_source);
        a->tree = tree_free(a->tree);
        a->told_gaps = (TreeGaps){ 0 };
}
