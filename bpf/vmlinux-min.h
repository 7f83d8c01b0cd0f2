/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The few kernel types that memstall.bpf.c looks into, with the few members it reads. libbpf finds the real
 * offsets in the running kernel's BTF when it loads the program (CO-RE), so order and neighbours mean
 * nothing here, and the build needs no BTF and no kernel headers. Also the integer names that bpf_helpers.h
 * expects. */

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

/* From linux/bpf.h and linux/sched.h: ABI and, for the flag, unchanged since 2.6. */
enum {
        BPF_MAP_TYPE_ARRAY = 2,
        BPF_MAP_TYPE_PERCPU_ARRAY = 6,
        BPF_MAP_TYPE_LRU_HASH = 9,
        BPF_ANY = 0,
        BPF_NOEXIST = 1,
        BPF_F_MMAPABLE = 1 << 10,
        PF_KTHREAD = 0x00200000,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
        unsigned int flags;
        unsigned in_memstall : 1;
        int pid;
        int tgid;
        __u64 start_time;
        struct task_struct *group_leader;
        char comm[16];
        unsigned int memcg_nr_pages_over_high;
};

struct kernfs_node {
        __u64 id;
};

struct cgroup {
        struct kernfs_node *kn;
};

struct cgroup_subsys_state {
        struct cgroup *cgroup;
};

struct mem_cgroup {
        struct cgroup_subsys_state css;
};

#pragma clang attribute pop
