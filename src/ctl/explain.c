/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ctl/explain-private.h"
#include "ctl/incident-trace.h"
#include "ctl/json.h"
#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl explain [OPTIONS...] UNIT|INCIDENT\n\n"
               "Tell why something happened, or why nothing did.\n\n"
               "  -h --help       Show this help\n"
               "     --file=FILE  Read incidents out of what journalctl -o export has written\n"
               "     --root=DIR   Look for the traces of incidents below DIR instead of /\n"
               "     --json=MODE  Print an object\n"
               "     --no-pager   Do not pipe output into a pager\n\n"
               "UNIT is the name of a service, scope or slice (.service may be left out), the path\n"
               "of a cgroup, or / for the host: which policy watches it, each of its conditions\n"
               "with its limit and the value now, and what keeps it from having to pay.\n"
               "INCIDENT is an id (MEMSTALLD_INCIDENT=), its first 4 digits or more, or \"last\":\n"
               "what was short, because of whom, what was done, whether it helped, what to change.\n\n"
               "Exit status: 0 done, 1 no such unit or incident, or no daemon runs, 2 wrong usage.\n");
        return CTL_DONE;
}

/* memstallctl explain, see man:memstallctl(1). */
int verb_explain(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' }, { "file", required_argument, NULL, 'f' },
                { "root", required_argument, NULL, 'r' }, { "json", optional_argument, NULL, 'j' },
                { "no-pager", no_argument, NULL, 'n' }, { 0 },
        };
        ExplainOptions o = { .root = "" };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'f':
                        o.file = optarg;
                        break;

                case 'r':
                        o.root = optarg;
                        break;

                case 'j':
                        if (!json_option(optarg, &o.json))
                                return CTL_USAGE;
                        break;

                case 'n':
                        o.no_pager = true;
                        break;

                default:
                        return CTL_USAGE;
                }

        if (optind + 1 != argc) {
                fprintf(stderr, "memstallctl explain: one UNIT or INCIDENT, see memstallctl explain --help\n");
                return CTL_USAGE;
        }
        (void) setlocale(LC_CTYPE, ""); /* whether blocks can be drawn */
        /* "cafe" may be a service as well, whose whole name then has to be given. */
        if (incident_is_name(argv[optind]))
                return explain_incident(&o, argv[optind]);
        if (o.file || *o.root) {
                fprintf(stderr, "memstallctl explain: --file= and --root= are for incidents; %s is none\n", argv[optind]);
                return CTL_USAGE;
        }
        return explain_unit(&o, argv[optind]);
}
