/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the registry follows the folders. There is one way to take in a change, whatever brought it: look what a name
 * is now and compare. An inotify event, a listing and a rescan may so tell the same thing twice, or late, without
 * harm. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "sense/registry.h"
#include "sense/text.h"

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

Folder *registry_find(const Tree *t, uint64_t id) {
        return idmap_get(&t->by_id, id);
}

Folder *registry_find_path(const Tree *t, const char *path) {
        Folder *f = t->root;

        for (size_t n; *path; path += n) {
                Folder *child;

                path += strspn(path, "/");
                n = strcspn(path, "/");
                child = folder_child(f, path, n);
                if (!child)
                        break;
                f = child;
        }
        return f;
}

static void tell(Tree *t, EventKind kind, const Folder *f) {
        Event event = {
                .kind = kind,
                .now_usec = clock_usec(),
                .cgroup_id = f->id,
                .cgroup = { .kind = f->kind, .path = f->path, .unit = f->unit },
        };

        if (t->handler)
                t->handler(&event, t->userdata);
}

void registry_tell_new(Tree *t, const Folder *f) {
        tell(t, EVENT_CGROUP_NEW, f);
}

static bool is_slice(const Folder *f) {
        return f->kind != CGROUP_UNIT;
}

/* Puts the gaps of a folder into the account, or takes them out before they change. */
static void account(Tree *t, const Folder *f, bool add) {
        size_t folders = is_slice(f) && f->inotify_wd < 0, files = f->lacks_files;

        t->gaps.folders = add ? t->gaps.folders + folders : t->gaps.folders - folders;
        t->gaps.files = add ? t->gaps.files + files : t->gaps.files - files;
}

void registry_refresh(Tree *t, Folder *f) {
        account(t, f, false);
        folder_refresh(f);
        account(t, f, true);
}

void registry_count_watch(Tree *t, Folder *f, bool add) {
        unsigned step = add ? 1 : -1U;

        for (Folder *above = f; above; above = above->parent) {
                above->n_watches_below += step;
                if (above != f)
                        registry_refresh(t, above);
        }
        for (Folder *below = f; below; below = folder_next(below, f)) {
                below->n_watches_above += step;
                registry_refresh(t, below);
        }
}

/* Asks for the changes in a slice; without, it is a gap. */
static void follow(Tree *t, Folder *f) {
        char path[sizeof("/proc/self/fd/") + 10];
        int wd;

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", f->folder_fd);
        wd = inotify_add_watch(t->inotify_fd, path, CHANGES);
        if (wd >= 0 && idmap_put(&t->by_wd, (uint64_t) wd, f) < 0) {
                (void) inotify_rm_watch(t->inotify_fd, wd);
                wd = -1;
        }
        account(t, f, false);
        f->inotify_wd = wd;
        account(t, f, true);
}

/* Makes sure that a survey of all folders and one more fits. */
static int reserve_candidate(Tree *t) {
        size_t n = MAX(64U, 2 * t->n_candidates_max);
        Candidate *bigger;

        if (t->by_id.n_used < t->n_candidates_max)
                return 0;
        bigger = reallocarray(t->candidates, n, sizeof(*bigger));
        if (!bigger)
                return -ENOMEM;
        t->candidates = bigger;
        t->n_candidates_max = n;
        return 0;
}

/* Takes the folder behind the O_PATH descriptor in; a slice keeps the descriptor. */
static int add(Tree *t, Folder *parent, const char *name, uint64_t id, int *fd, Folder **ret) {
        _cleanup_(folder_freep) Folder *f = NULL;
        const char *unit;
        CgroupKind kind;
        int r;

        if (!text_parse_unit(name, &kind, &unit))
                return -EINVAL;
        if (t->by_id.n_used >= TREE_NODES_MAX)
                return -ENOSPC;
        r = reserve_candidate(t);
        if (r < 0)
                return r;
        r = folder_new(&f, parent, name, kind, unit, id);
        if (r < 0)
                return r;
        r = idmap_put(&t->by_id, id, f);
        if (r < 0)
                return r;
        folder_link(f, parent);
        account(t, f, true);
        if (is_slice(f)) {
                f->folder_fd = TAKE_FD(*fd);
                follow(t, f);
        }
        registry_refresh(t, f);
        memset(t->resolved, 0, sizeof(t->resolved));
        *ret = TAKE_PTR(f);
        return 0;
}

