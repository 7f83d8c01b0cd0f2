/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <search.h>
#include <string.h>

#include "core/node.h"

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

Node *node_registry_find(const NodeRegistry *r, uint64_t id) {
        const Node key = { .id = id };
        void *found = tfind(&key, &r->root, compare_ids);

        return found ? *(Node **) found : NULL;
}

int node_registry_add(NodeRegistry *r, Node *n) {
        void *slot;

        if (r->n >= NODES_MAX)
                return -ENOBUFS;
        slot = tsearch(n, &r->root, compare_ids);
        if (!slot)
                return -ENOMEM;
        if (*(Node **) slot != n)
                return -EEXIST;
        r->n++;
        return 0;
}

void node_registry_remove(NodeRegistry *r, Node *n) {
        (void) tdelete(n, &r->root, compare_ids);
        r->n--;
        n->gone = true;
        node_unref(n);
}

static void unref_node(void *n) {
        node_unref(n);
}

void node_registry_done(NodeRegistry *r) {
        tdestroy(r->root, unref_node);
        *r = (NodeRegistry){ 0 };
}
