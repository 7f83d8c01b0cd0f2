/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The core's time is the monotonic clock. What people mean by Expires= is the wall clock, so the core is told where that
 * stands: at the start, and whenever somebody sets it (TFD_TIMER_CANCEL_ON_SET of timerfd_create(2)). */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/agent-private.h"
#include "base/clock.h"

void wall_clock_tell(Agent *a) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        agent_feed(a, &(Event){ .kind = EVENT_CLOCK,
                                .realtime_usec = (uint64_t) now.tv_sec * USEC_PER_SEC + (uint64_t) now.tv_nsec / 1000 });
}

/* A time that never comes: the timer is there only to be cancelled. */
static int arm(int fd) {
        static const struct itimerspec never = { .it_value.tv_sec = INT64_C(1) << 35 };

        return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno : 0;
}

static int on_set(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Agent *a = userdata;
        uint64_t n;

        (void) !read(fd, &n, sizeof(n)); /* ECANCELED: the clock was set */
        (void) arm(fd);
        wall_clock_tell(a);
        return 0;
}

int wall_clock_start(Agent *a) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = arm(fd);
        if (r < 0)
                return r;
        r = sd_event_add_io(a->event, &a->wall_clock, fd, EPOLLIN, on_set, a);
        if (r < 0)
                return r;
        r = sd_event_source_set_io_fd_own(a->wall_clock, true);
        if (r < 0)
                return r;
        (void) TAKE_FD(fd);
        r = sd_event_source_set_priority(a->wall_clock, PRIORITY_SIGNAL);
        if (r < 0)
                return r;
        wall_clock_tell(a);
        return 0;
}
