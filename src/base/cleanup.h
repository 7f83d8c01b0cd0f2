/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ownership in one place: who frees what, and how it is handed on.
 *
 * A destructor takes NULL and half-built objects and returns the empty value, so that "free and forget" is one
 * assignment: `x->part = part_free(x->part)`. DEFINE_CLEANUP derives from it what `_cleanup_()` calls at the
 * end of a scope; a constructor fills a marked local and moves it out with TAKE_PTR or TAKE_FD on its last line. */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((__cleanup__(f)))
#define _printf_(a, b) __attribute__((__format__(printf, a, b)))

#define DEFINE_CLEANUP(type, func)                                                                            \
        static inline void func##p(type *p) {                                                                 \
                if (*p)                                                                                       \
                        func(*p);                                                                             \
        }                                                                                                     \
        struct _cleanup_semicolon_

#define TAKE(var, empty)                                                                                      \
        ({                                                                                                    \
                __typeof__(var) *_take_ = &(var);                                                             \
                __typeof__(var) _taken_ = *_take_;                                                            \
                *_take_ = (empty);                                                                            \
                _taken_;                                                                                      \
        })
#define TAKE_PTR(ptr) TAKE(ptr, NULL)
#define TAKE_FD(fd) TAKE(fd, -EBADF)

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *) ((char *) (ptr) - offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

static inline void freep(void *p) {
        free(*(void **) p);
}

/* Closes a descriptor if there is one; errno is left as it was. Returns -EBADF, the empty descriptor. */
static inline int fd_close(int fd) {
        if (fd >= 0) {
                int saved = errno;

                (void) close(fd);
                errno = saved;
        }
        return -EBADF;
}

static inline void fd_closep(int *fd) {
        *fd = fd_close(*fd);
}
