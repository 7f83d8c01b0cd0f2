/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/node.h"
#include "core/policy.h"

/* How many units run for each Present= and Absent= of the policies. Kept up as units come and go, so that no look
 * scans the tree. Services, scopes and slices count, of the system manager and of the users'. */

typedef struct Presence {
        struct PresenceEntry {
                const Condition *condition;
                size_t n;
        } *entries;
        size_t n;
} Presence;

/* One entry for each such condition of the set. 0 or -ENOMEM. */
int presence_init(Presence *p, const PolicySet *policies);
void presence_done(Presence *p);

/* The node came, or it goes. Returns whether this changes what some condition finds. */
bool presence_note(Presence *p, const Node *n, bool comes);

/* How many units the condition finds; 0 for one that is not in the set. */
size_t presence_count(const Presence *p, const Condition *c);
