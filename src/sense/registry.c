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
#include "core/wants.h"
#include "sense/place.h"
#include "sense/registry.h"

/* IN_ATTRIB is how kernfs tells of extended attributes and owners, too. */
#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)

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
        while (!f->place.told)
                f = f->parent;
        return f;
}

static void tell(Tree *t, EventKind kind, const Folder *f) {
        Event event = {
                .kind = kind,
                .now_usec = clock_usec(),
                .cgroup_id = f->id,
                .cgroup = {
                        .kind = f->place.kind,
                        .path = f->path,
                        .unit = f->place.unit,
                        .delegated = f->place.delegated,
                        .container = f->container,
                },
        };

        if (t->handler && f->place.told)
                t->handler(&event, t->userdata);
}

void registry_tell_new(Tree *t, const Folder *f) {
        tell(t, EVENT_CGROUP_NEW, f);
}

/* Puts the gaps of a folder into the account, or takes them out before they change. */
static void account(Tree *t, const Folder *f, bool add) {
        size_t folders = f->place.entered && f->inotify_wd < 0, files = f->lacks_files || f->lacks_look;

        t->gaps.folders = add ? t->gaps.folders + folders : t->gaps.folders - folders;
        t->gaps.files = add ? t->gaps.files + files : t->gaps.files - files;
}

/* folder_refresh() with its account in the gaps. */
static void refresh(Tree *t, Folder *f) {
        account(t, f, false);
        folder_refresh(f);
        account(t, f, true);
}

/* Reads anew what may change about a folder. */
static void look_again(Tree *t, Folder *f) {
        account(t, f, false);
        folder_look(f, -EBADF);
        account(t, f, true);
        refresh(t, f); /* a controller may be there by now */
}

void registry_look(Tree *t, Folder *f, const char *name) {
        Folder *child = folder_child(f, name, strlen(name));

        if (child)
                look_again(t, child);
}

void registry_count_look(Tree *t, Folder *f, bool add) {
        for (; f; f = f->parent) {
                f->n_looks_below += add ? 1 : -1U;
                refresh(t, f);
        }
}

Folder *registry_claimed(const Tree *t, Folder *f) {
        return f->watch->wants & (WANT_CANDIDATE_ALL | WANT_CANDIDATE_OTHERS) ? t->root : f;
}

void registry_count_claims(Tree *t, Folder *top, unsigned wants, bool add) {
        const unsigned claims[_FOLDER_CLAIM_MAX] = {
                [CLAIM_CANDIDATE] = 1,
                [CLAIM_SWAP] = !!(wants & WANT_CANDIDATE_SWAP),
                [CLAIM_SLICES] = !!(wants & WANT_CANDIDATE_SLICES),
        };

        unsigned changes[_FOLDER_CLAIM_MAX] = { 0 };
        bool any = false;

        /* Those beneath see only whether anybody claims: each of many watches may claim the whole host. */
        for (size_t i = 0; i < ELEMENTSOF(claims); i++) {
                bool before = top->n_claims[i] > 0;

                top->n_claims[i] += add ? claims[i] : -claims[i];
                changes[i] = (unsigned) (top->n_claims[i] > 0) - (unsigned) before;
                any = any || changes[i] != 0;
        }
        for (Folder *f = top; f && any; f = folder_next(f, top)) {
                for (size_t i = 0; i < ELEMENTSOF(claims); i++)
                        f->n_above[i] += changes[i];
                refresh(t, f);
        }
}

/* Asks for the changes in a folder; without, it is a gap. */
static void listen(Tree *t, Folder *f) {
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

/* Takes the folder behind the O_PATH descriptor in; one that is entered keeps the descriptor. */
static int add(Tree *t, Folder *parent, const char *name, const Place *place, uint64_t id, int *fd, Folder **ret) {
        _cleanup_(folder_freep) Folder *f = NULL;
        int r;

        if (t->by_id.n_used >= TREE_NODES_MAX)
                return -ENOSPC;
        r = reserve_candidate(t);
        if (r < 0)
                return r;
        r = folder_new(&f, parent, name, place, id);
        if (r < 0)
                return r;
        r = idmap_put(&t->by_id, id, f);
        if (r < 0)
                return r;
        folder_link(f, parent);
        folder_look(f, *fd);
        account(t, f, true);
        if (place->entered) {
                f->folder_fd = TAKE_FD(*fd);
                listen(t, f);
        }
        f->container = place->manager ||
                       (folder_may_pay(f) && place->entered && place_holds_group(t->globs, f, f->folder_fd));
        refresh(t, f);
        memset(t->resolved, 0, sizeof(t->resolved));
        *ret = TAKE_PTR(f);
        return 0;
}

/* A folder without children. It is told while its descriptors are still open. */
static void remove_leaf(Tree *t, Folder *f) {
        if (f->parent && f->watch) {
                registry_count_look(t, f->parent, false);
                if (registry_claimed(t, f) != f)
                        registry_count_claims(t, t->root, f->watch->wants, false);
        }
        if (f->parent && f->n_followed)
                registry_count_look(t, f->parent, false);
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
        Place place;

        if (!place_of(t->globs, f, name, &place))
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
        if (add(t, f, name, &place, st.st_ino, &fd, &added) < 0) {
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
                look_again(t, f);
                if (!f->place.entered)
                        continue;
                if (f->inotify_wd < 0)
                        listen(t, f); /* before the listing: what comes after it will be told */
                drop_gone(t, f);
                list(t, f);
        }
}
