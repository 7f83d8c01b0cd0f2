/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libsystemd's own sd_journal_send() blocks while journald is stalled, and journald stalls on memory like everyone.
 * The socket is connected so that EPOLLOUT means room in the journal's queue (unix(7), and unix_dgram_poll() in the
 * kernel); a datagram socket may be connected anew at any time, so it lives as long as its owner. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "act/journal-socket.h"
#include "act/record-queue.h"

struct JournalSocket {
        sd_event *event;
        int fd;
        struct sockaddr_un address;
        sd_event_source *writable; /* on while records wait for room in the journal's queue */
        sd_event_source *timer;    /* on while they wait for anything else */
        uint64_t again_usec;
        JournalSocketLoss loss;
        void *userdata;
        uint64_t n_lost, n_untold;
        RecordQueue queue;
        Record loss_record;
};

static int reconnect(JournalSocket *s) {
        if (connect(s->fd, (const struct sockaddr *) &s->address, sizeof(s->address)) < 0)
                return -errno;
        return 0;
}

static void lose(JournalSocket *s) {
        s->n_lost++;
        s->n_untold++;
}

/* 0 when the record is gone: sent, or lost because it cannot be made short enough. Else the journal does not take it
 * now, and why. */
static int transmit(JournalSocket *s, char *data, size_t *length) {
        bool reconnected = false;

        for (;;) {
                int r;

                if (send(s->fd, data, *length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                        return 0;
                switch (errno) {
                case EINTR:
                        break;
                case EMSGSIZE:
                        r = (int) record_cut(data, *length);
                        if (r == 0) {
                                lose(s);
                                return 0;
                        }
                        *length = (size_t) r;
                        break;
                case ENOTCONN:
                case EDESTADDRREQ:
                case ECONNREFUSED:
                case ECONNRESET:
                case EPIPE:
                        if (reconnected)
                                return -errno;
                        reconnected = true;
                        r = reconnect(s);
                        if (r < 0)
                                return r;
                        break;
                default:
                        return -errno;
                }
        }
}

static void wait_again(JournalSocket *s, int error) {
        if (error == -EAGAIN) {
                (void) sd_event_source_set_enabled(s->writable, SD_EVENT_ONESHOT);
                return;
        }
        (void) sd_event_source_set_time_relative(s->timer, s->again_usec);
        (void) sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
        s->again_usec = MIN(2 * s->again_usec, JOURNAL_SOCKET_AGAIN_MAX_USEC);
}

/* The record about lost ones takes its place before the next that is kept: there is the gap. */
static void enqueue(JournalSocket *s, const Record *record) {
        if (s->n_untold > 0) {
                s->loss(s->userdata, s->n_untold, &s->loss_record);
                if (!record_queue_push(&s->queue, s->loss_record.data, s->loss_record.used)) {
                        lose(s);
                        return;
                }
                s->n_untold = 0;
        }
        if (!record_queue_push(&s->queue, record->data, record->used))
                lose(s);
}

static int send_queue(JournalSocket *s) {
        size_t length;
        char *data;
        int r;

        while ((data = record_queue_first(&s->queue, &length))) {
                r = transmit(s, data, &length);
                if (r < 0) {
                        record_queue_shorten(&s->queue, length);
                        return r;
                }
                record_queue_pop(&s->queue);
        }
        return 0;
}

static void drain(JournalSocket *s) {
        int r;

        r = send_queue(s);
        if (r >= 0 && s->n_untold > 0) {
                s->loss(s->userdata, s->n_untold, &s->loss_record);
                s->n_untold = 0;
                (void) record_queue_push(&s->queue, s->loss_record.data, s->loss_record.used); /* it is empty */
                r = send_queue(s);
        }
        if (r < 0)
                wait_again(s, r);
        else
                s->again_usec = JOURNAL_SOCKET_AGAIN_MIN_USEC;
}

void journal_socket_send(JournalSocket *s, Record *record) {
        int r;

        if (s->queue.n_records > 0) { /* it waits behind the others */
                enqueue(s, record);
                return;
        }
        r = transmit(s, record->data, &record->used);
        if (r < 0) {
                enqueue(s, record);
                wait_again(s, r);
        } else if (s->n_untold > 0)
                drain(s);
}

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        drain(userdata);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        drain(userdata);
        return 0;
}

static int add_sources(JournalSocket *s) {
        int r;

        r = sd_event_add_io(s->event, &s->writable, s->fd, EPOLLOUT, on_writable, s);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(s->writable, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_add_time(s->event, &s->timer, CLOCK_MONOTONIC, 0, 0, on_timer, s);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        /* After what the records are about. */
        r = sd_event_source_set_priority(s->writable, SD_EVENT_PRIORITY_IDLE);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(s->timer, SD_EVENT_PRIORITY_IDLE);
}

int journal_socket_new(JournalSocket **ret, sd_event *event, const char *path, JournalSocketLoss loss, void *userdata) {
        _cleanup_(journal_socket_freep) JournalSocket *s = NULL;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->fd = -EBADF;
        s->event = sd_event_ref(event);
        s->loss = loss;
        s->userdata = userdata;
        s->again_usec = JOURNAL_SOCKET_AGAIN_MIN_USEC;
        s->address.sun_family = AF_UNIX;
        if (strlen(path) >= sizeof(s->address.sun_path))
                return -ENAMETOOLONG;
        memcpy(s->address.sun_path, path, strlen(path));

        s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->fd < 0)
                return -errno;
        r = add_sources(s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

JournalSocket *journal_socket_free(JournalSocket *s) {
        if (!s)
                return NULL;
        if (s->fd >= 0)
                (void) send_queue(s);
        sd_event_source_disable_unref(s->timer);
        sd_event_source_disable_unref(s->writable);
        s->fd = fd_close(s->fd);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

uint64_t journal_socket_n_lost(const JournalSocket *s) {
        return s->n_lost;
}
