/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <string.h>

#include "base/parse.h"
#include "base/usec.h"
#include "config/load.h"
#include "core/replay.h"
#include "ctl/incident-trace.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/replay-print.h"
#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl replay [OPTIONS...] TRACE\n"
               "memstallctl replay [OPTIONS...] --incident=ID\n\n"
               "Put a trace through policies and print what would be decided, beside what memstalld did decide.\n\n"
               "  -h --help            Show this help\n"
               "     --incident=ID     The trace that memstalld kept of this incident (4 digits or more, or \"last\")\n"
               "     --policy-dir=DIR  DIR/*.conf are the policies, in place of those in effect\n"
               "     --root=DIR        Look for configuration and incidents below DIR instead of /\n"
               "     --check           Print nothing; exit status 1 if anything differs\n"
               "     --json=MODE       Print an object for each line\n"
               "     --no-pager        Do not pipe output into a pager\n"
               "     --force           Go on where lines of the trace are missing\n\n"
               "TRACE may be - for standard input. Marks: = then and now, - only then, + only now.\n"
               "A decision that memstalld did not take counts as done 50ms later, and memory and\n"
               "stalls stay what they were: what follows a + or - shows what would have been tried,\n"
               "not whether it would have helped. ~ marks what follows from an answer or a look that\n"
               "is not in the trace.\n\n"
               "Exit status: 0 done, 1 it differs (--check) or cannot be replayed, 2 wrong usage.\n");
        return CTL_DONE;
}

typedef struct Options {
        const char *incident, *policy_dir, *root;
        bool check, json, force, no_pager;
} Options;

typedef struct Output {
        const Options *options;
        Json json;
        bool marks, colors; /* marks: the trace says what was decided */
        uint64_t start_usec;
} Output;

/* ---- Policies ---------------------------------------------------------------------------------- */

static int load_folder(const char *folder, Config *config, ConfigErrors *errors) {
        char pattern[4096];
        glob_t found = { 0 };
        int r = 0;

        if (snprintf(pattern, sizeof(pattern), "%s/*.conf", folder) >= (int) sizeof(pattern))
                return -ENAMETOOLONG;
        if (glob(pattern, 0, NULL, &found) != 0)
                r = -ENOENT;
        for (size_t i = 0; r >= 0 && i < found.gl_pathc; i++)
                if (strcmp(strrchr(found.gl_pathv[i], '/'), "/memstalld.conf") != 0)
                        r = config_load_file(found.gl_pathv[i], config, errors);
        globfree(&found);
        return r < 0 ? r : 0;
}

static void print_errors(const ConfigErrors *errors) {
        for (size_t i = 0; i < errors->n_items; i++)
                if (!errors->items[i].warning)
                        fprintf(stderr, "%s:%u: %s\n", errors->items[i].file, errors->items[i].line, errors->items[i].text);
}

/* A file in effect that has mistakes is left out, as memstalld does at its start. Those that are to be tried must be
 * right. */
static int load(const Options *options, Config *config) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 }, tried = { 0 };
        int r;

        r = config_load(options->root, config, &errors);
        if (r >= 0 && options->policy_dir) {
                policy_set_done(&config->policies);
                r = load_folder(options->policy_dir, config, &tried);
        }
        print_errors(options->policy_dir ? &tried : &errors);
        if (r < 0)
                fprintf(stderr, "memstallctl: cannot read the policies: %s\n",
                        r == -ENOENT ? "there is no *.conf in the folder" : strerror(-r));
        return r < 0 ? r : config_errors_count(&tried) > 0 ? -EINVAL : 0;
}

/* ---- The trace --------------------------------------------------------------------------------- */

static int read_trace(const char *path, char **ret_text) {
        _cleanup_(freep) char *text = NULL;
        FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
        size_t size = 0;
        ssize_t n;

        n = file ? getdelim(&text, &size, '\0', file) : -1;
        if (file && file != stdin)
                (void) fclose(file);
        if (n < 0 || (size_t) n < strlen(TRACE_HEADER) || strncmp(text, TRACE_HEADER "\n", strlen(TRACE_HEADER) + 1) != 0) {
                fprintf(stderr, "memstallctl: %s: %s\n", path,
                        !file ? strerror(errno) : "is no trace, its first line is not \"" TRACE_HEADER "\"");
                return -EINVAL;
        }
        *ret_text = TAKE_PTR(text);
        return 0;
}

static void on_line(void *userdata, const ReplayLine *line) {
        Output *o = userdata;

        if (o->options->check || !trace_line_decides(line->text))
                return;
        if (o->options->json)
                replay_print_json(&o->json, line);
        else
                replay_print(stdout, line, o->start_usec, o->marks, o->colors);
}