/* A folder without children. It is told while its descriptors are still open. */
static void remove_leaf(Tree *t, Folder *f) {
        Folder *parent = f->parent;

        if (f->watch)
                for (Folder *above = parent; above; above = above->parent) {
                        above->n_watches_below--;
                        registry_refresh(t, above);
                }
        if (f->inotify_wd >= 0) {
                (void) inotify_rm_watch(t->inotify_fd, f->inotify_wd); /* the kernel may have been faster */
                idmap_remove(&t->by_wd, (uint64_t) f->inotify_wd);
        }
        account(t, f, false);
        idmap_remove(&t->by_id, f->id);
        folder_unlink(f);
        tell(t, EVENT_CGROUP_GONE, f);
        folder_free(f);
}

void registry_remove(Tree *t, Folder *f) {
        for (bool last = false; !last;) {
                Folder *leaf = f;

                while (leaf->first_child)
                        leaf = leaf->first_child;
                last = leaf == f;
                remove_leaf(t, leaf);
        }
}

static bool is_above(const Folder *f, const Folder *below) {
        for (; below; below = below->parent)
                if (below == f)
                        return true;
        return false;
}

Folder *registry_compare(Tree *t, Folder *f, const char *name) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Folder *known = folder_child(f, name, strlen(name)), *elsewhere, *added = NULL;
        struct stat st = { 0 };
        const char *unit;
        CgroupKind kind;

        if (!text_parse_unit(name, &kind, &unit))
                return NULL;
        fd = openat(f->folder_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
                t->gaps.units += !known;
                return NULL;
        }
        if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != t->device))
                st.st_ino = 0; /* a mount point: another tree's numbers */
        if (known && known->id == st.st_ino)
                return NULL;
        if (known)
                registry_remove(t, known);
        if (!st.st_ino)
                return NULL;
        elsewhere = registry_find(t, st.st_ino);
        if (elsewhere && is_above(elsewhere, f))
                return NULL; /* moved into itself, seen half-way: its own events will tell */
        if (elsewhere)
                registry_remove(t, elsewhere);
        if (add(t, f, name, st.st_ino, &fd, &added) < 0) {
                t->gaps.units++;
                return NULL;
        }
        registry_tell_new(t, added);
        return added;
}

/* Drops children whose name is gone, or somebody else's by now. */
static void drop_gone(Tree *t, Folder *f) {
        for (Folder *child = f->first_child, *next; child; child = next) {
                struct stat st;

                next = child->next;
                if (fstatat(f->folder_fd, child->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != child->id)
                        registry_remove(t, child);
        }
}

static void list(Tree *t, Folder *f) {
        DIR *dir;
        int fd;

        fd = openat(f->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        dir = fd >= 0 ? fdopendir(fd) : NULL;
        if (!dir) {
                if (errno != ENOENT && errno != ENODEV)
                        t->gaps.units++; /* at least: it may hold more */
                (void) fd_close(fd);
                return;
        }
        for (const struct dirent *e; (e = readdir(dir));)
                (void) registry_compare(t, f, e->d_name);
        (void) closedir(dir);
}

void registry_compare_all(Tree *t, Folder *top) {
        for (Folder *f = top; f; f = folder_next(f, top)) {
                registry_refresh(t, f);
                if (!is_slice(f))
                        continue;
                if (f->inotify_wd < 0)
                        follow(t, f); /* before the listing: what comes after it will be told */
                drop_gone(t, f);
                list(t, f);
        }
}
