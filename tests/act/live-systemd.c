/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The effector and the journal against the real ones, with a transient unit: over PID 1's private socket, and over the
 * system bus. Needs root on a host that runs systemd with cgroup v2; exit status 77 where there is none. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <systemd/sd-daemon.h>

#include "act/journal.h"
#include "act/systemd-errors.h"
#include "act/systemd.h"
#include "base/clock.h"

#define UNIT "memstalld-live.service"
#define START "systemd-run --quiet --collect --unit=" UNIT " "
#define MIB (UINT64_C(1) << 20)

static const SystemdPeer private_socket = { "unix:path=/run/systemd/private", false };
static const SystemdPeer system_bus = { "unix:path=/run/dbus/system_bus_socket", true };

typedef struct World {
        sd_event *event;
        Systemd *systemd;
        Outcome outcome;
        bool answered;
        uint64_t usec; /* that the last answer took */
} World;

static void on_answer(void *userdata, const Outcome *outcome) {
        World *w = userdata;

        w->outcome = *outcome;
        w->answered = true;
}

static int set_up(void **state, const SystemdPeer *peer) {
        static World world;
        World *w = &world;

        (void) system("systemctl kill -s KILL " UNIT " 2>/dev/null; systemctl thaw " UNIT " 2>/dev/null;"
                      " systemctl stop " UNIT " 2>/dev/null");
        memset(w, 0, sizeof(*w));
        assert_true(sd_event_new(&w->event) >= 0);
        assert_int_equal(systemd_new_with_peers(&w->systemd, w->event, peer, 1, on_answer, w), 0);
        *state = w;
        return 0;
}

static int set_up_private(void **state) {
        return set_up(state, &private_socket);
}

static int set_up_bus(void **state) {
        return set_up(state, &system_bus);
}

static int tear_down(void **state) {
        World *w = *state;

        w->systemd = systemd_free(w->systemd);
        sd_event_unref(w->event);
        return 0;
}

static const Outcome *await(World *w) {
        uint64_t start = clock_usec(), end = start + 2 * SYSTEMD_DEADLINE_USEC, now;

        while (!w->answered && (now = clock_usec()) < end)
                assert_true(sd_event_run(w->event, end - now) >= 0);
        assert_true(w->answered);
        w->answered = false;
        w->usec = clock_usec() - start;
        (void) printf("# %" PRIu64 " us, outcome %d, error %d %s\n", w->usec, w->outcome.kind, w->outcome.error,
                      w->outcome.error_text);
        return &w->outcome;
}

static const Outcome *act(World *w, ActionKind action, bool thaw_first) {
        systemd_act(w->systemd, &(Decision){ .id = 1, .action = action, .victim = { .id = 7, .unit = UNIT }, .signal = 9,
                                             .thaw_first = thaw_first, .properties = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, 100 * MIB) });
        return await(w);
}

static const Outcome *undo(World *w, ActionKind action, uint64_t previous_bytes) {
        systemd_undo(w->systemd, &(Undo){ .id = 2, .action = action, .victim = { .id = 7, .unit = UNIT },
                                          .previous = PROPERTIES_ONE(PROPERTY_MEMORY_HIGH, previous_bytes) });
        return await(w);
}

/* The first line that the command prints. */
static const char *output(const char *command) {
        static char line[1024];
        FILE *f = popen(command, "r");

        assert_non_null(f);
        line[0] = '\0';
        if (fgets(line, sizeof(line), f))
                line[strcspn(line, "\n")] = '\0';
        (void) pclose(f);
        return line;
}

