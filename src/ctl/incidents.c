/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "base/usec.h"
#include "ctl/journal-reader.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/story-print.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/when.h"

#define ID_DIGITS 8

static int help(void) {
        printf("memstallctl incidents [OPTIONS...]\n\n"
               "List what memstalld has seen and done, out of the journal, newest last.\n\n"
               "  -h --help         Show this help\n"
               "     --since=TIME   From then on: 2026-11-23, \"2026-11-23 03:00\", 03:00, yesterday, -2h\n"
               "     --until=TIME   Up to then\n"
               "     --unit=UNIT    Where this unit was watched or had to pay\n"
               "  -n --lines=N      The last N\n"
               "     --file=FILE    Out of what journalctl -o export has written\n"
               "     --json=MODE    Print a list of objects\n"
               "     --no-pager     Do not pipe output into a pager\n\n"
               "memstallctl explain ID tells what happened.\n\n"
               "Exit status: 0 done, 1 it could not be read, 2 wrong usage.\n");
        return CTL_DONE;
}

typedef struct Options {
        JournalQuery query;
        const char *unit;
        uint64_t n_lines;
        bool json, no_pager;
} Options;

/* ---- Which --------------------------------------------------------------------------------------- */

/* The name as it was given, or with ".service" behind it. */
static bool names(const char *word, const char *unit) {
        size_t n = strlen(word);

        return strncmp(word, unit, n) == 0 && (!unit[n] || strcmp(unit + n, ".service") == 0);
}

static bool is_about(const Story *s, const char *unit) {
        if (!unit || (s->watch_unit && names(unit, s->watch_unit)))
                return true;
        for (const Deed *d = s->deeds; d < s->deeds + s->n_deeds; d++)
                if (names(unit, record_text(d->any, "MEMSTALLD_VICTIM")))
                        return true;
        return false;
}

static int compare_records(const void *a, const void *b) {
        const JournalRecord *x = *(const JournalRecord *const *) a, *y = *(const JournalRecord *const *) b;
        int r = strcmp(record_text(x, "MEMSTALLD_INCIDENT"), record_text(y, "MEMSTALLD_INCIDENT"));

        return r != 0 ? r : x < y ? -1 : x > y; /* of one incident in the order of the journal */
}

/* Brings the records of each incident together. */
static int group(JournalRecords *records) {
        _cleanup_(freep) const JournalRecord **order = calloc(MAX(records->n_items, (size_t) 1), sizeof(*order));
        JournalRecord *sorted = calloc(MAX(records->n_items, (size_t) 1), sizeof(*sorted));

        if (!order || !sorted) {
                free(sorted);
                return -ENOMEM;
        }
        for (size_t i = 0; i < records->n_items; i++)
                order[i] = records->items + i;
        qsort(order, records->n_items, sizeof(*order), compare_records);
        for (size_t i = 0; i < records->n_items; i++)
                sorted[i] = *order[i];
        free(records->items);
        records->items = sorted;
        return 0;
}

static int compare_stories(const void *a, const void *b) {
        const Story *x = a, *y = b;

        return x->first_usec < y->first_usec ? -1 : x->first_usec > y->first_usec;
}

/* How many records from the i-th on are of its incident. */
static size_t count_same(const JournalRecords *records, size_t i) {
        const char *incident = record_text(records->items + i, "MEMSTALLD_INCIDENT");
        size_t n = 1;

        while (i + n < records->n_items && record_is(records->items + i + n, "MEMSTALLD_INCIDENT", incident))
                n++;
        return n;
}

