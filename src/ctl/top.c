/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/parse.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/top-bus.h"
#include "ctl/top-keys.h"
#include "ctl/top-print.h"
#include "ctl/top-terminal.h"
#include "ctl/verbs.h"

#define INTERVAL_MIN_USEC (250 * USEC_PER_MSEC)
#define READING_MAX_USEC (5 * USEC_PER_SEC) /* sums older than some 8 s are left: a longer sample is several readings */

typedef enum Output {
        OUTPUT_TABLE,
        OUTPUT_JSON,
        OUTPUT_FOLDED,
} Output;

typedef struct Top {
        sd_bus *bus;
        TopData data;
        TopView view;
        TopHost host;
        Output output;
        uint64_t interval_usec, n_samples; /* n_samples 0: until interrupted */
        uint64_t pressure_usec[2];         /* some and full so far, when this sample began */
        uint64_t pressure_at_usec;
} Top;

static int help(void) {
        printf("memstallctl top [OPTIONS...]\n\n"
               "Show where the host stalls on memory now: by unit, process, class and kernel stack.\n\n"
               "     --once         Print one sample and exit, the same as -n 1\n"
               "  -n --samples=N    Print so many samples and exit\n"
               "     --interval=T   Length of a sample (default: 1s)\n"
               "     --json=MODE    Print one object for each sample\n"
               "     --folded       Print folded stacks with microseconds, for flame graphs\n"
               "  -h --help         Show this help\n\n"
               "Keys: arrows move and unfold, Enter unfolds, s sorts, f folds all, p pauses, ? helps, q quits.\n"
               "On no terminal, or one that cannot be drawn on, samples are printed as with -n.\n\n"
               "Exit status: 0 done, 1 no daemon runs or it captures no stalls, 2 wrong usage.\n");
        return CTL_DONE;
}

/* Stall time of the host so far, `kind` being "some" or "full". */
static uint64_t total_of(const char *text, const char *kind) {
        const char *line = strstr(text, kind);

        line = line ? strstr(line, "total=") : NULL;
        return line ? strtoull(line + 6, NULL, 10) : 0;
}

static uint32_t share_of(uint64_t usec, uint64_t span_usec) {
        return span_usec > 0 ? (uint32_t) MIN(usec * 10000 / span_usec, (uint64_t) 10000) : 0;
}

static void read_pressure(Top *t) {
        _cleanup_(fd_closep) int fd = open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC);
        uint64_t some, full, now = clock_usec();
        char text[256];

        if (fd < 0 || fd_read_text(fd, text, sizeof(text)) < 0)
                return;
        some = total_of(text, "some");
        full = total_of(text, "full");
        if (t->pressure_at_usec > 0) {
                t->host.some = share_of(usec_sub(some, t->pressure_usec[0]), now - t->pressure_at_usec);
                t->host.full = share_of(usec_sub(full, t->pressure_usec[1]), now - t->pressure_at_usec);
        }
        t->pressure_usec[0] = some;
        t->pressure_usec[1] = full;
        t->pressure_at_usec = now;
}

/* Adds a reading to the newest sample. That the daemon cannot answer just now is shown, and no error. */
static int read_once(Top *t) {
        _cleanup_(top_reading_done) TopReading reading = { 0 };
        int r;

        t->host.complaint[0] = '\0';
        r = top_bus_read(t->bus, t->data.last.now_usec, &reading, t->host.complaint, sizeof(t->host.complaint));
        if (r == -EAGAIN)
                return 0;
        if (r < 0) {
                top_reading_done(&t->data.last); /* what comes after is a new beginning */
                return r;
        }
        return top_data_add(&t->data, &reading);
}

static void draw(Top *t) {
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        FILE *f;

        top_data_sort(&t->data);
        top_screen_list(&t->view, &t->data, !t->view.live);
        if (t->view.live)
                (void) top_screen_follow(&t->view);
        f = open_memstream(&text, &size);
        if (!f)
                return;
        top_screen_draw(f, &t->view, &t->data, &t->host);
        if (fclose(f) != 0)
                return;
        /* In one go: a terminal over ssh flickers otherwise. */
        printf("%s%s", t->view.live ? "\033[H" : "", text);
        (void) fflush(stdout);
}

static void print(Top *t) {
        top_data_sort(&t->data);
        if (t->output == OUTPUT_JSON)
                top_print_json(stdout, &t->data, &t->host);
        else if (t->output == OUTPUT_FOLDED)
                top_print_folded(stdout, &t->data);
        else
                draw(t);
        (void) fflush(stdout);
}

static void sleep_until(uint64_t usec) {
        const struct timespec ts = {
                .tv_sec = (time_t) (usec / USEC_PER_SEC), .tv_nsec = (long) (usec % USEC_PER_SEC * 1000)
        };

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
                ;
}

static int run_printing(Top *t) {
        for (uint64_t i = 0; t->n_samples == 0 || i < t->n_samples; i++) {
                uint64_t at = clock_usec(), end = at + t->interval_usec;
                int r = 0;

                top_data_begin(&t->data);
                while (at < end) {
                        at = MIN(end, at + READING_MAX_USEC);
                        sleep_until(at);
                        r = read_once(t);
                        if (r < 0)
                                return r;
                }
                read_pressure(t);
                if (t->host.complaint[0])
                        fprintf(stderr, "memstallctl: %s\n", t->host.complaint);
                if (i > 0 && t->output == OUTPUT_TABLE)
                        putchar('\n');
                print(t);
                if (ferror(stdout))
                        return -EIO;
        }
        return 0;
}

