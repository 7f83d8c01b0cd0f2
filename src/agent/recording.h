/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "agent/recorder.h"

/* Writes to somebody's pipe what the recorder has, and then each line as it comes, until the pipe is closed. Never waits:
 * a reader that is too slow loses lines, and the trace says how many. */

typedef struct Recording Recording;

/* Takes the descriptor over, also if it fails. It is the recorder's only tap. 0 or -errno. */
int recording_new(Recording **ret, sd_event *event, Recorder *recorder, int fd);
Recording *recording_free(Recording *r);
DEFINE_CLEANUP(Recording *, recording_free);

/* The reader has gone. */
bool recording_ended(const Recording *r);
