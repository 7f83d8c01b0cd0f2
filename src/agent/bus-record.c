/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "agent/agent-private.h"
#include "agent/bus-private.h"

static int record(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Agent *a = ((AgentBus *) userdata)->agent;
        int fd, r;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;
        if (a->recording && !recording_ended(a->recording))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "somebody else records already");
        a->recording = recording_free(a->recording);
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        r = recording_new(&a->recording, a->event, a->recorder, fd);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

int bus_method_record(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        AgentBus *b = userdata;

        return bus_access_then(b->access, m, BUS_ACTION_OBSERVE, record, b, error);
}
