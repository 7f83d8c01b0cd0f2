/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What bpf/alarm.bpf.c and src/sense/alarm.c share: the records of its ring. */

#include <stdint.h>

enum {
        ALARM_RING_SIZE = 16384, /* some 300 records: the victims of a fork bomb at once. At least a page */
        ALARM_NAME_MAX = 16,
};

/* No two warnings of a kind closer than this. */
#define ALARM_GAP_NS UINT64_C(500000000)

typedef enum AlarmKind {
        ALARM_KSWAPD,
        ALARM_DIRECT_RECLAIM,
        ALARM_VICTIM,
        _ALARM_KIND_MAX,
} AlarmKind;

typedef struct AlarmRecord {
        uint32_t kind; /* AlarmKind */
        uint32_t tgid; /* of the victim; the rest as well */
        uint64_t cgroup_id;
        char comm[ALARM_NAME_MAX];
} AlarmRecord;
