/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Long output goes through a pager and has colours where a terminal shows it, with the variables that systemd's tools
 * go by, see "ENVIRONMENT" in man:systemctl(1): $SYSTEMD_PAGER, $PAGER, $SYSTEMD_LESS, $SYSTEMD_LESSCHARSET,
 * $SYSTEMD_PAGERSECURE, $SYSTEMD_COLORS, $NO_COLOR. */

/* From here on standard output goes to a pager, if it is a terminal and nobody asked for none. What cannot be paged is
 * printed as it is. */
void pager_open(void);

/* Writes out what is left and waits for the reader to be done; nothing without a pager. Standard output is the
 * terminal again. */
void pager_close(void);

/* Whether standard output may have colours, which a pager passes on. */
bool pager_colors(void);
