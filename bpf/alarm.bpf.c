/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells, before anybody stalls for long, that the host's memory runs short, and whom the kernel's OOM killer takes. An
 * object of its own: it works where the programs that measure stalls are refused, and the other way round.
 *
 * kswapd is woken when an allocation finds every zone that it may use below its low watermark, and at no other time but
 * for large pages (mm/vmscan.c: wakeup_kswapd()); that tracepoint says so once for each time that it sleeps, from the
 * task that allocates. While kswapd has no sleep any more, mm_vmscan_kswapd_wake says so at the start of each of its
 * rounds. Direct reclaim is what an allocation does that kswapd was too slow for; reclaim at a cgroup's limit has
 * another tracepoint.
 *
 * No argument of a vmscan tracepoint is touched (their order changed in 7.1). Nothing is allocated but in the ring,
 * which is there from the start; what finds no room in it is counted. */

#include <stdbool.h>
#include <stddef.h>

#include "vmlinux-min.h"

#include <bpf/bpf_helpers.h>

#include "alarm.h"

/* Direct loads through BTF pointers are lent to programs under the GPL alone; see memstall.bpf.c. */
char LICENSE[] SEC("license") = "GPL";

struct {
        __uint(type, 27); /* BPF_MAP_TYPE_RINGBUF, linux/bpf.h */
        __uint(max_entries, ALARM_RING_SIZE);
} ring SEC(".maps");

/* User space sets the first at any time: no warning about kswapd is of use to it before. */
uint64_t kswapd_after_ns;
uint64_t last_kswapd_ns, last_direct_ns;
uint64_t n_lost;
int last_victim;
uint64_t last_victim_start;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* What follows three underscores is no part of the name in the kernel. */
struct css_set___victim {
        struct cgroup *dfl_cgrp;
};

struct task_struct___victim {
        int tgid;
        __u64 start_time;
        struct task_struct___victim *group_leader;
        struct css_set___victim *cgroups;
        char comm[16];
};

#pragma clang attribute pop

static __always_inline int tell(uint32_t kind) {
        AlarmRecord *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

        if (!record) {
                __sync_fetch_and_add(&n_lost, 1);
                return 0;
        }
        *record = (AlarmRecord){ .kind = kind };
        bpf_ringbuf_submit(record, 0);
        return 0;
}

/* Of all CPUs that come here at one time the one whose exchange succeeds tells. */
static __always_inline int tell_seldom(uint32_t kind, uint64_t *last_ns, uint64_t after_ns) {
        uint64_t now = bpf_ktime_get_ns(), last = *last_ns;

        if (now < after_ns || (last != 0 && now - last < ALARM_GAP_NS))
                return 0;
        if (__sync_val_compare_and_swap(last_ns, last, now) != last)
                return 0;
        return tell(kind);
}

SEC("tp_btf/mm_vmscan_wakeup_kswapd")
int kswapd_woken(void *ctx) {
        return tell_seldom(ALARM_KSWAPD, &last_kswapd_ns, kswapd_after_ns);
}

SEC("tp_btf/mm_vmscan_kswapd_wake")
int kswapd_works(void *ctx) {
        return tell_seldom(ALARM_KSWAPD, &last_kswapd_ns, kswapd_after_ns);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int direct_reclaim(void *ctx) {
        return tell_seldom(ALARM_DIRECT_RECLAIM, &last_direct_ns, 0);
}

/* ---- Victims of the OOM killer ---- */

static __always_inline int tell_task(struct task_struct___victim *task) {
        AlarmRecord *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

        if (!record) {
                __sync_fetch_and_add(&n_lost, 1);
                return 0;
        }
        *record = (AlarmRecord){
                .kind = ALARM_VICTIM,
                .tgid = (uint32_t) task->tgid,
                .cgroup_id = task->cgroups->dfl_cgrp->kn->id,
        };
        __builtin_memcpy(record->comm, task->group_leader->comm, sizeof(record->comm));
        bpf_ringbuf_submit(record, 0);
        return 0;
}

/* Two ways to the same, of which user space loads the first that the kernel has: the tracepoint's argument is a task
 * since 6.8 (and in stable kernels that took it over). Before it is a number, which tells less than the function that the
 * tracepoint is in. */
SEC("tp_btf/mark_victim")
int victim_task(uint64_t *ctx) {
        return tell_task((void *) ctx[0]);
}

/* Called again for a victim that meets the shortage once more before it is dead; the tracepoint is not. */
SEC("fentry/mark_oom_victim")
int victim_marked(uint64_t *ctx) {
        struct task_struct___victim *task = (void *) ctx[0];

        if (last_victim == task->tgid && last_victim_start == task->start_time)
                return 0;
        last_victim = task->tgid;
        last_victim_start = task->start_time;
        return tell_task(task);
}
