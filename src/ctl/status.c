/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/daemon.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/status-state.h"
#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl status [OPTIONS...] [UNIT...]\n\n"
               "Show what memstalld watches, by which policy, and what it holds; for the units named, or all.\n\n"
               "  -h --help       Show this help\n"
               "     --json=MODE  Print one object\n"
               "     --no-pager   Do not pipe output into a pager\n\n"
               "Exit status: 0 done, 1 no daemon runs or it does not answer, 2 wrong usage.\n");
        return CTL_DONE;
}

static int ask(Status *ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = daemon_open(&bus);
        if (r >= 0)
                r = daemon_get_all(bus, &reply);
        if (r < 0)
                return r;
        r = status_read(reply, ret);
        if (r < 0)
                fprintf(stderr, "memstallctl: cannot read what memstalld answers: %s\n", strerror(-r));
        return r;
}

static int show(char *const *units, bool json, bool no_pager) {
        _cleanup_(status_done) Status status = { 0 };
        int r;

        r = ask(&status);
        if (r < 0)
                return r;
        status_select(&status, units);
        status_read_pressure(&status);
        if (json) {
                status_print_json(stdout, &status);
                return 0;
        }
        if (!no_pager)
                pager_open();
        r = status_print(stdout, &status, *units != NULL, pager_colors());
        pager_close();
        if (r < 0)
                fprintf(stderr, "memstallctl: %s\n", strerror(-r));
        return r;
}

/* memstallctl status, see man:memstallctl(1). */
int verb_status(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "json", optional_argument, NULL, 'j' },
                { "no-pager", no_argument, NULL, 'n' },
                { 0 },
        };
        bool json = false, no_pager = false;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'j':
                        if (!json_option(optarg, &json))
                                return CTL_USAGE;
                        break;

                case 'n':
                        no_pager = true;
                        break;

                default:
                        return CTL_USAGE;
                }
        return show(argv + optind, json, no_pager) < 0 ? CTL_FAILED : CTL_DONE;
}