/* True: go on. */
static bool take_keys(Top *t, const char *s, size_t n) {
        while (n > 0) {
                size_t used;

                top_screen_list(&t->view, &t->data, false);
                if (!top_key_apply(top_key_parse(s, n, &used), &t->view, &t->data))
                        return false;
                top_data_sort(&t->data);
                s += used;
                n -= used;
        }
        return true;
}

static int next_sample(Top *t, uint64_t *at, uint64_t *end) {
        int r = 0;

        if (t->view.paused) {
                /* What comes meanwhile is nobody's sample: the first reading after is a new beginning. */
                top_reading_done(&t->data.last);
                t->pressure_at_usec = 0;
                *end = *at = clock_usec() + t->interval_usec;
                return 0;
        }
        if (t->data.last.now_usec == 0 || clock_usec() >= *end) {
                top_data_begin(&t->data);
                *end = clock_usec() + t->interval_usec;
        }
        r = read_once(t);
        read_pressure(t);
        *at = MIN(*end, clock_usec() + READING_MAX_USEC);
        /* A daemon that is restarted comes back, a bus does not. */
        return r == -ENOMEM || sd_bus_is_ready(t->bus) <= 0 ? r : 0;
}

static int loop(Top *t) {
        uint64_t at = clock_usec(), end = at;
        char buf[64];
        int r = 0;

        for (;;) {
                size_t n = 0;

                if (clock_usec() >= at) {
                        r = next_sample(t, &at, &end);
                        if (r < 0)
                                return r;
                }
                terminal_size(&t->view.width, &t->view.height);
                draw(t);
                switch (terminal_wait(at, buf, sizeof(buf), &n)) {

                case TERMINAL_TIMEOUT:
                        break;

                case TERMINAL_REDRAW:
                        printf("\033[2J");
                        break;

                case TERMINAL_KEYS:
                        if (!take_keys(t, buf, n))
                                return 0;
                        break;

                case TERMINAL_END:
                        return 0;
                }
        }
}

static int run_live(Top *t) {
        int r;

        t->view.live = true;
        r = terminal_enter();
        if (r < 0)
                return r;
        r = loop(t);
        terminal_leave();
        if (terminal_ended_by())
                (void) raise(terminal_ended_by());
        return r;
}

static int run(Top *t, bool printing) {
        unsigned height;
        int r;

        (void) setlocale(LC_CTYPE, "");
        t->view.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
        t->view.colors = pager_colors();
        t->view.width = 80;
        if (isatty(STDOUT_FILENO))
                terminal_size(&t->view.width, &height);
        r = top_bus_open(&t->bus, t->host.rung, sizeof(t->host.rung), t->host.complaint, sizeof(t->host.complaint));
        if (r < 0)
                return r;
        r = read_once(t); /* the beginning, and whether it is allowed at all */
        if (r < 0)
                return r;
        read_pressure(t);
        return printing || !terminal_is_able() ? run_printing(t) : run_live(t);
}

/* memstallctl top, see man:memstallctl(1). */
int verb_top(int argc, char **argv) {
        enum { ONCE = 256, INTERVAL, JSON, FOLDED };
        static const struct option options[] = {
                { "once", no_argument, NULL, ONCE },        { "samples", required_argument, NULL, 'n' },
                { "interval", required_argument, NULL, INTERVAL }, { "json", optional_argument, NULL, JSON },
                { "folded", no_argument, NULL, FOLDED },    { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        static Top t = { .interval_usec = USEC_PER_SEC };
        bool json;
        int c, r;

        while ((c = getopt_long(argc, argv, "n:h", options, NULL)) >= 0)
                switch (c) {

                case ONCE:
                        t.n_samples = 1;
                        break;

                case 'n':
                        if (parse_uint(optarg, &t.n_samples) < 0 || t.n_samples == 0) {
                                fprintf(stderr, "memstallctl top: \"%s\" is no number of samples\n", optarg);
                                return CTL_USAGE;
                        }
                        break;

                case INTERVAL:
                        if (parse_duration(optarg, &t.interval_usec) < 0 || t.interval_usec < INTERVAL_MIN_USEC ||
                            t.interval_usec > USEC_PER_HOUR) {
                                fprintf(stderr, "memstallctl top: --interval=%s is not between 250ms and 1h\n", optarg);
                                return CTL_USAGE;
                        }
                        break;

                case JSON:
                        if (!json_option(optarg, &json))
                                return CTL_USAGE;
                        t.output = json ? OUTPUT_JSON : OUTPUT_TABLE;
                        break;

                case FOLDED:
                        t.output = OUTPUT_FOLDED;
                        break;

                case 'h':
                        return help();

                default:
                        return CTL_USAGE;
                }
        if (optind < argc) {
                fprintf(stderr, "memstallctl top: no argument is expected, see memstallctl top --help\n");
                return CTL_USAGE;
        }
        r = run(&t, t.n_samples > 0 || t.output != OUTPUT_TABLE);
        if (r < 0)
                fprintf(stderr, "memstallctl: %s\n", t.host.complaint[0] ? t.host.complaint : strerror(-r));
        top_data_done(&t.data);
        sd_bus_flush_close_unref(t.bus);
        return r < 0 ? CTL_FAILED : CTL_DONE;
}
