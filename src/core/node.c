/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <search.h>
#include <string.h>

#include "core/node.h"

#define BUCKETS_MIN 64U

int node_new(Node **ret, uint64_t id, CgroupKind kind, const char *path, const char *unit) {
        _cleanup_(node_unrefp) Node *n = calloc(1, sizeof(*n));

        if (!n)
                return -ENOMEM;
        *n = (Node){ .id = id, .kind = kind, .n_refs = 1, .path = strdup(path), .unit = strdup(unit) };
        if (!n->path || !n->unit)
                return -ENOMEM;

        *ret = TAKE_PTR(n);
        return 0;
}

Node *node_ref(Node *n) {
        if (n)
                n->n_refs++;
        return n;
}

Node *node_unref(Node *n) {
        if (!n || --n->n_refs > 0)
                return NULL;

        node_unref(n->parent);
        free(n->unit);
        free(n->path);
        free(n);
        return NULL;
}

CgroupName node_name(const Node *n) {
        if (!n)
                return (CgroupName){ .path = "", .unit = "" };
        return (CgroupName){ .id = n->id, .kind = n->kind, .path = n->path, .unit = n->unit,
                             .delegated = n->delegated };
}

bool node_is_within(const Node *n, const Node *above) {
        size_t length = strlen(above->path);

        if (n == above || above->kind == CGROUP_HOST)
                return true;
        return strncmp(n->path, above->path, length) == 0 && n->path[length] == '/';
}

static int compare_ids(const void *a, const void *b) {
        uint64_t x = ((const Node *) a)->id, y = ((const Node *) b)->id;

        return x < y ? -1 : x > y;
}

static Node **bucket_of(const NodeRegistry *r, uint64_t id) {
        return r->buckets + ((id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (r->n_buckets - 1));
}

static void hash(NodeRegistry *r, Node *n) {
        Node **bucket = bucket_of(r, n->id);

        n->next_hashed = *bucket;
        *bucket = n;
}

static void unhash(NodeRegistry *r, Node *n) {
        Node **place = bucket_of(r, n->id);

        while (*place != n)
                place = &(*place)->next_hashed;
        *place = n->next_hashed;
}

/* Room for one more. */
static int grow_buckets(NodeRegistry *r) {
        NodeRegistry grown = { .n_buckets = r->n_buckets > 0 ? 2 * r->n_buckets : BUCKETS_MIN };

        if (r->n < r->n_buckets)
                return 0;
        grown.buckets = calloc(grown.n_buckets, sizeof(Node *));
        if (!grown.buckets)
                return -ENOMEM;
        for (size_t i = 0; i < r->n_buckets; i++)
                for (Node *n = r->buckets[i], *next; n; n = next) {
                        next = n->next_hashed;
                        hash(&grown, n);
                }
        free(r->buckets);
        r->buckets = grown.buckets;
        r->n_buckets = grown.n_buckets;
        return 0;
}

Node *node_registry_find(const NodeRegistry *r, uint64_t id) {
        Node *n = r->n_buckets > 0 ? *bucket_of(r, id) : NULL;

        while (n && n->id != id)
                n = n->next_hashed;
        return n;
}

Node *node_registry_recall(const NodeRegistry *r, uint64_t id) {
        Node *n = node_registry_find(r, id);

        for (size_t i = 0; !n && i < NODES_LATE_MAX; i++)
                if (r->late[i] && r->late[i]->id == id)
                        n = r->late[i];
        return n;
}

Node *node_registry_recall_path(const NodeRegistry *r, const char *path) {
        for (size_t i = 1; i <= NODES_LATE_MAX; i++) {
                Node *n = r->late[(r->next_late + NODES_LATE_MAX - i) % NODES_LATE_MAX];

                if (n && strcmp(n->path, path) == 0)
                        return n;
        }
        return NULL;
}

static int compare_paths(const void *a, const void *b) {
        return strcmp(((const Node *) a)->path, ((const Node *) b)->path);
}

/* The nearest node above `n`, its path being cut at each slash from the end. -ENOMEM. */
static int find_parent(const NodeRegistry *r, const Node *n, Node **ret) {
        _cleanup_(freep) char *path = strdup(n->path);
        Node *parent = NULL;
        char *slash;

        if (!path)
                return -ENOMEM;
        while (!parent && (slash = strrchr(path, '/')) && strcmp(path, "/") != 0) {
                const Node key = { .path = path };
                void *found;

                slash[slash == path] = '\0';
                found = tfind(&key, &r->paths, compare_paths);
                parent = found ? *(Node **) found : NULL;
        }
        *ret = parent;
        return 0;
}

int node_registry_add(NodeRegistry *r, Node *n) {
        Node *parent, **by_path;
        void *slot;
        int k;

        if (r->n >= NODES_MAX)
                return -ENOBUFS;
        k = find_parent(r, n, &parent);
        if (k < 0)
                return k;
        k = grow_buckets(r);
        if (k < 0)
                return k;
        slot = tsearch(n, &r->root, compare_ids);
        if (!slot)
                return -ENOMEM;
        if (*(Node **) slot != n)
                return -EEXIST;
        by_path = tsearch(n, &r->paths, compare_paths);
        if (!by_path) {
                (void) tdelete(n, &r->root, compare_ids);
                return -ENOMEM;
        }
        *by_path = n; /* one that is still there under this path is about to go */
        n->parent = node_ref(parent);
        hash(r, n);
        r->n++;
        return 0;
}

void node_protect(Node *n, bool above) {
        n->protected = n->protected_by_name = true;
        n->protects_above = above;
        for (Node *p = n->parent; above && p; p = p->parent)
                if (p->kind != CGROUP_HOST) {
                        p->n_protected++;
                        p->protected = true;
                }
}

static void unprotect_above(Node *n) {
        for (Node *p = n->parent; n->protects_above && p; p = p->parent)
                if (p->kind != CGROUP_HOST) {
                        p->n_protected--;
                        p->protected = p->protected_by_name || p->n_protected > 0;
                }
}

void node_registry_remove(NodeRegistry *r, Node *n) {
        Node **by_path = tfind(n, &r->paths, compare_paths);

        if (by_path && *by_path == n)
                (void) tdelete(n, &r->paths, compare_paths);
        (void) tdelete(n, &r->root, compare_ids);
        unhash(r, n);
        r->n--;
        unprotect_above(n);
        n->gone = true;
        node_unref(r->late[r->next_late]);
        r->late[r->next_late] = n;
        r->next_late = (r->next_late + 1) % NODES_LATE_MAX;
}

typedef struct Walk {
        void (*visit)(Node *n, void *userdata);
        void *userdata;
} Walk;

static void walk_one(const void *slot, VISIT order, void *userdata) {
        const Walk *walk = userdata;

        if (order == postorder || order == leaf)
                walk->visit(*(Node *const *) slot, walk->userdata);
}

void node_registry_walk(const NodeRegistry *r, void (*visit)(Node *n, void *userdata), void *userdata) {
        Walk walk = { visit, userdata };

        twalk_r(r->root, walk_one, &walk);
}

static void unref_node(void *n) {
        node_unref(n);
}

static void leave_node(void *n) {
}

void node_registry_done(NodeRegistry *r) {
        tdestroy(r->paths, leave_node);
        tdestroy(r->root, unref_node);
        free(r->buckets);
        for (size_t i = 0; i < NODES_LATE_MAX; i++)
                node_unref(r->late[i]);
        *r = (NodeRegistry){ 0 };
}
