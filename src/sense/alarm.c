/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fits bpf/alarm.bpf.c to the running kernel, and hands its records on. */

#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "sense/alarm.h"

#include "bpf/alarm.skel.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

struct Alarm {
        struct alarm_bpf *skeleton;
        struct ring_buffer *ring;
        char rung[128];
        const AlarmHandlers *handlers; /* during alarm_dispatch() */
        void *userdata;
};

/* ---- What libbpf says: the first warning is the cause, the rest follow from it ---- */

static char complaint[256];

_printf_(2, 0)
static int hear(enum libbpf_print_level level, const char *format, va_list arguments) {
        if (level == LIBBPF_WARN && complaint[0] == '\0') {
                (void) vsnprintf(complaint, sizeof(complaint), format, arguments);
                complaint[strcspn(complaint, "\n")] = '\0';
        }
        return 0;
}

static int unavailable(int error, char *ret_why, size_t why_size) {
        if (error == -ENOMEM)
                return error;
        if (error == -EPERM || error == -EACCES)
                (void) snprintf(ret_why, why_size,
                                "no right to load BPF (CAP_BPF, CAP_PERFMON; or the kernel is locked down)");
        else
                (void) snprintf(ret_why, why_size, "the kernel refuses the BPF programs: %s (%s)",
                                strerrorname_np(-error) ? strerrorname_np(-error) : "error", complaint);
        return ALARM_E_UNAVAILABLE;
}

/* ---- What the kernel has ---- */

static void btf_freep(struct btf **btf) {
        btf__free(*btf);
}

static bool has_tracepoint(const struct btf *btf, const char *name) {
        char type[64];

        (void) snprintf(type, sizeof(type), "btf_trace_%s", name);
        return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) >= 0;
}

/* Whether the tracepoint's first argument points to a structure: the parameter after the one that is libbpf's own. */
static bool tells_task(const struct btf *btf) {
        int id = btf__find_by_name_kind(btf, "btf_trace_mark_victim", BTF_KIND_TYPEDEF);
        const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t) id);

        while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
                type = btf__type_by_id(btf, type->type);
        if (!type || !btf_is_func_proto(type) || btf_vlen(type) < 2)
                return false;
        type = btf__type_by_id(btf, btf_params(type)[1].type);
        return type && btf_is_ptr(type);
}

/* The ways to hear of victims, the best first. */
enum {
        VICTIM_WAYS = 2,
};

/* Whether the kernel has it; to hear of none can always be had. */
static bool has_way(const struct btf *btf, size_t way) {
        switch (way) {
        case 0:
                return tells_task(btf);
        case 1:
                return btf__find_by_name_kind(btf, "mark_oom_victim", BTF_KIND_FUNC) >= 0;
        default:
                return true;
        }
}

static struct bpf_program *victim_way(const struct alarm_bpf *s, size_t way) {
        struct bpf_program *const ways[VICTIM_WAYS] = {
                s->progs.victim_task,
                s->progs.victim_marked,
        };

        return way < VICTIM_WAYS ? ways[way] : NULL;
}

/* ---- Loading ---- */

typedef struct Choice {
        struct bpf_program *warn[3]; /* NULL: not to be had */
        struct bpf_program *victim;
} Choice;

static Choice choose(const struct alarm_bpf *s, const struct btf *btf, size_t way) {
        return (Choice){
                .warn = {
                        has_tracepoint(btf, "mm_vmscan_wakeup_kswapd") ? s->progs.kswapd_woken : NULL,
                        has_tracepoint(btf, "mm_vmscan_kswapd_wake") ? s->progs.kswapd_works : NULL,
                        has_tracepoint(btf, "mm_vmscan_direct_reclaim_begin") ? s->progs.direct_reclaim : NULL,
                },
                .victim = victim_way(s, way),
        };
}

