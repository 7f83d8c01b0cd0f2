/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef struct Agent Agent;
typedef struct OomdHook OomdHook;

/* Listens in the folder of systemd-oomd's pre-kill hooks (sense/prekill.h), if there is one to write to: else there is
 * nothing to hear, and that is no error. Only root, or what may open root's files, can connect; who is not root has to be
 * systemd-oomd.service. What is said is answered within the same turn of the loop, when what memory looks like is
 * known. 0 or -errno. */
int oomd_hook_start(Agent *a);
void oomd_hook_stop(Agent *a);
