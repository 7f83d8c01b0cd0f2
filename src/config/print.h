/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "core/policy.h"

/* What is in effect, as text in the language itself: every key that says something where it stands, with its value,
 * defaults included. Read again it is the same policy, or the same settings. */

void config_print_policy(FILE *f, const Policy *policy);

/* What comes from systemd-oomd's files is told in comments. */
void config_print_settings(FILE *f, const Settings *settings);
