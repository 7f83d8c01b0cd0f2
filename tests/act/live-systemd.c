/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What holds a unit, and the journal, against the real ones, with a transient unit: over PID 1's private socket, and over
 * the system bus. Needs root on a host that runs systemd with cgroup v2; exit status 77 where there is none. */

#include "act/journal.h"
#include "act/managed-oom.h"
#include "act/systemd-errors.h"
#include "live-world.h"

static const Properties no_limit = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, UINT64_MAX);

static void test_hold_and_kill(void **state) {
        World *w = *state;
        const Outcome *o;

        assert_int_equal(system(START "-p MemoryHigh=200M sleep 600"), 0);

        o = world_act(w, ACTION_THROTTLE, false);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_int_equal(o->previous.values[PROPERTY_MEMORY_HIGH], 200 * MIB);
        assert_string_equal(property(UNIT, "MemoryHigh"), "104857600");
        assert_int_equal(world_undo(w, ACTION_THROTTLE, o->previous)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "MemoryHigh"), "209715200");
        assert_int_equal(world_undo(w, ACTION_THROTTLE, no_limit)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "MemoryHigh"), "infinity");

        assert_int_equal(world_act(w, ACTION_FREEZE, false)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "FreezerState"), "frozen");
        assert_int_equal(world_undo(w, ACTION_FREEZE, (Properties){ 0 })->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "FreezerState"), "running");
        assert_int_equal(world_undo(w, ACTION_FREEZE, (Properties){ 0 })->kind, OUTCOME_DONE); /* it is not frozen: done */

        assert_int_equal(world_act(w, ACTION_FREEZE, false)->kind, OUTCOME_DONE);
        assert_int_equal(world_act(w, ACTION_KILL, true)->kind, OUTCOME_DONE);
        for (unsigned i = 0; i < 50 && strcmp(property(UNIT, "LoadState"), "not-found") != 0; i++)
                (void) usleep(100000);

        /* --collect: systemd has forgotten it. */
        o = world_act(w, ACTION_KILL, false);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        o = world_undo(w, ACTION_FREEZE, (Properties){ 0 });
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        o = world_undo(w, ACTION_THROTTLE, no_limit);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        o = world_act(w, ACTION_THROTTLE, false);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_true(o->gone);
        o = world_act(w, ACTION_FREEZE, false);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_true(o->gone);

        /* And it may start again, which it could not if it had been killed while it was frozen. */
        assert_int_equal(system(START "sleep 600"), 0);
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
}

/* Not to be frozen where the watchdog would kill it, see version_spares_frozen(). */
static void test_watchdog(void **state) {
        World *w = *state;
        const Outcome *o;
        bool spares;

        assert_int_equal(system(START "-p WatchdogSec=1h sleep 600"), 0);
        o = world_act(w, ACTION_FREEZE, false);
        spares = version_spares_frozen(systemd_version(w->systemd));
        (void) printf("# systemd %s %s\n", systemd_version(w->systemd), spares ? "spares frozen services" : "does not");
        assert_string_not_equal(systemd_version(w->systemd), "");
        assert_int_equal(o->kind, spares ? OUTCOME_DONE : OUTCOME_REFUSED);
        assert_string_equal(property(UNIT, "FreezerState"), spares ? "frozen" : "running");
        assert_int_equal(world_act(w, ACTION_KILL, spares)->kind, OUTCOME_DONE);
}

/* systemd executes itself anew: the next action does not pay for it. */
static void test_reexec(void **state) {
        World *w = *state;

        assert_int_equal(system(START "sleep 600"), 0);
        assert_int_equal(world_undo(w, ACTION_FREEZE, (Properties){ 0 })->kind, OUTCOME_DONE);
        assert_int_equal(system("systemctl daemon-reexec && systemctl show -p Version >/dev/null"), 0);
        assert_int_equal(world_undo(w, ACTION_FREEZE, (Properties){ 0 })->kind, OUTCOME_DONE);
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
}

