/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/parse.h"
#include "base/strv.h"
#include "base/usec.h"
#include "config/oomd-file.h"
#include "config/search.h"
#include "config/section.h"

#define PROJECT "systemd"
#define DURATION_MIN_USEC USEC_PER_SEC /* as systemd-oomd has it */

typedef struct Managed {
        uint32_t pressure_share;
        uint64_t duration_usec;
        uint32_t swap_used_share;
} Managed;

/* ---- Values: taken if they are right, and nobody is told if they are not ---------------------- */

static int parse_oomd_share(const Place *place, const char *value, void *field) {
        uint32_t share;

        if (parse_share(value, &share) == 0 && share > 0)
                *(uint32_t *) field = share;
        return 0;
}

static int parse_oomd_duration(const Place *place, const char *value, void *field) {
        uint64_t usec;

        if (parse_duration(value, &usec) == 0 && usec >= DURATION_MIN_USEC && usec != USEC_INFINITY)
                *(uint64_t *) field = usec;
        return 0;
}

static const ValueType value_oomd_share = { sizeof(uint32_t), parse_oomd_share };
static const ValueType value_oomd_duration = { sizeof(uint64_t), parse_oomd_duration };

static const Key oom_keys[] = {
        { "SwapUsedLimit", &value_oomd_share, offsetof(Managed, swap_used_share) },
        { "DefaultMemoryPressureLimit", &value_oomd_share, offsetof(Managed, pressure_share) },
        { "DefaultMemoryPressureDurationSec", &value_oomd_duration, offsetof(Managed, duration_usec) },
};

typedef struct Draft {
        Managed managed;
        unsigned lines[ELEMENTSOF(oom_keys)];
} Draft;

static int enter_oom(void *user, const Place *place, Target *ret) {
        Draft *draft = user;

        *ret = (Target){ &draft->managed, draft->lines };
        return 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int read_file(const char *path, const Section *section, Draft *draft) {
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(source_done) Source source = { 0 };
        int r;

        r = source_read(path, &source, &errors);
        if (r != 0)
                return r < 0 ? r : 0;
        return sections_read(&source, section, 1, draft, &errors);
}

int oomd_files_read(const char *root, Settings *settings) {
        const Managed defaults = { settings->managed.pressure_share, settings->managed.duration_usec,
                                   settings->managed.swap_used_share };
        const Section section = { "OOM", oom_keys, ELEMENTSOF(oom_keys), &defaults, enter_oom };
        _cleanup_(config_errors_done) ConfigErrors errors = { 0 };
        _cleanup_(strv_freep) char **drop_ins = NULL;
        _cleanup_(freep) char *file = NULL;
        Draft draft = { .managed = defaults };
        int r;

        r = search_file(root, PROJECT, "oomd.conf", &file);
        if (r < 0)
                return r;
        if (file) {
                r = read_file(file, &section, &draft);
                if (r < 0)
                        return r;
        }
        r = search_files(root, PROJECT, "oomd.conf.d", &drop_ins, &errors);
        if (r < 0)
                return r;
        for (size_t i = 0; i < strv_length(drop_ins); i++) {
                r = read_file(drop_ins[i], &section, &draft);
                if (r < 0)
                        return r;
        }

        settings->managed.pressure_share = draft.managed.pressure_share;
        settings->managed.duration_usec = draft.managed.duration_usec;
        settings->managed.swap_used_share = draft.managed.swap_used_share;
        return 0;
}
