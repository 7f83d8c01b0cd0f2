/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/format.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#define NAME "org.memstalld1"
#define OBJECT "/org/memstalld1"
#define INTERFACE "org.memstalld1.Manager"
#define REPLY_LIMIT_USEC (5 * USEC_PER_SEC)

static int help(void) {
        printf("memstallctl status [UNIT...]\n\n"
               "Show what memstalld watches, by which policy, and what it holds; for the units named, or all.\n\n"
               "  -h --help  Show this help\n\n"
               "Exit status: 0 done, 1 no daemon runs or it does not answer, 2 wrong usage.\n");
        return CTL_DONE;
}

/* Reads one property; the reply stands on its value. */
static int get(sd_bus *bus, const char *property, const char *type, sd_bus_message **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_get_property(bus, NAME, OBJECT, INTERFACE, property, &error, ret, type);
        if (r >= 0)
                return 0;
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                fprintf(stderr, "memstallctl: memstalld is not running; see systemctl status memstalld.service\n");
        else
                fprintf(stderr, "memstallctl: memstalld does not tell its %s: %s\n", property,
                        error.message ? error.message : strerror(-r));
        return r;
}

/* Reads a property of a basic type into `ret`. A string is the caller's to free. */
static int get_basic(sd_bus *bus, const char *property, char type, void *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *s;
        int r;

        r = get(bus, property, (char[]){ type, '\0' }, &reply);
        if (r < 0)
                return r;
        if (type != 's')
                return sd_bus_message_read_basic(reply, type, ret);
        r = sd_bus_message_read_basic(reply, type, &s);
        if (r < 0)
                return r;
        *(char **) ret = strdup(s);
        return *(char **) ret ? 0 : -ENOMEM;
}

static bool is_wanted(char *const *units, const char *unit) {
        if (!*units)
                return true;
        for (; *units; units++)
                if (strcmp(*units, unit) == 0)
                        return true;
        return false;
}

/* The kernel's avg10 of `kind` ("some", "full") in a cgroup's memory.pressure or the host's, "-" where there is none.
 * It lags by seconds, which decisions may not do; for a look it serves. */
static void read_average(const char *path, const char *kind, char *buf, size_t size) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char file[PATH_MAX], text[256];
        const char *line;

        (void) snprintf(buf, size, "-");
        if (strcmp(path, "/") == 0)
                (void) snprintf(file, sizeof(file), "/proc/pressure/memory");
        else
                (void) snprintf(file, sizeof(file), "/sys/fs/cgroup%s/memory.pressure", path);
        fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fd_read_text(fd, text, sizeof(text)) < 0)
                return;
        line = strstr(text, kind);
        line = line ? strstr(line, "avg10=") : NULL;
        if (line)
                (void) snprintf(buf, size, "%.*s%%", (int) strcspn(line + 6, " \n"), line + 6);
}

static int print_watches(sd_bus *bus, char *const *units) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(table_done) Table t = { .n_columns = 5 };
        const char *path, *unit, *policy, *incident;
        int r, awake;

        r = get(bus, "Watches", "a(sssbs)", &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sssbs)");
        if (r >= 0)
                r = table_add(&t, (const char *const[]){ "WATCHED", "POLICY", "SOME avg10", "FULL avg10", "NOW" });
        while (r >= 0 &&
               (r = sd_bus_message_read(reply, "(sssbs)", &path, &unit, &policy, &awake, &incident)) > 0) {
                char some[32], full[32], now[64];

                if (!is_wanted(units, unit))
                        continue;
                read_average(path, "some", some, sizeof(some));
                read_average(path, "full", full, sizeof(full));
                (void) snprintf(now, sizeof(now), *incident ? "incident %s" : "calm", incident);
                r = table_add(&t, (const char *const[]){ strcmp(path, "/") == 0 ? "the host" : unit, policy, some,
                                                         full, now });
        }
        if (r < 0)
                return r;
        if (t.n_rows > 1)
                table_print(&t, stdout);
        else
                printf("Nothing %sis watched: no policy matches what runs.\n", *units ? "of these " : "");
        return 0;
}

/* "in 20s", "when calm". */
static const char *until_text(uint64_t deadline_usec, char *buf, size_t size) {
        if (deadline_usec == USEC_INFINITY)
                return "calm";
        (void) snprintf(buf, size, "calm, at most %s",
                        FORMAT_DURATION(usec_sub(deadline_usec, clock_usec()) / USEC_PER_SEC * USEC_PER_SEC));
        return buf;
}

