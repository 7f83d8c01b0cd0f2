/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sense/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
        /* A line of the kernel has at most 16 + 3 + 511 + 60 characters (KSYM_NAME_LEN, MODULE_NAME_LEN). */
        LINE_MAX_SIZE = 1024,
        /* kallsyms says where a function begins, not where it ends. Beyond this is a gap, not a function. */
        FUNCTION_SIZE_MAX = 64 * 1024,
        NAMES_SIZE_MAX = 64 * 1024 * 1024,
};

typedef struct Symbol {
        uint64_t address;
        uint32_t name;                  /* offset into names */
} __attribute__((packed)) Symbol;

struct Kallsyms {
        Symbol *symbols;
        size_t n_symbols, n_allocated;
        char *names;
        size_t names_size, names_allocated;
};

typedef struct Line {
        uint64_t address;
        char type;
        const char *name;
        const char *module;             /* NULL, or "[name]" */
} Line;

Kallsyms *kallsyms_free(Kallsyms *k) {
        if (!k)
                return NULL;
        free(k->symbols);
        free(k->names);
        free(k);
        return NULL;
}

static inline void file_closep(FILE **f) {
        if (*f)
                (void) fclose(*f);
}

/* ---- Reading ---- */

static int hex_value(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -1;
}

/* Ends the word at p and returns where the next one begins; NULL where the word is empty or has bytes that
 * no symbol has. */
static char *end_word(char *p) {
        char *begin = p;

        while (*p > ' ' && *p < 0x7f)
                p++;
        if (p == begin || (*p != '\0' && *p != '\n' && *p != '\t' && *p != ' '))
                return NULL;
        if (*p == '\0')
                return p;
        *p = '\0';
        return p + 1;
}

static bool parse_line(char *text, Line *ret) {
        Line line = {};
        size_t n;
        char *p;

        for (n = 0; n < 16 && hex_value(text[n]) >= 0; n++)
                line.address = line.address << 4 | (uint64_t) hex_value(text[n]);
        if (n == 0 || text[n] != ' ' || text[n + 1] <= ' ' || text[n + 2] != ' ')
                return false;
        line.type = text[n + 1];
        line.name = text + n + 3;
        p = end_word(text + n + 3);
        if (!p)
                return false;
        if (*p == '[') {
                line.module = p;
                if (!end_word(p))
                        return false;
        }
        *ret = line;
        return true;
}

/* Functions only; not the padding before them that some kernels list as symbols too. */
static bool is_function(const Line *line) {
        return strchr("tTwW", line->type) && strncmp(line->name, "__pfx_", 6) != 0;
}

static int grow(void **array, size_t *n_allocated, size_t n_needed, size_t item_size) {
        size_t n = *n_allocated ? *n_allocated : 1024;
        void *p;

        while (n < n_needed)
                n *= 2;
        if (n == *n_allocated)
                return 0;
        p = realloc(*array, n * item_size);
        if (!p)
                return -ENOMEM;
        *array = p;
        *n_allocated = n;
        return 0;
}

static int add_symbol(Kallsyms *k, const Line *line) {
        size_t size = strlen(line->name) + 1 + (line->module ? strlen(line->module) + 1 : 0);
        int r;

        if (k->names_size + size > NAMES_SIZE_MAX)
                return -E2BIG;
        r = grow((void **) &k->names, &k->names_allocated, k->names_size + size, 1);
        if (r < 0)
                return r;
        r = grow((void **) &k->symbols, &k->n_allocated, k->n_symbols + 1, sizeof(Symbol));
        if (r < 0)
                return r;

        k->symbols[k->n_symbols++] = (Symbol) { .address = line->address, .name = (uint32_t) k->names_size };
        (void) snprintf(k->names + k->names_size, size, "%s%s%s", line->name, line->module ? " " : "",
                        line->module ? line->module : "");
        k->names_size += size;
        return 0;
}

static int read_symbols(Kallsyms *k, FILE *f) {
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        ssize_t n;
        int r;

        errno = 0;
        while ((n = getline(&text, &size, f)) >= 0) {
                Line line;

                if (n >= LINE_MAX_SIZE || strlen(text) != (size_t) n)
                        continue;
                if (!parse_line(text, &line) || !is_function(&line) || line.address == 0)
                        continue;
                r = add_symbol(k, &line);
                if (r < 0)
                        return r;
        }
        return feof(f) ? 0 : errno > 0 ? -errno : -EIO;
}

