/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "agent/incident-file.h"
#include "agent/incidents.h"

/* The ring and some ten thousand cgroups. */
#define COPY_SIZE (4U * 1024 * 1024)
#define WAITING_MAX 16U
#define WRITE_LIMIT_USEC (30 * USEC_PER_SEC)

struct Incidents {
        Recorder *recorder;
        Worker *worker;
        Journal *journal;
        const char *folder;
        char *copy;
        size_t n_copy;
        bool busy;  /* a thread reads the copy */
        bool stuck; /* and does not come back */
        Id128 waiting[WAITING_MAX];
        size_t n_waiting;
};

typedef struct Job {
        const char *folder, *text;
        size_t n;
        Id128 incident;
} Job;

int incidents_new(Incidents **ret, Recorder *recorder, Worker *worker, Journal *journal, const char *folder) {
        _cleanup_(incidents_freep) Incidents *i = calloc(1, sizeof(*i));

        if (!i)
                return -ENOMEM;
        *i = (Incidents){ .recorder = recorder, .worker = worker, .journal = journal, .folder = folder };
        i->copy = malloc(COPY_SIZE);
        if (!i->copy)
                return -ENOMEM;
        *ret = TAKE_PTR(i);
        return 0;
}

Incidents *incidents_free(Incidents *i) {
        if (!i)
                return NULL;
        worker_forget(i->worker, i);
        if (!i->busy)
                free(i->copy); /* else a thread may still read it: it ends with the process */
        free(i);
        return NULL;
}

static int add(void *userdata, const char *text, size_t n) {
        Incidents *i = userdata;

        if (n > COPY_SIZE - i->n_copy)
                return -ENOBUFS;
        memcpy(i->copy + i->n_copy, text, n);
        i->n_copy += n;
        return 0;
}

static int run(const void *argument, void *answer) {
        const Job *job = argument;
        int r;

        r = incident_file_write(job->folder, job->incident, job->text, job->n);
        return r < 0 ? r : incident_file_trim(job->folder, INCIDENT_BYTES_MAX, INCIDENT_FILES_MAX);
}

static void tell(Incidents *i, int error) {
        char text[160];

        (void) snprintf(text, sizeof(text), "Cannot keep the trace of an incident: %s.", strerror(-error));
        journal_notice(i->journal, 4, text);
}

static void write_next(Incidents *i);

static void on_done(void *userdata, int error, const void *answer) {
        Incidents *i = userdata;

        if (error < 0)
                tell(i, error);
        i->busy = i->stuck = error == -ETIMEDOUT;
        write_next(i);
}

static void write_next(Incidents *i) {
        Job job = { .folder = i->folder, .text = i->copy };
        int r;

        while (!i->busy && i->n_waiting > 0) {
                job.incident = i->waiting[0];
                memmove(i->waiting, i->waiting + 1, --i->n_waiting * sizeof(*i->waiting));
                i->n_copy = 0;
                r = recorder_write(i->recorder, add, i);
                job.n = i->n_copy;
                if (r >= 0)
                        r = worker_submit(i->worker, &(WorkerJob){ .run = run, .done = on_done, .userdata = i,
                                                                   .deadline_usec = WRITE_LIMIT_USEC, .patient = true,
                                                                   .argument = &job, .argument_size = sizeof(job) });
                i->busy = r >= 0;
                if (r < 0)
                        tell(i, r);
        }
        recorder_keep(i->recorder, i->n_waiting > 0 && !i->stuck);
}

void incidents_ended(Incidents *i, Id128 incident) {
        if (i->stuck || i->n_waiting >= WAITING_MAX) {
                tell(i, i->stuck ? -ETIMEDOUT : -EBUSY);
                return;
        }
        i->waiting[i->n_waiting++] = incident;
        write_next(i);
}
