/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "ctl/story.h"

/* What to change so that it does not come again: one sentence for why it happened, one for what came of it. */

#define ADVICE_MAX 2U

/* Fills in up to ADVICE_MAX sentences, each to be freed; returns how many, or -ENOMEM. */
int advice_for(const Story *s, char *ret[static ADVICE_MAX]);
