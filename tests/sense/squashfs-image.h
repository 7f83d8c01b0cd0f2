/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* A file system image for the kernel's squashfs, in version 4.0, with one file: /data, all zeros. Nothing in it is
 * compressed. What it is good for: whoever reads a few pages gets all of a block, which the kernel adds to the page
 * cache while it is reading. */

enum {
        SQUASHFS_BLOCK = 1 << 20,
};

/* `fd` is an empty file; the data is a hole in it. Returns 0, or a negative errno. */
int squashfs_image_write(int fd, uint32_t n_blocks);
