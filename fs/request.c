/* libfuse calls the interrupt callback while it holds the request's own lock,
 * and fuse_req_interrupt_func() takes that lock.  So once a claimer has unset
 * the callback, none is running and none will: its reference can be dropped.  One that
 * was interrupted before runs within fuse_req_interrupt_func(), where an answer would free
 * the lock: so it answers nothing that is not parked yet. */
#include "fs/request.h"

#include <errno.h>

typedef enum
{
  ARRIVING, /* not parked yet */
  PARKED,
  CLAIMED, /* by the worker, the answer is under way */
  ANSWERED,
} State;

struct _MfRequests
{
  GMutex mutex;
  GCond idle;
  GQueue parked;   /* of MfRequest, in state PARKED; guarded by mutex */
  guint n_claimed; /* guarded by mutex */
  gboolean ended;  /* guarded by mutex */
};

struct _MfRequest
{
  MfRequests *all;
  fuse_req_t req;
  State state;          /* guarded by all->mutex */
  gboolean interrupted; /* while it was ARRIVING; guarded by all->mutex */
  GList link;           /* in all->parked while PARKED */
  gatomicrefcount refs;
};

MfRequests *
mf_requests_new (void)
{
  MfRequests *self = g_new0 (MfRequests, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->idle);
  g_queue_init (&self->parked);
  return self;
}

void
mf_requests_free (MfRequests *self)
{
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->idle);
  g_free (self);
}

static void
unref (MfRequest *self)
{
  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/* Called with the mutex held. */
static gboolean
leave (MfRequest *self, State state)
{
  if (self->state != PARKED)
    return FALSE;
  self->state = state;
  g_queue_unlink (&self->all->parked, &self->link);
  return TRUE;
}

static gboolean
try_leave (MfRequest *self, State state)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->all->mutex);

  if (!leave (self, state))
    return FALSE;
  if (state == CLAIMED)
    self->all->n_claimed++;
  return TRUE;
}

/* FALSE: it is not parked any more, or not yet. */
static gboolean
leave_interrupted (MfRequest *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->all->mutex);

  if (self->state == ARRIVING)
    self->interrupted = TRUE;
  return leave (self, ANSWERED);
}

static void
on_interrupt (fuse_req_t req, void *data)
{
  MfRequest *self = data;

  if (!leave_interrupted (self))
    return;
  fuse_reply_err (req, EINTR);
  unref (self);
}

/* 0: parked, else what is to be answered. */
static int
enter (MfRequest *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->all->mutex);
  int error = self->interrupted ? EINTR : self->all->ended ? ENOTCONN : 0;

  self->state = error == 0 ? PARKED : ANSWERED;
  if (error == 0)
    g_queue_push_tail_link (&self->all->parked, &self->link);
  return error;
}

static void
forget_interrupt (MfRequest *self)
{
  fuse_req_interrupt_func (self->req, NULL, NULL);
  unref (self);
}

MfRequest *
mf_request_park (MfRequests *requests, fuse_req_t req)
{
  MfRequest *self = g_new0 (MfRequest, 1);
  int error;

  self->all = requests;
  self->req = req;
  self->link.data = self;
  g_atomic_ref_count_init (&self->refs);
  g_atomic_ref_count_inc (&self->refs);
  fuse_req_interrupt_func (req, on_interrupt, self);
  error = enter (self);
  if (error == 0)
    return self;
  forget_interrupt (self);
  unref (self);
  fuse_reply_err (req, error);
  return NULL;
}

fuse_req_t
mf_request_claim (MfRequest *self)
{
  if (!try_leave (self, CLAIMED))
    return NULL;
  forget_interrupt (self);
  return self->req;
}

void
mf_request_done (MfRequest *self)
{
  g_mutex_lock (&self->all->mutex);
  if (self->state == CLAIMED)
    {
      self->state = ANSWERED;
      /* Waking nobody costs a system call all the same. */
      if (--self->all->n_claimed == 0 && self->all->ended)
        g_cond_broadcast (&self->all->idle);
    }
  g_mutex_unlock (&self->all->mutex);
  unref (self);
}

static MfRequest *
leave_first (MfRequests *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  MfRequest *request = g_queue_peek_head (&self->parked);

  if (request == NULL)
    return NULL;
  leave (request, ANSWERED);
  g_atomic_ref_count_inc (&request->refs);
  return request;
}

void
mf_requests_end (MfRequests *self)
{
  MfRequest *request;

  g_mutex_lock (&self->mutex);
  self->ended = TRUE;
  g_mutex_unlock (&self->mutex);
  while ((request = leave_first (self)) != NULL)
    {
      forget_interrupt (request);
      fuse_reply_err (request->req, ENOTCONN);
      unref (request);
    }

  g_mutex_lock (&self->mutex);
  while (self->n_claimed > 0)
    g_cond_wait (&self->idle, &self->mutex);
  g_mutex_unlock (&self->mutex);
}
