/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memstalld: arguments, requirements, run. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/agent.h"
#include "agent/leftovers.h"
#include "sense/requirements.h"

static int help(void) {
        (void) puts("memstalld [OPTION…]\n"
                    "\n"
                    "Watches where units stall on memory and acts by policy: throttle, freeze, kill.\n"
                    "Started by memstalld.service; its policies are in /etc/memstalld/policy.d.\n"
                    "\n"
                    "  -h --help      show this help\n"
                    "     --version   show the version\n"
                    "     --release   undo what a run that has ended left throttled, frozen or protected, and end\n"
                    "\n"
                    "See memstalld(8), memstalld.policy(5) and memstallctl(1).");
        return EXIT_SUCCESS;
}

/* For ExecStopPost=. */
static int release(void) {
        bool is_stop_post = getenv("SERVICE_RESULT"); /* systemd sets it for ExecStopPost= */
        int r = leftovers_undo(is_stop_post, LEFTOVERS_END_USEC);

        if (r >= 0)
                return EXIT_SUCCESS;
        (void) fprintf(stderr, "memstalld: %s\n", r == -EBUSY ? "it is running, and releases what it holds when it ends"
                                                              : strerror(-r));
        return EX_TEMPFAIL;
}

/* Returns -1 if the daemon is to run, else the exit status. */
static int parse_arguments(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "release", no_argument, NULL, 'r' },
                { "version", no_argument, NULL, 'V' },
                { 0 },
        };
        int c = getopt_long(argc, argv, "h", options, NULL);

        if (c == 'h')
                return help();
        if (c == 'V') {
                (void) puts("memstalld " PROJECT_VERSION);
                return EXIT_SUCCESS;
        }
        if (c == 'r')
                return release();
        if (c == -1 && optind == argc)
                return -1;
        if (c == -1)
                (void) fprintf(stderr, "memstalld takes no arguments, see memstalld --help.\n");
        return 2;
}

int main(int argc, char **argv) {
        _cleanup_(agent_freep) Agent *agent = NULL;
        int r;

        r = parse_arguments(argc, argv);
        if (r >= 0)
                return r;

        r = requirements_check(NULL);
        if (r != 0) {
                (void) fprintf(stderr, "memstalld: %s\n", r > 0 ? requirements_error_text(r) : strerror(-r));
                return EXIT_FAILURE;
        }
        (void) leftovers_undo(true, LEFTOVERS_START_USEC);
        r = agent_new(&agent);
        if (r >= 0)
                r = agent_run(agent);
        if (r >= 0)
                return EXIT_SUCCESS;

        /* Not status 1, which tells systemd that another try is of no use. */
        (void) fprintf(stderr, "memstalld: %s\n", strerror(-r));
        return EX_SOFTWARE;
}
