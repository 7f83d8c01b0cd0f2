/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "base/strv.h"
#include "config/section.h"
#include "config/settings-file.h"

static const Settings settings_default = SETTINGS_DEFAULT;

/* The field is the whole object, since the value goes to two of its members. */
static int parse_max_actions(const Place *place, const char *value, void *field) {
        Settings *settings = field;

        if (*value)
                return value_parse_budget(place, value, &settings->max_actions, &settings->max_actions_usec);
        settings->max_actions = settings_default.max_actions;
        settings->max_actions_usec = settings_default.max_actions_usec;
        return 0;
}

static const ValueType value_max_actions = { 0, parse_max_actions };

enum {
        KEY_DRY_RUN,
        KEY_CULPRITS,
        KEY_CULPRIT_STACKS,
        KEY_MAX_ACTIONS,
        KEY_MANAGED_OOM,
        KEY_LEAVE_TO_OOMD,
        KEY_PROTECT,
        _KEY_MAX,
};

static const Key daemon_keys[_KEY_MAX] = {
        [KEY_DRY_RUN] = { "DryRun", &value_boolean, offsetof(Settings, dry_run) },
        [KEY_CULPRITS] = { "Culprits", &value_boolean, offsetof(Settings, culprits) },
        [KEY_CULPRIT_STACKS] = { "CulpritStacks", &value_boolean, offsetof(Settings, culprit_stacks) },
        [KEY_MAX_ACTIONS] = { "MaxActions", &value_max_actions, 0 },
        [KEY_MANAGED_OOM] = { "ManagedOOM", &value_boolean, offsetof(Settings, managed_oom) },
        [KEY_LEAVE_TO_OOMD] = { "LeaveToOomd", &value_boolean, offsetof(Settings, leave_to_oomd) },
        [KEY_PROTECT] = { "Protect", &value_victim_globs, offsetof(Settings, protect) },
};

typedef struct Draft {
        Settings settings;
        unsigned lines[_KEY_MAX];
} Draft;

static void draft_done(Draft *draft) {
        settings_done(&draft->settings);
}

static int enter_daemon(void *user, const Place *place, Target *ret) {
        Draft *draft = user;

        *ret = (Target){ &draft->settings, draft->lines };
        return 0;
}

static const Section sections[] = {
        { "Daemon", daemon_keys, _KEY_MAX, &settings_default, enter_daemon },
};

static int settings_copy(const Settings *settings, Settings *ret) {
        _cleanup_(strv_freep) char **protect = NULL;
        int r;

        for (size_t i = 0; i < strv_length(settings->protect); i++) {
                r = strv_push(&protect, settings->protect[i], strlen(settings->protect[i]));
                if (r < 0)
                        return r;
        }
        *ret = *settings;
        ret->protect = TAKE_PTR(protect);
        return 0;
}

int settings_read_file(const char *path, Settings *settings, ConfigErrors *errors) {
        _cleanup_(source_done) Source source = { 0 };
        _cleanup_(draft_done) Draft draft = { 0 };
        size_t n_errors = config_errors_count(errors);
        int r;

        r = source_read(path, &source, errors);
        if (r != 0)
                return r;
        r = settings_copy(settings, &draft.settings);
        if (r < 0)
                return r;
        r = sections_read(&source, sections, ELEMENTSOF(sections), &draft, errors);
        if (r < 0)
                return r;
        if (config_errors_count(errors) > n_errors)
                return CONFIG_E_REFUSED;

        settings_done(settings);
        *settings = TAKE(draft.settings, (Settings){ 0 });
        return 0;
}
