/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/daemon.h"
#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl metrics\n\n"
               "Print what memstalld has counted since it started, and how it stands, as OpenMetrics text.\n\n"
               "  -h --help  Show this help\n\n"
               "Exit status: 0 done, 1 no daemon runs or it does not answer, 2 wrong usage.\n");
        return CTL_DONE;
}

static int print(void) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text;
        int r;

        r = daemon_open(&bus);
        if (r >= 0)
                r = daemon_call(bus, "tell its metrics", "Metrics", &reply, NULL);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r >= 0)
                fputs(text, stdout);
        return r;
}

/* memstallctl metrics, see man:memstallctl(1). */
int verb_metrics(int argc, char **argv) {
        static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                return c == 'h' ? help() : CTL_USAGE;
        if (optind < argc) {
                fprintf(stderr, "memstallctl metrics: no argument is expected\n");
                return CTL_USAGE;
        }
        return print() < 0 ? CTL_FAILED : CTL_DONE;
}
