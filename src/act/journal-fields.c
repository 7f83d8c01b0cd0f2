/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "act/journal-private.h"

const char *record_system_unit(const char *path, char *buf, size_t size) {
        static const char slice[] = ".slice";

        for (;;) {
                size_t length;

                path += strspn(path, "/");
                length = strcspn(path, "/");
                if (length == 0)
                        return NULL;
                if (length < sizeof(slice) || memcmp(path + length - strlen(slice), slice, strlen(slice)) != 0) {
                        /* systemd puts a "_" before names that the kernel uses itself */
                        (void) snprintf(buf, size, "%.*s", (int) (length - (*path == '_')), path + (*path == '_'));
                        return buf;
                }
                path += length;
        }
}

void record_add_object(Record *r, const CgroupName *name) {
        char unit[UNIT_NAME_MAX];

        if (!name->delegated) {
                record_add(r, "OBJECT_SYSTEMD_UNIT", name->unit);
                return;
        }
        record_add(r, "OBJECT_SYSTEMD_UNIT", record_system_unit(name->path, unit, sizeof(unit)));
        if (name->kind == CGROUP_UNIT || name->kind == CGROUP_SLICE)
                record_add(r, "OBJECT_SYSTEMD_USER_UNIT", name->unit);
}

void record_add_properties(Record *r, const Properties *p) {
        static const char *const keys[_PROPERTY_MAX] = {
                [PROPERTY_MEMORY_HIGH] = "MEMSTALLD_MEMORY_HIGH",
                [PROPERTY_MEMORY_LOW] = "MEMSTALLD_MEMORY_LOW",
                [PROPERTY_CPU_QUOTA] = "MEMSTALLD_CPU_QUOTA",
                [PROPERTY_CPU_WEIGHT] = "MEMSTALLD_CPU_WEIGHT",
                [PROPERTY_IO_WEIGHT] = "MEMSTALLD_IO_WEIGHT",
                [PROPERTY_SLICES_LOW] = "MEMSTALLD_SLICES_MEMORY_LOW",
        };

        for (Property which = 0; which < _PROPERTY_MAX; which++)
                if (keys[which] && properties_has(p, which))
                        record_add_bytes(r, keys[which], p->values[which]);
}
