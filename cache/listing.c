/* Listing the folders for all workers: mf_engine_list_folders() of engine.h. */
#include "cache/engine.h"
#include "cache/folders.h"

/* A rest after a look at the flags of a message. */
#define FLAG_REST_US 1000

static gint64
count_messages (MfEngine *self, const GArray *ids)
{
  gint64 n = 0;

  for (guint i = 0; i < ids->len; i++)
    {
      g_auto (MfFolder) folder = { 0 };
      if (mf_folders_get (self->db, g_array_index (ids, MfFolderId, i), &folder, NULL))
        n += folder.messages;
    }
  return n;
}

/* All flags of them are fetched, which must not be all that is ever done. */
static gboolean
is_time_for_flags (MfEngine *self, const GArray *untold)
{
  gint64 now_us = g_get_monotonic_time (), n = count_messages (self, untold);

  g_mutex_lock (&self->lock);
  gboolean is_time = now_us >= self->flags_at_us && g_queue_is_empty (self->back_pulls)
                     && g_hash_table_size (self->pulling) == 0;
  if (is_time)
    self->flags_at_us = now_us + n * FLAG_REST_US;
  g_mutex_unlock (&self->lock);
  return is_time;
}

gboolean
mf_engine_list_folders (MfEngine *self, MfLink *link, gboolean all, GArray *out_stale,
                        GError **error)
{
  g_autoptr (GArray) untold = g_array_new (FALSE, FALSE, sizeof (MfFolderId));
  g_autoptr (MfNews) news = mf_news_new (self->func, self->user_data);
  MfSettle settle = mf_engine_settle (self, news);

  g_mutex_lock (&self->lock);
  self->poll_at_us = g_get_monotonic_time () + (gint64) self->options->poll_s * G_USEC_PER_SEC;
  g_mutex_unlock (&self->lock);
  if (!mf_pull_tree (&settle, link, &self->filter, out_stale, untold, error))
    return FALSE;
  if (all || is_time_for_flags (self, untold))
    g_array_append_vals (out_stale, untold->data, untold->len);
  g_mutex_lock (&self->lock);
  self->unlisted_until_us = 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return TRUE;
}
