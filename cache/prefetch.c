#include "cache/prefetch.h"

#define BATCH 64

struct _MfPrefetcher
{
  MfPrefetch mode;
  MfFolderId listed; /* folders up to this id were offered for listing */
  MfFolderId folder; /* whose bodies are being fetched */
  guint32 below;     /* UIDs below it are still to be looked at */
  MfMsgId newest;    /* when it began with the first folder */
  MfMsgId above;     /* messages up to it had their chance */
};

MfPrefetcher *
mf_prefetcher_new (MfPrefetch mode)
{
  MfPrefetcher *self = g_new0 (MfPrefetcher, 1);

  self->mode = mode;
  mf_prefetcher_restart (self);
  return self;
}

void
mf_prefetcher_free (MfPrefetcher *self)
{
  g_free (self);
}

void
mf_prefetcher_restart (MfPrefetcher *self)
{
  self->listed = 0;
  self->folder = 0;
  self->below = G_MAXUINT32;
}

static MfFolderId
first_id (MfDb *db, const char *sql, MfFolderId above)
{
  gint64 id = 0;

  return mf_db_number (db, 0, &id, NULL, sql, "i", above) ? id : 0;
}

MfFolderId
mf_prefetcher_unknown (MfPrefetcher *self, MfDb *db)
{
  if (self->mode == MF_PREFETCH_NONE || self->listed == G_MAXINT64)
    return 0;
  MfFolderId id = first_id (
      db, "SELECT id FROM folder WHERE selectable AND NOT known AND id > ? ORDER BY id LIMIT 1",
      self->listed);
  self->listed = id != 0 ? id : G_MAXINT64;
  return id;
}

static MfFolderId
folder_after (MfDb *db, MfFolderId id)
{
  return first_id (db, "SELECT id FROM folder WHERE selectable AND known AND id > ? ORDER BY id LIMIT 1",
                   id);
}

MfFolderId
mf_prefetcher_folder (MfPrefetcher *self, MfDb *db)
{
  if (self->mode != MF_PREFETCH_ALL || self->folder == G_MAXINT64)
    return 0;
  if (self->folder == 0)
    {
      if (!mf_db_number (db, 0, &self->newest, NULL, "SELECT MAX(id) FROM message", ""))
        return 0;
      self->folder = folder_after (db, 0);
    }
  if (self->folder == 0)
    self->folder = G_MAXINT64;
  return self->folder != G_MAXINT64 ? self->folder : 0;
}

static void
go_to_next_folder (MfPrefetcher *self, MfDb *db)
{
  MfFolderId next = folder_after (db, self->folder);

  self->folder = next != 0 ? next : G_MAXINT64;
  self->below = G_MAXUINT32;
}

gboolean
mf_prefetcher_next (MfPrefetcher *self, MfDb *db, MfFolderId folder, GArray *out)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (self->mode != MF_PREFETCH_ALL || folder != self->folder)
    return FALSE;
  if (mf_db_query (db, &query, NULL,
                   "SELECT id, uid, wire_size FROM message WHERE home = ? AND uid <= ?"
                   " AND id > ? AND NOT draft AND NOT EXISTS (SELECT 1 FROM body WHERE message = message.id)"
                   " ORDER BY uid DESC LIMIT ?",
                   "iiii", folder, (gint64) self->below, self->above, (gint64) BATCH))
    while (mf_db_next (&query, NULL))
      {
        MfWanted wanted = { mf_db_int (&query, 0), (guint32) mf_db_int (&query, 1),
                            (guint64) mf_db_int (&query, 2) };
        self->below = wanted.uid - 1;
        g_array_append_val (out, wanted);
      }
  if (out->len > 0)
    return TRUE;
  mf_db_query_clear (&query);
  go_to_next_folder (self, db);
  return FALSE;
}

void
mf_prefetcher_fill (MfPrefetcher *self)
{
  self->above = self->newest;
}

void
mf_prefetcher_skip (MfPrefetcher *self, MfDb *db, MfFolderId folder)
{
  if (folder == self->folder)
    go_to_next_folder (self, db);
}
