/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/config-files.h"

/* What memstallctl show-config shows: all of it, or what is about single units. */

typedef struct Show {
        const char *root;
        bool json;
        uint64_t now_usec; /* CLOCK_REALTIME */

        Config config;
        ConfigErrors errors;
        ConfigFiles files;
} Show;

/* "in effect", or why it is not: NULL for a file whose policy watches. */
const char *show_policy_off(const Show *show, const Policy *policy);

/* Both print, and return an exit status. */
int show_all(const Show *show);
int show_units(const Show *show, char *const *units);
