/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "ctl/chart.h"
#include "ctl/json.h"
#include "ctl/story.h"

/* How a story is told. */
typedef struct StoryLook {
        bool colors, utf8;
        const Chart *chart; /* NULL: there is none */
        const char *gap;    /* why records are missing, in words; NULL: none are */
} StoryLook;

/* For people, in 80 columns. 0 or -ENOMEM. */
int story_print(FILE *f, const Story *s, const StoryLook *look);

/* One object. 0 or -ENOMEM. */
int story_print_json(Json *j, const char *key, const Story *s, const StoryLook *look);

/* One word for how the deed ended: "helped", "in-vain", "dry-run", "killed-by-other". */
const char *deed_end_word(const Deed *d);

/* "2026-11-23 03:12:09", in local time. */
#define STORY_TIME_MAX 32U
char *story_time(char *buf, uint64_t realtime_usec);
