/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <inttypes.h>
#include <stdint.h>

/* 128 bits that name one incident; in records 32 hexadecimal digits, as sd_id128_t is printed. */
typedef struct Id128 {
        uint64_t high, low;
} Id128;

#define ID128_FORMAT "%016" PRIx64 "%016" PRIx64
#define ID128_VALUES(id) (id).high, (id).low