/* Where the trace begins: behind what was known before it. */
static void find_start(const char *text, Output *o) {
        const char *line = strstr(text, " base=end ");
        char value[64];
        size_t n;

        o->marks = strstr(text, " start=") || strstr(text, " effect=");
        while (line && line > text && line[-1] != '\n')
                line--;
        if (!line)
                line = strstr(text, "\ntime=") ? strstr(text, "\ntime=") + 1 : NULL;
        if (!line)
                return;
        line += strlen("time=");
        n = strcspn(line, " \n");
        if (n < sizeof(value)) {
                memcpy(value, line, n);
                value[n] = '\0';
                (void) parse_duration(value, &o->start_usec);
        }
}

static int wrong_line(const char *path, unsigned number, const Replay *replay, int r) {
        if (r == -ENOMEM)
                fprintf(stderr, "memstallctl: %s\n", strerror(ENOMEM));
        else
                fprintf(stderr, "memstallctl: %s:%u: cannot read \"%.*s\"%s\n", path, number,
                        (int) strcspn(replay_wrong(replay), " "), replay_wrong(replay),
                        r == -ERANGE ? ", the number is too large" : ", is it a trace of a newer version?");
        return CTL_FAILED;
}

static int run(const char *path, char *text, Replay *replay, const Options *options) {
        char *end = text + strlen(text), *first = text + strcspn(text, "\n") + 1;
        unsigned number = 2;
        int r;

        for (char *line = first, *feed; line < end; line = feed + 1) {
                feed = line + strcspn(line, "\n");
                *feed = '\0';
                r = replay_prepare(replay, line);
                if (r < 0)
                        return wrong_line(path, 0, replay, r);
        }
        for (const char *line = first; line < end; line += strlen(line) + 1, number++) {
                r = replay_line(replay, line);
                if (r < 0)
                        return wrong_line(path, number, replay, r);
                if (r == REPLAY_E_LOST && !options->force) {
                        fprintf(stderr, "memstallctl: %s:%u: lines are missing here, what follows may differ for that "
                                        "alone; --force goes on\n", path, number);
                        return CTL_FAILED;
                }
        }
        r = replay_end(replay);
        return r < 0 ? wrong_line(path, number, replay, r) : CTL_DONE;
}

static int show(const char *path, const Options *options) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(replay_freep) Replay *replay = NULL;
        _cleanup_(freep) char *text = NULL;
        Output o = { .options = options, .json = { .f = stdout } };
        int status;

        if (load(options, &config) < 0 || read_trace(path, &text) < 0)
                return CTL_FAILED;
        if (replay_new(&replay, &config.settings, &config.policies, on_line, &o) < 0)
                return CTL_FAILED;
        find_start(text, &o);
        if (!options->check && !options->json && !options->no_pager)
                pager_open();
        o.colors = pager_colors();
        if (options->json)
                json_list(&o.json, NULL);
        status = run(path, text, replay, options);
        if (options->json)
                json_end(&o.json);
        pager_close();
        if (status == CTL_DONE && options->check && replay_differences(replay) > 0)
                return CTL_FAILED;
        return status;
}

/* memstallctl replay, see man:memstallctl(1). */
int verb_replay(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },            { "incident", required_argument, NULL, 'i' },
                { "policy-dir", required_argument, NULL, 'p' }, { "root", required_argument, NULL, 'r' },
                { "check", no_argument, NULL, 'c' },           { "json", optional_argument, NULL, 'j' },
                { "force", no_argument, NULL, 'f' },           { "no-pager", no_argument, NULL, 'n' },
                { 0 },
        };
        Options o = { .root = "" };
        char path[4096];
        int c, r;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'i':
                        o.incident = optarg;
                        break;

                case 'p':
                        o.policy_dir = optarg;
                        break;

                case 'r':
                        o.root = optarg;
                        break;

                case 'c':
                        o.check = true;
                        break;

                case 'j':
                        if (!json_option(optarg, &o.json))
                                return CTL_USAGE;
                        break;

                case 'f':
                        o.force = true;
                        break;

                case 'n':
                        o.no_pager = true;
                        break;

                default:
                        return CTL_USAGE;
                }

        if ((optind + 1 == argc) == (o.incident != NULL) || optind + 1 < argc) {
                fprintf(stderr, "memstallctl replay: one TRACE, or --incident=ID\n");
                return CTL_USAGE;
        }
        if (!o.incident)
                return show(argv[optind], &o);
        if (!incident_is_name(o.incident)) {
                fprintf(stderr, "memstallctl replay: an incident's ID has 32 hexadecimal digits, of which 4 will do, "
                                "or is \"last\"\n");
                return CTL_USAGE;
        }
        r = incident_trace_find(o.root, o.incident, path, sizeof(path));
        if (r < 0) {
                fprintf(stderr, "memstallctl replay: %s: %s\n", o.incident,
                        r == -ENOENT   ? "no trace was kept of such an incident" :
                        r == -ENOTUNIQ ? "more than one incident begins with that" :
                                         strerror(-r));
                return CTL_FAILED;
        }
        return show(path, &o);
}
