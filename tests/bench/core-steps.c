/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* core-steps POLICY-FOLDER KIND WATCHES CANDIDATES STEPS: how long one step of the core takes. A host and so many watched
 * units are made up, and events of one kind are put through the core that the daemon has. Prints nanoseconds a step.
 *
 * Only measured() is measured: tests/bench/core counts its instructions with callgrind. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/usec.h"
#include "config/load.h"
#include "core/core.h"

#define HOST_ID 1U
#define UNIT_ID 1000U /* of the first unit */
#define STALLS 64U    /* as many as the daemon tells of at most */
#define RECLAIMS 32U
#define MIB (UINT64_C(1) << 20)
#define STRIDE 7919U /* the next unit is nowhere near in memory: a prime */

typedef struct Bench {
        Config config;
        Core *core;
        size_t n_units, n_candidates;
        uint64_t now_usec, at; /* the time, and how many steps there were */
        uint64_t spent_nsec;
        Sample sample;
        Candidate *candidates;
        Stall stalls[STALLS];
        Reclaim reclaims[RECLAIMS];
} Bench;

static uint64_t clock_nsec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000000000U + (uint64_t) ts.tv_nsec;
}

/* Not static, and not inlined: callgrind finds it by its name. */
const Effects *measured(Core *core, const Event *event);
__attribute__((noinline)) const Effects *measured(Core *core, const Event *event) {
        return core_step(core, event);
}

static const Effects *step(Bench *b, Event *event) {
        const Effects *effects;
        uint64_t begin;

        event->now_usec = b->now_usec;
        begin = clock_nsec();
        effects = measured(b->core, event);
        b->spent_nsec += clock_nsec() - begin;
        return effects;
}

static void feed(Bench *b, Event event) {
        event.now_usec = b->now_usec;
        (void) core_step(b->core, &event);
}

/* ---- The host ---------------------------------------------------------------------------------- */

static uint64_t next_unit(Bench *b) {
        return UNIT_ID + b->at++ * STRIDE % b->n_units;
}

static void add(Bench *b, uint64_t id, CgroupKind kind, const char *path) {
        const char *unit = strrchr(path, '/');

        feed(b, (Event){ .kind = EVENT_CGROUP_NEW, .cgroup_id = id,
                         .cgroup = { .kind = kind, .path = path, .unit = unit[1] ? unit + 1 : "-.slice" } });
}

static void unit_path(char *buf, size_t size, uint64_t id) {
        (void) snprintf(buf, size, "/system.slice/u%06lu.service", (unsigned long) (id - UNIT_ID));
}

static void look(Bench *b, uint64_t id) {
        feed(b, (Event){ .kind = EVENT_SAMPLE, .cgroup_id = id, .sample.values = b->sample });
}

static void fill_survey(Bench *b) {
        for (size_t i = 0; i < b->n_candidates; i++)
                b->candidates[i] = (Candidate){ .cgroup_id = UNIT_ID + i, .usage_bytes = (10 + i % 90) * MIB, .counted = true };
        for (size_t i = 0; i < STALLS && b->n_candidates > 0; i++)
                b->stalls[i] = (Stall){
                        .cgroup_id = UNIT_ID + i * STRIDE % b->n_candidates,
                        .pid = 100 + (uint32_t) i,
                        .class = i % 2 ? STALL_REFAULT : STALL_DIRECT_RECLAIM,
                        .stall_usec = 1000 * (i + 1),
                        .count = i + 1,
                };
        for (size_t i = 0; i < RECLAIMS && b->n_candidates > 0; i++)
                b->reclaims[i] = (Reclaim){
                        .cgroup_id = UNIT_ID + i * STRIDE % b->n_candidates,
                        .target_id = HOST_ID,
                        .kind = RECLAIM_HOST,
                        .pages = 100 * (i + 1),
                };
}

/* Each watch has had its first look; the host is calm and has plenty, so that nobody waits for anything. */
static void make_host(Bench *b) {
        b->sample = (Sample){ .usage_bytes = 10 * MIB, .limit_bytes = 8192 * MIB, .room_bytes = 6000 * MIB,
                              .host_available_bytes = 6000 * MIB, .host_total_bytes = 8192 * MIB,
                              .host_free_bytes = 5000 * MIB, .room_cgroup_id = HOST_ID };
        add(b, HOST_ID, CGROUP_HOST, "/");
        feed(b, (Event){ .kind = EVENT_WARNING, .warning = WARNING_ARMED });
        look(b, HOST_ID);
        add(b, HOST_ID + 1, CGROUP_SLICE, "/system.slice");
        for (uint64_t id = UNIT_ID; id < UNIT_ID + MAX(b->n_units, b->n_candidates); id++) {
                char path[64];

                unit_path(path, sizeof(path), id);
                if (id >= UNIT_ID + b->n_units)
                        (void) snprintf(path, sizeof(path), "/system.slice/c%06lu.service", (unsigned long) id);
                add(b, id, CGROUP_UNIT, path);
                look(b, id);
        }
        fill_survey(b);
}

/* ---- Events ------------------------------------------------------------------------------------ */

/* A look at a unit that shows nothing. */
static void calm(Bench *b) {
        step(b, &(Event){ .kind = EVENT_SAMPLE, .cgroup_id = next_unit(b), .sample.values = b->sample });
        b->now_usec += USEC_PER_SEC;
}

