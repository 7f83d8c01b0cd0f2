/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's other files and the names of its folders. The first byte says which: e(vents), m(eminfo), s(tat: memory.stat,
 * /proc/vmstat), d(ying: cgroup.stat), n(ame). */

#include <inttypes.h>
#include <string.h>

#include "fuzz.h"
#include "sense/text.h"

static void events(const char *text) {
        Sample sample = { 0 }, again = { 0 };
        char buf[256];

        if (text_parse_events(text, &sample) < 0)
                return;
        (void) snprintf(buf, sizeof(buf), "low 0\nhigh %" PRIu64 "\nmax %" PRIu64 "\noom %" PRIu64 "\noom_kill %" PRIu64 "\n",
                        sample.events_high, sample.events_max, sample.events_oom, sample.events_oom_kill);
        FUZZ_CHECK(text_parse_events(buf, &again) == 0);
        FUZZ_CHECK(memcmp(&sample, &again, sizeof(sample)) == 0);
}

static void meminfo(const char *text) {
        HostMemory memory;

        if (text_parse_meminfo(text, &memory) == 0)
                FUZZ_CHECK(memory.total_bytes % 1024 == 0 && memory.available_bytes % 1024 == 0);
}

static void reclaim(const char *text) {
        ReclaimCounts counts;

        (void) text_parse_reclaim(text, &counts);
}

static void dying(const char *text) {
        char buf[64];
        uint64_t n, again;

        if (text_parse_dying(text, &n) < 0)
                return;
        (void) snprintf(buf, sizeof(buf), "nr_descendants 3\nnr_dying_descendants %" PRIu64 "\n", n);
        FUZZ_CHECK(text_parse_dying(buf, &again) == 0);
        FUZZ_CHECK(n == again);
}

static void name(const char *text) {
        const char *unit;
        CgroupKind kind;

        (void) text_is_user_manager(text);
        if (!text_parse_unit(text, &kind, &unit))
                return;
        FUZZ_CHECK(kind == CGROUP_SLICE || kind == CGROUP_UNIT);
        FUZZ_CHECK(unit == text || unit == text + 1);
        FUZZ_CHECK(strlen(unit) < 256);
        (void) text_is_user_manager(unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct {
                char letter;
                void (*check)(const char *text);
        } kinds[] = { { 'e', events }, { 'm', meminfo },
                      { 's', reclaim }, { 'd', dying },   { 'n', name } };
        const char *text = fuzz_text(data, size);

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (text[0] == kinds[i].letter)
                        kinds[i].check(text + 1);
        return 0;
}