static int print_holds(sd_bus *bus, char *const *units) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(table_done) Table t = { .n_columns = 6 };
        const char *unit, *action, *policy, *step, *incident;
        uint64_t since_usec, deadline_usec;
        int r;

        r = get(bus, "Holds", "a(sssstts)", &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sssstts)");
        if (r >= 0)
                r = table_add(&t, (const char *const[]){ "HELD", "BY", "POLICY", "STEP", "FOR", "UNTIL" });
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sssstts)", &unit, &action, &policy, &step, &since_usec,
                                                  &deadline_usec, &incident)) > 0) {
                char until[80];

                if (!is_wanted(units, unit))
                        continue;
                r = table_add(&t, (const char *const[]){
                                          unit, action, policy, step,
                                          FORMAT_DURATION(usec_sub(clock_usec(), since_usec) / USEC_PER_SEC * USEC_PER_SEC),
                                          until_text(deadline_usec, until, sizeof(until)) });
        }
        if (r < 0)
                return r;
        putchar('\n');
        if (t.n_rows > 1)
                table_print(&t, stdout);
        else
                printf("Nothing is protected, throttled or frozen.\n");
        return 0;
}

/* What the daemon misses, by the name that the bus has for it. */
static void print_gap(const char *what, uint64_t n) {
        static const struct {
                const char *what, *words;
        } rows[] = {
                { "preferences", "units could not be asked for their ManagedOOMPreference=: they are too many" },
                { "stalls", "stalls at most were not counted; who is to blame is less certain" },
                { "warnings", "early warnings of the kernel came too fast to be read" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (strcmp(what, rows[i].what) == 0) {
                        printf("Blind: %" PRIu64 " %s\n", n, rows[i].words);
                        return;
                }
        printf("Blind: %" PRIu64 " %s could not be taken in; journalctl -u memstalld says why.\n", n, what);
}

static int print_blind(sd_bus *bus) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *what;
        uint64_t n;
        int r;

        r = get(bus, "Blind", "a{st}", &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "{st}");
        while (r >= 0 && (r = sd_bus_message_read(reply, "{st}", &what, &n)) > 0)
                if (n > 0)
                        print_gap(what, n);
        return r;
}

static int print_daemon(sd_bus *bus) {
        _cleanup_(freep) char *version = NULL, *culprits = NULL, *warning = NULL, *systemd = NULL;
        uint64_t n_errors, n_lost, n_stuck;
        int dry_run, r;

        r = get_basic(bus, "Version", 's', &version);
        if (r >= 0)
                r = get_basic(bus, "SystemdVersion", 's', &systemd);
        if (r >= 0)
                r = get_basic(bus, "Culprits", 's', &culprits);
        if (r >= 0)
                r = get_basic(bus, "EarlyWarning", 's', &warning);
        if (r >= 0)
                r = get_basic(bus, "DryRun", 'b', &dry_run);
        if (r >= 0)
                r = get_basic(bus, "ConfigErrors", 't', &n_errors);
        if (r >= 0)
                r = get_basic(bus, "LostRecords", 't', &n_lost);
        if (r >= 0)
                r = get_basic(bus, "StuckThreads", 't', &n_stuck);
        if (r < 0)
                return r;

        printf("memstalld %s%s, systemd %s\nCulprits: %s\nEarly warning: %s\n", version,
               dry_run ? " (dry run)" : "", systemd, culprits, warning);
        if (n_errors > 0)
                printf("Configuration: %" PRIu64 " mistakes when it was last read; see memstallctl check\n", n_errors);
        if (n_lost > 0)
                printf("Journal: %" PRIu64 " records were lost\n", n_lost);
        if (n_stuck > 0)
                printf("Stuck: %" PRIu64 " threads that act through the files of cgroups do not come back from the kernel\n",
                       n_stuck);
        return print_blind(bus);
}

static int show(char *const *units) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0) {
                fprintf(stderr, "memstallctl: no system bus: %s\n", strerror(-r));
                return r;
        }
        (void) sd_bus_set_method_call_timeout(bus, REPLY_LIMIT_USEC);

        r = print_daemon(bus);
        if (r < 0)
                return r;
        putchar('\n');
        r = print_watches(bus, units);
        return r < 0 ? r : print_holds(bus, units);
}

/* memstallctl status, see man:memstallctl(1). */
int verb_status(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                return c == 'h' ? help() : CTL_USAGE;
        return show(argv + optind) < 0 ? CTL_FAILED : CTL_DONE;
}