static int set_autoload(const struct alarm_bpf *s, const Choice *c) {
        struct bpf_program *program;

        bpf_object__for_each_program(program, s->obj) {
                bool wanted = program == c->victim;
                int r;

                for (size_t i = 0; i < ELEMENTSOF(c->warn); i++)
                        wanted = wanted || program == c->warn[i];
                r = bpf_program__set_autoload(program, wanted);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A page is the least that a ring can have. */
static int size_ring(const struct alarm_bpf *s) {
        long page = sysconf(_SC_PAGESIZE);

        return bpf_map__set_max_entries(s->maps.ring, (uint32_t) MAX((long) ALARM_RING_SIZE, page));
}

static int attach(struct bpf_program *program, struct bpf_link **link) {
        if (!program)
                return -ENOENT;
        *link = bpf_program__attach(program);
        return *link ? 0 : -errno;
}

/* Warnings are what this is for: both kinds must be there, or nothing is armed. The kernel may lack the rest. */
static int attach_all(struct alarm_bpf *s, const Choice *c, char *rung, size_t rung_size) {
        struct bpf_link **victim_link = c->victim == s->progs.victim_task ? &s->links.victim_task : &s->links.victim_marked;
        int woken = attach(c->warn[0], &s->links.kswapd_woken), works = attach(c->warn[1], &s->links.kswapd_works);
        int direct = attach(c->warn[2], &s->links.direct_reclaim), victim = attach(c->victim, victim_link);

        if (woken < 0)
                return woken;
        if (direct < 0)
                return direct;
        (void) snprintf(rung, rung_size, "kswapd%s, direct reclaim%s", works < 0 ? " (when woken)" : "",
                        victim < 0 ? "" : ", OOM kills");
        return 0;
}

static int load(Alarm *a, const struct btf *btf, size_t way) {
        struct alarm_bpf *s;
        Choice choice;
        int r;

        complaint[0] = '\0';
        a->skeleton = s = alarm_bpf__open();
        if (!s)
                return -errno;
        choice = choose(s, btf, way);
        r = size_ring(s);
        if (r >= 0)
                r = set_autoload(s, &choice);
        if (r >= 0)
                r = alarm_bpf__load(s);
        if (r >= 0)
                r = attach_all(s, &choice, a->rung, sizeof(a->rung));
        if (r < 0) {
                alarm_bpf__destroy(s);
                a->skeleton = NULL;
        }
        return r;
}

static int on_record(void *userdata, void *data, size_t size);

/* Everything but what the caller has allocated; `a` is whole or to be freed. */
static int set_up(Alarm *a) {
        _cleanup_(btf_freep) struct btf *btf = btf__load_vmlinux_btf();
        int r = -ENOENT;

        if (!btf)
                return -errno;
        for (size_t way = 0; way <= VICTIM_WAYS; way++) { /* the last: warnings alone */
                if (!has_way(btf, way))
                        continue;
                r = load(a, btf, way);
                if (r >= 0 || r == -ENOMEM || r == -EPERM)
                        break;
        }
        if (r < 0)
                return r;
        a->ring = ring_buffer__new(bpf_map__fd(a->skeleton->maps.ring), on_record, a, NULL);
        return a->ring ? 0 : -errno;
}

int alarm_new(Alarm **ret, char *ret_why, size_t why_size) {
        _cleanup_(alarm_freep) Alarm *a = NULL;
        libbpf_print_fn_t before;
        int r;

        if (access(BTF_PATH, R_OK) < 0) {
                (void) snprintf(ret_why, why_size, "the kernel has no BTF (%s)", BTF_PATH);
                return ALARM_E_UNAVAILABLE;
        }
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        before = libbpf_set_print(hear);
        r = set_up(a);
        (void) libbpf_set_print(before);
        if (r < 0)
                return unavailable(r, ret_why, why_size);
        *ret = TAKE_PTR(a);
        return 0;
}

Alarm *alarm_free(Alarm *a) {
        if (!a)
                return NULL;

        ring_buffer__free(a->ring);
        alarm_bpf__destroy(a->skeleton);
        free(a);
        return NULL;
}

/* ---- Use ---- */

bool alarm_hears_oom(const Alarm *a) {
        return a->skeleton->links.victim_task || a->skeleton->links.victim_marked;
}

int alarm_fd(const Alarm *a) {
        return ring_buffer__epoll_fd(a->ring);
}

const char *alarm_rung(const Alarm *a) {
        return a->rung;
}

static void on_victim(const Alarm *a, const AlarmRecord *record) {
        char comm[ALARM_COMM_MAX];

        if (!a->handlers->oom)
                return;
        memcpy(comm, record->comm, sizeof(comm));
        comm[sizeof(comm) - 1] = '\0';
        a->handlers->oom(record->cgroup_id, record->tgid, comm, a->userdata);
}

static int on_record(void *userdata, void *data, size_t size) {
        static const WarningKind warnings[_ALARM_KIND_MAX] = {
                [ALARM_KSWAPD] = WARNING_KSWAPD,
                [ALARM_DIRECT_RECLAIM] = WARNING_DIRECT_RECLAIM,
        };
        const AlarmRecord *record = data;
        Alarm *a = userdata;

        if (record->kind == ALARM_VICTIM)
                on_victim(a, record);
        else if (record->kind < _ALARM_KIND_MAX && a->handlers->warning)
                a->handlers->warning(warnings[record->kind], a->userdata);
        return 0;
}

int alarm_dispatch(Alarm *a, const AlarmHandlers *handlers, void *userdata) {
        int r;

        a->handlers = handlers;
        a->userdata = userdata;
        r = ring_buffer__consume(a->ring);
        a->handlers = NULL;
        return r < 0 ? r : 0;
}

void alarm_kswapd_after(Alarm *a, uint64_t usec) {
        uint64_t ns = usec > UINT64_MAX / 1000 ? UINT64_MAX : usec * 1000;

        __atomic_store_n(&a->skeleton->bss->kswapd_after_ns, ns, __ATOMIC_RELAXED);
}

uint64_t alarm_lost(const Alarm *a) {
        return __atomic_load_n(&a->skeleton->bss->n_lost, __ATOMIC_RELAXED);
}
