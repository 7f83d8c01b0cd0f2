/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The socket is named after us; systemd-oomd connects to all that are in the folder, for one call each. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/agent-private.h"
#include "agent/oomd-hook.h"
#include "agent/sightings.h"
#include "base/fdio.h"
#include "sense/prekill.h"

#define SOCKET_PATH PREKILL_FOLDER "/memstalld"
#define OOMD_UNIT "/systemd-oomd.service\n"
#define CALLERS_MAX 4U

/* One connection. */
typedef struct Caller {
        Agent *agent;
        int fd; /* -EBADF: none */
        sd_event_source *source;
        uint64_t number; /* the smallest is the oldest */
        char text[PREKILL_CALL_MAX];
        size_t used;
} Caller;

struct OomdHook {
        int fd;
        sd_event_source *source;
        uint64_t n_callers;
        Caller callers[CALLERS_MAX];
        PrekillCall call;
};

static void hang_up(Caller *c) {
        c->source = sd_event_source_disable_unref(c->source);
        c->fd = fd_close(c->fd);
        c->used = 0;
}

/* ---- One call ---------------------------------------------------------------------------------- */

/* False if the connection is of no use any more. */
static bool take_call(Caller *c, size_t n) {
        PrekillCall *call = &c->agent->oomd_hook->call;
        const char *answer;
        size_t n_answer;
        int r;

        r = prekill_parse(c->text, n, call);
        if (r < 0)
                return false;
        if (r == 0)
                sightings_on_oomd(c->agent, call->cgroup, "", true);
        answer = prekill_answer(r, &n_answer);
        return call->oneway || send(c->fd, answer, n_answer, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t) n_answer;
}

static int on_caller(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Caller *c = userdata;
        ssize_t n;
        char *end;

        n = recv(c->fd, c->text + c->used, sizeof(c->text) - c->used, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0) {
                hang_up(c);
                return 0;
        }
        c->used += (size_t) n;
        while ((end = memchr(c->text, '\0', c->used))) {
                size_t length = (size_t) (end - c->text);

                if (!take_call(c, length)) {
                        hang_up(c);
                        return 0;
                }
                c->used -= length + 1;
                memmove(c->text, end + 1, c->used);
        }
        if (c->used == sizeof(c->text))
                hang_up(c);
        return 0;
}

/* ---- Who calls --------------------------------------------------------------------------------- */

/* systemd-oomd runs as a user of its own, with the right to open any file. */
static bool may_call(int fd) {
        _cleanup_(fd_closep) int cgroup_fd = -EBADF;
        char path[64], text[512];
        struct ucred who;
        ssize_t n;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &(socklen_t){ sizeof(who) }) < 0)
                return false;
        if (who.uid == 0)
                return true;
        (void) snprintf(path, sizeof(path), "/proc/%d/cgroup", (int) who.pid);
        cgroup_fd = open(path, O_RDONLY | O_CLOEXEC);
        n = cgroup_fd < 0 ? 0 : fd_read_text(cgroup_fd, text, sizeof(text));
        return n > (ssize_t) strlen(OOMD_UNIT) && strcmp(text + n - strlen(OOMD_UNIT), OOMD_UNIT) == 0;
}

/* A free place, or that of the one who has been there for the longest time. */
static Caller *place_for(OomdHook *h) {
        Caller *oldest = h->callers;

        for (Caller *c = h->callers; c < h->callers + CALLERS_MAX; c++) {
                if (c->fd < 0)
                        return c;
                if (c->number < oldest->number)
                        oldest = c;
        }
        hang_up(oldest);
        return oldest;
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata) {
        Agent *a = userdata;
        _cleanup_(fd_closep) int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Caller *c;

        if (fd < 0 || !may_call(fd))
                return 0;
        c = place_for(a->oomd_hook);
        if (sd_event_add_io(a->event, &c->source, fd, EPOLLIN, on_caller, c) < 0)
                return 0;
        (void) sd_event_source_set_priority(c->source, PRIORITY_PRESSURE);
        c->number = ++a->oomd_hook->n_callers;
        c->fd = TAKE_FD(fd);
        return 0;
}

/* ---- Its life ---------------------------------------------------------------------------------- */

/* Root's alone from the start: between bind() and chmod() nobody listens yet. */
static int listen_at(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_(fd_closep) int fd = -EBADF;

        strcpy(address.sun_path, path);
        (void) unlink(path); /* of an earlier run */
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(path, 0600) < 0 ||
            listen(fd, CALLERS_MAX) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int oomd_hook_start(Agent *a) {
        OomdHook *h;
        int r;

        r = listen_at(SOCKET_PATH);
        if (r < 0)
                return r == -ENOMEM || r == -EMFILE ? r : 0;
        h = a->oomd_hook = calloc(1, sizeof(*h));
        if (!h) {
                fd_close(r);
                return -ENOMEM;
        }
        h->fd = r;
        for (size_t i = 0; i < CALLERS_MAX; i++)
                h->callers[i] = (Caller){ .agent = a, .fd = -EBADF };
        r = sd_event_add_io(a->event, &h->source, h->fd, EPOLLIN, on_connection, a);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(h->source, PRIORITY_PRESSURE);
}

void oomd_hook_stop(Agent *a) {
        OomdHook *h = a->oomd_hook;

        if (!h)
                return;
        for (size_t i = 0; i < CALLERS_MAX; i++)
                hang_up(&h->callers[i]);
        sd_event_source_disable_unref(h->source);
        fd_close(h->fd);
        (void) unlink(SOCKET_PATH);
        free(h);
        a->oomd_hook = NULL;
}
