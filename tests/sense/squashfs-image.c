/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "squashfs-image.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* From the kernel's fs/squashfs/squashfs_fs.h. */
enum {
        MAGIC = 0x73717368,
        COMPRESSION_ZLIB = 1,                   /* one has to be named */
        FLAGS = 0x1 | 0x2 | 0x8 | 0x10 | 0x200, /* inodes, data, fragments are not compressed; no fragments, no xattrs */
        TYPE_DIRECTORY = 1,
        TYPE_FILE = 2,
        DATA_UNCOMPRESSED = 1 << 24,
        META_UNCOMPRESSED = 1 << 15,
        SUPERBLOCK_SIZE = 96,
        ROOT_INODE = 1,
        FILE_INODE = 2,
        META_MAX = 1024,
};

#define NONE UINT64_MAX
#define NAME "data"

/* A block of metadata behind its size, or the superblock. */
typedef struct Bytes {
        uint8_t data[META_MAX];
        size_t n;
} Bytes;

static void put(Bytes *b, uint64_t value, size_t size) {
        uint64_t little = htole64(value);

        memcpy(b->data + b->n, &little, size);
        b->n += size;
}

static void put16(Bytes *b, uint16_t value) {
        put(b, value, sizeof(value));
}

static void put32(Bytes *b, uint32_t value) {
        put(b, value, sizeof(value));
}

static void put64(Bytes *b, uint64_t value) {
        put(b, value, sizeof(value));
}

static void put_inode(Bytes *b, uint16_t type, uint16_t mode, uint32_t number) {
        put16(b, type);
        put16(b, mode);
        put16(b, 0); /* user and group: the first of the table */
        put16(b, 0);
        put32(b, 0); /* time */
        put32(b, number);
}

/* What is between the data and the end. */
typedef struct Tables {
        Bytes inodes, directory, ids;
        size_t root_at; /* in `inodes` */
} Tables;

static void make_tables(Tables *ret, uint32_t n_blocks) {
        Tables t = { 0 };

        put_inode(&t.inodes, TYPE_FILE, 0444, FILE_INODE);
        put32(&t.inodes, SUPERBLOCK_SIZE); /* where the data begins */
        put32(&t.inodes, UINT32_MAX);      /* no fragment */
        put32(&t.inodes, 0);
        put32(&t.inodes, n_blocks * SQUASHFS_BLOCK);
        for (uint32_t i = 0; i < n_blocks; i++)
                put32(&t.inodes, SQUASHFS_BLOCK | DATA_UNCOMPRESSED);

        put32(&t.directory, 0); /* entries, less one */
        put32(&t.directory, 0); /* block of their inodes */
        put32(&t.directory, FILE_INODE);
        put16(&t.directory, 0); /* where in it */
        put16(&t.directory, 0); /* from the number above */
        put16(&t.directory, TYPE_FILE);
        put16(&t.directory, strlen(NAME) - 1);
        memcpy(t.directory.data + t.directory.n, NAME, strlen(NAME));
        t.directory.n += strlen(NAME);

        t.root_at = t.inodes.n;
        put_inode(&t.inodes, TYPE_DIRECTORY, 0555, ROOT_INODE);
        put32(&t.inodes, 0);                  /* block of its listing */
        put32(&t.inodes, 2);                  /* links */
        put16(&t.inodes, t.directory.n + 3);  /* with . and .. */
        put16(&t.inodes, 0);                  /* where in the block */
        put32(&t.inodes, FILE_INODE + 1);     /* its parent: none */

        put32(&t.ids, 0);
        *ret = t;
}

static int write_at(int fd, const Bytes *b, uint64_t *at) {
        if (pwrite(fd, b->data, b->n, (off_t) *at) != (ssize_t) b->n)
                return errno > 0 ? -errno : -EIO;
        *at += b->n;
        return 0;
}

static int write_meta(int fd, const Bytes *b, uint64_t *at) {
        Bytes size = { 0 };
        int r;

        put16(&size, b->n | META_UNCOMPRESSED);
        r = write_at(fd, &size, at);
        return r < 0 ? r : write_at(fd, b, at);
}

static void make_superblock(Bytes *b, const Tables *t, const uint64_t at[static 4], uint64_t end) {
        put32(b, MAGIC);
        put32(b, FILE_INODE); /* inodes */
        put32(b, 0);          /* time */
        put32(b, SQUASHFS_BLOCK);
        put32(b, 0); /* fragments */
        put16(b, COMPRESSION_ZLIB);
        put16(b, __builtin_ctz(SQUASHFS_BLOCK));
        put16(b, FLAGS);
        put16(b, 1); /* ids */
        put16(b, 4); /* version */
        put16(b, 0);
        put64(b, t->root_at); /* in the first block of inodes */
        put64(b, end);
        put64(b, at[3]); /* of the list of blocks of ids */
        put64(b, NONE);  /* xattrs */
        put64(b, at[0]);
        put64(b, at[1]);
        put64(b, NONE); /* fragments */
        put64(b, NONE); /* for NFS */
}

int squashfs_image_write(int fd, uint32_t n_blocks) {
        uint64_t at[4], end = SUPERBLOCK_SIZE + (uint64_t) n_blocks * SQUASHFS_BLOCK, start = 0;
        Bytes super = { 0 }, list = { 0 };
        const Bytes *metas[3];
        Tables t;
        int r;

        make_tables(&t, n_blocks);
        metas[0] = &t.inodes;
        metas[1] = &t.directory;
        metas[2] = &t.ids;
        for (size_t i = 0; i < ELEMENTSOF(metas); i++) {
                at[i] = end;
                r = write_meta(fd, metas[i], &end);
                if (r < 0)
                        return r;
        }
        at[3] = end;
        put64(&list, at[2]);
        r = write_at(fd, &list, &end);
        if (r < 0)
                return r;
        make_superblock(&super, &t, at, end);
        r = write_at(fd, &super, &start);
        if (r < 0)
                return r;
        /* The kernel reads whole blocks of a device. */
        return ftruncate(fd, (off_t) ((end + 4095) / 4096 * 4096)) < 0 ? -errno : 0;
}
