/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "ctl/daemon.h"
#include "ctl/verbs.h"

#define PROGRESS_MSEC 500

static volatile sig_atomic_t interrupted;

static int help(void) {
        printf("memstallctl record FILE\n\n"
               "Write what memstalld sees and decides to a trace until interrupted: the last minute, then\n"
               "everything as it comes. FILE may be - for standard output. For memstallctl replay.\n\n"
               "  -h --help  Show this help\n\n"
               "Exit status: 0 done, 1 no daemon runs or FILE cannot be written, 2 wrong usage.\n");
        return CTL_DONE;
}

static void on_interrupt(int signal) {
        interrupted = 1;
}

/* Hands the writing end of a pipe to the daemon. */
static int ask(int fd) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = daemon_open(&bus);
        return r < 0 ? r : daemon_call(bus, "record", "Record", NULL, "h", fd);
}

typedef struct Progress {
        uint64_t start_usec, n_bytes, n_lines;
        bool shown;
} Progress;

static void show(const Progress *p) {
        if (p->shown)
                fprintf(stderr, "\r%" PRIu64 " lines, %s, %s ", p->n_lines,
                        FORMAT_DURATION((clock_usec() - p->start_usec) / USEC_PER_SEC * USEC_PER_SEC),
                        FORMAT_SIZE(p->n_bytes));
}

/* Moves text until the daemon ends it or somebody interrupts. 0, or -errno of writing. */
static int move(int from, FILE *to, Progress *p) {
        char buf[65536];

        while (!interrupted) {
                struct pollfd pollfd = { .fd = from, .events = POLLIN };
                ssize_t n;

                show(p);
                if (poll(&pollfd, 1, PROGRESS_MSEC) <= 0)
                        continue;
                n = read(from, buf, sizeof(buf));
                if (n == 0)
                        break;
                if (n < 0)
                        continue;
                if (fwrite(buf, 1, (size_t) n, to) != (size_t) n || fflush(to) != 0)
                        return -errno;
                p->n_bytes += (size_t) n;
                for (ssize_t i = 0; i < n; i++)
                        p->n_lines += buf[i] == '\n';
        }
        return 0;
}

/* For its owner alone; not through a link that somebody else may have put there. NULL and errno. */
static FILE *open_own(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

        return fd < 0 ? NULL : fdopen(fd, "w");
}

static int record(const char *path) {
        const struct sigaction action = { .sa_handler = on_interrupt };
        Progress p = { .start_usec = clock_usec(), .shown = isatty(STDERR_FILENO) };
        bool to_stdout = strcmp(path, "-") == 0;
        int fds[2], r;
        FILE *file;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = ask(fds[1]);
        (void) close(fds[1]);
        if (r < 0) {
                (void) close(fds[0]);
                return r;
        }
        file = to_stdout ? stdout : open_own(path);
        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
        r = file ? move(fds[0], file, &p) : -errno;
        (void) close(fds[0]);
        if (file && !to_stdout && fclose(file) != 0 && r >= 0)
                r = -errno;
        show(&p);
        if (p.shown)
                fputc('\n', stderr);
        if (r < 0)
                fprintf(stderr, "memstallctl: cannot write %s: %s\n", path, strerror(-r));
        else if (!interrupted)
                fprintf(stderr, "memstallctl: memstalld has ended the recording\n");
        return r;
}

/* memstallctl record, see man:memstallctl(1). */
int verb_record(int argc, char **argv) {
        static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                return c == 'h' ? help() : CTL_USAGE;
        if (optind + 1 != argc) {
                fprintf(stderr, "memstallctl record: one FILE, or - for standard output\n");
                return CTL_USAGE;
        }
        return record(argv[optind]) < 0 ? CTL_FAILED : CTL_DONE;
}
