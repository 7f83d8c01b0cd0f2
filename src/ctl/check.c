/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <string.h>

#include "config/load.h"
#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl check [OPTIONS...] [FILE...]\n\n"
               "Verify settings and policies without a daemon: the files given, or all that memstalld\n"
               "would read. Each mistake is one line FILE:LINE: TEXT on standard output.\n\n"
               "  -h --help      Show this help\n"
               "     --root=DIR  Look for the files below DIR instead of /\n\n"
               "Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.\n");
        return CTL_DONE;
}

/* Without FILE, all that the daemon would read. */
static int load(const char *root, char *const *files, int n_files, Config *config, ConfigErrors *errors) {
        int r;

        if (n_files == 0)
                return config_load(root, config, errors);
        for (int i = 0; i < n_files; i++) {
                r = config_load_file(files[i], config, errors);
                if (r < 0)
                        return r;
                if (r == CONFIG_E_MASKED)
                        printf("%s: empty, so files of this name are switched off\n", files[i]);
        }
        return 0;
}

static const char *plural(size_t n) {
        return n == 1 ? "" : "s";
}

static void print_errors(const ConfigErrors *errors) {
        size_t n_files = 0;

        for (size_t i = 0; i < errors->n_items; i++) {
                const ConfigError *error = errors->items + i;

                printf("%s:%u: %s\n", error->file, error->line, error->text);
                n_files += i == 0 || strcmp(error->file, error[-1].file) != 0;
        }
        printf("%zu mistake%s in %zu file%s.\n", errors->n_items, plural(errors->n_items), n_files, plural(n_files));
}

static void print_summary(const Config *config) {
        size_t n_policies = config->policies.n_policies, n_settings = strv_length(config->files) - n_policies;

        printf("No mistakes: %zu polic%s, %zu file%s of settings.\n", n_policies, n_policies == 1 ? "y" : "ies",
               n_settings, plural(n_settings));
}

static int check(const char *root, char *const *files, int n_files) {
        _cleanup_(config_done) Config config = CONFIG_DEFAULT;
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        int r;

        r = load(root, files, n_files, &config, &errors);
        if (r < 0) {
                fprintf(stderr, "memstallctl: cannot read the configuration: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        if (errors.n_items > 0) {
                print_errors(&errors);
                return CTL_FAILED;
        }
        print_summary(&config);
        return CTL_DONE;
}

/* memstallctl check, see man:memstallctl(1). */
int verb_check(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "root", required_argument, NULL, 'r' },
                { 0 },
        };
        const char *root = "";
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'r':
                        root = optarg;
                        break;

                default:
                        return CTL_USAGE;
                }

        if (*root && optind < argc) {
                fprintf(stderr, "memstallctl check: --root= and FILE exclude each other\n");
                return CTL_USAGE;
        }
        return check(root, argv + optind, argc - optind);
}
