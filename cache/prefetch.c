#include "cache/prefetch.h"

#define BATCH 64
#define MOST_LOSSES 10

/* A folder that a user wants to have here. */
typedef struct
{
  MfFolderId folder;
  guint32 below;
  guint64 room_bytes; /* how much may still be fetched for it */
  guint losses;       /* of the connection, on the way */
} Order;

struct _MfPrefetcher
{
  GQueue orders; /* of Order */
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
  g_queue_init (&self->orders);
  mf_prefetcher_restart (self);
  return self;
}

void
mf_prefetcher_free (MfPrefetcher *self)
{
  g_queue_clear_full (&self->orders, g_free);
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
  MfFolderId ordered = mf_prefetcher_ordered (self);

  if (ordered != 0)
    return ordered;
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

/* Newest first, from *@below on, which goes down with them. */
static void
append_missing (MfDb *db, MfFolderId folder, MfMsgId above, guint32 *below, GArray *out)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

  if (mf_db_query (db, &query, NULL,
                   "SELECT id, uid, wire_size FROM message WHERE home = ? AND uid <= ?"
                   " AND id > ? AND folder != 0 AND NOT draft AND NOT EXISTS (SELECT 1 FROM body WHERE message = message.id)"
                   " ORDER BY uid DESC LIMIT ?",
                   "iiii", folder, (gint64) *below, above, (gint64) BATCH))
    while (mf_db_next (&query, NULL))
      {
        MfWanted wanted = { mf_db_int (&query, 0), (guint32) mf_db_int (&query, 1),
                            (guint64) mf_db_int (&query, 2) };
        *below = wanted.uid - 1;
        g_array_append_val (out, wanted);
      }
}

/* ---- orders ----------------------------------------------------------- */

static Order *
find_order (MfPrefetcher *self, MfFolderId folder)
{
  Order *first = g_queue_peek_head (&self->orders);

  return first != NULL && first->folder == folder ? first : NULL;
}

static void
drop_first_order (MfPrefetcher *self)
{
  g_free (g_queue_pop_head (&self->orders));
}

static gboolean
take_ordered (MfPrefetcher *self, MfDb *db, Order *order, GArray *out)
{
  append_missing (db, order->folder, 0, &order->below, out);
  for (guint i = 0; i < out->len; i++)
    order->room_bytes -= MIN (order->room_bytes, g_array_index (out, MfWanted, i).wire_size);
  if (out->len == 0 || order->room_bytes == 0)
    drop_first_order (self);
  return out->len > 0;
}

void
mf_prefetcher_order (MfPrefetcher *self, MfFolderId folder, guint64 room_bytes)
{
  Order order = { folder, G_MAXUINT32, room_bytes, 0 };

  g_queue_push_tail (&self->orders, g_memdup2 (&order, sizeof order));
}

MfFolderId
mf_prefetcher_ordered (MfPrefetcher *self)
{
  Order *first = g_queue_peek_head (&self->orders);

  return first != NULL ? first->folder : 0;
}

/* ---- the next bodies -------------------------------------------------- */

gboolean
mf_prefetcher_next (MfPrefetcher *self, MfDb *db, MfFolderId folder, GArray *out)
{
  Order *order = find_order (self, folder);

  if (order != NULL)
    return take_ordered (self, db, order, out);
  if (self->mode != MF_PREFETCH_ALL || folder != self->folder)
    return FALSE;
  append_missing (db, folder, self->above, &self->below, out);
  if (out->len == 0)
    go_to_next_folder (self, db);
  return out->len > 0;
}

void
mf_prefetcher_fill (MfPrefetcher *self)
{
  self->above = self->newest;
}

void
mf_prefetcher_skip (MfPrefetcher *self, MfDb *db, MfFolderId folder)
{
  if (find_order (self, folder) != NULL)
    drop_first_order (self);
  else if (folder == self->folder)
    go_to_next_folder (self, db);
}

void
mf_prefetcher_interrupt (MfPrefetcher *self, MfDb *db, MfFolderId folder)
{
  Order *order = find_order (self, folder);

  if (order == NULL || ++order->losses > MOST_LOSSES)
    mf_prefetcher_skip (self, db, folder);
}

void
mf_prefetcher_miss (MfPrefetcher *self, MfFolderId folder, guint32 uid)
{
  Order *order = find_order (self, folder);

  if (order != NULL)
    order->below = MAX (order->below, uid);
  else if (folder == self->folder)
    self->below = MAX (self->below, uid);
}
