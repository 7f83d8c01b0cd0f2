/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Single processes of a cgroup, for a kill with Grain=process. Nothing here allocates; everything may wait in the kernel,
 * so it is for a worker's thread. `proc_fd` is /proc. */

typedef struct Process {
        pid_t pid;           /* 0: none */
        uint64_t start_time; /* with the pid a name that is not used twice: /proc/PID/stat has it */
        uint64_t bytes;      /* anonymous and shared memory and swap: what comes back when it ends */
        char comm[16];       /* any bytes */
} Process;

/* Fills in all but the name. -ESRCH if it has ended or cannot be read; -EPERM for one that no policy may touch: PID 1,
 * memstalld itself, and oom_score_adj -1000, which says the same to the kernel. */
int process_look(int proc_fd, pid_t pid, Process *ret);

/* The largest of those that process_choose_add() was given, largest first. */
#define PROCESS_CHOICES 3U

typedef struct ProcessChoice {
        Process largest[PROCESS_CHOICES];
        size_t n_looked_at; /* that are there, whether they may be touched or not */
} ProcessChoice;

void process_choose_add(ProcessChoice *choice, int proc_fd, pid_t pid);

/* The path of its cgroup below the root of the tree, from the line "0::" of /proc/PID/cgroup. 0, -ESRCH, -ENAMETOOLONG. */
int process_cgroup(int proc_fd, pid_t pid, char *buf, size_t size);

/* Whether `path` is `above`, or beneath it. */
bool path_is_within(const char *path, const char *above);

/* Sends the signal by a pidfd, so to no other process that got the pid meanwhile: the process must be in the cgroup
 * `path` or beneath it, and have started at `start_time` unless that is 0. After SIGKILL the kernel is asked to take its
 * memory at once (process_mrelease(2), where there is one). 0, -ESRCH, or what pidfd_send_signal(2) says. */
int process_signal(int proc_fd, pid_t pid, uint64_t start_time, const char *path, int signal);

/* The parts of it. process_open() is a pidfd, or -errno; process_send() is as pidfd_send_signal(2). */
int process_open(pid_t pid);
int process_send(int pid_fd, int signal);
void process_release_memory(int pid_fd);

/* Its name, as /proc/PID/comm has it; "" if it cannot be read. */
void process_read_comm(int proc_fd, pid_t pid, char *buf, size_t size);
