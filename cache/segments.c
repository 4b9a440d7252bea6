#include "cache/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/error.h"

struct _MfSegment
{
  gint64 id;
  int fd;
  gboolean writing; /* the rest is guarded by MfSegments.lock */
  gboolean synced;
  GList *pins; /* of MfPin */
};

struct _MfSegments
{
  char *dir;
  char *boot;
  GMutex lock;
  GHashTable *files; /* id -> MfSegment; guarded by lock */
  guint generation;  /* of sweeps; guarded by lock */
};

static char *
file_path (MfSegments *self, gint64 id)
{
  return g_strdup_printf ("%s/%08" G_GINT64_FORMAT ".seg", self->dir, id);
}

static void
free_segment (gpointer data)
{
  MfSegment *segment = data;

  close (segment->fd);
  g_free (segment);
}

static MfSegment *
add_segment (MfSegments *self, gint64 id, int fd, gboolean writing)
{
  MfSegment *segment = g_new0 (MfSegment, 1);

  segment->id = id;
  segment->fd = fd;
  segment->writing = writing;
  segment->synced = !writing;
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->files, &segment->id, segment);
  g_mutex_unlock (&self->lock);
  return segment;
}

/* ---- opening ---------------------------------------------------------- */

static gboolean
open_known (MfSegments *self, gint64 id, gint64 nonce, gboolean synced)
{
  g_autofree char *path = file_path (self, id);
  int fd = open (path, O_RDWR | O_CLOEXEC);
  gint64 found = 0;

  if (fd < 0)
    return FALSE;
  if (pread (fd, &found, MF_SEGMENT_HEAD_BYTES, 0) != MF_SEGMENT_HEAD_BYTES || found != nonce)
    {
      close (fd);
      return FALSE;
    }
  add_segment (self, id, fd, FALSE)->synced = synced;
  return TRUE;
}

/* (element-type gint64): ids of rows that have no file to trust. */
static GArray *
open_all (MfSegments *self, MfDb *db, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (GArray) lost = g_array_new (FALSE, FALSE, sizeof (gint64));
  GError *local = NULL;

  if (!mf_db_query (db, &query, error, "SELECT id, nonce, boot IS NULL, boot = ? FROM segment",
                    "s", self->boot))
    return NULL;
  while (mf_db_next (&query, &local))
    {
      gint64 id = mf_db_int (&query, 0);
      gboolean synced = mf_db_int (&query, 2) != 0;
      gboolean same_boot = mf_db_int (&query, 3) != 0;
      if ((!synced && !same_boot) || !open_known (self, id, mf_db_int (&query, 1), synced))
        g_array_append_val (lost, id);
    }
  if (local == NULL)
    return g_steal_pointer (&lost);
  g_propagate_error (error, local);
  return NULL;
}

static gboolean
forget (MfSegments *self, MfDb *db, gint64 id, GError **error)
{
  g_autofree char *path = file_path (self, id);

  g_unlink (path);
  return mf_db_run (db, error, "DELETE FROM body WHERE segment = ?", "i", id)
         && mf_db_run (db, error, "DELETE FROM segment WHERE id = ?", "i", id);
}

static gboolean
forget_all (MfSegments *self, MfDb *db, GArray *ids, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (ids->len == 0)
    return TRUE;
  if (!mf_db_begin (db, &txn, error))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!forget (self, db, g_array_index (ids, gint64, i), error))
      return FALSE;
  return mf_db_commit (&txn, error);
}

/* Of another index, or of one that was deleted. */
static void
remove_strays (MfSegments *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      gint64 id = g_ascii_strtoll (name, NULL, 10);
      g_autofree char *path = file_path (self, id);
      g_autofree char *own_name = g_path_get_basename (path);
      if (strcmp (name, own_name) == 0 && !g_hash_table_contains (self->files, &id))
        g_unlink (path);
    }
}

MfSegments *
mf_segments_open (const char *dir, MfDb *db, GError **error)
{
  g_autoptr (MfSegments) self = g_new0 (MfSegments, 1);
  g_autoptr (GArray) lost = NULL;

  self->dir = g_strdup (dir);
  g_mutex_init (&self->lock);
  self->files = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_segment);
  if (g_file_get_contents ("/proc/sys/kernel/random/boot_id", &self->boot, NULL, NULL))
    g_strchomp (self->boot);
  else
    self->boot = g_uuid_string_random ();

  lost = open_all (self, db, error);
  if (lost == NULL || !forget_all (self, db, lost, error))
    return NULL;
  remove_strays (self);
  return g_steal_pointer (&self);
}

