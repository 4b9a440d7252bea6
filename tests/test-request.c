/* libfuse is played by the functions below, with its locking: the interrupt
 * callback runs under the request's lock, which setting the callback takes.  One that is set
 * too late runs at once, and must not answer, for that frees the request. */
#include "fs/request.h"

#include <errno.h>

struct fuse_req
{
  GMutex mutex;
  fuse_interrupt_func_t func; /* guarded by mutex */
  void *data;
  gboolean interrupted; /* guarded by mutex */
  gint is_setting;      /* atomic */
  gint n_answers, answer; /* atomic */
};

int
fuse_reply_err (fuse_req_t req, int err)
{
  g_assert_false (g_atomic_int_get (&req->is_setting));
  g_atomic_int_inc (&req->n_answers);
  g_atomic_int_set (&req->answer, err);
  return 0;
}

void
fuse_req_interrupt_func (fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
  g_mutex_lock (&req->mutex);
  req->func = func;
  req->data = data;
  g_atomic_int_set (&req->is_setting, TRUE);
  if (req->interrupted && func != NULL)
    func (req, data);
  g_atomic_int_set (&req->is_setting, FALSE);
  g_mutex_unlock (&req->mutex);
}

static void
interrupt (fuse_req_t req)
{
  g_mutex_lock (&req->mutex);
  req->interrupted = TRUE;
  if (req->func != NULL)
    req->func (req, req->data);
  g_mutex_unlock (&req->mutex);
}

static void
assert_answered (struct fuse_req *req, int answer)
{
  g_assert_cmpint (g_atomic_int_get (&req->n_answers), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&req->answer), ==, answer);
}

static void
test_a_worker_may_answer (void)
{
  g_autoptr (MfRequests) all = mf_requests_new ();
  struct fuse_req req = { 0 };
  MfRequest *request = mf_request_park (all, &req);

  g_assert_true (mf_request_claim (request) == &req);
  fuse_reply_err (&req, 0);
  mf_request_done (request);
  interrupt (&req);
  assert_answered (&req, 0);
}

static void
test_after_the_end_nothing_is_parked (void)
{
  g_autoptr (MfRequests) all = mf_requests_new ();
  struct fuse_req req = { 0 };

  mf_requests_end (all);
  g_assert_null (mf_request_park (all, &req));
  interrupt (&req);
  assert_answered (&req, ENOTCONN);
}

static void
test_an_interrupt_answers_first (void)
{
  g_autoptr (MfRequests) all = mf_requests_new ();
  struct fuse_req req = { 0 };
  MfRequest *request = mf_request_park (all, &req);

  interrupt (&req);
  g_assert_null (mf_request_claim (request));
  mf_request_done (request);
  assert_answered (&req, EINTR);
}

static void
test_what_was_interrupted_before_is_not_parked (void)
{
  g_autoptr (MfRequests) all = mf_requests_new ();
  struct fuse_req req = { .interrupted = TRUE };

  g_assert_null (mf_request_park (all, &req));
  assert_answered (&req, EINTR);
}

static void
test_the_end_answers_what_is_parked (void)
{
  g_autoptr (MfRequests) all = mf_requests_new ();
  struct fuse_req reqs[3] = { 0 };
  MfRequest *requests[3];

  for (guint i = 0; i < 3; i++)
    requests[i] = mf_request_park (all, &reqs[i]);
  interrupt (&reqs[1]);
  mf_requests_end (all);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_null (mf_request_claim (requests[i]));
      mf_request_done (requests[i]);
      assert_answered (&reqs[i], i == 1 ? EINTR : ENOTCONN);
    }
}

/* ---- races ------------------------------------------------------------ */

typedef struct
{
  struct fuse_req req;
  MfRequest *request;
  gint *n_ready; /* atomic */
} Race;

static void
wait_for_both (gint *n_ready)
{
  g_atomic_int_inc (n_ready);
  while (g_atomic_int_get (n_ready) < 2)
    g_thread_yield (); /* the other one may need this processor to get here */
}

static gpointer
work (gpointer data)
{
  Race *race = data;
  fuse_req_t req;

  wait_for_both (race->n_ready);
  req = mf_request_claim (race->request);
  if (req != NULL)
    fuse_reply_err (req, 0);
  mf_request_done (race->request);
  return NULL;
}

static void
test_worker_and_interrupt_race_to_one_answer (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (MfRequests) all = mf_requests_new ();
      gint n_ready = 0;
      Race race = { .n_ready = &n_ready };
      GThread *thread;

      race.request = mf_request_park (all, &race.req);
      thread = g_thread_new ("worker", work, &race);
      wait_for_both (&n_ready);
      interrupt (&race.req);
      g_thread_join (thread);
      g_assert_cmpint (race.req.n_answers, ==, 1);
    }
}

static gpointer
interrupt_one (gpointer data)
{
  Race *race = data;

  wait_for_both (race->n_ready);
  interrupt (&race->req);
  return NULL;
}

/* A worker parks as well as the dispatcher, which meanwhile takes an INTERRUPT. */
static void
test_parking_and_interrupt_race_to_one_answer (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (MfRequests) all = mf_requests_new ();
      gint n_ready = 0;
      Race race = { .n_ready = &n_ready };
      GThread *thread = g_thread_new ("dispatcher", interrupt_one, &race);

      wait_for_both (&n_ready);
      race.request = mf_request_park (all, &race.req);
      g_thread_join (thread);
      if (race.request != NULL)
        {
          g_assert_null (mf_request_claim (race.request));
          mf_request_done (race.request);
        }
      mf_requests_end (all);
      assert_answered (&race.req, EINTR);
    }
}

static void
test_the_end_waits_for_answers_under_way (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (MfRequests) all = mf_requests_new ();
      gint n_ready = 0;
      Race race = { .n_ready = &n_ready };
      GThread *thread;

      race.request = mf_request_park (all, &race.req);
      thread = g_thread_new ("worker", work, &race);
      wait_for_both (&n_ready);
      mf_requests_end (all);
      g_assert_cmpint (g_atomic_int_get (&race.req.n_answers), ==, 1);
      g_thread_join (thread);
      g_assert_cmpint (race.req.n_answers, ==, 1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/a-worker-may-answer", test_a_worker_may_answer);
  g_test_add_func ("/request/after-the-end-nothing-is-parked", test_after_the_end_nothing_is_parked);
  g_test_add_func ("/request/an-interrupt-answers-first", test_an_interrupt_answers_first);
  g_test_add_func ("/request/what-was-interrupted-before-is-not-parked",
                   test_what_was_interrupted_before_is_not_parked);
  g_test_add_func ("/request/the-end-answers-what-is-parked", test_the_end_answers_what_is_parked);
  g_test_add_func ("/request/worker-and-interrupt-race-to-one-answer",
                   test_worker_and_interrupt_race_to_one_answer);
  g_test_add_func ("/request/parking-and-interrupt-race-to-one-answer",
                   test_parking_and_interrupt_race_to_one_answer);
  g_test_add_func ("/request/the-end-waits-for-answers-under-way",
                   test_the_end_waits_for_answers_under_way);
  return g_test_run ();
}
