/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>

/* What systemd's refusals mean to an effector. */
typedef enum ErrorMeaning {
        ERROR_FAILED, /* just that */
        ERROR_GONE,   /* systemd does not know the unit: nothing is left to kill or undo */
        ERROR_EMPTY,  /* the unit has no processes: nothing is left to kill or thaw */
        ERROR_BUSY,   /* a freeze or a job is still going on: a thaw is worth another try */
} ErrorMeaning;

/* Looks the error up by its name. `ret_error` is set to what it is as negative errno. */
ErrorMeaning error_meaning(const sd_bus_error *error, int *ret_error);

/* Whether a service with WatchdogSec= may be frozen under a systemd of this Version ("257.13-1~deb13u1"): before 258
 * its watchdog goes on and kills the frozen service, which then cannot be thawed (systemd #38517; 257.13 has the fix
 * too). An unknown version ("") may not. */
bool version_spares_frozen(const char *version);

/* Whether a MemoryHigh= below the usage is set without a wait: else PID 1 reclaims, in the write to memory.high, until the usage
 * is below it or nothing more is found. Linux from 6.16 on leaves that out for a descriptor with O_NONBLOCK, as systemd from
 * 258 on has it. */
bool version_sets_high_at_once(const char *version, const char *kernel);
