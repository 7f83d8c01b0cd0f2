/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent-private.h"
#include "agent/sightings.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "core/node.h"
#include "sense/text.h"

#define GONE_MAX NODES_LATE_MAX
#define GONE_PATH_MAX 512U
#define QUEUE_MAX 16U
#define VMSTAT_MAX (32U * 1024)
#define LATE_USEC (5 * USEC_PER_SEC) /* by then BPF has told of a kill, or never does */

/* A cgroup that is not there any more. */
typedef struct Gone {
        uint64_t cgroup_id;
        char path[GONE_PATH_MAX], unit[UNIT_NAME_MAX];
} Gone;

struct Kills {
        Gone gone[GONE_MAX]; /* round and round */
        size_t next_gone;
        struct {
                uint64_t cgroup_id, count;
        } queue[QUEUE_MAX];
        size_t n_queued;

        int vmstat_fd;
        uint64_t n_kills;              /* of those that /proc/vmstat counts, so many are told or will not be */
        uint64_t n_then, then_usec;    /* what it counted when BPF last told of one */
        char text[VMSTAT_MAX];
};

static uint64_t count_kills(Kills *k) {
        uint64_t n = 0;

        if (k->vmstat_fd < 0 || fd_read_text(k->vmstat_fd, k->text, sizeof(k->text)) <= 0)
                return 0;
        (void) text_find_uint(k->text, "oom_kill", &n);
        return n;
}

int sightings_start(Agent *a) {
        Kills *k = calloc(1, sizeof(*k));

        if (!k)
                return -ENOMEM;
        k->vmstat_fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
        k->n_kills = k->n_then = count_kills(k);
        a->kills = k;
        return 0;
}

void sightings_stop(Agent *a) {
        if (!a->kills)
                return;
        fd_close(a->kills->vmstat_fd);
        free(a->kills);
        a->kills = NULL;
}

/* ---- Names ------------------------------------------------------------------------------------- */

void sightings_forget(Agent *a, const Event *event) {
        Gone *g = a->kills->gone + a->kills->next_gone;

        if (strlen(event->cgroup.path) >= sizeof(g->path) || strlen(event->cgroup.unit) >= sizeof(g->unit))
                return;
        a->kills->next_gone = (a->kills->next_gone + 1) % GONE_MAX;
        g->cgroup_id = event->cgroup_id;
        strcpy(g->path, event->cgroup.path);
        strcpy(g->unit, event->cgroup.unit);
}

/* Whether BPF tells whom the kernel's OOM killer takes. */
static bool hears_oom(const Agent *a) {
        return a->warnings.alarm && alarm_hears_oom(a->warnings.alarm);
}

static const Gone *find_gone(const Kills *k, uint64_t cgroup_id) {
        for (size_t i = 0; i < GONE_MAX; i++)
                if (k->gone[i].cgroup_id == cgroup_id && cgroup_id != 0)
                        return k->gone + i;
        return NULL;
}

const char *sightings_gone_path(const Agent *a, uint64_t cgroup_id) {
        const Gone *g = a->kills ? find_gone(a->kills, cgroup_id) : NULL;

        return g ? g->path : NULL;
}

/* Whether what is below the nearest unit is its own affair, and no unit that has gone. */
static bool is_part_of(CgroupKind kind, const char *unit) {
        return (kind == CGROUP_UNIT || kind == CGROUP_GROUP) && !text_is_user_manager(unit);
}

/* The unit that a path stands for: by number, or what it lay in and what it was called. */
static void set_victim(const Agent *a, const char *path, Event *event) {
        const char *known, *unit, *name = strrchr(path, '/');
        CgroupKind kind;

        event->cgroup_id = tree_find(a->tree, path);
        if (!name || !name[1] || !tree_name(a->tree, event->cgroup_id, &kind, &known, &unit, NULL) ||
            strcmp(known, path) == 0 || is_part_of(kind, unit))
                return;
        event->killed.path = path;
        event->killed.unit = text_parse_unit(name + 1, &kind, &unit) ? unit : path;
}

/* ---- The kernel -------------------------------------------------------------------------------- */

