/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "fixture.h"

Node *registry_put(NodeRegistry *r, uint64_t id, CgroupKind kind, const char *unit) {
        char path[512];
        Node *n;

        (void) snprintf(path, sizeof(path), "/%s", unit);
        assert_int_equal(node_new(&n, id, kind, path, strrchr(path, '/') + 1), 0);
        assert_int_equal(node_registry_add(r, n), 0);
        return n;
}

void fixture_start(Fixture *f, Policy **policies, size_t n) {
        assert_true(n <= ELEMENTSOF(f->policies));
        for (size_t i = 0; i < n; i++)
                f->policies[i] = policies[i];
        f->set = (PolicySet){ .policies = f->policies, .n_policies = n };
        f->now_usec = 1000 * SEC;
        f->sample.limit_bytes = GIB;
        f->sample.room_bytes = GIB;
        f->sample.host_total_bytes = GIB;
        f->sample.host_available_bytes = GIB;
        f->sample.host_free_bytes = GIB;
        assert_int_equal(core_new(&f->core, &f->settings, &f->set, (Id128){ 0 }), 0);
}

void fixture_stop(Fixture *f) {
        f->core = core_free(f->core);
}

void pass(Fixture *f, uint64_t usec, uint32_t some, uint32_t full) {
        f->now_usec += usec;
        f->sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] += usec * some / 10000;
        f->sample.pressure_usec[RESOURCE_MEMORY][PRESSURE_FULL] += usec * full / 10000;
}

static void feed(Fixture *f, Event *event) {
        event->now_usec = f->now_usec;
        f->effects = core_step(f->core, event);
}

void feed_new(Fixture *f, uint64_t id, CgroupKind kind, const char *unit) {
        char path[512];

        (void) snprintf(path, sizeof(path), "/%s", unit);
        feed(f, &(Event){ .kind = EVENT_CGROUP_NEW, .cgroup_id = id,
                          .cgroup = { .kind = kind, .path = path, .unit = strrchr(path, '/') + 1 } });
}

void feed_gone(Fixture *f, uint64_t id) {
        feed(f, &(Event){ .kind = EVENT_CGROUP_GONE, .cgroup_id = id });
}

void feed_warning(Fixture *f, WarningKind kind) {
        feed(f, &(Event){ .kind = EVENT_WARNING, .warning = kind });
}

void feed_look(Fixture *f, uint64_t id) {
        feed(f, &(Event){ .kind = EVENT_SAMPLE, .cgroup_id = id, .sample.values = f->sample });
}

void feed_trigger(Fixture *f, uint64_t id, PressureLimit limit) {
        feed(f, &(Event){ .kind = EVENT_SAMPLE, .cgroup_id = id,
                          .sample = { .cause = SAMPLE_TRIGGER, .limit = limit, .values = f->sample } });
}

void feed_survey(Fixture *f, uint64_t id, const Candidate *candidates, size_t n) {
        feed(f, &(Event){ .kind = EVENT_SURVEY, .cgroup_id = id,
                          .survey = { .values = f->sample, .candidates = candidates, .n_candidates = n } });
}

void feed_timer(Fixture *f) {
        feed(f, &(Event){ .kind = EVENT_TIMER });
}

void feed_release(Fixture *f, ReleaseReason reason) {
        feed(f, &(Event){ .kind = EVENT_RELEASE, .release = reason });
}

void feed_outcome(Fixture *f, Outcome outcome) {
        feed(f, &(Event){ .kind = EVENT_OUTCOME, .outcome = outcome });
}

const char *effect_words(const Fixture *f) {
        static const char *const words[_EFFECT_KIND_MAX] = {
                [EFFECT_ARM] = "arm",         [EFFECT_SAMPLE] = "sample", [EFFECT_SURVEY] = "survey",
                [EFFECT_ACT] = "act",         [EFFECT_UNDO] = "undo",     [EFFECT_REPORT] = "report",
                [EFFECT_RELEASE] = "release", [EFFECT_STUCK] = "stuck",   [EFFECT_REFUSE] = "refuse",
                [EFFECT_ENDED] = "ended",     [EFFECT_DISARM] = "disarm", [EFFECT_FOLLOW] = "follow",
                [EFFECT_UNFOLLOW] = "unfollow", [EFFECT_START] = "start", [EFFECT_EXPIRED] = "expired",
                [EFFECT_SEEN] = "seen",
        };
        static char text[16384];
        size_t used = 0;

        text[0] = '\0';
        for (size_t i = 0; i < f->effects->n_items; i++) {
                used += (size_t) snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
                                          words[f->effects->items[i].kind]);
                assert_true(used < sizeof(text));
        }
        return text;
}

const Effect *effect_of(const Fixture *f, EffectKind kind) {
        const Effect *found = NULL;

        for (size_t i = 0; i < f->effects->n_items; i++)
                if (f->effects->items[i].kind == kind) {
                        assert_null(found);
                        found = f->effects->items + i;
                }
        if (!found)
                fail_msg("there is only \"%s\"", effect_words(f));
        return found;
}
