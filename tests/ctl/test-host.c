/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config-test.h"

#include "ctl/host.h"

/* The folder of the test holds what it says /proc and /sys/fs/cgroup hold. */
static void read_host(void **state, Host *ret) {
        char cgroup[PATH_MAX], proc[PATH_MAX];

        (void) snprintf(cgroup, sizeof(cgroup), "%s/cgroup", (const char *) *state);
        (void) snprintf(proc, sizeof(proc), "%s/proc", (const char *) *state);
        assert_int_equal(host_read(&(HostAt){ cgroup, proc }, ret), 0);
}

static void put(void **state, const char *name, const char *text) {
        (void) folder_write(state, name, text, strlen(text));
}

static const HostCgroup *find(const Host *host, const char *path) {
        for (size_t i = 0; i < host->n_cgroups; i++)
                if (strcmp(host->cgroups[i].path, path) == 0)
                        return host->cgroups + i;
        return NULL;
}

static void test_nothing(void **state) {
        _cleanup_(host_done) Host host = { 0 };

        read_host(state, &host);
        for (HostFact f = 0; f < _HOST_FACT_MAX; f++)
                assert_int_equal(host.facts[f], f == HOST_PRESSURE ? HOST_NO : HOST_UNKNOWN);
        assert_int_equal(host.n_cgroups, 0);
}

static void test_facts(void **state) {
        static const struct {
                const char *meminfo, *pressure, *controllers, *file;
                HostAnswer answers[_HOST_FACT_MAX];
        } rows[] = {
                { "MemTotal: 1000 kB\nSwapTotal:  512 kB\nSwapFree: 0 kB\n", "some avg10=0\n", "cpuset cpu io memory pids\n",
                  "memory.reclaim",
                  { HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_YES, HOST_NO } },
                { "MemTotal: 1000 kB\nSwapTotal: 0 kB\n", "", "cpuset pids memoryx\n", "cgroup.kill",
                  { HOST_NO, HOST_NO, HOST_YES, HOST_NO, HOST_NO, HOST_NO, HOST_NO, HOST_YES } },
                { "MemTotal: 1000 kB\n", "some avg10=0\n", "memory", "memory.high",
                  { HOST_NO, HOST_YES, HOST_YES, HOST_YES, HOST_NO, HOST_NO, HOST_NO, HOST_NO } },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                        _cleanup_(host_done) Host host = { 0 };
                char name[128];

                        put(state, "proc/meminfo", rows[i].meminfo);
                put(state, "proc/pressure/memory", rows[i].pressure);
                put(state, "cgroup/cgroup.controllers", rows[i].controllers);
                put(state, "cgroup/system.slice/memory.current", "1\n");
                (void) snprintf(name, sizeof(name), "cgroup/system.slice/%s", rows[i].file);
                put(state, name, "");
                read_host(state, &host);
                assert_memory_equal(host.facts, rows[i].answers, sizeof(host.facts));
                (void) unlink(folder_path(state, name));
        }
}

/* A host with the old trees: a folder for each controller. */
static void test_not_unified(void **state) {
        _cleanup_(host_done) Host host = { 0 };

        put(state, "cgroup/memory/system.slice/memory.current", "1\n");
        read_host(state, &host);
        assert_int_equal(host.facts[HOST_UNIFIED], HOST_NO);
        assert_int_equal(host.facts[HOST_MEMORY], HOST_UNKNOWN);
        assert_int_equal(host.n_cgroups, 0);
}

static void test_cgroups(void **state) {
        static const struct {
                const char *path, *unit;
                CgroupKind kind;
                bool delegated;
        } rows[] = {
                { "/batch.slice", "batch.slice", CGROUP_SLICE, false },
                { "/batch.slice/hog.service", "hog.service", CGROUP_UNIT, false },
                { "/batch.slice/_cpu.service", "cpu.service", CGROUP_UNIT, false },
                { "/user.slice/user-1.slice/user@1.service", "user@1.service", CGROUP_UNIT, false },
                { "/user.slice/user-1.slice/user@1.service/app.slice", "app.slice", CGROUP_SLICE, true },
                { "/user.slice/user-1.slice/user@1.service/app.slice/a.scope", "a.scope", CGROUP_UNIT, true },
                { "/machine.slice/x.scope/payload", "/machine.slice/x.scope/payload", CGROUP_GROUP, true },
                { "/lxc.payload.c1", "/lxc.payload.c1", CGROUP_GROUP, false },
        };
        _cleanup_(host_done) Host host = { 0 };

        put(state, "cgroup/cgroup.controllers", "memory\n");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char name[PATH_MAX];

                (void) snprintf(name, sizeof(name), "cgroup%s/memory.current", rows[i].path);
                put(state, name, "1\n");
        }
        read_host(state, &host);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const HostCgroup *c = find(&host, rows[i].path);

                assert_non_null(c);
                assert_string_equal(c->unit, rows[i].unit);
                assert_int_equal(c->kind, rows[i].kind);
                assert_int_equal(c->delegated, rows[i].delegated);
        }
        assert_int_equal(host.n_cgroups, ELEMENTSOF(rows) + 4); /* user.slice, user-1.slice, machine.slice, x.scope */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                folder_test(test_nothing),
                folder_test(test_facts),
                folder_test(test_not_unified),
                folder_test(test_cgroups),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
