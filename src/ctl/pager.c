/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <systemd/sd-login.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "ctl/pager.h"

#define WORDS_MAX 16U

static pid_t pager_pid;
static int terminal_fd = -EBADF;

/* A session that somebody else owns (sudo) must not become a shell of the owner by way of the pager: less is told not
 * to start anything, and no other pager is known to obey. */
static bool is_secure(void) {
        const char *s = getenv("SYSTEMD_PAGERSECURE");
        bool secure;
        uid_t owner;

        if (s && parse_boolean(s, &secure) == 0)
                return secure;
        return sd_pid_get_owner_uid(0, &owner) < 0 || owner != geteuid();
}

/* What to run: NULL for nothing, "" if nobody said. */
static const char *pager_command(void) {
        const char *s = getenv("SYSTEMD_PAGER");

        if (!s)
                s = getenv("PAGER");
        if (!s)
                return "";
        return !*s || strcmp(s, "cat") == 0 ? NULL : s;
}

static void set_environment(bool secure) {
        const char *less = getenv("SYSTEMD_LESS"), *charset = getenv("SYSTEMD_LESSCHARSET");

        (void) setenv("LESS", less ? less : "FRSXMK", 1);
        if (charset)
                (void) setenv("LESSCHARSET", charset, 1);
        if (secure)
                (void) setenv("LESSSECURE", "1", 1);
        else
                (void) unsetenv("LESSSECURE");
}

/* In the child: becomes the pager, or passes on what comes as it is. */
static _Noreturn void run_pager(const char *command) {
        static const char *const known[] = { "pager", "less", "more" };
        bool secure = is_secure();
        char *words[WORDS_MAX + 1] = { 0 }, *copy = strdup(command);
        size_t n = 0;
        char buf[4096];
        ssize_t length;

        set_environment(secure);
        if (secure)
                (void) execlp("less", "less", (char *) NULL);
        for (char *word = copy ? strtok(copy, " \t") : NULL; word && n < WORDS_MAX; word = strtok(NULL, " \t"))
                words[n++] = word;
        if (n > 0 && !secure)
                (void) execvp(words[0], words);
        for (size_t i = 0; i < ELEMENTSOF(known) && !secure; i++)
                (void) execlp(known[i], known[i], (char *) NULL);

        while ((length = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
                if (write(STDOUT_FILENO, buf, (size_t) length) != length)
                        break;
        _exit(0);
}

static bool wants_pager(void) {
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

void pager_open(void) {
        const char *command = pager_command();
        _cleanup_(fd_closep) int saved = -EBADF, read_end = -EBADF, write_end = -EBADF;
        int fds[2];
        pid_t pid;

        if (pager_pid > 0 || !command || !wants_pager())
                return;
        saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        if (saved < 0 || pipe2(fds, O_CLOEXEC) < 0)
                return;
        read_end = fds[0];
        write_end = fds[1];

        (void) fflush(stdout);
        pid = fork();
        if (pid < 0)
                return;
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
                if (dup2(read_end, STDIN_FILENO) < 0)
                        _exit(1);
                (void) fd_close(write_end); /* or its input would have no end */
                run_pager(command);
        }

        /* Whoever leaves the pager early has seen enough: that is no failure. */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) dup2(write_end, STDOUT_FILENO);
        pager_pid = pid;
        terminal_fd = TAKE_FD(saved);
}

void pager_close(void) {
        if (pager_pid <= 0)
                return;

        (void) fflush(stdout);
        clearerr(stdout);
        (void) dup2(terminal_fd, STDOUT_FILENO); /* the pager sees the end of its input */
        terminal_fd = fd_close(terminal_fd);
        while (waitpid(pager_pid, NULL, 0) < 0 && errno == EINTR)
                ;
        (void) signal(SIGPIPE, SIG_DFL);
        pager_pid = 0;
}

bool pager_colors(void) {
        const char *s = getenv("SYSTEMD_COLORS"), *none = getenv("NO_COLOR"), *term = getenv("TERM");
        bool on;

        if (s && parse_boolean(s, &on) == 0)
                return on;
        if (s && *s)
                return true; /* 16, 256, 24bit */
        if ((none && *none) || !term || strcmp(term, "dumb") == 0)
                return false;
        return pager_pid > 0 || isatty(STDOUT_FILENO);
}
