/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"
#include "base/strv.h"
#include "ctl/host.h"

#define DEPTH_MAX 32U

static ssize_t read_file(const char *root, const char *name, char *buf, size_t size) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char path[PATH_MAX];

        if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int) sizeof(path))
                return -ENAMETOOLONG;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd_read_text(fd, buf, size);
}

static HostAnswer answer(bool yes) {
        return yes ? HOST_YES : HOST_NO;
}

static HostAnswer exists(const char *root, const char *folder, const char *name) {
        char path[PATH_MAX];

        if (snprintf(path, sizeof(path), "%s%s/%s", root, folder, name) >= (int) sizeof(path))
                return HOST_UNKNOWN;
        return answer(access(path, F_OK) == 0);
}

static bool has_word(const char *text, const char *word) {
        size_t n = strlen(word);

        for (; *text; text += strspn(text, " \n")) {
                size_t length = strcspn(text, " \n");

                if (length == n && strncmp(text, word, n) == 0)
                        return true;
                text += length;
        }
        return false;
}

/* ---- Facts ----------------------------------------------------------------------------------- */

static HostAnswer read_swap(const char *proc_root) {
        char text[16384];
        uint64_t total;

        if (read_file(proc_root, "/meminfo", text, sizeof(text)) < 0)
                return HOST_UNKNOWN;
        for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
                if (sscanf(line, "SwapTotal: %" SCNu64, &total) == 1)
                        return answer(total > 0);
        return HOST_NO; /* a kernel without CONFIG_SWAP */
}

/* The file can be there and give no answer, see requirements_check() in src/sense. */
static HostAnswer read_pressure(const char *proc_root) {
        char text[256];
        ssize_t n = read_file(proc_root, "/pressure/memory", text, sizeof(text));

        if (n == -EACCES || n == -EPERM)
                return HOST_UNKNOWN;
        return answer(n > 0);
}

static void read_facts(const char *cgroup_root, const char *proc_root, Host *host) {
        static const struct {
                HostFact fact;
                const char *name;
        } controllers[] = { { HOST_MEMORY, "memory" }, { HOST_CPU, "cpu" }, { HOST_IO, "io" } };
        char text[1024];

        host->facts[HOST_SWAP] = read_swap(proc_root);
        host->facts[HOST_PRESSURE] = read_pressure(proc_root);
        if (access(cgroup_root, R_OK) < 0)
                return;
        host->facts[HOST_UNIFIED] = exists(cgroup_root, "", "cgroup.controllers");
        if (read_file(cgroup_root, "/cgroup.controllers", text, sizeof(text)) < 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
                host->facts[controllers[i].fact] = answer(has_word(text, controllers[i].name));

        /* The root has fewer files than the rest: the first cgroup with a controller stands for all. */
        for (size_t i = 0; i < host->n_cgroups; i++)
                if (exists(cgroup_root, host->cgroups[i].path, "memory.current") == HOST_YES) {
                        host->facts[HOST_RECLAIM] = exists(cgroup_root, host->cgroups[i].path, "memory.reclaim");
                        host->facts[HOST_KILL] = exists(cgroup_root, host->cgroups[i].path, "cgroup.kill");
                        return;
                }
}

/* ---- Cgroups --------------------------------------------------------------------------------- */

static CgroupKind kind_of(const char *name) {
        static const struct {
                const char *suffix;
                CgroupKind kind;
        } suffixes[] = { { ".slice", CGROUP_SLICE }, { ".service", CGROUP_UNIT }, { ".scope", CGROUP_UNIT } };
        size_t length = strlen(name);

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                size_t n = strlen(suffixes[i].suffix);

                if (length > n && strcmp(name + length - n, suffixes[i].suffix) == 0)
                        return suffixes[i].kind;
        }
        return CGROUP_GROUP;
}

static int add_cgroup(Host *host, const char *path, bool delegated) {
        const char *name = strrchr(path, '/') + 1;
        HostCgroup *grown, cgroup = { .kind = kind_of(name), .delegated = delegated };

        grown = realloc(host->cgroups, (host->n_cgroups + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        host->cgroups = grown;
        cgroup.path = strdup(path);
        if (!cgroup.path)
                return -ENOMEM;
        /* systemd puts an underscore before names that would collide with the kernel's. */
        cgroup.unit = cgroup.kind == CGROUP_GROUP ? cgroup.path : strrchr(cgroup.path, '/') + 1 + (*name == '_');
        grown[host->n_cgroups++] = cgroup;
        return 0;
}

static void dir_closep(DIR **dir) {
        if (*dir)
                (void) closedir(*dir);
}

/* What is below `path`, which is "" for the root. Cgroups come and go meanwhile: what cannot be read is not there. */
static int walk(Host *host, const char *root, const char *path, bool delegated, unsigned depth) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        char full[PATH_MAX];
        int r;

        if (depth >= DEPTH_MAX || snprintf(full, sizeof(full), "%s%s", root, path) >= (int) sizeof(full))
                return 0;
        dir = opendir(full);
        while (dir && (entry = readdir(dir))) {
                char below[PATH_MAX];

                if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || host->n_cgroups >= HOST_CGROUPS_MAX ||
                    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= (int) sizeof(below))
                        continue;
                r = add_cgroup(host, below, delegated);
                if (r < 0)
                        return r;
                r = walk(host, root, below, delegated || kind_of(entry->d_name) != CGROUP_SLICE, depth + 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

int host_read(const HostAt *at, Host *ret) {
        const char *cgroup_root = at && at->cgroup_root ? at->cgroup_root : "/sys/fs/cgroup";
        const char *proc_root = at && at->proc_root ? at->proc_root : "/proc";
        _cleanup_(host_done) Host host = { 0 };
        int r;

        if (exists(cgroup_root, "", "cgroup.controllers") == HOST_YES) {
                r = walk(&host, cgroup_root, "", false, 0);
                if (r < 0)
                        return r;
        }
        read_facts(cgroup_root, proc_root, &host);
        *ret = TAKE(host, (Host){ 0 });
        return 0;
}

void host_done(Host *host) {
        for (size_t i = 0; i < host->n_cgroups; i++)
                free(host->cgroups[i].path);
        free(host->cgroups);
        strv_free(host->rivals);
        *host = (Host){ 0 };
}
