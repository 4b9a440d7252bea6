/* tsan-glib.c - GLib's locks, made visible to ThreadSanitizer.
 *
 * Debian's GLib is not instrumented and its locks are bare futexes, so
 * ThreadSanitizer sees no order between threads that use them and calls every
 * guarded field a race.  Preloaded, these functions tell it what they order and
 * then do what they always do.  Used by tests/run.sh --sanitize=thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gio/gio.h>

/* Weak: programs that mailfs starts have no sanitizer. */
extern void __tsan_acquire (void *address) __attribute__ ((weak));
extern void __tsan_release (void *address) __attribute__ ((weak));

#define ACQUIRE(address) (__tsan_acquire != NULL ? __tsan_acquire (address) : (void)0)
#define RELEASE(address) (__tsan_release != NULL ? __tsan_release (address) : (void)0)

#define REAL(name)                                                                                 \
  static typeof (name) *real;                                                                      \
  if (real == NULL)                                                                                \
  real = (typeof (name) *)dlsym (RTLD_NEXT, #name)

#undef g_object_ref

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  real (mutex);
  ACQUIRE (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  REAL (g_mutex_trylock);
  if (!real (mutex))
    return FALSE;
  ACQUIRE (mutex);
  return TRUE;
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  RELEASE (mutex);
  real (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  RELEASE (mutex);
  real (cond, mutex);
  ACQUIRE (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  REAL (g_cond_wait_until);
  RELEASE (mutex);
  gboolean signalled = real (cond, mutex, end_time);
  ACQUIRE (mutex);
  return signalled;
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  REAL (g_async_queue_push);
  RELEASE (queue);
  real (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  REAL (g_async_queue_pop);
  gpointer data = real (queue);
  ACQUIRE (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  REAL (g_async_queue_try_pop);
  gpointer data = real (queue);
  ACQUIRE (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  REAL (g_async_queue_timeout_pop);
  gpointer data = real (queue, timeout);
  ACQUIRE (queue);
  return data;
}

gboolean
(g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  REAL (g_atomic_ref_count_dec);
  RELEASE (count);
  gboolean last = real (count);
  if (last)
    ACQUIRE (count);
  return last;
}

gpointer
g_object_ref (gpointer object)
{
  REAL (g_object_ref);
  return real (object);
}

void
g_object_unref (gpointer object)
{
  REAL (g_object_unref);
  RELEASE (object);
  real (object);
}

void
g_cancellable_cancel (GCancellable *cancellable)
{
  REAL (g_cancellable_cancel);
  RELEASE (cancellable);
  real (cancellable);
}

gboolean
g_cancellable_is_cancelled (GCancellable *cancellable)
{
  REAL (g_cancellable_is_cancelled);
  gboolean cancelled = real (cancellable);
  ACQUIRE (cancellable);
  return cancelled;
}
