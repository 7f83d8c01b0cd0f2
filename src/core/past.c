/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/cleanup.h"
#include "core/past.h"

#define TRIES_MAX 64U /* windows that are looked at for one that can be had */

struct PastPool {
        PsiWindow *windows;
        Past **owners; /* NULL: nobody has it */
        size_t n, hand; /* where the search goes on */
};

int past_pool_new(PastPool **ret, size_t n) {
        PastPool *pool = calloc(1, sizeof(*pool));

        if (!pool)
                return -ENOMEM;
        *pool = (PastPool){
                .windows = calloc(n, sizeof(*pool->windows)),
                .owners = calloc(n, sizeof(Past *)),
                .n = n,
        };
        if (!pool->windows || !pool->owners) {
                past_pool_free(pool);
                return -ENOMEM;
        }
        *ret = pool;
        return 0;
}

PastPool *past_pool_free(PastPool *pool) {
        if (!pool)
                return NULL;
        free(pool->windows);
        free(pool->owners);
        free(pool);
        return NULL;
}

int past_new(Past **ret, PastPool *pool) {
        Past *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        *p = (Past){ .pool = pool, .window = pool ? NULL : calloc(1, sizeof(*p->window)) };
        if (!pool && !p->window) {
                free(p);
                return -ENOMEM;
        }
        *ret = p;
        return 0;
}

/* Gives the window back. */
static void give_back(Past *p) {
        if (!p->window)
                return;
        p->pool->owners[p->place] = NULL;
        p->window = NULL;
}

Past *past_free(Past *p) {
        if (!p)
                return NULL;
        if (p->pool)
                give_back(p);
        else
                free(p->window);
        free(p);
        return NULL;
}

/* The readings as a window, in `few` if need be. */
static PsiWindow *window_of(const Past *p, PsiWindow *few) {
        if (p->window)
                return p->window;
        few->first = 0;
        few->n = p->n;
        few->points[0] = p->readings[0];
        few->points[1] = p->readings[1];
        return few;
}

/* The last two readings of the window are enough from now on. */
static void keep_two(Past *p, const PsiWindow *w) {
        p->n = MIN(w->n, ELEMENTSOF(p->readings));
        for (size_t i = 0; i < p->n; i++)
                p->readings[i] = *series_point(w, w->n - p->n + i);
        give_back(p);
}

/* A window that nobody has, or whose owner has not been looked at for so long that it needs two readings alone. */
static bool take(Past *p, uint64_t now_usec) {
        PastPool *pool = p->pool;

        for (size_t i = 0; i < MIN(pool->n, (size_t) TRIES_MAX); i++) {
                size_t at = pool->hand;
                Past *owner = pool->owners[at];

                pool->hand = (at + 1) % pool->n;
                if (owner && usec_sub(now_usec, series_last(owner->window)->now_usec) <= PAST_REACH_USEC)
                        continue;
                if (owner)
                        keep_two(owner, owner->window);
                pool->owners[at] = p;
                p->window = pool->windows + at;
                p->place = at;
                return true;
        }
        return false;
}

void past_push(Past *p, uint64_t now_usec, uint64_t total_usec, uint64_t spacing_usec) {
        PsiWindow few, *w = window_of(p, &few);

        psi_window_push(w, now_usec, total_usec, spacing_usec);
        if (!p->pool)
                return;
        /* What lies before a reading that is older than all that is asked for says nothing more. */
        if (w->n <= 2 || now_usec - series_point(w, w->n - 2)->now_usec > PAST_REACH_USEC)
                keep_two(p, w);
        else if (w == &few && take(p, now_usec)) {
                p->window->first = 0;
                p->window->n = w->n;
                for (size_t i = 0; i < w->n; i++)
                        p->window->points[i] = *series_point(w, i);
        } else if (w == &few)
                p->readings[1] = *series_last(w); /* there is none: the one before counts on */
}

void past_copy(Past *to, const Past *from) {
        PsiWindow few;

        *to->window = *window_of(from, &few);
}

void past_seed(Past *p, uint64_t now_usec, uint64_t window_usec, uint64_t stall_usec) {
        PsiWindow few, *w = window_of(p, &few);

        psi_window_seed(w, now_usec, window_usec, stall_usec);
        if (w == &few)
                keep_two(p, w);
}

uint32_t past_share(const Past *p, uint64_t window_usec) {
        PsiWindow few;

        return psi_window_share(window_of(p, &few), window_usec);
}

uint32_t past_share_max(const Past *p, uint64_t window_usec) {
        PsiWindow few;

        return psi_window_share_max(window_of(p, &few), window_usec);
}
