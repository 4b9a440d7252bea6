/* "sync" of .mailfs/ctl: what was changed here goes to the server, then what was
 * changed there comes here. */
#include "cache/account.h"
#include "cache/pending.h"

typedef struct
{
  MfCache *cache;
  MfDone done;
  gpointer user_data;
} Sync;

static void
finish (Sync *self, const GError *error)
{
  self->done (error, self->user_data);
  g_free (self);
}

/* What was refused, or is held, is not on the server either. */
static gboolean
check_all_is_sent (MfCache *self, GError **error)
{
  guint failed = mf_pending_count (self->front, MF_CHANGE_FAILED);
  guint held = mf_pending_count (self->front, MF_CHANGE_HELD);

  if (failed > 0)
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_DENIED,
                 "%u changes were refused: see .mailfs/queue", failed);
  else if (held > 0)
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_BUSY,
                 "%u removals are held: release or restore them", held);
  return failed + held == 0;
}

static void
on_fresh (const GError *error, gpointer user_data)
{
  Sync *self = user_data;
  g_autoptr (GError) left = NULL;

  if (error == NULL)
    check_all_is_sent (self->cache, &left);
  finish (self, error != NULL ? error : left);
}

static void
on_pushed (const GError *error, gpointer user_data)
{
  Sync *self = user_data;

  if (error != NULL)
    finish (self, error);
  else
    mf_engine_want_fresh (self->cache->engine, on_fresh, self);
}

void
mf_cache_sync (MfCache *self, MfDone done, gpointer user_data)
{
  Sync *sync = g_new0 (Sync, 1);

  *sync = (Sync){ self, done, user_data };
  if (!mf_cache_want_pushed (self, on_pushed, sync))
    on_pushed (NULL, sync);
}
