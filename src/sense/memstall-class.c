/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/memstall-class.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

enum {
        /* The program, its trampoline, psi_memstall_leave(), and one to spare. */
        PLUMBING_MAX = 4,
};

typedef struct SiteRow {
        const char *function;
        StallClass class;
        bool locks_page;                /* any page: below a swap-in it is one that comes from swap */
} SiteRow;

/* Sorted by strcmp(), which a test checks. Functions without remark call psi_memstall_enter() themselves. */
static const SiteRow sites[] = {
        { "__alloc_pages_direct_compact", STALL_COMPACTION },
        { "__alloc_pages_direct_reclaim", STALL_DIRECT_RECLAIM },
        { "__alloc_pages_slowpath", STALL_DIRECT_RECLAIM },     /* the one before, folded in */
        { "__folio_lock", STALL_REFAULT, true },                /* folio_wait_bit_common(), folded in */
        { "__folio_lock_async", STALL_REFAULT, true },
        { "__folio_lock_killable", STALL_REFAULT, true },
        { "__folio_lock_or_retry", STALL_REFAULT, true },
        { "__lock_page", STALL_REFAULT, true },                 /* the names before 5.16 */
        { "__lock_page_async", STALL_REFAULT, true },
        { "__lock_page_killable", STALL_REFAULT, true },
        { "__lock_page_or_retry", STALL_REFAULT, true },
        { "__mem_cgroup_handle_over_high", STALL_HIGH_THROTTLE },
        { "__migration_entry_wait", STALL_REFAULT },
        { "__node_reclaim", STALL_NODE_RECLAIM },
        { "__perform_reclaim", STALL_DIRECT_RECLAIM },
        { "add_ra_bio_folios", STALL_READ },                    /* btrfs, 7.2 */
        { "add_ra_bio_pages", STALL_READ },                     /* btrfs: enters ... */
        { "balance_pgdat", STALL_KSWAPD },
        { "blkcg_maybe_throttle_blkg", STALL_BLKCG },
        { "blkcg_maybe_throttle_current", STALL_BLKCG },        /* the one before, folded in */
        { "btrfs_submit_compressed_read", STALL_READ },         /* ... and leaves */
        { "do_swap_page", STALL_SWAP_IN },
        { "filemap_read_folio", STALL_READ },
        { "folio_put_wait_locked", STALL_REFAULT, true },
        { "folio_wait_bit", STALL_REFAULT, true },
        { "folio_wait_bit_common", STALL_REFAULT, true },
        { "folio_wait_bit_killable", STALL_REFAULT, true },
        { "high_work_func", STALL_MEMCG_HIGH },                 /* reclaim_high(), folded in */
        { "kcompactd", STALL_KCOMPACTD },
        { "kswapd", STALL_KSWAPD },                             /* balance_pgdat(), folded in */
        { "mem_cgroup_handle_over_high", STALL_HIGH_THROTTLE },
        { "migration_entry_wait", STALL_REFAULT },              /* the next but one, as its last call */
        { "migration_entry_wait_huge", STALL_REFAULT },
        { "migration_entry_wait_on_locked", STALL_REFAULT },    /* softleaf_... since 6.19 */
        { "node_reclaim", STALL_NODE_RECLAIM },
        { "page_cache_ra_order", STALL_READ },                  /* read_pages(), folded in */
        { "page_cache_ra_unbounded", STALL_READ },
        { "pmd_migration_entry_wait", STALL_REFAULT },          /* ..._wait_on_locked(), as its last call */
        { "put_and_wait_on_page_locked", STALL_REFAULT, true },
        { "read_pages", STALL_READ },
        { "read_swap_cache_async", STALL_SWAP_IN },
        { "readahead_expand", STALL_READ },                     /* enters; read_pages() leaves */
        { "reclaim_high", STALL_MEMCG_HIGH },
        { "softleaf_entry_wait_on_locked", STALL_REFAULT },
        { "submit_bio", STALL_READ },                           /* up to 6.0 */
        { "swap_cache_read_folio", STALL_SWAP_IN },              /* 7.2: swap_read_folio() leaves by a jump */
        { "swap_cluster_readahead", STALL_SWAP_IN },            /* likewise, before */
        { "swap_read_folio", STALL_SWAP_IN },
        { "swap_readpage", STALL_SWAP_IN },
        { "swap_vma_readahead", STALL_SWAP_IN },
        { "swapin_readahead", STALL_SWAP_IN },
        { "swapin_sync", STALL_SWAP_IN },
        { "try_charge", STALL_MEMCG_MAX },
        { "try_charge_memcg", STALL_MEMCG_MAX },
        { "wait_on_page_bit", STALL_REFAULT, true },
        { "wait_on_page_bit_common", STALL_REFAULT, true },
        { "wait_on_page_bit_killable", STALL_REFAULT, true },
        { "z_erofs_runqueue", STALL_READ },
        { "z_erofs_submit_queue", STALL_READ },
};

