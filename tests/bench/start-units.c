/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* start-units POLICY-FOLDER UNITS: what the start costs with so many watched units, natively: they are found in a tree of
 * ordinary files, taken into the core, armed, and looked at once, as the daemon does it with BPF. The kernel's triggers, the
 * loop's event sources and the loading of BPF come on top of that. Prints the CPU time, what it takes in memory, and
 * descriptors. */

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/usec.h"
#include "config/load.h"
#include "core/core.h"
#include "core/wants.h"
#include "sense/tree.h"
#include "sense/watch.h"
#include "../sense/fake-tree.h"

typedef struct Start {
        Config config;
        Core *core;
        Tree *tree;
        size_t n_armed;
} Start;

/* What the loop does with the effects, as far as it concerns sense/. */
static void step(Start *s, const Event *event) {
        const Effects *effects = core_step(s->core, event);
        uint64_t look_id = 0;

        for (size_t i = 0; i < effects->n_items; i++) {
                const Effect *e = effects->items + i;
                const ArmedWatch *watch;

                if (e->kind == EFFECT_ARM)
                        s->n_armed += watch_arm(s->tree, e->arm.watch.id, e->arm.limits, e->arm.n_limits,
                                                e->arm.wants | WANT_CANDIDATE_OTHERS, &watch) >= 0;
                else if (e->kind == EFFECT_SAMPLE)
                        look_id = e->look.id;
        }
        if (look_id != 0) {
                Event seen = { .kind = EVENT_SAMPLE, .now_usec = event->now_usec, .cgroup_id = look_id };

                if (watch_sample(s->tree, look_id, &seen.sample.values) == 0)
                        step(s, &seen);
        }
}

static void on_event(const Event *event, void *userdata) {
        step(userdata, event);
}

static int load(Start *s, const char *folder) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        char path[4096];

        (void) snprintf(path, sizeof(path), "%s/50-units.conf", folder);
        return config_load_file(path, &s->config, &errors);
}

static double cpu_msec(void) {
        struct rusage u;

        (void) getrusage(RUSAGE_SELF, &u);
        return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 + (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static long resident_kib(void) {
        FILE *f = fopen("/proc/self/statm", "re");
        long size = 0, resident = 0;

        if (!f || fscanf(f, "%ld %ld", &size, &resident) != 2)
                resident = 0;
        if (f)
                (void) fclose(f);
        return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int run(Start *s, FakeTree *fake, char **argv) {
        unsigned long n = strtoul(argv[2], NULL, 10);
        double before;
        long resident;
        int r;

        for (unsigned long i = 0; i < n; i++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "system.slice/u%06lu.service", i);
                (void) fake_tree_add(fake, path);
        }
        r = load(s, argv[1]);
        if (r < 0)
                return r;
        before = cpu_msec();
        resident = resident_kib();
        r = core_new(&s->core, &s->config.settings, &s->config.policies, (Id128){ 1, 1 });
        if (r < 0)
                return r;
        r = tree_new(&s->tree, fake->cgroup_root, fake->proc_root);
        if (r < 0)
                return r;
        r = tree_scan(s->tree, on_event, s);
        if (r < 0)
                return r;
        (void) printf("%lu units, %zu armed: %.0f ms, %ld KiB, %u descriptors\n", n, s->n_armed, cpu_msec() - before,
                      resident_kib() - resident, fake_tree_count_fds());
        return 0;
}

int main(int argc, char **argv) {
        const struct rlimit many = { 131072, 131072 };
        Start s = { .config = CONFIG_DEFAULT };
        FakeTree fake;
        int r;

        if (argc != 3)
                return EXIT_FAILURE;
        (void) setrlimit(RLIMIT_NOFILE, &many);
        fake_tree_new(&fake);
        (void) fake_tree_add(&fake, "system.slice");
        r = run(&s, &fake, argv);
        core_free(s.core);
        tree_free(s.tree);
        config_done(&s.config);
        fake_tree_done(&fake);
        if (r < 0)
                (void) fprintf(stderr, "start-units: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
