/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/format.h"
#include "ctl/paragraph.h"
#include "ctl/story-print.h"

/* What the files that print a story share. */

/* The field's value for people; NULL if it has none. `buf` has FORMAT_MAX bytes. */
const char *story_share(const JournalRecord *r, const char *field, char *buf);
const char *story_size(const JournalRecord *r, const char *field, char *buf);

/* A time that something took: whole seconds where there are some. */
const char *story_took(uint64_t usec, char *buf);

#define SHARE(r, field) story_share(r, field, (char[FORMAT_MAX]){ 0 })
#define SIZE(r, field) story_size(r, field, (char[FORMAT_MAX]){ 0 })
#define TOOK(usec) story_took(usec, (char[FORMAT_MAX]){ 0 })

bool story_is_slice(const char *unit);

/* The end of the headline: "; hog.service was killed, which helped"; `who` is whom it was about so far. */
void story_write_verdict(FILE *f, const Story *s, const char *who);

/* A line or two for each deed and release; then who is still held. 0 or -ENOMEM. */
int story_print_deeds(Paragraph *p, const Story *s);
int story_print_held(Paragraph *p, const Story *s);