void
mf_segments_close (MfSegments *self)
{
  g_hash_table_unref (self->files);
  g_mutex_clear (&self->lock);
  g_free (self->boot);
  g_free (self->dir);
  g_free (self);
}

/* ---- writing and reading ---------------------------------------------- */

static gboolean
insert_row (MfSegments *self, MfDb *db, gint64 nonce, gint64 *out_id, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  if (!mf_db_begin (db, &txn, error)
      || !mf_db_run (db, error, "INSERT INTO segment (nonce, boot) VALUES (?, ?)", "is", nonce,
                     self->boot))
    return FALSE;
  *out_id = mf_db_last_id (db);
  return mf_db_commit (&txn, error);
}

MfSegment *
mf_segments_create (MfSegments *self, MfDb *db, GError **error)
{
  gint64 nonce = ((gint64) g_random_int () << 31) ^ g_random_int ();
  gint64 id = 0;

  if (!insert_row (self, db, nonce, &id, error))
    return NULL;
  g_mkdir_with_parents (self->dir, 0700); /* someone may have wiped the cache */
  g_autofree char *path = file_path (self, id);
  int fd = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd >= 0 && pwrite (fd, &nonce, MF_SEGMENT_HEAD_BYTES, 0) == MF_SEGMENT_HEAD_BYTES)
    return add_segment (self, id, fd, TRUE);
  mf_error_from_errno (error, "making cache segment %" G_GINT64_FORMAT, id);
  if (fd >= 0)
    close (fd);
  return NULL;
}

void
mf_segment_retire (MfSegments *self, MfSegment *segment)
{
  g_mutex_lock (&self->lock);
  segment->writing = FALSE;
  g_mutex_unlock (&self->lock);
}

gint64
mf_segment_id (const MfSegment *segment)
{
  return segment->id;
}

gboolean
mf_segment_write (MfSegment *segment, guint64 start, const char *bytes, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize n = pwrite (segment->fd, bytes, size, (off_t) start);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return mf_error_from_errno (error, "writing cache segment %" G_GINT64_FORMAT, segment->id);
      bytes += n;
      start += (guint64) n;
      size -= (gsize) n;
    }
  return TRUE;
}

gssize
mf_segment_read (MfSegment *segment, guint64 start, char *buffer, gsize size, GError **error)
{
  gssize n = pread (segment->fd, buffer, size, (off_t) start);

  if (n > 0 || size == 0)
    return n;
  if (n == 0)
    errno = EIO; /* the file is shorter than the index says */
  mf_error_from_errno (error, "reading cache segment %" G_GINT64_FORMAT, segment->id);
  return -1;
}

guint
mf_segments_generation (MfSegments *self)
{
  g_mutex_lock (&self->lock);
  guint generation = self->generation;
  g_mutex_unlock (&self->lock);
  return generation;
}

MfPinned
mf_segments_pin (MfSegments *self, guint generation, gint64 id, guint64 start, guint64 size,
                 MfPin *pin)
{
  MfPinned result = MF_PINNED_GONE;

  g_mutex_lock (&self->lock);
  MfSegment *segment = g_hash_table_lookup (self->files, &id);
  if (self->generation != generation)
    result = MF_PINNED_STALE;
  else if (segment != NULL)
    {
      *pin = (MfPin){ .segment = segment, .start = start, .size = size };
      pin->link.data = pin;
      segment->pins = g_list_concat (&pin->link, segment->pins);
      result = MF_PINNED_OK;
    }
  g_mutex_unlock (&self->lock);
  return result;
}

void
mf_segments_unpin (MfSegments *self, MfPin *pin)
{
  g_mutex_lock (&self->lock);
  pin->segment->pins = g_list_remove_link (pin->segment->pins, &pin->link);
  g_mutex_unlock (&self->lock);
}

/* ---- giving space back ------------------------------------------------ */

typedef struct
{
  guint64 start, end;
} Extent;

static int
compare_extents (gconstpointer a, gconstpointer b)
{
  const Extent *x = a, *y = b;

  return x->start < y->start ? -1 : x->start > y->start;
}