static void test_hold_and_kill(void **state) {
        World *w = *state;
        const Outcome *o;

        assert_int_equal(system(START "-p MemoryHigh=200M sleep 600"), 0);

        o = act(w, ACTION_THROTTLE, false);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_int_equal(o->previous.values[PROPERTY_MEMORY_HIGH], 200 * MIB);
        assert_string_equal(output("systemctl show --value -p MemoryHigh " UNIT), "104857600");
        assert_int_equal(undo(w, ACTION_THROTTLE, o->previous.values[PROPERTY_MEMORY_HIGH])->kind, OUTCOME_DONE);
        assert_string_equal(output("systemctl show --value -p MemoryHigh " UNIT), "209715200");
        assert_int_equal(undo(w, ACTION_THROTTLE, UINT64_MAX)->kind, OUTCOME_DONE);
        assert_string_equal(output("systemctl show --value -p MemoryHigh " UNIT), "infinity");

        assert_int_equal(act(w, ACTION_FREEZE, false)->kind, OUTCOME_DONE);
        assert_string_equal(output("systemctl show --value -p FreezerState " UNIT), "frozen");
        assert_int_equal(undo(w, ACTION_FREEZE, 0)->kind, OUTCOME_DONE);
        assert_string_equal(output("systemctl show --value -p FreezerState " UNIT), "running");
        assert_int_equal(undo(w, ACTION_FREEZE, 0)->kind, OUTCOME_DONE); /* it is not frozen: done */

        assert_int_equal(act(w, ACTION_FREEZE, false)->kind, OUTCOME_DONE);
        assert_int_equal(act(w, ACTION_KILL, true)->kind, OUTCOME_DONE);
        for (unsigned i = 0; i < 50 && strcmp(output("systemctl show --value -p LoadState " UNIT), "not-found") != 0; i++)
                (void) usleep(100000);

        /* --collect: systemd has forgotten it. */
        o = act(w, ACTION_KILL, false);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        o = undo(w, ACTION_FREEZE, 0);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        o = undo(w, ACTION_THROTTLE, UINT64_MAX);
        assert_int_equal(o->kind, OUTCOME_DONE);
        assert_true(o->gone);
        o = act(w, ACTION_THROTTLE, false);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_true(o->gone);
        o = act(w, ACTION_FREEZE, false);
        assert_int_equal(o->kind, OUTCOME_FAILED);
        assert_true(o->gone);

        /* And it may start again, which it could not if it had been killed while it was frozen. */
        assert_int_equal(system(START "sleep 600"), 0);
        assert_int_equal(act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
}

/* Not to be frozen where the watchdog would kill it, see version_spares_frozen(). */
static void test_watchdog(void **state) {
        World *w = *state;
        const Outcome *o;
        bool spares;

        assert_int_equal(system(START "-p WatchdogSec=1h sleep 600"), 0);
        o = act(w, ACTION_FREEZE, false);
        spares = version_spares_frozen(systemd_version(w->systemd));
        (void) printf("# systemd %s %s\n", systemd_version(w->systemd), spares ? "spares frozen services" : "does not");
        assert_string_not_equal(systemd_version(w->systemd), "");
        assert_int_equal(o->kind, spares ? OUTCOME_DONE : OUTCOME_REFUSED);
        assert_string_equal(output("systemctl show --value -p FreezerState " UNIT), spares ? "frozen" : "running");
        assert_int_equal(act(w, ACTION_KILL, spares)->kind, OUTCOME_DONE);
}

/* systemd executes itself anew: the next action does not pay for it. */
static void test_reexec(void **state) {
        World *w = *state;

        assert_int_equal(system(START "sleep 600"), 0);
        assert_int_equal(undo(w, ACTION_FREEZE, 0)->kind, OUTCOME_DONE);
        assert_int_equal(system("systemctl daemon-reexec"), 0);
        assert_int_equal(undo(w, ACTION_FREEZE, 0)->kind, OUTCOME_DONE);
        assert_int_equal(act(w, ACTION_KILL, false)->kind, OUTCOME_DONE);
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

#define TESTS(name)                                                                                           \
        { #name ", private socket", name, set_up_private, tear_down, NULL },                                  \
        { #name ", system bus", name, set_up_bus, tear_down, NULL }

int main(void) {
        static const struct CMUnitTest tests[] = {
                TESTS(test_hold_and_kill),
                TESTS(test_watchdog),
                TESTS(test_reexec),
                { "test_journal", test_journal, set_up_private, tear_down, NULL },
        };

        if (geteuid() != 0 || sd_booted() <= 0 || access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0)
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
