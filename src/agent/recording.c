/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/recording.h"
#include "base/clock.h"

/* What the recorder has, and what may come while the reader is slow. */
#define BUFFER_SIZE (5U * 1024 * 1024)

struct Recording {
        Recorder *recorder;
        sd_event_source *source;
        int fd;
        bool ended;
        char *buffer;
        size_t start, end; /* what is not written yet */
        uint64_t n_lost;
};

static bool append(Recording *r, const char *text, size_t n) {
        if (r->end + n > BUFFER_SIZE) {
                memmove(r->buffer, r->buffer + r->start, r->end - r->start);
                r->end -= r->start;
                r->start = 0;
        }
        if (r->end + n > BUFFER_SIZE)
                return false;
        memcpy(r->buffer + r->end, text, n);
        r->end += n;
        return true;
}

static void finish(Recording *r) {
        r->ended = true;
        recorder_tap(r->recorder, NULL, NULL);
        r->source = sd_event_source_disable_unref(r->source);
        r->fd = fd_close(r->fd);
}

static int on_pipe(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Recording *r = userdata;
        ssize_t n;

        if (events & (EPOLLERR | EPOLLHUP)) {
                finish(r);
                return 0;
        }
        n = write(fd, r->buffer + r->start, r->end - r->start);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
                finish(r);
        else if (n > 0) {
                r->start += (size_t) n;
                if (r->start == r->end) {
                        r->start = r->end = 0;
                        (void) sd_event_source_set_io_events(source, 0); /* its end is told all the same */
                }
        }
        return 0;
}

static void on_line(void *userdata, const char *line, size_t n) {
        Recording *r = userdata;
        char lost[64];

        if (r->n_lost > 0 && trace_format_lost(r->n_lost, clock_usec(), lost, sizeof(lost)) == 0 &&
            r->end - r->start + strlen(lost) + n + 2 <= BUFFER_SIZE) {
                (void) append(r, lost, strlen(lost));
                (void) append(r, "\n", 1);
                r->n_lost = 0;
        }
        if (r->n_lost > 0 || r->end - r->start + n + 1 > BUFFER_SIZE) {
                r->n_lost++;
                return;
        }
        (void) append(r, line, n);
        (void) append(r, "\n", 1);
        (void) sd_event_source_set_io_events(r->source, EPOLLOUT);
}

static int add_known(void *userdata, const char *text, size_t n) {
        return append(userdata, text, n) ? 0 : -ENOBUFS;
}

int recording_new(Recording **ret, sd_event *event, Recorder *recorder, int fd) {
        _cleanup_(recording_freep) Recording *r = calloc(1, sizeof(*r));
        int flags, k;

        if (!r) {
                (void) fd_close(fd);
                return -ENOMEM;
        }
        r->recorder = recorder;
        r->fd = fd;
        r->buffer = malloc(BUFFER_SIZE);
        if (!r->buffer)
                return -ENOMEM;
        (void) signal(SIGPIPE, SIG_IGN);
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        k = recorder_write(recorder, add_known, r);
        if (k < 0)
                return k;
        k = sd_event_add_io(event, &r->source, fd, EPOLLOUT, on_pipe, r);
        if (k >= 0)
                k = sd_event_source_set_priority(r->source, SD_EVENT_PRIORITY_IDLE);
        if (k < 0)
                return k;
        recorder_tap(recorder, on_line, r);
        *ret = TAKE_PTR(r);
        return 0;
}

Recording *recording_free(Recording *r) {
        if (!r)
                return NULL;
        if (!r->ended)
                finish(r);
        free(r->buffer);
        free(r);
        return NULL;
}

bool recording_ended(const Recording *r) {
        return r->ended;
}
