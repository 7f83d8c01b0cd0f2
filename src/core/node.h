/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/decision.h"
#include "core/managed-policy.h"

/* The cgroups that the core knows: slices, units, and the host. */

typedef struct Watch Watch;

typedef struct Node {
        uint64_t id;
        CgroupKind kind;
        char *path;
        char *unit;
        unsigned n_refs;
        bool gone;      /* removed outside; lives on while a hold or decision names it */
        bool protected; /* by its own name, or because of what is beneath it */
        bool protected_by_name, protects_above;
        unsigned n_protected; /* how many nodes beneath it protect it */
        bool delegated; /* the system manager does not know it */
        bool container; /* no candidate: what is beneath it is */
        struct Node *parent; /* reference; the next one above that the registry knows, NULL if there is none */
        struct Node *next_hashed;
        Watch *watch;   /* NULL if no policy takes it */
        Watch *victim_of; /* the watches that acted on it last, see watch_set_victim() */
        size_t suspect;   /* its index in the survey that it was last in */
        Managed managed; /* its own ManagedOOM…= */

        uint64_t born_usec; /* 0: before anybody looked */

        /* What growth and pressure are measured from. */
        uint64_t base_usec; /* 0: no base yet */
        uint64_t base_usage_bytes;
        uint64_t base_pressure_usec;
        uint64_t base_scanned;
        bool base_counted; /* these two are known */
        uint64_t base_reclaimed, base_refaulted;

        uint64_t dying_until_usec; /* killed, and not to be chosen again before */

        uint64_t left_alone_until_usec; /* released by hand: nothing holds it again before */

        /* What came to nothing with it, a bit for each ActionKind, in this incident: not to be tried again there. */
        uint32_t vain;
        Id128 vain_incident;
} Node;

/* One reference is the caller's. 0 or -ENOMEM. */
int node_new(Node **ret, uint64_t id, CgroupKind kind, const char *path, const char *unit);
Node *node_ref(Node *n);
Node *node_unref(Node *n); /* always NULL */
DEFINE_CLEANUP(Node *, node_unref);

/* Its names, as decisions carry them; all empty for NULL. */
CgroupName node_name(const Node *n);

/* Whether it is `above` or lies beneath it; everything lies beneath the host. */
bool node_is_within(const Node *n, const Node *above);

/* What BPF tells of the last 17 seconds may be of cgroups that have gone: so many are remembered, the latest. */
#define NODES_LATE_MAX 64U

/* All nodes by id. The registry holds one reference to each. */
typedef struct NodeRegistry {
        void *root;  /* tsearch(3), by id: for their order */
        Node **buckets; /* by id as well: to find one whose id is known, at a cost that does not grow */
        size_t n_buckets; /* a power of two, 0 before the first */
        void *paths; /* the same by path; where two have one path, the newer */
        size_t n;
        Node *late[NODES_LATE_MAX]; /* of those that were removed, with a reference each; round and round */
        size_t next_late;
} NodeRegistry;

#define NODES_MAX 65536U

Node *node_registry_find(const NodeRegistry *r, uint64_t id);

/* The same, or one of the latest that were removed (`gone` is set). The second: by path, of those alone; the latest. */
Node *node_registry_recall(const NodeRegistry *r, uint64_t id);
Node *node_registry_recall_path(const NodeRegistry *r, const char *path);

/* Takes over the caller's reference, and sets the node's parent. 0; -EEXIST, -ENOBUFS beyond NODES_MAX, or -ENOMEM with the reference still the
 * caller's. */
int node_registry_add(NodeRegistry *r, Node *n);

/* Marks the node gone, takes back its protection of what is above it, and keeps it among the latest that were removed. */
void node_registry_remove(NodeRegistry *r, Node *n);

/* Calls `visit` for each node, in the order of their ids. It may not add or remove any. */
void node_registry_walk(const NodeRegistry *r, void (*visit)(Node *n, void *userdata), void *userdata);

/* The node is protected; `above`: and with it every node above it but the host's. For a node of the registry. */
void node_protect(Node *n, bool above);

void node_registry_done(NodeRegistry *r);
