#include "fs/syncer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define THREADS 2

struct _MfSyncer
{
  GThreadPool *pool; /* of Job */
};

typedef struct
{
  fuse_req_t req;
  int fd;
  gboolean data_only;
} Job;

static void
run (gpointer data, gpointer user_data)
{
  Job *job = data;
  int result = job->data_only ? fdatasync (job->fd) : fsync (job->fd);

  fuse_reply_err (job->req, result == 0 ? 0 : errno);
  close (job->fd);
  g_free (job);
}

MfSyncer *
mf_syncer_new (void)
{
  MfSyncer *self = g_new0 (MfSyncer, 1);

  self->pool = g_thread_pool_new (run, NULL, THREADS, FALSE, NULL);
  return self;
}

void
mf_syncer_free (MfSyncer *self)
{
  g_thread_pool_free (self->pool, FALSE, TRUE);
  g_free (self);
}

void
mf_syncer_push (MfSyncer *self, fuse_req_t req, int fd, gboolean data_only)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  Job *job;

  if (copy < 0)
    {
      fuse_reply_err (req, errno);
      return;
    }
  job = g_new0 (Job, 1);
  *job = (Job){ req, copy, data_only };
  g_thread_pool_push (self->pool, job, NULL);
}
