/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "ctl/verbs.h"

static int help(void) {
        printf("memstallctl [OPTIONS...] VERB [ARGUMENTS...]\n\n"
               "Look at and verify what memstalld does about memory stalls.\n\n"
               "Verbs:\n");
        verbs_print(stdout);
        printf("\nOptions:\n"
               "  -h --help     Show this help; after a verb, help on that verb\n"
               "     --version  Show the version\n\n"
               "See memstallctl(1).\n");
        return CTL_DONE;
}

static int run(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { 0 },
        };
        const Verb *verb;
        int c;

        /* "+": what follows the verb is the verb's. */
        while ((c = getopt_long(argc, argv, "+h", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 'V':
                        printf("memstallctl " PROJECT_VERSION "\n");
                        return CTL_DONE;

                default:
                        return CTL_USAGE;
                }

        if (optind >= argc) {
                fprintf(stderr, "memstallctl: a verb is missing, see memstallctl --help\n");
                return CTL_USAGE;
        }
        verb = verb_find(argv[optind]);
        if (!verb) {
                fprintf(stderr, "memstallctl: unknown verb \"%s\", see memstallctl --help\n", argv[optind]);
                return CTL_USAGE;
        }

        argc -= optind;
        argv += optind;
        optind = 0; /* the verb starts over with its own arguments, see man:getopt(3) */
        return verb->run(argc, argv);
}

int main(int argc, char **argv) {
        int status = run(argc, argv);

        if (fflush(stdout) == 0)
                return status;
        fprintf(stderr, "memstallctl: cannot write: %s\n", strerror(errno));
        return status == CTL_DONE ? CTL_FAILED : status;
}
