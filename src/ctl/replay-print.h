/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/replay.h"
#include "ctl/json.h"

/* One line of a replay for people: when (seconds since `start_usec`), a mark (= then and now, - only then, + only now, ~
 * behind it: it follows from something made up), and what was decided. */
void replay_print(FILE *f, const ReplayLine *line, uint64_t start_usec, bool marks, bool colors);

/* The same as an object; keys and values are those of the trace, times included. */
void replay_print_json(Json *j, const ReplayLine *line);