/* A unit's trigger fires, for it stalls for a fifth of the time: a step is due, and asks for a survey. */
static void trigger(Bench *b) {
        Sample values = b->sample;

        values.pressure_usec[RESOURCE_MEMORY][PRESSURE_SOME] = b->now_usec / 5;
        step(b, &(Event){ .kind = EVENT_SAMPLE, .cgroup_id = next_unit(b),
                          .sample = { .cause = SAMPLE_TRIGGER, .limit = { PRESSURE_SOME, 1000, 2 * USEC_PER_SEC },
                                      .values = values } });
        b->now_usec += 100 * USEC_PER_MSEC;
}

static Event survey(Bench *b) {
        for (size_t i = 0; i < b->n_candidates; i++)
                b->candidates[i].usage_bytes += i % 7 == 0 ? MIB : 0;
        b->sample.room_bytes = b->sample.host_available_bytes = 1000 * MIB;
        return (Event){ .kind = EVENT_SURVEY, .cgroup_id = HOST_ID,
                        .survey = { .values = b->sample, .candidates = b->candidates, .n_candidates = b->n_candidates,
                                    .stalls = b->stalls, .n_stalls = b->n_candidates > 0 ? STALLS : 0,
                                    .reclaims = b->reclaims, .n_reclaims = b->n_candidates > 0 ? RECLAIMS : 0 } };
}

/* The decision, if that is what came of it; the id of what is to be answered. */
static uint64_t decided(const Effects *effects) {
        for (size_t i = 0; i < effects->n_items; i++)
                if (effects->items[i].kind == EFFECT_ACT)
                        return effects->items[i].decision.id;
        return 0;
}

static void answer(Bench *b, uint64_t id, bool measure) {
        Event event = { .kind = EVENT_OUTCOME, .outcome = { .id = id, .kind = OUTCOME_DRY_RUN } };

        if (measure)
                step(b, &event);
        else
                feed(b, event);
}

/* The host is short: who of all candidates has to go. */
static void decision(Bench *b) {
        Event event = survey(b);

        answer(b, decided(step(b, &event)), false);
        b->now_usec += 100 * USEC_PER_MSEC;
}

static void outcome(Bench *b) {
        Event event = survey(b);

        event.now_usec = b->now_usec;
        answer(b, decided(core_step(b->core, &event)), true);
        b->now_usec += 100 * USEC_PER_MSEC;
}

/* The core's timer, which comes for one watch or none. */
static void timer(Bench *b) {
        step(b, &(Event){ .kind = EVENT_TIMER });
        b->now_usec += 100 * USEC_PER_MSEC;
}

/* A unit ends and begins anew: two steps, counted as one. */
static void restart(Bench *b) {
        uint64_t id = next_unit(b);
        char path[64];

        unit_path(path, sizeof(path), id);
        step(b, &(Event){ .kind = EVENT_CGROUP_GONE, .cgroup_id = id });
        step(b, &(Event){ .kind = EVENT_CGROUP_NEW, .cgroup_id = id,
                          .cgroup = { .kind = CGROUP_UNIT, .path = path, .unit = strrchr(path, '/') + 1 } });
        b->now_usec += USEC_PER_MSEC;
}

static const struct {
        const char *name;
        void (*run)(Bench *b);
} kinds[] = {
        { "calm", calm },       { "trigger", trigger }, { "decision", decision },
        { "outcome", outcome }, { "timer", timer },     { "restart", restart },
};

/* ---- -------------------------------------------------------------------------------------------- */

static int load(Bench *b, const char *folder) {
        static const char *const files[] = { "50-units.conf", "60-host.conf" };
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                char path[4096];
                int r;

                (void) snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
                r = config_load_file(path, &b->config, &errors);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < errors.n_items; i++)
                (void) fprintf(stderr, "%s:%u: %s\n", errors.items[i].file, errors.items[i].line, errors.items[i].text);
        return errors.n_items > 0 ? -EINVAL : 0;
}

static void done(Bench *b) {
        free(b->candidates);
        core_free(b->core);
        config_done(&b->config);
}

static int run(Bench *b, char **argv, void (*one)(Bench *b)) {
        uint64_t n_steps = strtoul(argv[5], NULL, 10);
        int r;

        b->n_units = MAX(strtoul(argv[3], NULL, 10), 1UL);
        b->n_candidates = strtoul(argv[4], NULL, 10);
        b->candidates = calloc(b->n_candidates + 1, sizeof(Candidate));
        if (!b->candidates)
                return -ENOMEM;
        r = load(b, argv[1]);
        if (r < 0)
                return r;
        r = core_new(&b->core, &b->config.settings, &b->config.policies, (Id128){ 1, 1 });
        if (r < 0)
                return r;
        make_host(b);
        b->now_usec += USEC_PER_MINUTE;
        for (uint64_t i = 0; i < n_steps; i++)
                one(b);
        (void) printf("%.1f\n", (double) b->spent_nsec / (double) n_steps);
        return 0;
}

int main(int argc, char **argv) {
        Bench b = { .config = CONFIG_DEFAULT, .now_usec = USEC_PER_HOUR };
        int r = -EINVAL;

        for (size_t i = 0; argc == 6 && i < ELEMENTSOF(kinds); i++)
                if (strcmp(argv[2], kinds[i].name) == 0)
                        r = run(&b, argv, kinds[i].run);
        done(&b);
        if (r < 0)
                (void) fprintf(stderr, "core-steps: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