/* A process that dies of something else, a kill by us for one, is marked as well when it meets the shortage, but not
 * counted. */
static bool is_counted(Kills *k) {
        uint64_t now_usec = clock_usec(), n = count_kills(k);

        if (k->vmstat_fd < 0)
                return true;
        if (usec_sub(now_usec, k->then_usec) > LATE_USEC)
                k->n_kills = MAX(k->n_kills, k->n_then);
        k->n_then = n;
        k->then_usec = now_usec;
        if (n <= k->n_kills)
                return false;
        k->n_kills++;
        return true;
}

/* Where the process runs that is about to die, "" if nobody knows. */
static void read_cgroup(Kills *k, uint32_t pid) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[sizeof("/proc//cgroup") + 10];
        ssize_t n;

        (void) snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd >= 0 ? fd_read_text(fd, k->text, sizeof(k->text)) : 0;
        if (n <= 3 || strncmp(k->text, "0::", 3) != 0) {
                k->text[0] = '\0';
                return;
        }
        memmove(k->text, k->text + 3, (size_t) n - 2);
        k->text[strcspn(k->text, "\n")] = '\0';
}

void sightings_on_oom(Agent *a, uint64_t cgroup_id, uint32_t pid, const char *comm) {
        Event event = { .kind = EVENT_KILLED, .killed = { .killer = KILLER_KERNEL, .pid = pid } };
        const Gone *gone = find_gone(a->kills, cgroup_id);

        if (!is_counted(a->kills))
                return;
        (void) snprintf(event.killed.comm, sizeof(event.killed.comm), "%s", comm);
        if (gone)
                set_victim(a, gone->path, &event);
        else if (cgroup_id != 0)
                event.cgroup_id = tree_resolve(a->tree, cgroup_id);
        else {
                read_cgroup(a->kills, pid);
                if (a->kills->text[0] == '/')
                        set_victim(a, a->kills->text, &event);
        }
        if (event.cgroup_id == 0)
                event.cgroup_id = tree_host_id(a->tree);
        agent_feed(a, &event);
}

void sightings_on_sample(Agent *a, uint64_t cgroup_id, const Sample *values) {
        uint64_t more = arming_count_kills(a, cgroup_id, values->events_oom_kill);
        Kills *k = a->kills;

        if (more == 0 || hears_oom(a) || k->n_queued == QUEUE_MAX)
                return;
        k->queue[k->n_queued].cgroup_id = cgroup_id;
        k->queue[k->n_queued++].count = more;
}

bool sightings_next(Agent *a, Event *ret) {
        Kills *k = a->kills;

        if (!k || k->n_queued == 0)
                return false;
        k->n_queued--;
        *ret = (Event){
                .kind = EVENT_KILLED,
                .cgroup_id = k->queue[k->n_queued].cgroup_id,
                .killed = { .killer = KILLER_KERNEL, .count = k->queue[k->n_queued].count },
        };
        return true;
}

/* ---- systemd-oomd ------------------------------------------------------------------------------ */

/* Some versions say anything (systemd issues 40682, 40689): all of it is text, or none of it is taken. */
static void copy_reason(char *buf, size_t size, const char *reason) {
        size_t n = 0;

        for (const char *c = reason; *c; c++, n++)
                if (*c < ' ' || *c >= 0x7f || n + 1 >= size) {
                        buf[0] = '\0';
                        return;
                }
        memcpy(buf, reason, n + 1);
}

void sightings_on_oomd(Agent *a, const char *cgroup, const char *reason, bool pending) {
        Event event = { .kind = EVENT_KILLED, .killed = { .killer = KILLER_SYSTEMD_OOMD, .pending = pending } };

        if (cgroup[0] != '/' || strlen(cgroup) >= TRACE_PATH_MAX)
                return;
        copy_reason(event.killed.reason, sizeof(event.killed.reason), reason);
        set_victim(a, cgroup, &event);
        if (event.killed.unit && strlen(event.killed.unit) >= UNIT_NAME_MAX)
                return;
        agent_feed(a, &event);
}

void sightings_tell(Agent *a, const Sighting *s) {
        journal_seen(a->journal, s);
        culprits_tell_seen(a, s);
}
