/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/held.h"
#include "core/core.h"

/* Makes the list say what the core holds. */
void held_sync(HeldList *list, const Core *core);

/* Gives what an earlier run left on the list to `feed`, as EVENT_HELD, unless there is nothing to undo. */
void held_feed(const HeldUnit *unit, void (*feed)(void *userdata, Event *event), void *userdata);
