/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/strv.h"
#include "sense/registry.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define PROC_ROOT "/proc"

/* One tree_dispatch() reads at most so much, then the loop may see to something else. */
#define DISPATCH_READS_MAX 16U
#define DISPATCH_BUFFER 16384U

/* The root folder. It is not O_PATH: open_by_handle_at(2) needs one that is not. */
static int open_root(Tree *t) {
        const Place place = { .kind = CGROUP_HOST, .unit = "-.slice", .told = true, .entered = true };
        struct stat st;
        int fd, r;

        fd = open(t->cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0) {
                r = -errno;
                (void) fd_close(fd);
                return r;
        }
        r = folder_new(&t->root, NULL, "", &place, st.st_ino);
        if (r < 0) {
                (void) fd_close(fd);
                return r;
        }
        t->root->folder_fd = fd;
        t->root->owner = st.st_uid;
        t->gaps.folders = 1; /* the root, until the first scan follows it */
        t->device = st.st_dev;
        return idmap_put(&t->by_id, t->root->id, t->root);
}

int tree_new(Tree **ret, const char *cgroup_root, const char *proc_root) {
        _cleanup_(tree_freep) Tree *t = NULL;
        int r;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->inotify_fd = -EBADF;
        t->host = (Host) HOST_NULL;
        t->cgroup_root = strdup(cgroup_root ?: CGROUP_ROOT);
        if (!t->cgroup_root)
                return -ENOMEM;
        t->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (t->inotify_fd < 0)
                return -errno;
        r = host_open(&t->host, proc_root ?: PROC_ROOT);
        if (r < 0)
                return r;
        r = open_root(t);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

Tree *tree_free(Tree *t) {
        if (!t)
                return NULL;
        t->handler = NULL;
        if (t->root)
                registry_remove(t, t->root);
        free(t->candidates);
        idmap_done(&t->by_wd);
        idmap_done(&t->by_id);
        host_close(&t->host);
        t->inotify_fd = fd_close(t->inotify_fd);
        t->globs = strv_free(t->globs);
        free(t->cgroup_root);
        free(t);
        return NULL;
}

int tree_add_groups(Tree *t, char *const *globs) {
        for (; globs && *globs; globs++) {
                int r = strv_push(&t->globs, *globs, strlen(*globs));

                if (r < 0)
                        return r;
        }
        return 0;
}

int tree_fd(const Tree *t) {
        return t->inotify_fd;
}

/* Compares everything anew. What was left out before gets another chance. */
static void rescan(Tree *t) {
        t->gaps.units = 0;
        registry_compare_all(t, t->root);
}

int tree_scan(Tree *t, TreeHandler handler, void *userdata) {
        t->handler = handler;
        t->userdata = userdata;
        if (!t->told_root) {
                t->told_root = true;
                registry_tell_new(t, t->root);
        }
        rescan(t);
        t->handler = NULL;
        return 0;
}

static void on_change(Tree *t, const struct inotify_event *e) {
        Folder *f = idmap_get(&t->by_wd, (uint64_t) e->wd), *added;

        if (!f || !(e->mask & IN_ISDIR) || e->len == 0)
                return;
        if (e->mask & IN_ATTRIB) {
                registry_look(t, f, e->name);
                return;
        }
        added = registry_compare(t, f, e->name);
        if (added && added->place.entered)
                registry_compare_all(t, added);
}

/* Takes in one buffer full of changes. 1 if there may be more, 0 if that was all. */
static int read_changes(Tree *t, bool *overflow) {
        _Alignas(struct inotify_event) char buffer[DISPATCH_BUFFER];
        ssize_t n;

        n = read(t->inotify_fd, buffer, sizeof(buffer));
        if (n < 0)
                return errno == EAGAIN ? 0 : errno == EINTR ? 1 : -errno;
        for (const char *p = buffer; p < buffer + n;) {
                const struct inotify_event *e = (const struct inotify_event *) (const void *) p;

                *overflow |= (e->mask & IN_Q_OVERFLOW) != 0;
                if (e->wd >= 0)
                        on_change(t, e);
                p += sizeof(*e) + e->len;
        }
        return 1;
}

int tree_dispatch(Tree *t, TreeHandler handler, void *userdata) {
        bool overflow = false;
        int r = 1;

        t->handler = handler;
        t->userdata = userdata;
        for (size_t i = 0; r > 0 && i < DISPATCH_READS_MAX; i++)
                r = read_changes(t, &overflow);
        t->gaps.overflows += overflow;
        if (overflow || (t->gaps.units > 0 && t->by_id.n_used < TREE_NODES_MAX / 4 * 3))
                rescan(t);
        t->handler = NULL;
        return MIN(r, 0);
}

TreeGaps tree_gaps(const Tree *t) {
        return t->gaps;
}

Preference tree_preference(const Tree *t, uint64_t watch_id, uint64_t cgroup_id) {
        const Folder *watch = registry_find(t, watch_id), *f = registry_find(t, cgroup_id);

        return watch && f ? folder_preference(f, watch) : PREFERENCE_NONE;
}

uint64_t tree_host_id(const Tree *t) {
        return t->root->id;
}

bool tree_name(const Tree *t, uint64_t cgroup_id, CgroupKind *ret_kind, const char **ret_path,
               const char **ret_unit, bool *ret_delegated) {
        const Folder *f = registry_find(t, cgroup_id);

        if (!f || !f->place.told)
                return false;
        if (ret_kind)
                *ret_kind = f->place.kind;
        if (ret_path)
                *ret_path = f->path;
        if (ret_unit)
                *ret_unit = f->place.unit;
        if (ret_delegated)
                *ret_delegated = f->place.delegated;
        return true;
}
