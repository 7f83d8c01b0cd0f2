/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>

#include "act/systemd-errors.h"
#include "base/cleanup.h"

/* The names are those of systemd's src/libsystemd/sd-bus/bus-common-errors.h and of the D-Bus specification. Before
 * 256 a thaw that comes while the unit still freezes is refused with the plain Failed. */
static const struct {
        const char *name;
        ErrorMeaning meaning;
        int error;
} errors[] = {
        { "org.freedesktop.systemd1.NoSuchUnit", ERROR_GONE, -ENOENT },
        { "org.freedesktop.systemd1.LoadFailed", ERROR_GONE, -ENOENT },
        { "org.freedesktop.DBus.Error.UnknownObject", ERROR_GONE, -ENOENT },
        { "org.freedesktop.systemd1.UnitInactive", ERROR_EMPTY, -EHOSTDOWN },
        { "org.freedesktop.systemd1.NoSuchProcess", ERROR_EMPTY, -ESRCH },
        { "org.freedesktop.systemd1.UnitBusy", ERROR_BUSY, -EBUSY },
        { "org.freedesktop.systemd1.FrozenByParent", ERROR_BUSY, -EDEADLK },
        { "org.freedesktop.DBus.Error.Failed", ERROR_BUSY, -EIO },
        { "org.freedesktop.systemd1.UnitMasked", ERROR_FAILED, -EUCLEAN },
        { "org.freedesktop.systemd1.BadUnitSetting", ERROR_FAILED, -EUCLEAN },
        { "org.freedesktop.DBus.Error.NotSupported", ERROR_FAILED, -EOPNOTSUPP },
        { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ERROR_FAILED, -EACCES },
};

ErrorMeaning error_meaning(const sd_bus_error *error, int *ret_error) {
        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (strcmp(error->name, errors[i].name) == 0) {
                        *ret_error = errors[i].error;
                        return errors[i].meaning;
                }

        *ret_error = -sd_bus_error_get_errno(error);
        return ERROR_FAILED;
}

/* The number at `*s`, which moves behind it; a number that no version has becomes a large one. */
static unsigned take_number(const char **s) {
        unsigned n = 0;

        for (; **s >= '0' && **s <= '9'; (*s)++)
                n = MIN(n, 99999U) * 10 + (unsigned) (**s - '0');
        return n;
}

/* Whether it is as new as `major`.`minor`. */
static bool is_from(const char *version, unsigned major, unsigned minor) {
        unsigned its_major = take_number(&version), its_minor = 0;

        if (*version == '.') {
                version++;
                its_minor = take_number(&version);
        }
        return its_major > major || (its_major == major && its_minor >= minor);
}

bool version_spares_frozen(const char *version) {
        return is_from(version, 257, 13);
}

bool version_sets_high_at_once(const char *version, const char *kernel) {
        return is_from(version, 258, 0) && is_from(kernel, 6, 16);
}