/* `journalctl -u` of the victim tells the story, and its fields find it. */
static void test_journal(void **state) {
        static Condition condition = { .kind = CONDITION_PRESSURE, .pressure = { PRESSURE_SOME, 1000, 2000000 } };
        static Step step = { .name = (char *) "slow", .conditions = &condition, .n_conditions = 1 };
        static const Policy policy = { .name = (char *) "50-live", .steps = &step, .n_steps = 1 };
        const CgroupName unit = { 7, CGROUP_UNIT, "/system.slice/" UNIT, UNIT };
        Decision d = { .incident = { (uint64_t) getpid(), clock_usec() }, .count = 1, .policy = &policy, .step = &step,
                       .watch = unit, .victim = unit, .action = ACTION_THROTTLE, .properties = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 90 * MIB),
                       .seen = { 3456 }, .victim_usage_bytes = 100 * MIB };
        const Culprit culprit = { .unit = unit, .share = 9000, .values = { .pid = 1, .stall_usec = 5, .count = 1 } };
        World *w = *state;
        char command[512];
        Journal *j = NULL;

        assert_int_equal(journal_new(&j, w->event, NULL), 0);
        journal_decision(j, &d);
        journal_culprit(j, &d, &culprit, "a\nb", "try_charge_memcg\nhandle_mm_fault");
        j = journal_free(j);
        (void) system("journalctl --sync");

        (void) snprintf(command, sizeof(command),
                        "journalctl --quiet -o cat -u " UNIT " MEMSTALLD_RECORD=decision MEMSTALLD_INCIDENT=" ID128_FORMAT,
                        ID128_VALUES(d.incident));
        assert_string_equal(output(command), UNIT ": memory pressure some 34% of 2s (limit 10%): throttling " UNIT
                                                  " to 90M (it uses 100M; cause: unknown) [policy 50-live, step slow]");
        (void) snprintf(command, sizeof(command),
                        "journalctl --quiet -o export -u " UNIT " MEMSTALLD_RECORD=culprit MEMSTALLD_INCIDENT=" ID128_FORMAT
                        " | grep -a -A2 ^handle_mm_fault",
                        ID128_VALUES(d.incident));
        assert_string_equal(output(command), "handle_mm_fault");
}

static void put(Properties *p, Property which, uint64_t value) {
        properties_set(p, which, value);
}

/* All that a throttle can set, and back to what the unit was started with. */
static void test_throttle(void **state) {
        World *w = *state;
        Decision d = world_decision(ACTION_THROTTLE);
        const Outcome *o;

        assert_int_equal(system(START "-p CPUWeight=300 sleep 600"), 0);
        put(&d.properties, PROPERTY_CPU_QUOTA, 500000);
        put(&d.properties, PROPERTY_CPU_WEIGHT, 20);
        put(&d.properties, PROPERTY_IO_WEIGHT, 10);
        o = world_decide(w, d);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "MemoryHigh"), "104857600");
        assert_string_equal(property(UNIT, "CPUQuotaPerSecUSec"), "500ms");
        assert_string_equal(property(UNIT, "CPUWeight"), "20");
        assert_string_equal(property(UNIT, "IOWeight"), "10");
        assert_string_equal(output("cat /sys/fs/cgroup" UNIT_CGROUP "/cpu.max"), "50000 100000");
        assert_string_equal(output("cat /sys/fs/cgroup" UNIT_CGROUP "/cpu.weight"), "20");

        assert_int_equal(world_undo(w, ACTION_THROTTLE, o->previous)->kind, OUTCOME_DONE);
        assert_string_equal(property(UNIT, "MemoryHigh"), "infinity");
        assert_string_equal(property(UNIT, "CPUQuotaPerSecUSec"), "infinity");
        assert_string_equal(property(UNIT, "CPUWeight"), "300");
        assert_string_equal(property(UNIT, "IOWeight"), "[not set]");
        assert_string_equal(output("cat /sys/fs/cgroup" UNIT_CGROUP "/cpu.max"), "max 100000");
        assert_string_equal(output("cat /sys/fs/cgroup" UNIT_CGROUP "/cpu.weight"), "300");
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
}

