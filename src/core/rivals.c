/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/cleanup.h"
#include "core/rivals.h"

static const Rival rivals[] = {
        { "systemd-oomd.service", "kills in what says ManagedOOM...=kill", false },
        { "earlyoom.service", "kills processes of the whole host", true },
        { "nohang.service", "kills processes of the whole host", true },
        { "nohang-desktop.service", "kills processes of the whole host", true },
        { "oomd.service", "kills by rules of its own", true },
        { "bustd.service", "kills processes of the whole host", true },
        { "kubelet.service", "evicts pods", false },
        { "k3s.service", "evicts pods", false },
        { "k3s-agent.service", "evicts pods", false },
};

_Static_assert(ELEMENTSOF(rivals) <= RIVALS_MAX, "a bit or a counter for each");

const Rival *rival_at(size_t i) {
        return i < ELEMENTSOF(rivals) ? rivals + i : NULL;
}

const Rival *rival_find(const char *unit, size_t *ret_index) {
        for (size_t i = 0; i < ELEMENTSOF(rivals); i++)
                if (strcmp(rivals[i].unit, unit) == 0) {
                        if (ret_index)
                                *ret_index = i;
                        return rivals + i;
                }
        return NULL;
}
