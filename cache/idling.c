#include "cache/idling.h"

#include "cache/error.h"
#include "cache/folders.h"

static gboolean
pull (MfEngine *engine, MfLink *link, MfFolderId id, GError **error)
{
  g_autoptr (MfNews) news = mf_news_new (engine->func, engine->user_data);
  MfSettle settle = mf_engine_settle (engine, news);
  g_autoptr (GError) local = NULL;

  if (!mf_engine_begin_pull (engine, id, !link->is_current))
    return TRUE;
  gboolean ok = mf_pull_folder (&settle, link, id, &local);
  g_autoptr (GError) mapped = local != NULL ? g_error_copy (local) : NULL;
  mf_error_from_remote (&mapped);
  mf_engine_end_pull (engine, id, mapped);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&local));
  return ok;
}

gboolean
mf_idling_wait (MfEngine *engine, MfLink *link, const MfFolder *folder, gint64 until_us,
                GCancellable *wake, MfHeard *out_heard, GError **error)
{
  gboolean comes = !mf_link_has_selected (link, folder->mailbox);

  if (comes && folder->known && !pull (engine, link, folder->id, error))
    return FALSE;
  if (!mf_link_select (link, folder->mailbox, TRUE, error))
    return FALSE;
  if (comes && !folder->known)
    mf_engine_pull_if_listed (engine, folder->id); /* by whom had begun before */
  gint64 left_us = until_us - g_get_monotonic_time ();
  return left_us <= 0
         || engine->ops->idle (link->remote, (guint) (left_us / 1000) + 1, wake, out_heard,
                               link->cancellable, error);
}

/* It may have been listed meanwhile, or may be now.  If nobody has looked yet,
 * somebody may still wait to be woken by inotify. */
gboolean
mf_idling_follow (MfEngine *engine, MfLink *link, MfFolderId id, GError **error)
{
  g_auto (MfFolder) folder = { 0 };

  if (!mf_folders_get (engine->db, id, &folder, error))
    return FALSE;
  if (!folder.known)
    {
      mf_engine_pull_soon (engine, id);
      return TRUE;
    }
  link->is_current = TRUE;
  gboolean ok = pull (engine, link, id, error);
  link->is_current = FALSE;
  return ok;
}
