/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "act/text.h"
#include "base/format.h"
#include "core/decision.h"

/* The sentences of records: what a tired person reads at three in the morning. Each adds one line to `t`. */

/* "batch.slice: memory pressure some 34% of 2s (limit 10%): throttling hog.service to 90M (it uses 100M; cause:
 * unit-limit, because of hog.service, which has reached its own limit (93%)) [policy 50-batch, step slow]" */
void text_decision(Text *t, const Decision *d);

/* "perl[123] in hog.service: cause of 82% of the stall time: 1s 300ms in 450 stalls (memcg-max, limit of
 * hog.service)" */
void text_culprit(Text *t, const Culprit *c, const char *comm);

/* "hog.service, which takes 61.2M of new memory a second (93%) and of ...": the first two. */
void text_blame(Text *t, const Blame *blames, size_t n);

/* The value of BLAME, a line for each: "hog.service 93% growth: grows 61.2M/s, brings 61.2M/s, 0 refaults/s", and what is
 * left: "unknown 7%". */
void text_blames(char *buf, size_t size, const Blame *blames, size_t n, uint32_t unknown);
#define TEXT_BLAMES_MAX 2048U

/* "hog.service: cause of 93% of the stall time: it takes 61.2M of new memory a second" */
void text_blamed(Text *t, const Blame *b);

/* "hog.service: throttled to 90M, 12ms after the stall was seen" */
void text_outcome(Text *t, const Report *r);

/* "hog.service: thawed after 12s: the pressure stayed low" */
void text_release(Text *t, const Undo *u);
void text_release_failed(Text *t, const Undo *u, const Outcome *o);

/* "batch.slice: step slow of policy 50-batch was due and is not taken: every candidate is protected" */
void text_refused(Text *t, const Refusal *r);

/* "policy 50-backup has expired: it is off, nothing is watched by it any more" */
void text_expired(Text *t, const Policy *p);

/* What a cgroup is called in a sentence: its unit, its path if the system manager does not know it, or "host". */
const char *name_of(const CgroupName *c);

/* "memory pressure some 34% of 2s (limit 10%)" */
void text_condition(Text *t, const Condition *c, uint64_t seen, const Sample *sample);

/* The value of CONDITIONS: each condition as it is written in the policy, and what was seen, "; " between them:
 * "Pressure=some 10% 2s: 34.5%; Available=10%: 52M". */
void text_conditions(Text *t, const Decision *d);

/* Numbers as these sentences have them: a size or "infinity"; a share to a tenth of a percent, more is noise to a reader,
 * and the fields have it; a time that something took in whole milliseconds, where it was any. Each returns `buf`. */
char *format_limit(char *buf, size_t size, uint64_t bytes);
char *format_seen(char *buf, size_t size, uint64_t share);
char *format_took(char *buf, size_t size, uint64_t usec);

#define FORMAT_LIMIT(bytes) format_limit((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, bytes)
#define FORMAT_SEEN(share) format_seen((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, share)
#define FORMAT_TOOK(usec) format_took((char[FORMAT_MAX]){ 0 }, FORMAT_MAX, usec)
