/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The terminal of `memstallctl top`: without a library, by what every terminal since the VT100 obeys. However the program
 * ends, it is put back: at exit, and before the signals that end or stop it take effect. */

typedef enum TerminalEvent {
        TERMINAL_TIMEOUT,
        TERMINAL_KEYS,
        TERMINAL_REDRAW, /* another size, or back from being stopped */
        TERMINAL_END,    /* asked to end, or the terminal is gone */
} TerminalEvent;

/* Whether standard input and output are a terminal that can be drawn on. */
bool terminal_is_able(void);

/* The alternate screen, keys without echo and line. 0 or -errno. */
int terminal_enter(void);
void terminal_leave(void);

/* Columns and lines; 80 and 24 where nobody says. */
void terminal_size(unsigned *ret_width, unsigned *ret_height);

/* Waits until `until_usec` (CLOCK_MONOTONIC) or for something to happen before; what keys sent is in `buf`. */
TerminalEvent terminal_wait(uint64_t until_usec, char *buf, size_t size, size_t *ret_n);

/* The signal that ended it, 0 if none did: the caller raises it again once everything is put back. */
int terminal_ended_by(void);
