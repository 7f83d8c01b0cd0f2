/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What section.h does, where the kernel does not tell its types (no BTF): nothing is read out of a task.
 * Names are those of threads, not of their process, and a record cannot tell a thread from a dead one with
 * the same id; whoever begins a section can tell by other means that what is on record is over. */

#include "section.h"

static __always_inline uint64_t memcg_id(struct mem_cgroup *memcg) {
        return 0;
}

static __always_inline MemstallTask *bare_record(void) {
        return record_with(current_tid());
}

static __always_inline MemstallTask *bare_section(void) {
        MemstallTask *record = bare_record();

        return record && record->start_ns ? record : NULL;
}

/* Where there is systemd, the root cgroup has kernel threads only. */
static __always_inline uint32_t bare_kthread_class(uint64_t cgroup_id, const char *comm) {
        return cgroup_id == MEMSTALL_ROOT_ID ? background_class(comm) : 0;
}

/* `identity` is what the end of the section shall know it by. */
static __always_inline int bare_begin(uint64_t identity, uint32_t marks) {
        uint64_t id = bpf_get_current_pid_tgid();
        MemstallTask *record = take_record((uint32_t) id);

        if (!record)
                return 0;
        record->task_start = identity;
        record->cgroup_id = bpf_get_current_cgroup_id();
        record->limit_id = 0;
        record->tgid = id >> 32;
        record->marks = marks;
        record->shown_epoch = 0;
        record->pages = 0;
        (void) bpf_get_current_comm(record->comm, sizeof(record->comm));
        record->kthread_class = bare_kthread_class(record->cgroup_id, record->comm);
        record->start_ns = bpf_ktime_get_ns();
        return 0;
}
