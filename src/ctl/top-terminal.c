/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "ctl/top-terminal.h"

#define ENTER "\033[?1049h\033[?25l" /* alternate screen, no cursor */
#define LEAVE "\033[0m\033[?25h\033[?1049l"

static struct termios saved;
static bool entered;
static sigset_t outside; /* the signal mask before: signals come only while terminal_wait() waits */
static volatile sig_atomic_t ended_by, stopped, resized;

static void on_signal(int signal) {
        if (signal == SIGTSTP)
                stopped = 1;
        else if (signal == SIGWINCH || signal == SIGCONT)
                resized = 1;
        else
                ended_by = signal;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGCONT };

bool terminal_is_able(void) {
        const char *term = getenv("TERM");

        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static void put(const char *s) {
        size_t n = strlen(s);

        while (n > 0) {
                ssize_t k = write(STDOUT_FILENO, s, n);

                if (k < 0 && errno != EINTR && errno != EAGAIN)
                        return;
                s += k > 0 ? k : 0;
                n -= k > 0 ? (size_t) k : 0;
        }
}

static int set_up(void) {
        struct termios t = saved;

        t.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        t.c_cc[VMIN] = 0;
        t.c_cc[VTIME] = 0;
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &t) < 0)
                return -errno;
        put(ENTER);
        return 0;
}

static void put_back(void) {
        put(LEAVE);
        (void) tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

void terminal_leave(void) {
        if (!entered)
                return;
        entered = false;
        put_back();
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) signal(signals[i], SIG_DFL);
        (void) sigprocmask(SIG_SETMASK, &outside, NULL);
}

int terminal_enter(void) {
        const struct sigaction action = { .sa_handler = on_signal };
        sigset_t blocked;
        int r;

        if (tcgetattr(STDIN_FILENO, &saved) < 0)
                return -errno;
        (void) sigemptyset(&blocked);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                (void) sigaddset(&blocked, signals[i]);
                (void) sigaction(signals[i], &action, NULL);
        }
        (void) sigprocmask(SIG_BLOCK, &blocked, &outside);
        (void) atexit(terminal_leave);
        entered = true;
        r = set_up();
        if (r < 0)
                terminal_leave();
        return r;
}

void terminal_size(unsigned *ret_width, unsigned *ret_height) {
        struct winsize size = { 0 };

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
                size.ws_col = size.ws_row = 0;
        *ret_width = size.ws_col > 0 ? size.ws_col : 80;
        *ret_height = size.ws_row > 0 ? size.ws_row : 24;
}

/* Stops as the user asked, with the terminal as it was, and comes back. */
static void stop(void) {
        const struct sigaction again = { .sa_handler = on_signal };
        sigset_t one;

        stopped = 0;
        put_back();
        (void) signal(SIGTSTP, SIG_DFL);
        (void) raise(SIGTSTP);
        (void) sigemptyset(&one);
        (void) sigaddset(&one, SIGTSTP);
        (void) sigprocmask(SIG_UNBLOCK, &one, NULL); /* here it stops */
        (void) sigprocmask(SIG_BLOCK, &one, NULL);
        (void) sigaction(SIGTSTP, &again, NULL);
        (void) set_up();
}

TerminalEvent terminal_wait(uint64_t until_usec, char *buf, size_t size, size_t *ret_n) {
        struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
        uint64_t left = usec_sub(until_usec, clock_usec());
        const struct timespec ts = {
                .tv_sec = (time_t) (left / USEC_PER_SEC), .tv_nsec = (long) (left % USEC_PER_SEC * 1000)
        };
        ssize_t n;
        int r;

        r = ppoll(&p, 1, &ts, &outside);
        if (stopped) {
                stop();
                return TERMINAL_REDRAW;
        }
        if (ended_by)
                return TERMINAL_END;
        if (resized) {
                resized = 0;
                return TERMINAL_REDRAW;
        }
        if (r <= 0)
                return r == 0 || errno == EINTR ? TERMINAL_TIMEOUT : TERMINAL_END;
        n = read(STDIN_FILENO, buf, size);
        if (n <= 0)
                return n < 0 && (errno == EINTR || errno == EAGAIN) ? TERMINAL_TIMEOUT : TERMINAL_END;
        *ret_n = (size_t) n;
        return TERMINAL_KEYS;
}

int terminal_ended_by(void) {
        return ended_by;
}
