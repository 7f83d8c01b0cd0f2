/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-world.h"

#include "act/oom-mark.h"

char *path_of(const World *w, const char *where, const char *name) {
        static char path[512];

        (void) snprintf(path, sizeof(path), "%s%s%s%s", w->folder, where, *name ? "/" : "", name);
        return path;
}

void put(const World *w, const char *where, const char *name, const char *text) {
        FILE *f = fopen(path_of(w, where, name), "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

const char *get(const World *w, const char *where, const char *name) {
        static char text[256];
        FILE *f = fopen(path_of(w, where, name), "r");
        size_t n;

        assert_non_null(f);
        n = fread(text, 1, sizeof(text) - 1, f);
        text[n] = '\0';
        assert_int_equal(fclose(f), 0);
        return text;
}

void drop(const World *w, const char *where, const char *name) {
        assert_int_equal(unlink(path_of(w, where, name)), 0);
}

void make(const World *w, const char *path) {
        assert_int_equal(mkdir(path_of(w, path, ""), 0755), 0);
        put(w, path, "cgroup.procs", "");
        put(w, path, "memory.low", "0\n");
}

static uint64_t id_of(const World *w, const char *path) {
        struct stat st;

        assert_int_equal(stat(path_of(w, path, ""), &st), 0);
        return st.st_ino;
}

static void on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;

        w->outcome = *outcome;
        w->n_answers++;
}

int world_set_up(void **state) {
        static const char *const folders[] = { "/user.slice", "/user.slice/user-1000.slice", USER, USER "/app.slice",
                                               VICTIM };
        static World world;
        World *w = &world;

        memset(w, 0, sizeof(*w));
        strcpy(w->folder, "/tmp/test-cgroup-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        assert_int_equal(mkdir(path_of(w, "/proc", ""), 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(folders); i++)
                make(w, folders[i]);
        put(w, VICTIM, "memory.high", "max\n");
        put(w, VICTIM, "memory.current", "104857600\n");
        put(w, VICTIM, "memory.reclaim", "");
        put(w, VICTIM, "memory.oom.group", "0\n");
        put(w, VICTIM, "cpu.max", "max 100000\n");
        put(w, VICTIM, "cpu.weight", "100\n");
        put(w, VICTIM, "io.weight", "default 100\n8:0 50\n");
        put(w, VICTIM, "cgroup.freeze", "0\n");
        put(w, VICTIM, "cgroup.kill", "");
        put(w, VICTIM, "cgroup.events", "populated 1\nfrozen 1\n");

        oom_mark_set_root(w->folder);
        assert_true(sd_event_new(&w->event) >= 0);
        assert_int_equal(worker_new(&w->worker, w->event), 0);
        assert_int_equal(cgroup_new_with_proc(&w->cgroup, w->event, w->worker, w->folder, path_of(w, "/proc", ""),
                                              on_answer, w),
                         0);
        *state = w;
        return 0;
}

int world_tear_down(void **state) {
        World *w = *state;
        char command[128];

        w->cgroup = cgroup_free(w->cgroup);
        w->worker = worker_free(w->worker);
        sd_event_unref(w->event);
        oom_mark_set_root(NULL);
        for (size_t i = 0; i < w->n_children; i++) {
                (void) kill(w->children[i], SIGKILL);
                (void) waitpid(w->children[i], NULL, 0);
        }
        (void) snprintf(command, sizeof(command), "rm -r %s", w->folder);
        return system(command);
}

static const Outcome *await(World *w) {
        uint64_t end = clock_usec() + 10 * USEC_PER_SEC, now;

        assert_int_equal(w->n_answers, 0); /* never from within */
        while (w->n_answers == 0 && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
        assert_int_equal(w->n_answers, 1);
        w->n_answers = 0;
        return &w->outcome;
}

Decision decision(const World *w, ActionKind action) {
        return (Decision){ .id = 17, .action = action, .signal = SIGKILL, .reclaim_bytes = 50 * MIB,
                           .victim = { id_of(w, VICTIM), CGROUP_UNIT, VICTIM, "web.service", true } };
}

const Outcome *act(World *w, const Decision *d) {
        cgroup_act(w->cgroup, d);
        (void) await(w);
        assert_int_equal(w->outcome.id, 17);
        return &w->outcome;
}

const Outcome *undo(World *w, ActionKind action, const Properties *previous) {
        cgroup_undo(w->cgroup, &(Undo){ .id = 18, .action = action, .previous = *previous,
                                        .victim = { 0, CGROUP_UNIT, VICTIM, "web.service", true } });
        (void) await(w);
        assert_int_equal(w->outcome.id, 18);
        return &w->outcome;
}

void expect(const Outcome *o, OutcomeKind kind, int error, const char *words) {
        if (o->kind != kind || o->error != error || strcmp(o->error_text, words) != 0)
                fail_msg("outcome %d, error %d, '%s'", o->kind, o->error, o->error_text);
        assert_int_equal(o->via, VIA_CGROUP);
}
