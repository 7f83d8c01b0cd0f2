/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "base/parse.h"
#include "config/load.h"
#include "ctl/check-host.h"
#include "ctl/check-order.h"
#include "ctl/json.h"
#include "ctl/verbs.h"

typedef struct Check {
        const char *root;
        char *const *files; /* none: all that the daemon would read */
        int n_files;
        bool host, hint, strict, json;

        Config config;
        ConfigErrors errors, beyond, hints; /* in a file; what a file alone does not show; what may well be right */
} Check;

static void check_done(Check *check) {
        config_errors_done(&check->hints);
        config_errors_done(&check->beyond);
        config_errors_done(&check->errors);
        config_done(&check->config);
}

static int help(void) {
        printf("memstallctl check [OPTIONS...] [FILE...]\n\n"
               "Verify settings and policies without a daemon: the files given, or all that memstalld\n"
               "would read. Each mistake is one line FILE:LINE: TEXT on standard output, and so is each\n"
               "warning of what can hardly be meant or will not work on this host.\n\n"
               "  -h --help       Show this help\n"
               "     --root=DIR   Look for the files below DIR instead of /\n"
               "     --host=BOOL  no: warn of nothing that depends on this host, as with --root=;\n"
               "                  yes: also name globs that match nothing that runs on it now\n"
               "     --strict     Count warnings as mistakes\n"
               "     --json=MODE  Print a list of objects: file, line, key, severity, text\n\n"
               "Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.\n");
        return CTL_DONE;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int load(Check *check) {
        int r;

        if (check->n_files == 0)
                return config_load(check->root, &check->config, &check->errors);
        for (int i = 0; i < check->n_files; i++) {
                r = config_load_file(check->files[i], &check->config, &check->errors);
                if (r < 0)
                        return r;
                if (r == CONFIG_E_MASKED)
                        r = place_warning(&(Place){ .errors = &check->hints, .file = check->files[i], .line = 1 },
                                          "the file is empty, so files of this name are switched off");
                if (r < 0)
                        return r;
        }
        return 0;
}

static int look_at_host(Check *check) {
        _cleanup_(host_done) Host host = { 0 };
        int r;

        r = host_read(NULL, &host);
        if (r >= 0)
                r = host_ask(&host);
        if (r >= 0)
                r = check_host(&host, &check->config, &check->beyond);
        if (r >= 0 && check->hint)
                r = check_host_globs(&host, &check->config, &check->hints);
        return r;
}

/* ---- Telling --------------------------------------------------------------------------------- */

/* The key that the text starts with, "For=: …", and what follows it. */
static const char *split_key(const char *text, char *key, size_t size) {
        size_t n = 0;

        while (isalnum((unsigned char) text[n]))
                n++;
        if (n == 0 || strncmp(text + n, "=: ", 3) != 0 || n >= size)
                return text;
        (void) snprintf(key, size, "%.*s", (int) n, text);
        return text + n + 3;
}

static void print_json_list(Json *j, const ConfigErrors *errors, const char *warning) {
        for (size_t i = 0; i < errors->n_items; i++) {
                const ConfigError *error = errors->items + i;
                char key[64] = "";
                const char *text = split_key(error->text, key, sizeof(key));

                json_object(j, NULL);
                json_string(j, "file", error->file);
                json_uint(j, "line", error->line);
                json_string(j, "key", *key ? key : NULL);
                json_string(j, "severity", error->warning ? warning : "error");
                json_string(j, "text", text);
                json_end(j);
        }
}

static void print_json(const Check *check) {
        Json j = { .f = stdout };

        json_list(&j, NULL);
        print_json_list(&j, &check->errors, "warning");
        print_json_list(&j, &check->beyond, "warning");
        print_json_list(&j, &check->hints, "hint");
        json_end(&j);
}

static void print_list(const ConfigErrors *errors, const char *warning) {
        for (size_t i = 0; i < errors->n_items; i++) {
                const ConfigError *error = errors->items + i;

                printf("%s:%u: %s%s\n", error->file, error->line, error->warning ? warning : "", error->text);
        }
}

static const char *plural(size_t n) {
        return n == 1 ? "" : "s";
}

/* Files stand together in the list. */
static size_t count_wrong_files(const ConfigErrors *errors) {
        const char *last = NULL;
        size_t n = 0;

        for (size_t i = 0; i < errors->n_items; i++) {
                if (errors->items[i].warning || (last && strcmp(last, errors->items[i].file) == 0))
                        continue;
                last = errors->items[i].file;
                n++;
        }
        return n;
}

static void print_summary(const Check *check, size_t n_errors, size_t n_warnings) {
        size_t n_policies = check->config.policies.n_policies, n_files = count_wrong_files(&check->errors),
               n_settings = strv_length(check->config.files) - n_policies;

        if (n_errors > 0)
                printf("%zu mistake%s in %zu file%s.", n_errors, plural(n_errors), n_files, plural(n_files));
        else
                printf("No mistakes: %zu polic%s, %zu file%s of settings.", n_policies, n_policies == 1 ? "y" : "ies",
                       n_settings, plural(n_settings));
        if (n_warnings > 0)
                printf(" %zu warning%s.", n_warnings, plural(n_warnings));
        putchar('\n');
}

static int tell(const Check *check) {
        size_t n_errors = config_errors_count(&check->errors),
               n_warnings = config_errors_count_warnings(&check->errors) + check->beyond.n_items;

        if (check->json)
                print_json(check);
        else {
                print_list(&check->errors, "warning: ");
                print_list(&check->beyond, "warning: ");
                print_list(&check->hints, "hint: ");
                print_summary(check, n_errors, n_warnings);
        }
        return n_errors > 0 || (check->strict && n_warnings > 0) ? CTL_FAILED : CTL_DONE;
}

/* ---- The verb -------------------------------------------------------------------------------- */

static int run(Check *check) {
        int r;

        r = load(check);
        if (r >= 0 && check->n_files == 0) /* files may be for different hosts, and in any order */
                r = check_order(&check->config, &check->beyond);
        if (r >= 0 && check->host)
                r = look_at_host(check);
        if (r < 0) {
                fprintf(stderr, "memstallctl: cannot read the configuration: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        return tell(check);
}

/* memstallctl check, see man:memstallctl(1). */
int verb_check(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },   { "root", required_argument, NULL, 'r' },
                { "host", required_argument, NULL, 'H' }, { "strict", no_argument, NULL, 's' },
                { "json", optional_argument, NULL, 'j' },   { 0 },
        };
        _cleanup_(check_done) Check check = { .root = "", .host = true, .config = CONFIG_DEFAULT };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'r':
                        check.root = optarg;
                        break;

                case 'H':
                        if (parse_boolean(optarg, &check.hint) < 0) {
                                fprintf(stderr, "memstallctl check: --host=%s is no boolean, write yes or no\n", optarg);
                                return CTL_USAGE;
                        }
                        check.host = check.hint;
                        break;

                case 's':
                        check.strict = true;
                        break;

                case 'j':
                        if (!json_option(optarg, &check.json))
                                return CTL_USAGE;
                        break;

                default:
                        return CTL_USAGE;
                }

        check.files = argv + optind;
        check.n_files = argc - optind;
        if (*check.root && check.n_files > 0) {
                fprintf(stderr, "memstallctl check: --root= and FILE exclude each other\n");
                return CTL_USAGE;
        }
        if (*check.root && check.hint) {
                fprintf(stderr, "memstallctl check: --root= and --host=yes exclude each other\n");
                return CTL_USAGE;
        }
        check.host = check.host && !*check.root;
        return run(&check);
}