/* A story for each incident that was asked for, oldest first. */
static int tell_all(const Options *o, const JournalRecords *records, Story **ret, size_t *ret_n) {
        _cleanup_(freep) Story *stories = NULL;
        size_t n = 0, n_same;

        for (size_t i = 0; i < records->n_items; i += n_same) {
                JournalRecords one = { .items = records->items + i };
                Story *grown = reallocarray(stories, n + 1, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                stories = grown;
                n_same = one.n_items = count_same(records, i);
                story_tell(&one, record_text(one.items, "MEMSTALLD_INCIDENT"), stories + n);
                n += is_about(stories + n, o->unit);
        }
        if (n > 1)
                qsort(stories, n, sizeof(*stories), compare_stories);
        *ret = TAKE_PTR(stories);
        *ret_n = n;
        return 0;
}

/* ---- How ----------------------------------------------------------------------------------------- */

static int add_row(Table *t, const Story *s) {
        const Deed *worst = story_worst_deed(s);
        char when[STORY_TIME_MAX], id[ID_DIGITS + 1], done[64] = "-";
        const char *victim = worst ? deed_victim(worst) : "";

        story_time(when, s->first_usec)[strlen("2026-11-23 03:12")] = '\0';
        (void) snprintf(id, sizeof(id), "%s", s->incident);
        if (worst && worst->kind == DEED_KILL)
                (void) snprintf(done, sizeof(done), "kill by %s", record_text(worst->any, "MEMSTALLD_KILLER"));
        else if (worst)
                (void) snprintf(done, sizeof(done), "%s, %s", record_text(worst->any, "MEMSTALLD_ACTION"),
                                s->is_open && worst->held ? "held" : deed_end_word(worst));
        return table_add(t, (const char *const[]){
                                    when, id,
                                    !s->watch_unit                            ? "-"
                                    : strcmp(s->watch_unit, "-.slice") == 0 ? "the host"
                                                                            : s->watch_unit,
                                    cause_to_string(s->cause), done, *victim ? victim : "-" });
}

/* The text of the list. 0 or -ENOMEM. */
static int print_text(const Options *o, const Story *stories, size_t n) {
        _cleanup_(table_done) Table t = { .n_columns = 6, .colors = pager_colors() };
        int r;

        r = table_add(&t, (const char *const[]){ "TIME", "ID", "WATCHED", "CAUSE", "DONE", "VICTIM" });
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = add_row(&t, stories + i);
        if (r < 0)
                return r;
        if (n == 0) {
                printf("No incident%s.\n", o->unit || o->query.since_usec || o->query.until_usec ? " of that kind" : "");
                return 0;
        }
        if (!o->no_pager)
                pager_open();
        table_print(&t, stdout);
        pager_close();
        return 0;
}

static int print_json(const Story *stories, size_t n) {
        Json j = { .f = stdout };
        int r = 0;

        json_list(&j, NULL);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = story_print_json(&j, NULL, stories + i, &(StoryLook){ 0 });
        json_end(&j);
        return r;
}

static int show(const Options *o) {
        _cleanup_(records_done) JournalRecords records = { 0 };
        _cleanup_(freep) Story *stories = NULL;
        size_t n = 0, first;
        int r;

        r = journal_read(&o->query, &records);
        if (r < 0)
                return CTL_FAILED;
        r = group(&records);
        if (r >= 0)
                r = tell_all(o, &records, &stories, &n);
        if (r < 0) {
                fprintf(stderr, "memstallctl: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        first = o->n_lines > 0 && n > o->n_lines ? n - o->n_lines : 0;
        r = o->json ? print_json(stories + first, n - first) : print_text(o, stories + first, n - first);
        if (records.cut)
                fprintf(stderr, "memstallctl: there are more, older ones: --since= and --until= show them\n");
        return r < 0 ? CTL_FAILED : CTL_DONE;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static int wrong_time(const char *option, const char *value) {
        fprintf(stderr, "memstallctl incidents: --%s=%s is no time, write for example \"2026-11-23 03:00\", yesterday "
                        "or -2h\n", option, value);
        return CTL_USAGE;
}

/* memstallctl incidents, see man:memstallctl(1). */
int verb_incidents(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },        { "since", required_argument, NULL, 's' },
                { "until", required_argument, NULL, 'u' }, { "unit", required_argument, NULL, 'U' },
                { "lines", required_argument, NULL, 'n' }, { "file", required_argument, NULL, 'f' },
                { "json", optional_argument, NULL, 'j' },        { "no-pager", no_argument, NULL, 'p' },
                { 0 },
        };
        uint64_t now_usec = (uint64_t) time(NULL) * USEC_PER_SEC;
        Options o = { 0 };
        int c;

        while ((c = getopt_long(argc, argv, "hn:", options, NULL)) >= 0)
                switch (c) {

                case 'h':
                        return help();

                case 's':
                        if (when_parse(optarg, now_usec, &o.query.since_usec) < 0)
                                return wrong_time("since", optarg);
                        break;

                case 'u':
                        if (when_parse(optarg, now_usec, &o.query.until_usec) < 0)
                                return wrong_time("until", optarg);
                        break;

                case 'U':
                        o.unit = optarg;
                        break;

                case 'n':
                        if (parse_uint(optarg, &o.n_lines) < 0 || o.n_lines == 0) {
                                fprintf(stderr, "memstallctl incidents: --lines=%s is no number above 0\n", optarg);
                                return CTL_USAGE;
                        }
                        break;

                case 'f':
                        o.query.file = optarg;
                        break;

                case 'j':
                        if (!json_option(optarg, &o.json))
                                return CTL_USAGE;
                        break;

                case 'p':
                        o.no_pager = true;
                        break;

                default:
                        return CTL_USAGE;
                }

        if (optind < argc) {
                fprintf(stderr, "memstallctl incidents: \"%s\" is too much, see memstallctl incidents --help\n", argv[optind]);
                return CTL_USAGE;
        }
        return show(&o);
}
