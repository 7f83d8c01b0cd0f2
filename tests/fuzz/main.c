/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* FUZZER FOLDER...: the corpus as a test, without libFuzzer. A property that does not hold aborts. */

#include <dirent.h>
#include <string.h>

#include "fuzz.h"

#define FILE_MAX (1024U * 1024)

static void run_file(const char *path) {
        static uint8_t data[FILE_MAX];
        FILE *file = fopen(path, "re");
        size_t n;

        if (!file) {
                perror(path);
                exit(EXIT_FAILURE);
        }
        n = fread(data, 1, sizeof(data), file);
        (void) fclose(file);
        (void) LLVMFuzzerTestOneInput(data, n);
}

static unsigned run_folder(const char *folder) {
        DIR *dir = opendir(folder);
        unsigned n = 0;

        if (!dir) {
                perror(folder);
                exit(EXIT_FAILURE);
        }
        for (const struct dirent *entry; (entry = readdir(dir));) {
                char path[4096];

                if (entry->d_name[0] == '.')
                        continue;
                (void) snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                run_file(path);
                n++;
        }
        (void) closedir(dir);
        return n;
}

int main(int argc, char **argv) {
        unsigned n = 0;

        for (int i = 1; i < argc; i++)
                n += run_folder(argv[i]);
        (void) LLVMFuzzerTestOneInput((const uint8_t *) "", 0);
        (void) printf("%u files\n", n);
        return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
