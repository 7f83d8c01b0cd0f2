/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/event.h"

/* What the kernel tells by itself of the host's memory (bpf/alarm.bpf.c): that kswapd is woken, that an allocation has
 * to reclaim for itself, and whom the OOM killer takes. A few records in a small ring, whose descriptor wakes the loop;
 * nothing comes while memory is plenty. Independent of memstall.h: either may be there without the other. Without BPF,
 * alarm-none.c stands in and every question ends at alarm_new(). */
typedef struct Alarm Alarm;

enum {
        _ALARM_E_SUCCESS,
        ALARM_E_UNAVAILABLE, /* no BTF, no right, no BPF: go without */
};

enum {
        ALARM_COMM_MAX = 16,
};

/* What alarm_dispatch() calls; each may be NULL. `comm` is terminated, else as the process chose it, and good until the
 * function returns. */
typedef struct AlarmHandlers {
        /* WARNING_KSWAPD or WARNING_DIRECT_RECLAIM. */
        void (*warning)(WarningKind kind, void *userdata);
        /* The kernel's OOM killer has marked this process (`pid` is its tgid): of the host, or of a cgroup at its limit.
         * Told once for each process. `cgroup_id` is that of the cgroup it runs in, which may lie beneath a unit. The
         * kernel also marks a process that meets the shortage while it dies of
         * something else: memory.events of its cgroup then counts no oom_kill. */
        void (*oom)(uint64_t cgroup_id, uint32_t pid, const char *comm, void *userdata);
} AlarmHandlers;

/* Loads and attaches the BPF programs, and takes all memory there is to take, 16 KiB in the kernel. Needs CAP_BPF and
 * CAP_PERFMON and /sys/kernel/btf/vmlinux. Returns 0; ALARM_E_UNAVAILABLE with one sentence for people in `ret_why`; or
 * a negative errno (-ENOMEM). */
int alarm_new(Alarm **ret, char *ret_why, size_t why_size);
Alarm *alarm_free(Alarm *a);
DEFINE_CLEANUP(Alarm *, alarm_free);

/* To be waited on for input; it stays the object's. */
int alarm_fd(const Alarm *a);

/* Whether the kernel tells of the OOM killer's victims; else only warnings come. */
bool alarm_hears_oom(const Alarm *a);

/* One line on what is heard, for `status`: "kswapd, direct reclaim, OOM kills". */
const char *alarm_rung(const Alarm *a);

/* Hands on all that has come. Never waits, allocates nothing. Returns 0, or a negative errno. */
int alarm_dispatch(Alarm *a, const AlarmHandlers *handlers, void *userdata);

/* No warning about kswapd is of use before this time (CLOCK_MONOTONIC; USEC_INFINITY: none ever), nor sooner than half a
 * second after the last one. Direct reclaim always tells after half a second. A store into memory that the programs see:
 * no system call. */
void alarm_kswapd_after(Alarm *a, uint64_t usec);

/* How many records were lost for want of room in the ring. */
uint64_t alarm_lost(const Alarm *a);
