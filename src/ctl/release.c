/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "ctl/daemon.h"
#include "ctl/verbs.h"

#define DONE_USEC (10 * USEC_PER_SEC) /* as long as systemd is waited for */
#define LOOK_NSEC (100 * 1000 * 1000)

static int help(void) {
        printf("memstallctl release UNIT...|--all\n\n"
               "Undo a throttle, freeze or protection by hand, and wait until it is done. For ten minutes nothing\n"
               "holds the unit again; what ends units is not kept from it.\n\n"
               "     --all   Whatever is held\n"
               "  -h --help  Show this help\n\n"
               "Exit status: 0 done, 1 it is not held, could not be released, or you may not, 2 wrong usage.\n");
        return CTL_DONE;
}

/* How much is held of this unit, of any without a name; `unit` may be a cgroup path, which the property does not have. */
static int count_holds(sd_bus *bus, const char *unit) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *name = unit ? strrchr(unit, '/') : NULL, *held;
        int r, n = 0;

        name = name ? name + 1 : unit;
        r = daemon_get(bus, "Holds", "a(sssstts)", &reply);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(sssstts)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sssstts)", &held, NULL, NULL, NULL, NULL, NULL, NULL)) > 0)
                n += !name || strcmp(held, name) == 0;
        return r < 0 ? r : n;
}

static int wait_until_free(sd_bus *bus, const char *unit) {
        uint64_t until_usec = clock_usec() + DONE_USEC;
        int n;

        while ((n = count_holds(bus, unit)) > 0 && clock_usec() < until_usec)
                (void) nanosleep(&(struct timespec) { .tv_nsec = LOOK_NSEC }, NULL);
        if (n > 0)
                fprintf(stderr,
                        "memstallctl: %s: systemd has not done it yet, memstalld goes on trying; "
                        "see journalctl -u memstalld.service\n",
                        unit ? unit : "--all");
        return n > 0 ? -ETIMEDOUT : n;
}

/* One unit, or all without a name. */
static int release(sd_bus *bus, const char *unit) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        char what[300];
        uint32_t n;
        int r;

        (void) snprintf(what, sizeof(what), "release %s", unit ? unit : "anything");
        if (unit)
                r = daemon_call(bus, what, "Release", &reply, "s", unit);
        else
                r = daemon_call(bus, what, "ReleaseAll", &reply, NULL);
        if (r >= 0)
                r = sd_bus_message_read(reply, "u", &n);
        if (r < 0)
                return r;
        if (n == 0) {
                printf("Nothing is protected, throttled or frozen.\n");
                return 0;
        }
        r = wait_until_free(bus, unit);
        if (r >= 0 && unit)
                printf("%s released.\n", unit);
        else if (r >= 0)
                printf("%" PRIu32 " released.\n", n);
        return r;
}

/* memstallctl release, see man:memstallctl(1). */
int verb_release(int argc, char **argv) {
        static const struct option options[] = {
                { "all", no_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        bool all = false;
        int c, status = CTL_DONE;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {

                case 'a':
                        all = true;
                        break;

                case 'h':
                        return help();

                default:
                        return CTL_USAGE;
                }
        if (all == (optind < argc)) {
                fprintf(stderr, "memstallctl release: units, or --all; memstallctl status shows what is held\n");
                return CTL_USAGE;
        }
        if (daemon_open(&bus) < 0)
                return CTL_FAILED;
        if (all)
                return release(bus, NULL) < 0 ? CTL_FAILED : CTL_DONE;
        for (int i = optind; i < argc; i++)
                if (release(bus, argv[i]) < 0)
                        status = CTL_FAILED;
        return status;
}
