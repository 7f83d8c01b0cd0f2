/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <string.h>
#include <time.h>

#include "base/usec.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/show-private.h"
#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl show-config [OPTIONS...] [UNIT...]\n\n"
               "Show the settings and policies in effect, with all defaults, and which file gave what; or which\n"
               "policy watches each of the units, the first that matches.\n\n"
               "  -h --help       Show this help\n"
               "     --root=DIR   Look for the files below DIR instead of /\n"
               "     --json=MODE  Print one object; with UNIT a list of objects\n"
               "     --no-pager   Do not pipe output into a pager\n\n"
               "Exit status: 0 done, 1 it could not be read, or no policy watches a unit, 2 wrong usage.\n");
        return CTL_DONE;
}

static void show_done(Show *show) {
        config_files_done(&show->files);
        config_errors_done(&show->errors);
        config_done(&show->config);
}

const char *show_policy_off(const Show *show, const Policy *policy) {
        if (policy->disabled)
                return "disabled";
        return policy->expires_usec > 0 && policy->expires_usec <= show->now_usec ? "expired" : NULL;
}

static int run(Show *show, char *const *units, bool no_pager) {
        int r, status;

        show->now_usec = (uint64_t) time(NULL) * USEC_PER_SEC;
        r = config_load(show->root, &show->config, &show->errors);
        if (r >= 0)
                r = config_files_find(show->root, &show->config, &show->errors, &show->files);
        if (r < 0) {
                fprintf(stderr, "memstallctl: cannot read the configuration: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        if (!no_pager && !show->json)
                pager_open();
        status = *units ? show_units(show, units) : show_all(show);
        pager_close();
        return status;
}

/* memstallctl show-config, see man:memstallctl(1). */
int verb_show_config(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },     { "root", required_argument, NULL, 'r' },
                { "json", optional_argument, NULL, 'j' },     { "no-pager", no_argument, NULL, 'n' },
                { 0 },
        };
        _cleanup_(show_done) Show show = { .root = "", .config = CONFIG_DEFAULT };
        bool no_pager = false;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'r':
                        show.root = optarg;
                        break;

                case 'j':
                        if (!json_option(optarg, &show.json))
                                return CTL_USAGE;
                        break;

                case 'n':
                        no_pager = true;
                        break;

                default:
                        return CTL_USAGE;
                }
        return run(&show, argv + optind, no_pager);
}