/* ---- Order ---- */

static int compare_symbols(const void *a, const void *b) {
        const Symbol *x = a, *y = b;

        if (x->address != y->address)
                return x->address < y->address ? -1 : 1;
        return x->name < y->name ? -1 : x->name > y->name;
}

static void shrink(void **array, size_t *n_allocated, size_t n, size_t item_size) {
        void *p = n > 0 ? realloc(*array, n * item_size) : NULL;

        if (p) {
                *array = p;
                *n_allocated = n;
        }
}

/* Sorted by address; of several names for one, the first that the kernel gave. */
static void settle(Kallsyms *k) {
        size_t n = 0;

        if (k->n_symbols > 0)
                qsort(k->symbols, k->n_symbols, sizeof(Symbol), compare_symbols);
        for (size_t i = 0; i < k->n_symbols; i++)
                if (n == 0 || k->symbols[i].address != k->symbols[n - 1].address)
                        k->symbols[n++] = k->symbols[i];
        k->n_symbols = n;
        shrink((void **) &k->symbols, &k->n_allocated, k->n_symbols, sizeof(Symbol));
        shrink((void **) &k->names, &k->names_allocated, k->names_size, 1);
}

static int read_all(Kallsyms **ret, FILE *f) {
        _cleanup_(kallsyms_freep) Kallsyms *k = NULL;
        int r;

        k = calloc(1, sizeof(*k));
        if (!k)
                return -ENOMEM;
        r = read_symbols(k, f);
        if (r < 0)
                return r;
        if (k->n_symbols == 0)
                return KALLSYMS_E_HIDDEN;
        settle(k);
        *ret = TAKE_PTR(k);
        return 0;
}

int kallsyms_new(Kallsyms **ret, const char *path) {
        _cleanup_(file_closep) FILE *f = fopen(path, "re");

        return f ? read_all(ret, f) : -errno;
}

/* Opening it again would ask for CAP_SYSLOG again. NULL if standard input is something else. */
static FILE *open_input(void) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char target[sizeof(KALLSYMS_PATH) + 1];
        ssize_t n;
        FILE *f;

        n = readlink("/proc/self/fd/0", target, sizeof(target));
        if (n != (ssize_t) strlen(KALLSYMS_PATH) || memcmp(target, KALLSYMS_PATH, (size_t) n) != 0)
                return NULL;
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return NULL;
        f = fdopen(fd, "r");
        if (f)
                TAKE_FD(fd);
        return f;
}

int kallsyms_new_running(Kallsyms **ret) {
        _cleanup_(file_closep) FILE *f = open_input();

        return f ? read_all(ret, f) : kallsyms_new(ret, KALLSYMS_PATH);
}

/* ---- Asking ---- */

const char *kallsyms_find(const Kallsyms *k, uint64_t address, uint64_t *ret_offset) {
        size_t low = 0, high = k->n_symbols;
        uint64_t offset;

        /* symbols[low - 1] begins at or before the address, symbols[high] after it. */
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (k->symbols[middle].address <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == 0)
                return NULL;
        offset = address - k->symbols[low - 1].address;
        if (offset >= FUNCTION_SIZE_MAX)
                return NULL;
        if (ret_offset)
                *ret_offset = offset;
        return k->names + k->symbols[low - 1].name;
}

static bool is_called(const char *symbol, const char *name) {
        size_t length = strlen(name);

        if (strncmp(symbol, name, length) != 0)
                return false;
        return symbol[length] == '\0' ||
               (symbol[length] == '.' && !strstr(symbol + length, ".cold") && !strstr(symbol + length, ".part"));
}

bool kallsyms_place(const Kallsyms *k, const char *name, uint64_t *ret_begin, uint64_t *ret_size) {
        for (size_t i = 0; i < k->n_symbols; i++) {
                uint64_t size = FUNCTION_SIZE_MAX;

                if (!is_called(k->names + k->symbols[i].name, name))
                        continue;
                if (i + 1 < k->n_symbols)
                        size = MIN(size, k->symbols[i + 1].address - k->symbols[i].address);
                *ret_begin = k->symbols[i].address;
                *ret_size = size;
                return true;
        }
        return false;
}