static void assert_low(const char *slices, const char *unit) {
        assert_string_equal(output("cat /sys/fs/cgroup/" PARENT "/memory.low"), slices);
        assert_string_equal(output("cat /sys/fs/cgroup/" PARENT "/" SLICE "/memory.low"), slices);
        assert_string_equal(output("cat /sys/fs/cgroup" UNIT_CGROUP "/memory.low"), unit);
}

/* The kernel's files say so, all the way up; and after a crash, when nobody knows the path, all the way back. */
static void test_protect(void **state) {
        World *w = *state;
        Properties previous;
        const Outcome *o;

        assert_int_equal(system(START "-p MemoryLow=10M sleep 600"), 0);
        o = world_act(w, ACTION_PROTECT, false);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_low("52428800", "62914560");
        previous = o->previous;
        assert_int_equal(world_act(w, ACTION_PROTECT, false)->kind, OUTCOME_REFUSED);
        assert_int_equal(world_undo(w, ACTION_PROTECT, previous)->kind, OUTCOME_DONE);
        assert_low("0", "10485760");

        assert_int_equal(world_act(w, ACTION_PROTECT, false)->kind, OUTCOME_DONE);
        assert_int_equal(world_undo_without_path(w, ACTION_PROTECT, previous)->kind, OUTCOME_DONE);
        assert_low("0", "10485760");

        /* A unit that is gone leaves nothing behind. */
        assert_int_equal(world_act(w, ACTION_PROTECT, false)->kind, OUTCOME_DONE);
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
        expect_property(UNIT, "LoadState", "not-found");
        o = world_undo(w, ACTION_PROTECT, previous);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        assert_string_equal(property(PARENT, "MemoryLow"), "0");
        assert_string_equal(property(SLICE, "MemoryLow"), "0");
}

typedef struct Managed {
        Event last;
        unsigned n;
} Managed;

static void on_managed(void *userdata, const Event *event) {
        Managed *managed = userdata;

        managed->last = *event;
        managed->n++;
}

static void run_until(World *w, const Managed *managed, unsigned n) {
        uint64_t end = clock_usec() + 20 * USEC_PER_SEC, now;

        while (managed->n < n && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
        assert_int_equal(managed->n, n);
}

static void test_managed_oom(void **state) {
        World *w = *state;
        Managed managed = { 0 };
        ManagedOom *m = NULL;

        assert_int_equal(system(START "-p ManagedOOMMemoryPressure=kill -p ManagedOOMMemoryPressureLimit=20% sleep 600"), 0);
        assert_int_equal(managed_oom_new(&m, w->event, on_managed, &managed), 0);
        managed_oom_add(m, 7, UNIT);
        managed_oom_add(m, 1, "-.slice");
        managed_oom_add(m, 2, "system.slice");
        run_until(w, &managed, 1);
        assert_int_equal(managed.last.cgroup_id, 7);
        assert_true(managed.last.managed.pressure);
        assert_false(managed.last.managed.swap);
        assert_int_equal(managed.last.managed.share, 2000);
        assert_int_equal(managed.last.managed.duration_usec, 0);

        assert_int_equal(system("systemctl set-property --runtime " UNIT " ManagedOOMMemoryPressure=auto ManagedOOMSwap=kill"), 0);
        assert_int_equal(system("systemctl daemon-reload"), 0);
        run_until(w, &managed, 2);
        assert_false(managed.last.managed.pressure);
        assert_true(managed.last.managed.swap);

        assert_int_equal(system("systemctl set-property --runtime " UNIT " ManagedOOMSwap=auto"), 0);
        assert_int_equal(system("systemctl daemon-reexec"), 0);
        run_until(w, &managed, 3);
        assert_false(managed.last.managed.swap);
        m = managed_oom_free(m);
        assert_int_equal(world_act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TESTS(test_hold_and_kill),
                TESTS(test_throttle),
                TESTS(test_protect),
                TESTS(test_watchdog),
                TESTS(test_reexec),
                { "test_managed_oom", test_managed_oom, world_set_up_private, world_tear_down, NULL },
                { "test_journal", test_journal, world_set_up_private, world_tear_down, NULL },
        };
        int r = world_skip();

        return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
