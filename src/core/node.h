/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "core/decision.h"

/* The cgroups that the core knows: slices, units, and the host. */

typedef struct Watch Watch;

typedef struct Node {
        uint64_t id;
        CgroupKind kind;
        char *path;
        char *unit;
        unsigned n_refs;
        bool gone;      /* removed outside; lives on while a hold or decision names it */
        bool protected;
        bool delegated; /* the system manager does not know it */
        bool container; /* no candidate: what is beneath it is */
        Watch *watch;   /* NULL if no policy takes it */

        uint64_t born_usec; /* 0: before anybody looked */

        /* What growth and pressure are measured from. */
        uint64_t base_usec; /* 0: no base yet */
        uint64_t base_usage_bytes;
        uint64_t base_pressure_usec;
        uint64_t base_scanned;

        uint64_t dying_until_usec; /* killed, and not to be chosen again before */

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

/* All nodes by id. The registry holds one reference to each. */
typedef struct NodeRegistry {
        void *root; /* tsearch(3) */
        size_t n;
} NodeRegistry;

#define NODES_MAX 65536U

Node *node_registry_find(const NodeRegistry *r, uint64_t id);

/* Takes over the caller's reference. 0; -EEXIST, -ENOBUFS beyond NODES_MAX, or -ENOMEM with the reference still the
 * caller's. */
int node_registry_add(NodeRegistry *r, Node *n);

/* Marks the node gone and drops the registry's reference. */
void node_registry_remove(NodeRegistry *r, Node *n);

void node_registry_done(NodeRegistry *r);
