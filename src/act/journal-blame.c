/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who brought a stall about, in words. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act/journal-text.h"
#include "base/format.h"

/* What it does. */
static void add_deed(Text *t, const Blame *b) {
        switch (b->kind) {
        case BLAME_LIMIT:
                text_add(t, " has reached its own limit");
                break;
        case BLAME_GROWTH:
                if (b->brought > 0)
                        text_add(t, " takes %s of new memory a second", FORMAT_SIZE(b->brought));
                else
                        text_add(t, " has grown");
                break;
        case BLAME_REFAULTS:
                text_add(t, " uses more than there is room for");
                break;
        case BLAME_RECLAIM:
                text_add(t, " had the memory of others reclaimed");
                break;
        case BLAME_ITSELF:
                text_add(t, " does it to itself");
                break;
        case _BLAME_KIND_MAX:
                break;
        }
}

/* Two say enough; the field has all of them. */
#define SAID_MAX 2U

void text_blame(Text *t, const Blame *blames, size_t n) {
        for (size_t i = 0; i < n && i < SAID_MAX; i++) {
                text_add(t, "%s, which", name_of(&blames[i].unit));
                add_deed(t, blames + i);
                text_add(t, " (%s)%s", FORMAT_SEEN(blames[i].share), i + 1 < n && i + 1 < SAID_MAX ? " and of " : "");
        }
}

void text_blames(char *buf, size_t size, const Blame *blames, size_t n, uint32_t unknown) {
        size_t used = 0;

        buf[0] = '\0';
        for (size_t i = 0; i < n; i++) {
                const Blame *b = blames + i;
                Text t = { 0 };

                text_add(&t, "%s %s %s: grows %s/s, brings %s/s, %" PRIu64 " refaults/s", name_of(&b->unit),
                         FORMAT_SHARE(b->share), blame_to_string(b->kind), FORMAT_SIZE(b->growth),
                         FORMAT_SIZE(b->brought), b->refaults);
                if (b->reclaimed > 0)
                        text_add(&t, ", reclaimed %" PRIu64 " pages of others", b->reclaimed);
                used += (size_t) snprintf(buf + used, size - used, "%s%s", i > 0 ? "\n" : "", t.data);
                if (used >= size)
                        return;
        }
        if (unknown > 0)
                (void) snprintf(buf + used, size - used, "%sunknown %s", n > 0 ? "\n" : "", FORMAT_SHARE(unknown));
}

void text_blamed(Text *t, const Blame *b) {
        text_add(t, "%s: cause of %s of the stall time: it", name_of(&b->unit), FORMAT_SEEN(b->share));
        add_deed(t, b);
}
