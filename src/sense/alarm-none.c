/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* alarm.h where the build has no BPF. There is never an object, so what takes one is never reached. */

#include "sense/alarm.h"

#include <errno.h>
#include <stdio.h>

int alarm_new(Alarm **ret, char *ret_why, size_t why_size) {
        (void) snprintf(ret_why, why_size, "built without BPF");
        return ALARM_E_UNAVAILABLE;
}

Alarm *alarm_free(Alarm *a) {
        return NULL;
}

bool alarm_hears_oom(const Alarm *a) {
        return false;
}

int alarm_fd(const Alarm *a) {
        return -EBADF;
}

const char *alarm_rung(const Alarm *a) {
        return "built without BPF";
}

int alarm_dispatch(Alarm *a, const AlarmHandlers *handlers, void *userdata) {
        return -EOPNOTSUPP;
}

void alarm_kswapd_after(Alarm *a, uint64_t usec) {
}

uint64_t alarm_lost(const Alarm *a) {
        return 0;
}