/* A wait for a page below one of these is for a page that comes from swap. */
static const char *const swap_ins[] = {
        "do_swap_page",
        "shmem_swapin_folio",
        "shmem_swapin_page",
};

#define TRAMPOLINE "bpf_trampoline_"

static const char *const plumbing[] = {
        "__traceiter_",
        "bpf_get_stack",
        "bpf_prog_",
        "bpf_trace_run",
        TRAMPOLINE,
        "psi_memstall_",
};

/* The name without what compilers append and without the module. */
static size_t stem_length(const char *name) {
        return strcspn(name, ". ");
}

static int compare_stem(const char *name, size_t length, const char *row) {
        int r = strncmp(name, row, length);

        return r != 0 ? r : row[length] != '\0' ? -1 : 0;
}

static const SiteRow *find_site(const char *name) {
        size_t length = stem_length(name), low = 0, high = ELEMENTSOF(sites);

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int r = compare_stem(name, length, sites[middle].function);

                if (r == 0)
                        return &sites[middle];
                if (r < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

StallClass memstall_class_of_function(const char *name) {
        const SiteRow *site = find_site(name);

        return site ? site->class : STALL_OTHER;
}

static bool is_swap_in(const char *name) {
        size_t length = stem_length(name);

        for (size_t i = 0; i < ELEMENTSOF(swap_ins); i++)
                if (compare_stem(name, length, swap_ins[i]) == 0)
                        return true;
        return false;
}

static bool is_plumbing(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(plumbing); i++)
                if (strncmp(name, plumbing[i], strlen(plumbing[i])) == 0)
                        return true;
        return false;
}

/* A program or trampoline may have no name (net.core.bpf_jit_kallsyms=0, or it came after kallsyms was
 * read): all up to the last frame that is known as plumbing is plumbing, and where none is, the nameless
 * ones. */
size_t memstall_trim_stack(const Kallsyms *k, const uint64_t *frames, size_t n) {
        size_t end = 0, nameless = 0;

        for (size_t i = 0; i < n && i < PLUMBING_MAX; i++) {
                const char *name = kallsyms_find(k, frames[i] - 1, NULL);

                if (name && is_plumbing(name))
                        end = i + 1;
                else if (!name && nameless == i)
                        nameless = i + 1;
        }
        return MAX(end, nameless);
}

StallClass memstall_class_of_stack(const Kallsyms *k, const uint64_t *frames, size_t n) {
        const SiteRow *site = NULL;

        for (size_t i = memstall_trim_stack(k, frames, n); i < n; i++) {
                const char *name = kallsyms_find(k, frames[i] - 1, NULL);

                if (!name)
                        continue;
                if (!site)
                        site = find_site(name);
                if (site && !site->locks_page)
                        return site->class;
                if (site && is_swap_in(name))
                        return STALL_SWAP_IN;
        }
        return site ? site->class : STALL_OTHER;
}

/* Appends a line, or nothing where it does not fit. */
static bool append_line(char *buf, size_t size, size_t *length, const char *line) {
        size_t n = strlen(line) + (*length > 0);

        if (*length + n >= size)
                return false;
        (void) snprintf(buf + *length, size - *length, "%s%s", *length > 0 ? "\n" : "", line);
        *length += n;
        return true;
}

size_t memstall_stack_text(const Kallsyms *k, const uint64_t *frames, size_t n, char *buf, size_t size) {
        const char *above = NULL;       /* the frame that a trampoline was left out below */
        const char *last = NULL;
        size_t length = 0;

        if (size == 0)
                return 0;
        buf[0] = '\0';
        for (size_t i = memstall_trim_stack(k, frames, n); i < n; i++) {
                const char *name = kallsyms_find(k, frames[i] - 1, NULL);
                char address[sizeof("0x0123456789abcdef")];

                if (name && strncmp(name, TRAMPOLINE, strlen(TRAMPOLINE)) == 0) {
                        above = last;
                        continue;
                }
                if (name && name == above) {
                        above = NULL;
                        continue;
                }
                (void) snprintf(address, sizeof(address), "0x%" PRIx64, frames[i]);
                if (!append_line(buf, size, &length, name ? name : address))
                        break;
                last = name;
                above = NULL;
        }
        return length;
}

void memstall_find_places(const Kallsyms *k, MemstallPlaces *ret) {
        size_t n = 0;

        *ret = (MemstallPlaces) { .known = true };
        for (size_t i = 0; i < ELEMENTSOF(swap_ins); i++) {
                MemstallPlace *p = &ret->places[n];

                p->class = STALL_SWAP_WAIT;
                n += kallsyms_place(k, swap_ins[i], &p->begin, &p->size);
        }
        ret->places[n].class = STALL_FILE_WAIT;
        (void) kallsyms_place(k, "filemap_fault", &ret->places[n].begin, &ret->places[n].size);
}

static_assert(ELEMENTSOF(swap_ins) + 1 <= MEMSTALL_PLACES_MAX, "room for all places");
