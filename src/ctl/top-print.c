/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "core/decision.h"
#include "ctl/json.h"
#include "ctl/top-print.h"

static const char *const lists[] = {
        [TOP_HOST] = "units", [TOP_UNIT] = "processes", [TOP_PROCESS] = "classes", [TOP_CLASS] = "stacks", [TOP_STACK] = NULL,
};

static void print_stack(Json *j, const char *stack) {
        json_list(j, "functions");
        for (const char *s = stack; *s;) {
                size_t length = strcspn(s, "\n");
                char name[256];

                (void) snprintf(name, sizeof(name), "%.*s", (int) length, s);
                json_string(j, NULL, name);
                s += length + (s[length] == '\n');
        }
        json_end(j);
}

static void print_name(Json *j, const TopData *d, const TopNode *n) {
        switch (n->level) {

        case TOP_HOST:
                break;

        case TOP_UNIT:
                json_string(j, "unit", n->name);
                json_string(j, "cgroup", n->cgroup);
                json_uint(j, "cause_usec", n->cause_usec[0]);
                json_uint(j, "cause_share", top_data_cause(d, n));
                break;

        case TOP_PROCESS:
                json_uint(j, "pid", n->pid);
                json_string(j, "comm", n->comm);
                break;

        case TOP_CLASS:
                json_string(j, "class", n->name);
                json_boolean(j, "counted", stall_is_counted(n->class));
                break;

        case TOP_STACK:
                print_stack(j, n->name);
                break;
        }
}

static void print_node(Json *j, const TopData *d, const TopNode *n) {
        print_name(j, d, n);
        json_uint(j, "stall_usec", n->stall_usec[0]);
        json_uint(j, "wait_usec", n->wait_usec[0]);
        json_uint(j, "count", n->count);
        if (!lists[n->level])
                return;
        json_list(j, lists[n->level]);
        for (const TopNode *below = n->children; below; below = below->next) {
                if (below->stall_usec[0] + below->wait_usec[0] + below->cause_usec[0] == 0)
                        continue;
                json_object(j, NULL);
                print_node(j, d, below);
                json_end(j);
        }
        json_end(j);
}

void top_print_json(FILE *f, const TopData *d, const TopHost *host) {
        Json j = { .f = f };

        json_object(&j, NULL);
        json_uint(&j, "span_usec", d->span_usec[0]);
        json_uint(&j, "pressure_some", host->some);
        json_uint(&j, "pressure_full", host->full);
        json_string(&j, "culprits", host->rung);
        json_boolean(&j, "complete", !d->cut);
        print_node(&j, d, &d->host);
        json_end(&j);
}

/* A part of a line: what separates parts, or the number from them, is something else. */
static void put_part(FILE *f, const char *s, size_t length) {
        for (size_t i = 0; i < length; i++)
                fputc((unsigned char) s[i] <= ' ' || (unsigned char) s[i] >= 0x7f || s[i] == ';' ? '_' : s[i], f);
}

static void put_outwards(FILE *f, const char *stack) {
        size_t end = strlen(stack);

        while (end > 0) {
                size_t begin = end;

                while (begin > 0 && stack[begin - 1] != '\n')
                        begin--;
                fputc(';', f);
                put_part(f, stack + begin, end - begin);
                end = begin > 0 ? begin - 1 : 0;
        }
}

static void put_folded(FILE *f, const TopNode *n) {
        const TopNode *class = n->parent, *process = class->parent, *unit = process->parent;

        put_part(f, unit->name, strlen(unit->name));
        fputc(';', f);
        put_part(f, process->comm ? process->comm : "", process->comm ? strlen(process->comm) : 0);
        fprintf(f, ";%s", class->name);
        put_outwards(f, n->name);
        fprintf(f, " %" PRIu64 "\n", n->stall_usec[0] + n->wait_usec[0]);
}

static void walk_folded(FILE *f, const TopNode *n) {
        if (n->level == TOP_STACK && n->stall_usec[0] + n->wait_usec[0] > 0)
                put_folded(f, n);
        for (const TopNode *below = n->children; below; below = below->next)
                walk_folded(f, below);
}

void top_print_folded(FILE *f, const TopData *d) {
        walk_folded(f, &d->host);
}
