/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* replay [--update] [--trace FILE] FOLDER: puts what happened in a folder's `trace` or `world` through its policies, and
 * compares what the core does with the folder's `expect`. What a world makes happen is also written as a trace, read
 * back and fed to a core of its own, which must do the very same; and once more as the daemon records it, with what was
 * decided, from which a replay must not differ. */

#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "config/load.h"
#include "core/replay.h"
#include "world.h"

/* A text that grows. */
typedef struct Text {
        char *s;
        size_t size;
        FILE *file;
} Text;

static FILE *text_open(Text *t) {
        t->file = open_memstream(&t->s, &t->size);
        assert(t->file);
        return t->file;
}

static void text_done(Text *t) {
        if (t->file)
                (void) fclose(t->file);
        free(t->s);
}

static void path_in(char *buf, size_t size, const char *folder, const char *name) {
        if (snprintf(buf, size, "%s/%s", folder, name) >= (int) size)
                exit(EXIT_FAILURE);
}

/* All *.conf of the folder in the order of their names; memstalld.conf holds settings. */
static int load_policies(const char *folder, Config *config) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        char pattern[512];
        glob_t found = { 0 };
        int r = 0;

        path_in(pattern, sizeof(pattern), folder, "*.conf");
        (void) glob(pattern, 0, NULL, &found);
        for (size_t i = 0; r >= 0 && i < found.gl_pathc; i++)
                r = config_load_file(found.gl_pathv[i], config, &errors);
        globfree(&found);
        for (size_t i = 0; i < errors.n_items; i++)
                (void) fprintf(stderr, "%s:%u: %s\n", errors.items[i].file, errors.items[i].line, errors.items[i].text);
        return r < 0 ? r : errors.n_items > 0 ? -EINVAL : 0;
}

static void tell(FILE *out, const Effects *effects, uint64_t now_usec, bool decisions) {
        char line[TRACE_EFFECT_MAX];

        for (size_t i = 0; i < effects->n_items; i++)
                if ((!decisions || trace_effect_decides(effects->items[i].kind)) &&
                    trace_format_effect(effects->items + i, now_usec, line, sizeof(line)) == 0)
                        (void) fprintf(out, "%s\n", line);
}

static void tell_start(FILE *out, bool dry_run) {
        const TraceStart start = { .dry_run = dry_run, .version = "0" };
        char line[TRACE_EFFECT_MAX];

        (void) trace_format_start(&start, 0, line, sizeof(line));
        (void) fprintf(out, "%s\n%s\n", TRACE_HEADER, line);
}

/* Lets the world meet a core; writes what the core did, and all that happened as the daemon records it. */
static int run_world(World *world, Core *core, FILE *effects_out, FILE *trace_out, FILE *recorded_out) {
        _cleanup_(freep) TraceEvent *event = calloc(1, sizeof(*event));
        _cleanup_(freep) char *line = malloc(TRACE_LINE_MAX);
        WorldCounts counts;

        (void) fprintf(trace_out, "%s\n", TRACE_HEADER);
        while (world_next(world, event)) {
                const Effects *effects;
                int r;

                r = trace_format_event(&event->event, line, TRACE_LINE_MAX);
                if (r < 0)
                        return r;
                (void) fprintf(trace_out, "%s\n", line);
                (void) fprintf(recorded_out, "%s\n", line);
                effects = core_step(core, &event->event);
                tell(effects_out, effects, event->event.now_usec, false);
                tell(recorded_out, effects, event->event.now_usec, true);
                world_take(world, effects);
        }
        counts = world_counts(world);
        (void) fprintf(effects_out, "# woken %u times by its timer, %u by the kernel; %u looks, %u surveys; %zu open\n",
                       counts.n_timers, counts.n_triggers, counts.n_samples, counts.n_surveys, core_counts(core).n_open);
        return 0;
}

static void on_line(void *userdata, const ReplayLine *line) {
        (void) fprintf(userdata, "%s\n", line->text);
}

/* Feeds a trace, as memstallctl replay does. */
static int run_trace(FILE *trace, const char *name, const Config *config, FILE *out, size_t *ret_differences) {
        _cleanup_(replay_freep) Replay *replay = NULL;
        _cleanup_(freep) char *line = NULL;
        size_t size = 0;
        int r;

        r = replay_new(&replay, &config->settings, &config->policies, on_line, out);
        for (unsigned number = 1; r >= 0 && getline(&line, &size, trace) >= 0; number++) {
                line[strcspn(line, "\n")] = '\0';
                if (number == 1) {
                        if (strcmp(line, TRACE_HEADER) == 0)
                                continue;
                        (void) fprintf(stderr, "%s:1: not \"%s\"\n", name, TRACE_HEADER);
                        return -EINVAL;
                }
                r = replay_line(replay, line);
                if (r < 0)
                        (void) fprintf(stderr, "%s:%u: %s: \"%.40s\"\n", name, number, strerror(-r),
                                       replay_wrong(replay));
        }
        if (r >= 0)
                r = replay_end(replay);
        *ret_differences = r >= 0 ? replay_differences(replay) : 0;
        return r;
}

