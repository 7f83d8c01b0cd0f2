/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fake-tree.h"

#define AVERAGES "avg10=0.00 avg60=0.00 avg300=0.00"
#define PRESSURE_QUIET "some " AVERAGES " total=0\nfull " AVERAGES " total=0\n"

static const struct {
        const char *name, *text;
} memory_files[] = {
        { "memory.current", "1048576\n" },
        { "memory.min", "0\n" },
        { "memory.low", "0\n" },
        { "memory.high", "max\n" },
        { "memory.max", "max\n" },
        { "memory.stat", "anon 0\nworkingset_refault_anon 1\nworkingset_refault_file 2\npgscan 20\npgsteal 10\n" },
        { "memory.swap.current", "4096\n" },
        { "io.pressure", PRESSURE_QUIET },
        { "cpu.pressure", PRESSURE_QUIET },
        { "cgroup.stat", "nr_descendants 0\nnr_dying_descendants 0\n" },
        { "memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n" },
};

static void write_file(const char *folder, const char *file, const char *text) {
        char path[512];
        FILE *f;

        assert_true((size_t) snprintf(path, sizeof(path), "%s/%s", folder, file) < sizeof(path));
        f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static const char *full_path(const FakeTree *t, const char *path, char buf[static 512]) {
        assert_true(snprintf(buf, 512, "%s/%s", t->cgroup_root, path) < 512);
        return buf;
}

void fake_tree_new(FakeTree *t) {
        char buf[128];

        /* tmpfs is fast, and does not give a removed folder's number to the next one */
        (void) snprintf(t->folder, sizeof(t->folder), "%s/memstalld-test-XXXXXX",
                        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(t->folder));
        (void) snprintf(t->cgroup_root, sizeof(t->cgroup_root), "%s/cgroup", t->folder);
        (void) snprintf(t->proc_root, sizeof(t->proc_root), "%s/proc", t->folder);
        assert_int_equal(mkdir(t->cgroup_root, 0700), 0);
        assert_int_equal(mkdir(t->proc_root, 0700), 0);
        (void) snprintf(buf, sizeof(buf), "%s/pressure", t->proc_root);
        assert_int_equal(mkdir(buf, 0700), 0);
        write_file(t->cgroup_root, "cgroup.controllers", "cpuset cpu io memory pids\n");
        write_file(t->cgroup_root, "memory.pressure", PRESSURE_QUIET);
        fake_tree_write_proc(t, "pressure/memory", PRESSURE_QUIET);
        write_file(t->cgroup_root, "cgroup.stat", "nr_descendants 9\nnr_dying_descendants 5\n");
        fake_tree_write_proc(t, "pressure/io", PRESSURE_QUIET);
        fake_tree_write_proc(t, "pressure/cpu", PRESSURE_QUIET);
        fake_tree_write_proc(t, "vmstat",
                             "nr_free_pages 1\nworkingset_refault_anon 100\nworkingset_refault_file 200\n"
                             "pgsteal_kswapd 300\npgsteal_direct 400\npgscan_kswapd 500\npgscan_direct 600\n");
        fake_tree_write_proc(t, "meminfo",
                             "MemTotal:        1000000 kB\n"
                             "MemFree:          100000 kB\n"
                             "MemAvailable:     600000 kB\n"
                             "SwapTotal:        200000 kB\n"
                             "SwapFree:         150000 kB\n");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static void remove_all(const char *path) {
        assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void fake_tree_done(FakeTree *t) {
        remove_all(t->folder);
}

uint64_t fake_tree_id(FakeTree *t, const char *path) {
        char buf[512];
        struct stat st;

        assert_int_equal(stat(full_path(t, path, buf), &st), 0);
        return st.st_ino;
}

uint64_t fake_tree_add_bare(FakeTree *t, const char *path) {
        char buf[512];

        assert_int_equal(mkdir(full_path(t, path, buf), 0700), 0);
        return fake_tree_id(t, path);
}

uint64_t fake_tree_add(FakeTree *t, const char *path) {
        uint64_t id = fake_tree_add_bare(t, path);
        char buf[512];

        full_path(t, path, buf);
        write_file(buf, "memory.pressure", PRESSURE_QUIET);
        for (size_t i = 0; i < sizeof(memory_files) / sizeof(memory_files[0]); i++)
                write_file(buf, memory_files[i].name, memory_files[i].text);
        return id;
}

void fake_tree_remove(FakeTree *t, const char *path) {
        char buf[512];

        remove_all(full_path(t, path, buf));
}

void fake_tree_rename(FakeTree *t, const char *from, const char *to) {
        char a[512], b[512];

        assert_int_equal(rename(full_path(t, from, a), full_path(t, to, b)), 0);
}

void fake_tree_write(FakeTree *t, const char *path, const char *file, const char *text) {
        char buf[512];

        write_file(full_path(t, path, buf), file, text);
}

bool fake_tree_set_xattr(FakeTree *t, const char *path, const char *name, const char *value) {
        char buf[512];

        if (setxattr(full_path(t, path, buf), name, value, strlen(value), 0) == 0)
                return true;
        assert_int_equal(errno, EOPNOTSUPP);
        return false;
}

void fake_tree_write_proc(FakeTree *t, const char *file, const char *text) {
        write_file(t->proc_root, file, text);
}

unsigned fake_tree_count_fds(void) {
        unsigned n = 0;
        DIR *dir = opendir("/proc/self/fd");

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        (void) closedir(dir);
        return n;
}
