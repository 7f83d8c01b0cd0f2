/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/survey.h"

/* Between survey-blame.c, which says who has part in a stall, and survey-share.c, which says how much. */

void survey_give_part(Part *part, uint64_t usec, BlameKind kind);

/* The same for a candidate. */
void survey_give(Suspect *suspect, uint64_t usec, BlameKind kind);

/* Hands `usec` to those within `limit` (NULL: all) by their weight. */
void survey_share_out(Survey *s, const Node *limit, WeightBy by, uint64_t usec, BlameKind kind);

/* What those within `limit` (NULL: the host) share, and by what; NULL if there are too many. */
Scope *survey_scope(Survey *s, const Node *limit);
