/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* What memstallctl can do. A verb is one file with one function, and one row in the table of verbs.c. */

/* Exit statuses, the same for all verbs. */
enum {
        CTL_DONE = 0,
        CTL_FAILED = 1, /* it did not hold, or could not be done */
        CTL_USAGE = 2,  /* it was called wrongly; the reason is on standard error */
};

/* Arguments as of main(), with the verb as argv[0]; the verb reads its own options, --help among them. */
typedef struct Verb {
        const char *name;
        const char *arguments;
        const char *summary;
        int (*run)(int argc, char **argv);
} Verb;

/* NULL if there is none of that name. */
const Verb *verb_find(const char *name);

/* One line for each verb. */
void verbs_print(FILE *f);

int verb_check(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_incidents(int argc, char **argv);
int verb_metrics(int argc, char **argv);
int verb_record(int argc, char **argv);
int verb_release(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_show_config(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_top(int argc, char **argv);