/* What is in use, ascending: rows and pins. */
static GArray *
live_extents (MfSegment *segment, MfDb *db, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  g_autoptr (GArray) live = g_array_new (FALSE, FALSE, sizeof (Extent));
  GError *local = NULL;

  if (!mf_db_query (db, &query, error, "SELECT start, start + size FROM body WHERE segment = ?",
                    "i", segment->id))
    return NULL;
  while (mf_db_next (&query, &local))
    {
      Extent extent = { (guint64) mf_db_int (&query, 0), (guint64) mf_db_int (&query, 1) };
      g_array_append_val (live, extent);
    }
  for (GList *l = segment->pins; l != NULL; l = l->next)
    {
      MfPin *pin = l->data;
      Extent extent = { pin->start, pin->start + pin->size };
      g_array_append_val (live, extent);
    }
  g_array_sort (live, compare_extents);
  if (local == NULL)
    return g_steal_pointer (&live);
  g_propagate_error (error, local);
  return NULL;
}

static void
punch (MfSegment *segment, guint64 start, guint64 end)
{
  if (end > start)
    (void) fallocate (segment->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t) start,
                      (off_t) (end - start));
}

static void
punch_between (MfSegment *segment, GArray *live)
{
  guint64 end = MF_SEGMENT_HEAD_BYTES;

  for (guint i = 0; i < live->len; i++)
    {
      Extent *extent = &g_array_index (live, Extent, i);
      punch (segment, end, extent->start);
      end = MAX (end, extent->end);
    }
  off_t size = lseek (segment->fd, 0, SEEK_END);
  punch (segment, end, size > 0 ? (guint64) size : 0);
}

static gboolean
sweep_one (MfSegment *segment, MfDb *db, gboolean *out_empty, GError **error)
{
  g_autoptr (GArray) live = live_extents (segment, db, error);

  *out_empty = live != NULL && live->len == 0;
  if (live != NULL && !*out_empty)
    punch_between (segment, live);
  return live != NULL;
}

/* Lane before lock, as a reader does it. */
static gboolean
sweep_id (MfSegments *self, MfDb *db, gint64 id, GError **error)
{
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  gboolean empty = FALSE, ok = TRUE;

  if (!mf_db_begin (db, &txn, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  MfSegment *segment = g_hash_table_lookup (self->files, &id);
  if (segment != NULL && !segment->writing)
    {
      self->generation++;
      ok = sweep_one (segment, db, &empty, error) && (!empty || forget (self, db, id, error));
      if (ok && empty)
        g_hash_table_remove (self->files, &id);
    }
  g_mutex_unlock (&self->lock);
  return ok && mf_db_commit (&txn, error);
}

gboolean
mf_segments_sweep (MfSegments *self, MfDb *db, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  GHashTableIter iter;
  gpointer key;

  /* After a power cut no row may come back that says what a hole was. */
  if (!mf_db_sync (db, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_array_append_vals (ids, key, 1);
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < ids->len; i++)
    if (!sweep_id (self, db, g_array_index (ids, gint64, i), error))
      return FALSE;
  return TRUE;
}

/* ---- surviving a power cut -------------------------------------------- */

static MfSegment *
next_unsynced (MfSegments *self, gboolean all)
{
  GHashTableIter iter;
  gpointer value;
  MfSegment *found = NULL;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->files);
  while (found == NULL && g_hash_table_iter_next (&iter, NULL, &value))
    {
      MfSegment *segment = value;
      if (!segment->synced && (all || !segment->writing))
        found = segment;
    }
  if (found != NULL)
    found->synced = TRUE; /* tried once, whatever comes of it */
  g_mutex_unlock (&self->lock);
  return found;
}

gboolean
mf_segments_sync (MfSegments *self, MfDb *db, gboolean all, GError **error)
{
  MfSegment *segment;

  while ((segment = next_unsynced (self, all)) != NULL)
    {
      if (fdatasync (segment->fd) != 0)
        return mf_error_from_errno (error, "syncing cache segment %" G_GINT64_FORMAT, segment->id);
      if (!mf_db_run (db, error, "UPDATE segment SET boot = NULL WHERE id = ?", "i", segment->id))
        return FALSE;
    }
  return TRUE;
}
