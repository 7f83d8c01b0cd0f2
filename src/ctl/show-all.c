/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/ini-lines.h"
#include "config/print.h"
#include "ctl/json.h"
#include "ctl/pager.h"
#include "ctl/show-private.h"
#include "ctl/verbs.h"
#include "ctl/where.h"

/* The text of a policy, or of the settings if `policy` is NULL; NULL if memory is short. */
static char *print_text(const Show *show, const Policy *policy, size_t *ret_size) {
        char *text = NULL;
        FILE *f = open_memstream(&text, ret_size);

        if (!f)
                return NULL;
        if (policy)
                config_print_policy(f, policy);
        else
                config_print_settings(f, &show->config.settings);
        if (fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void print_heading(const char *format, ...) _printf_(1, 2);

/* A comment line that stands out where it can. */
static void print_heading(const char *format, ...) {
        bool colors = pager_colors();
        va_list ap;

        fputs(colors ? "\033[1;34m# " : "# ", stdout);
        va_start(ap, format);
        (void) vprintf(format, ap);
        va_end(ap);
        puts(colors ? "\033[0m" : "");
}

static void print_hidden(const ConfigFile *file) {
        for (char *const *path = file->hides; path && *path; path++)
                printf("# in place of %s\n", *path);
}

static void print_mistakes(const Show *show, const char *path) {
        for (size_t i = 0; i < show->errors.n_items; i++) {
                const ConfigError *error = show->errors.items + i;

                if (!error->warning && strcmp(error->file, path) == 0)
                        printf("#   line %u: %s\n", error->line, error->text);
        }
}

static void print_file(const Show *show, const ConfigFile *file) {
        const char *off = file->policy ? show_policy_off(show, file->policy) : NULL;

        switch (file->state) {

        case FILE_IN_EFFECT:
                if (off)
                        print_heading("%s (%s, watches nothing)", file->path, off);
                else
                        print_heading("%s", file->path);
                break;

        case FILE_MASKED:
                print_heading("%s (empty: files of this name are switched off)", file->path);
                break;

        case FILE_LEFT_OUT:
                print_heading("%s (left out, it has mistakes)", file->path);
                print_mistakes(show, file->path);
                break;
        }
        print_hidden(file);
}

static void print_origins(const Show *show, const char *key) {
        for (size_t i = 0; i < show->files.n_items; i++) {
                const ConfigFile *file = show->files.items + i;
                unsigned line;

                if (file->is_settings && file->state == FILE_IN_EFFECT &&
                    where_find(file->path, "Daemon", SIZE_MAX, key, &line))
                        printf("# from %s:%u\n", file->path, line);
        }
}

/* Each setting below the files that set it. */
static int print_settings(const Show *show) {
        _cleanup_(freep) char *text = NULL;
        size_t size;

        text = print_text(show, NULL, &size);
        if (!text)
                return -ENOMEM;
        for (char *line = text, *end; *line; line = end + 1) {
                char key[64];

                end = strchrnul(line, '\n');
                if (sscanf(line, "%63[A-Za-z]=", key) == 1 && line[strlen(key)] == '=')
                        print_origins(show, key);
                printf("%.*s\n", (int) (end - line), line);
                if (!*end)
                        break;
        }
        return 0;
}

static int print_text_all(const Show *show) {
        int r;

        for (size_t i = 0; i < show->files.n_items; i++)
                if (show->files.items[i].is_settings)
                        print_file(show, show->files.items + i);
        r = print_settings(show);
        for (size_t i = 0; r >= 0 && i < show->files.n_items; i++) {
                const ConfigFile *file = show->files.items + i;

                if (file->is_settings)
                        continue;
                putchar('\n');
                print_file(show, file);
                if (file->policy)
                        config_print_policy(stdout, file->policy);
        }
        if (show->config.policies.n_policies == 0)
                printf("\n# There is no policy: %s\n",
                       show->config.settings.managed_oom ? "only units that say ManagedOOM...=kill themselves are watched."
                                                         : "nothing is watched.");
        return r;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* The lines of a printed text as they are read again. */
typedef struct Lines {
        const Show *show;
        Json *j;
        bool in_section;
} Lines;

static int on_policy_section(void *user, unsigned line, const char *name) {
        Lines *lines = user;

        if (lines->in_section) {
                json_end(lines->j);
                json_end(lines->j);
        }
        lines->in_section = true;
        json_object(lines->j, NULL);
        json_string(lines->j, "section", name);
        json_list(lines->j, "keys");
        return 0;
}

static int on_policy_key(void *user, unsigned line, const char *key, const char *value) {
        Lines *lines = user;

        json_object(lines->j, NULL);
        json_string(lines->j, "key", key);
        json_string(lines->j, "value", value);
        json_end(lines->j);
        return 0;
}

static int on_settings_section(void *user, unsigned line, const char *name) {
        return 0;
}

static int on_settings_key(void *user, unsigned line, const char *key, const char *value) {
        const Lines *lines = user;

        json_object(lines->j, NULL);
        json_string(lines->j, "key", key);
        json_string(lines->j, "value", value);
        json_list(lines->j, "from");
        for (size_t i = 0; i < lines->show->files.n_items; i++) {
                const ConfigFile *file = lines->show->files.items + i;
                unsigned at;

                if (!file->is_settings || file->state != FILE_IN_EFFECT ||
                    !where_find(file->path, "Daemon", SIZE_MAX, key, &at))
                        continue;
                json_object(lines->j, NULL);
                json_string(lines->j, "file", file->path);
                json_uint(lines->j, "line", at);
                json_end(lines->j);
        }
        json_end(lines->j);
        json_end(lines->j);
        return 0;
}

static int json_text(const Show *show, Json *j, const char *key, const Policy *policy) {
        static const IniEvents policy_events = { on_policy_section, on_policy_key },
                               settings_events = { on_settings_section, on_settings_key };
        _cleanup_(config_errors_done) ConfigErrors ignored = { 0 };
        _cleanup_(freep) char *text = NULL;
        Lines lines = { .show = show, .j = j };
        size_t size;
        int r;

        text = print_text(show, policy, &size);
        if (!text)
                return -ENOMEM;
        json_list(j, key);
        r = ini_read(&(Source){ .path = (char *) "", .text = text, .size = size },
                     policy ? &policy_events : &settings_events, &lines, &ignored);
        if (lines.in_section) {
                json_end(j);
                json_end(j);
        }
        json_end(j);
        return r;
}

static void json_mistakes(const Show *show, Json *j, const char *path) {
        json_list(j, "errors");
        for (size_t i = 0; i < show->errors.n_items; i++) {
                const ConfigError *error = show->errors.items + i;

                if (error->warning || strcmp(error->file, path) != 0)
                        continue;
                json_object(j, NULL);
                json_uint(j, "line", error->line);
                json_string(j, "text", error->text);
                json_end(j);
        }
        json_end(j);
}

static int json_file(const Show *show, Json *j, const ConfigFile *file) {
        static const char *const states[] = {
                [FILE_IN_EFFECT] = "in-effect", [FILE_MASKED] = "masked", [FILE_LEFT_OUT] = "left-out",
        };
        const char *off = file->policy ? show_policy_off(show, file->policy) : NULL;
        int r = 0;

        json_object(j, NULL);
        json_string(j, "file", file->path);
        json_string(j, "state", off ? off : states[file->state]);
        json_strv(j, "in_place_of", file->hides);
        json_mistakes(show, j, file->path);
        if (file->policy) {
                json_string(j, "policy", file->policy->name);
                r = json_text(show, j, "sections", file->policy);
        }
        json_end(j);
        return r;
}

static int print_json_all(const Show *show) {
        Json j = { .f = stdout };
        int r;

        json_object(&j, NULL);
        r = json_text(show, &j, "settings", NULL);
        for (unsigned policies = 0; r >= 0 && policies < 2; policies++) {
                json_list(&j, policies ? "policy_files" : "settings_files");
                for (size_t i = 0; r >= 0 && i < show->files.n_items; i++)
                        if (show->files.items[i].is_settings == !policies)
                                r = json_file(show, &j, show->files.items + i);
                json_end(&j);
        }
        json_end(&j);
        return r;
}

int show_all(const Show *show) {
        int r;

        r = show->json ? print_json_all(show) : print_text_all(show);
        if (r >= 0)
                return CTL_DONE;
        fprintf(stderr, "memstallctl: cannot show the configuration: %s\n", strerror(-r));
        return CTL_FAILED;
}
