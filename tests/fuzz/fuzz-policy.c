/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Policy files. What is read is printed so that it reads the same, and goes into a core, which is shown some trouble. */

#include <string.h>

#include "config/policy-file.h"
#include "config/print.h"
#include "core/core.h"
#include "fuzz.h"

#define MIB (UINT64_C(1024) * 1024)

enum { HOST_ID = 1, SLICE_ID, UNIT_ID };

static void show(Core *core, uint64_t now_usec, uint64_t cgroup_id) {
        const Candidate candidates[] = { { .cgroup_id = UNIT_ID, .usage_bytes = now_usec % 1000 * MIB,
                                           .pressure_usec = now_usec / 2 } };
        const Stall stalls[] = { { .cgroup_id = UNIT_ID, .limit_id = SLICE_ID, .pid = 7,
                                   .class = (StallClass) (now_usec % _STALL_CLASS_MAX), .stall_usec = now_usec / 3,
                                   .count = 3 } };
        const Sample values = {
                .pressure_usec = { { now_usec / 2, now_usec / 3 }, { now_usec / 2, now_usec / 3 },
                                   { now_usec / 2, now_usec / 3 }, { now_usec / 2, now_usec / 3 } },
                .usage_bytes = now_usec % 1000 * MIB,
                .limit_bytes = 1000 * MIB,
                .room_bytes = (1000 - now_usec % 1000) * MIB,
                .host_available_bytes = 10 * MIB,
                .host_total_bytes = 2000 * MIB,
                .room_cgroup_id = cgroup_id,
                .events_high = now_usec / 1000, .events_max = now_usec / 1000, .events_oom = now_usec / 100000,
                .swap_total_bytes = 1000 * MIB, .swap_free_bytes = now_usec % 1000 * MIB,
                .refaults = now_usec, .scanned = now_usec * 2, .reclaimed = now_usec / 50, .dying = now_usec / 1000,
                .wait_usec = now_usec / 3 * 4,
        };
        const Effects *effects;
        bool survey = false;

        effects = core_step(core, &(Event){ .kind = EVENT_SAMPLE, .now_usec = now_usec, .cgroup_id = cgroup_id,
                                            .sample = { .cause = SAMPLE_EVENTS, .values = values } });
        for (size_t i = 0; i < effects->n_items; i++)
                survey = survey || effects->items[i].kind == EFFECT_SURVEY;
        if (!survey)
                return;
        effects = core_step(core, &(Event){ .kind = EVENT_SURVEY, .now_usec = now_usec + 1, .cgroup_id = cgroup_id,
                                            .survey = { values, candidates, 1, stalls, 1 } });
        for (uint64_t id = 1; id < 40 && effects->n_items > 0; id++)
                (void) core_step(core, &(Event){ .kind = EVENT_OUTCOME, .now_usec = now_usec + 2,
                                                 .outcome = { .id = id, .kind = (OutcomeKind) (now_usec / 997 % 4) } });
}

static void trouble(Policy *policy) {
        static const Settings settings = SETTINGS_DEFAULT;
        const PolicySet set = { .policies = &policy, .n_policies = 1 };
        const Event news[] = {
                { .kind = EVENT_CLOCK, .now_usec = 1, .realtime_usec = UINT64_C(1700000000000000) },
                { .kind = EVENT_CGROUP_NEW, .now_usec = 1, .cgroup_id = HOST_ID,
                  .cgroup = { .kind = CGROUP_HOST, .path = "/", .unit = "-.slice" } },
                { .kind = EVENT_CGROUP_NEW, .now_usec = 1, .cgroup_id = SLICE_ID,
                  .cgroup = { .kind = CGROUP_SLICE, .path = "/batch.slice", .unit = "batch.slice" } },
                { .kind = EVENT_CGROUP_NEW, .now_usec = 1, .cgroup_id = UNIT_ID,
                  .cgroup = { .kind = CGROUP_UNIT, .path = "/batch.slice/a.service", .unit = "a.service" } },
        };
        Core *core;

        FUZZ_CHECK(core_new(&core, &settings, &set, (Id128){ 1, 2 }) == 0);
        for (size_t i = 0; i < sizeof(news) / sizeof(news[0]); i++)
                (void) core_step(core, news + i);
        for (uint64_t now_usec = 100000; now_usec < 12000000; now_usec += 300000 + now_usec / 16 % 7777)
                for (uint64_t id = HOST_ID; id <= UNIT_ID; id++)
                        show(core, now_usec, id);
        (void) core_step(core, &(Event){ .kind = EVENT_TIMER, .now_usec = 60000000 });
        (void) core_step(core, &(Event){ .kind = EVENT_CGROUP_GONE, .now_usec = 60000001, .cgroup_id = UNIT_ID });
        (void) core_step(core, &(Event){ .kind = EVENT_RELEASE, .now_usec = 60000002, .release = RELEASE_STOP });
        core_free(core);
}

static char *print(const Policy *policy, size_t *ret_size) {
        char *text = NULL;
        FILE *file = open_memstream(&text, ret_size);

        FUZZ_CHECK(file);
        config_print_policy(file, policy);
        FUZZ_CHECK(fclose(file) == 0);
        return text;
}

static void print_round(const Policy *policy) {
        ConfigErrors errors = { 0 };
        Policy *again = NULL;
        size_t size, size_again;
        char *text = print(policy, &size), *text_again;

        if (policy_read_file(fuzz_file((const uint8_t *) text, size), &again, &errors) != 0) {
                for (size_t i = 0; i < errors.n_items; i++)
                        (void) fprintf(stderr, "%u: %s\n", errors.items[i].line, errors.items[i].text);
                (void) fprintf(stderr, "%s", text);
        }
        FUZZ_CHECK(again);
        text_again = print(again, &size_again);
        FUZZ_CHECK(strcmp(text, text_again) == 0);
        free(text);
        free(text_again);
        policy_free(again);
        config_errors_done(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ConfigErrors errors = { 0 };
        Policy *policy = NULL;
        int r;

        r = policy_read_file(fuzz_file(data, size), &policy, &errors);
        FUZZ_CHECK(r >= 0);
        FUZZ_CHECK((r == 0) == (policy != NULL));
        FUZZ_CHECK((r == CONFIG_E_REFUSED) == (config_errors_count(&errors) > 0));
        if (policy) {
                print_round(policy);
                trouble(policy);
        }
        policy_free(policy);
        config_errors_done(&errors);
        return 0;
}