/* Lines of `expected` and `seen` side by side from the first that differs. */
static bool compare(const char *expected, const char *seen, const char *what) {
        const char *a = expected, *b = seen;
        unsigned number = 1, shown = 0;

        for (; (*a || *b) && shown < 5; number++) {
                size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

                if (n != m || memcmp(a, b, n) != 0) {
                        if (shown++ == 0)
                                (void) printf("%s, line %u:\n", what, number);
                        (void) printf("- %.*s\n+ %.*s\n", (int) n, a, (int) m, b);
                }
                a += n + (a[n] == '\n');
                b += m + (b[m] == '\n');
        }
        return shown == 0;
}

static char *read_whole(const char *path) {
        char *text = NULL;
        size_t size = 0;
        FILE *file = fopen(path, "re");

        if (!file || getdelim(&text, &size, '\0', file) < 0) {
                free(text);
                text = strdup("");
        }
        if (file)
                (void) fclose(file);
        return text;
}

static int write_whole(const char *path, const char *text) {
        FILE *file = fopen(path, "we");

        if (!file)
                return -errno;
        (void) fputs(text, file);
        return fclose(file) == 0 ? 0 : -errno;
}

/* Effects, without the counts that only a world has. */
static void drop_counts(Text *t) {
        char *counts = strstr(t->s, "# woken");

        if (counts)
                *counts = '\0';
}

/* Lets the folder's world or trace happen. `trace` and `recorded` stay empty if it is a trace. */
static int play(const char *folder, const Config *config, Text *effects, Text *trace, Text *recorded) {
        _cleanup_(core_freep) Core *core = NULL;
        _cleanup_(world_freep) World *world = NULL;
        FILE *file;
        char path[512];
        size_t n;
        int r;

        path_in(path, sizeof(path), folder, "trace");
        file = fopen(path, "re");
        if (file) {
                r = run_trace(file, path, config, text_open(effects), &n);
                (void) fclose(file);
                (void) fflush(effects->file);
                return r;
        }

        r = core_new(&core, &config->settings, &config->policies, (Id128){ 0 });
        if (r < 0)
                return r;
        path_in(path, sizeof(path), folder, "world");
        r = world_load(&world, path);
        if (r < 0)
                return r;
        tell_start(text_open(recorded), config->settings.dry_run);
        r = run_world(world, core, text_open(effects), text_open(trace), recorded->file);
        (void) fflush(effects->file);
        (void) fflush(trace->file);
        (void) fflush(recorded->file);
        return r;
}

/* The trace of a world leads to the same effects; with what was decided in it no line is another then and now. */
static bool replay_again(const Config *config, Text *effects, const Text *trace, const Text *recorded) {
        _cleanup_(text_done) Text replayed = { 0 }, decided = { 0 };
        FILE *file = fmemopen(trace->s, trace->size, "r");
        size_t n = 0;
        bool same;

        if (run_trace(file, "trace", config, text_open(&replayed), &n) < 0)
                return false;
        (void) fclose(file);
        (void) fflush(replayed.file);
        drop_counts(effects);
        same = compare(effects->s, replayed.s, "the replay of what happened");

        file = fmemopen(recorded->s, recorded->size, "r");
        if (run_trace(file, "recorded", config, text_open(&decided), &n) < 0)
                return false;
        (void) fclose(file);
        if (n > 0)
                (void) printf("the replay of what was recorded: %zu lines differ\n", n);
        return same && n == 0;
}

int main(int argc, char *argv[]) {
        static const struct option options[] = { { "update", no_argument, NULL, 'u' },
                                                 { "trace", required_argument, NULL, 't' },
                                                 { 0 } };
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(text_done) Text effects = { 0 }, trace = { 0 }, recorded = { 0 };
        _cleanup_(freep) char *expected = NULL;
        const char *folder, *trace_path = NULL;
        bool update = false, same = true;
        char path[512];
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (c == 'u')
                        update = true;
                else if (c == 't')
                        trace_path = optarg;
                else
                        return EXIT_FAILURE;
        folder = argv[optind];
        if (!folder || load_policies(folder, &config) < 0 || play(folder, &config, &effects, &trace, &recorded) < 0)
                return EXIT_FAILURE;

        path_in(path, sizeof(path), folder, "expect");
        if (update)
                (void) write_whole(path, effects.s);
        if (trace_path && trace.s)
                (void) write_whole(trace_path, trace.s);
        expected = read_whole(path);
        same = compare(expected, effects.s, path);

        if (trace.s)
                same = replay_again(&config, &effects, &trace, &recorded) && same;
        return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
