#include "cache/bodies.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/messages.h"

#define USED_STEP_S 3600
#define SEGMENT_LEAST_BYTES (256 * 1024)
#define LOW_WATER(limit) ((limit) / 10 * 9)

struct _MfBodies
{
  MfSegments *segments;
  gboolean crlf;
  guint64 limit_bytes;
  GMutex lock;
  GHashTable *used; /* MfMsgId -> epoch seconds, not stored yet; guarded by lock */
  guint64 total_bytes; /* guarded by lock, */
  guint64 kept_bytes;  /* likewise: of them, those that could not be evicted when last counted */
};

/* Until the server has it where its user has put it, the content may be nowhere else. */
#define UNSENT "(SELECT message FROM change WHERE message IS NOT NULL AND state != 3)"

/* Bytes of a segment, or a whole file. */
struct _MfBody
{
  MfSegments *segments; /* (nullable) */
  MfPin pin;
  int fd;               /* when there are no segments */
};

/* ---- opening ---------------------------------------------------------- */

static gboolean
count_total (MfBodies *self, MfDb *db, GError **error)
{
  gint64 total = 0, kept = 0;

  if (!mf_db_number (db, 0, &total, error, "SELECT TOTAL(size) FROM body", "")
      || !mf_db_number (db, 0, &kept, error,
                        "SELECT TOTAL(size) FROM body WHERE message IN " UNSENT, ""))
    return FALSE;
  g_mutex_lock (&self->lock);
  self->total_bytes = (guint64) total;
  self->kept_bytes = (guint64) kept;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

MfBodies *
mf_bodies_open (const char *cache_dir, gboolean crlf, guint64 limit_bytes, MfDb *db,
                GError **error)
{
  g_autoptr (MfBodies) self = g_new0 (MfBodies, 1);

  self->crlf = crlf;
  self->limit_bytes = limit_bytes;
  g_mutex_init (&self->lock);
  self->used = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->segments = mf_segments_open (cache_dir, db, error);
  if (self->segments == NULL || !count_total (self, db, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
mf_bodies_close (MfBodies *self)
{
  g_clear_pointer (&self->segments, mf_segments_close);
  g_hash_table_unref (self->used);
  g_mutex_clear (&self->lock);
  g_free (self);
}

MfSegments *
mf_bodies_segments (MfBodies *self)
{
  return self->segments;
}

guint64
mf_bodies_segment_bytes (MfBodies *self)
{
  return CLAMP (self->limit_bytes / 8, SEGMENT_LEAST_BYTES, MF_SEGMENT_FULL_BYTES);
}

gboolean
mf_bodies_are_crlf (MfBodies *self)
{
  return self->crlf;
}

guint64
mf_bodies_total (MfBodies *self)
{
  g_mutex_lock (&self->lock);
  guint64 total = self->total_bytes;
  g_mutex_unlock (&self->lock);
  return total;
}

static guint64
evictable_bytes (MfBodies *self)
{
  g_mutex_lock (&self->lock);
  guint64 bytes = self->total_bytes - MIN (self->kept_bytes, self->total_bytes);
  g_mutex_unlock (&self->lock);
  return bytes;
}

gboolean
mf_bodies_are_over (MfBodies *self)
{
  return evictable_bytes (self) > self->limit_bytes;
}

/* ---- reading ---------------------------------------------------------- */

gboolean
mf_bodies_has (MfBodies *self, MfDb *db, MfMsgId id)
{
  gint64 found = 0;

  return mf_db_number (db, 0, &found, NULL, "SELECT 1 FROM body WHERE message = ?", "i", id)
         && found != 0;
}

/* Use times are kept to the hour, so that most opens store nothing. */
static void
note_use (MfBodies *self, MfMsgId id, gint64 stored)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (now - stored < USED_STEP_S)
    return;
  gint64 *key = g_new (gint64, 1);
  *key = id;
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->used, key, GSIZE_TO_POINTER ((gsize) now));
  g_mutex_unlock (&self->lock);
}

static MfPinned
pin_row (MfBodies *self, MfDb *db, MfMsgId id, MfPin *pin, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  guint generation = mf_segments_generation (self->segments);

  if (!mf_db_query (db, &query, error,
                    "SELECT segment, start, body.size, used FROM body JOIN message"
                    " ON message.id = body.message WHERE body.message = ? AND NOT draft",
                    "i", id)
      || !mf_db_next (&query, error))
    return MF_PINNED_GONE;
  note_use (self, id, mf_db_int (&query, 3));
  return mf_segments_pin (self->segments, generation, mf_db_int (&query, 0),
                          (guint64) mf_db_int (&query, 1), (guint64) mf_db_int (&query, 2), pin);
}

MfBody *
mf_bodies_get (MfBodies *self, MfDb *db, MfMsgId id, GError **error)
{
  g_autofree MfBody *body = g_new0 (MfBody, 1);
  GError *local = NULL;
  MfPinned pinned;

  do
    pinned = pin_row (self, db, id, &body->pin, &local);
  while (pinned == MF_PINNED_STALE);
  body->segments = self->segments;
  if (pinned == MF_PINNED_OK)
    return g_steal_pointer (&body);
  if (local == NULL)
    local = g_error_new_literal (MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "body is not here");
  g_propagate_error (error, local);
  return NULL;
}

MfBody *
mf_body_new_file (int fd)
{
  MfBody *self = g_new0 (MfBody, 1);

  self->fd = fd;
  return self;
}

void
mf_body_close (MfBody *self)
{
  if (self->segments != NULL)
    mf_segments_unpin (self->segments, &self->pin);
  else
    close (self->fd);
  g_free (self);
}

guint64
mf_body_size (const MfBody *self)
{
  struct stat attributes;

  if (self->segments != NULL)
    return self->pin.size;
  return fstat (self->fd, &attributes) == 0 ? (guint64) attributes.st_size : 0;
}

static gssize
read_file (MfBody *self, guint64 offset, char *buffer, gsize size, GError **error)
{
  gssize n = pread (self->fd, buffer, size, (off_t) offset);

  if (n < 0)
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT, "reading a draft: %s",
                 g_strerror (errno));
  return n;
}

gssize
mf_body_read (MfBody *self, guint64 offset, char *buffer, gsize size, GError **error)
{
  if (self->segments == NULL)
    return read_file (self, offset, buffer, size, error);
  if (offset >= self->pin.size)
    return 0;
  size = MIN (size, self->pin.size - offset);
  return mf_segment_read (self->pin.segment, self->pin.start + offset, buffer, size, error);
}

/* ---- changes ---------------------------------------------------------- */

gboolean
mf_bodies_put (MfBodies *self, MfDb *db, MfMsgId id, const MfBodyPlace *place, GError **error)
{
  if (!mf_db_run (db, error, "INSERT OR REPLACE INTO body VALUES (?, ?, ?, ?, ?)", "iiiii", id,
                  place->segment, (gint64) place->start, (gint64) place->size,
                  g_get_real_time () / G_USEC_PER_SEC)
      || !mf_messages_set_exact (db, id, place->size, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  self->total_bytes += place->size;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

gboolean
mf_bodies_share (MfDb *db, MfMsgId from, MfMsgId to, GError **error)
{
  return mf_db_run (db, error,
                    "INSERT OR REPLACE INTO body SELECT ?2, segment, start, size, used FROM body"
                    " WHERE message = ?1",
                    "ii", from, to);
}

gboolean
mf_bodies_forget_all (MfBodies *self, MfDb *db, GError **error)
{
  return mf_db_run (db, error, "DELETE FROM body", "")
         && mf_db_run (db, error,
                       "UPDATE message SET exact_size = NULL WHERE home IS NOT NULL AND NOT draft",
                       "")
         && count_total (self, db, error);
}

static gboolean
store_uses (MfBodies *self, MfDb *db, GError **error)
{
  g_autoptr (GHashTable) used = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  GHashTableIter iter;
  gpointer key, value;

  g_mutex_lock (&self->lock);
  used = self->used;
  self->used = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_mutex_unlock (&self->lock);
  if (g_hash_table_size (used) == 0)
    return TRUE;

  if (!mf_db_begin (db, &txn, error))
    return FALSE;
  g_hash_table_iter_init (&iter, used);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!mf_db_run (db, error, "UPDATE body SET used = ? WHERE message = ?", "ii",
                    (gint64) GPOINTER_TO_SIZE (value), *(gint64 *) key))
      return FALSE;
  return mf_db_commit (&txn, error);
}

/* Deletes rows, oldest use first, until the rest is at the low water mark or below. */
static gboolean
evict (MfBodies *self, MfDb *db, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  return mf_db_begin (db, &txn, error)
         && mf_db_run (db, error,
                       "DELETE FROM body WHERE message IN (SELECT message FROM"
                       " (SELECT message, SUM(size) OVER (ORDER BY used, message) - size AS before"
                       " FROM body WHERE message NOT IN " UNSENT ") WHERE before < ?)",
                       "i", (gint64) (evictable_bytes (self) - LOW_WATER (self->limit_bytes)))
         && mf_db_commit (&txn, error);
}

gboolean
mf_bodies_tidy (MfBodies *self, MfDb *db, GError **error)
{
  if (!store_uses (self, db, error) || !mf_segments_sync (self->segments, db, FALSE, error))
    return FALSE;
  if (mf_bodies_total (self) <= self->limit_bytes)
    return TRUE;
  return count_total (self, db, error) && (!mf_bodies_are_over (self) || evict (self, db, error))
         && mf_segments_sweep (self->segments, db, error) && count_total (self, db, error);
}

gboolean
mf_bodies_sync (MfBodies *self, MfDb *db, GError **error)
{
  return mf_bodies_tidy (self, db, error) && mf_segments_sweep (self->segments, db, error)
         && mf_segments_sync (self->segments, db, TRUE, error);
}
