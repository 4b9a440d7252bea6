#include "tests/bench/stores.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES (64 * 1024)
#define SEGMENT_BYTES (64 * 1024 * 1024)
#define BATCH_MESSAGES 256
#define BATCH_BYTES (16 * 1024 * 1024)

typedef struct
{
  const char *name;
  const char *schema;
  gboolean sync; /* bodies before their rows */
  void (*put) (Store *self, guint id, const Message *message);
  gsize (*get) (Store *self, guint id, const Message *expected);
  void (*drop) (Store *self, guint id);
} StoreType;

struct _Store
{
  const StoreType *type;
  int dir_fd;
  sqlite3 *db;
  sqlite3_stmt *insert, *find, *delete, *neighbours;
  guint batch_messages;
  gsize batch_bytes;
  GArray *segment_fds; /* of int, all open */
  goffset segment_end; /* of the last segment */
  char piece[PIECE_BYTES];
};

static void
run_sql (Store *self, const char *sql)
{
  g_assert_cmpint (sqlite3_exec (self->db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
}

static sqlite3_stmt *
prepare (Store *self, const char *sql)
{
  sqlite3_stmt *statement;

  g_assert_cmpint (
      sqlite3_prepare_v3 (self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), ==,
      SQLITE_OK);
  return statement;
}

static void
run_statement (sqlite3_stmt *statement)
{
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_reset (statement);
}

static void
delete_row (Store *self, guint id)
{
  sqlite3_bind_int (self->delete, 1, (int)id);
  run_statement (self->delete);
}

static void
write_pieces (int fd, const Message *message)
{
  for (gsize at = 0; at < message->size_bytes; at += PIECE_BYTES)
    {
      gsize n = MIN (PIECE_BYTES, message->size_bytes - at);

      g_assert_cmpint (write (fd, message->bytes + at, n), ==, n);
    }
}

static void
see_piece (Store *self, gsize at, gsize n, const Message *expected)
{
  if (expected != NULL)
    {
      g_assert_cmpuint (at + n, <=, expected->size_bytes);
      g_assert_cmpint (memcmp (self->piece, expected->bytes + at, n), ==, 0);
    }
}

static void
files_put (Store *self, guint id, const Message *message)
{
  char directory[16], part[32], whole[32];
  int fd;

  g_snprintf (directory, sizeof directory, "%x", id >> 8);
  g_snprintf (part, sizeof part, "%x/%u.part", id >> 8, id);
  g_snprintf (whole, sizeof whole, "%x/%u", id >> 8, id);
  if (id == 1 || (id & 0xff) == 0)
    g_assert_no_errno (mkdirat (self->dir_fd, directory, 0700));

  fd = openat (self->dir_fd, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  g_assert_no_errno (fd);
  write_pieces (fd, message);
  if (self->type->sync)
    g_assert_no_errno (fsync (fd));
  g_assert_no_errno (close (fd));
  g_assert_no_errno (renameat (self->dir_fd, part, self->dir_fd, whole));

  sqlite3_bind_int (self->insert, 1, (int)id);
  sqlite3_bind_int64 (self->insert, 2, (sqlite3_int64)message->size_bytes);
  run_statement (self->insert);
}

static gsize
files_get (Store *self, guint id, const Message *expected)
{
  char whole[32];
  gsize at = 0;
  gssize n;
  int fd;

  g_snprintf (whole, sizeof whole, "%x/%u", id >> 8, id);
  fd = openat (self->dir_fd, whole, O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (fd);
  while ((n = read (fd, self->piece, PIECE_BYTES)) > 0)
    {
      see_piece (self, at, (gsize)n, expected);
      at += (gsize)n;
    }
  g_assert_no_errno ((int)n);
  close (fd);
  return at;
}

static void
files_drop (Store *self, guint id)
{
  char whole[32];

  g_snprintf (whole, sizeof whole, "%x/%u", id >> 8, id);
  g_assert_no_errno (unlinkat (self->dir_fd, whole, 0));
  delete_row (self, id);
}

static void
open_segment (Store *self, int flags)
{
  char name[32];
  int fd;

  g_snprintf (name, sizeof name, "%u.segment", self->segment_fds->len);
  fd = openat (self->dir_fd, name, O_RDWR | O_CLOEXEC | flags, 0600);
  g_assert_no_errno (fd);
  g_array_append_val (self->segment_fds, fd);
  self->segment_end = lseek (fd, 0, SEEK_END);
}

static void
sync_segment (Store *self)
{
  guint n = self->segment_fds->len;

  if (self->type->sync && n > 0)
    g_assert_no_errno (fdatasync (g_array_index (self->segment_fds, int, n - 1)));
}

static void
segments_put (Store *self, guint id, const Message *message)
{
  guint segment;

  if (self->segment_fds->len == 0 || self->segment_end >= SEGMENT_BYTES)
    {
      sync_segment (self);
      open_segment (self, O_CREAT | O_EXCL);
    }
  segment = self->segment_fds->len - 1;
  write_pieces (g_array_index (self->segment_fds, int, segment), message);

  sqlite3_bind_int (self->insert, 1, (int)id);
  sqlite3_bind_int64 (self->insert, 2, (sqlite3_int64)message->size_bytes);
  sqlite3_bind_int (self->insert, 3, (int)segment);
  sqlite3_bind_int64 (self->insert, 4, self->segment_end);
  run_statement (self->insert);
  self->segment_end += (goffset)message->size_bytes;
}

typedef struct
{
  guint segment;
  goffset start;
  gsize size_bytes;
} Place;

static Place
find_place (Store *self, guint id)
{
  Place place;

  sqlite3_bind_int (self->find, 1, (int)id);
  g_assert_cmpint (sqlite3_step (self->find), ==, SQLITE_ROW);
  place.segment = (guint)sqlite3_column_int (self->find, 0);
  place.start = sqlite3_column_int64 (self->find, 1);
  place.size_bytes = (gsize)sqlite3_column_int64 (self->find, 2);
  sqlite3_reset (self->find);
  return place;
}

static gsize
segments_get (Store *self, guint id, const Message *expected)
{
  Place place = find_place (self, id);
  int fd = g_array_index (self->segment_fds, int, place.segment);

  for (gsize at = 0; at < place.size_bytes; at += PIECE_BYTES)
    {
      gsize n = MIN (PIECE_BYTES, place.size_bytes - at);

      g_assert_cmpint (pread (fd, self->piece, n, place.start + (goffset)at), ==, n);
      see_piece (self, at, n, expected);
    }
  return place.size_bytes;
}

/* The hole reaches from one living neighbour to the other, or blocks shared by
 * two dead messages would never be freed. */
static void
segments_drop (Store *self, guint id)
{
  Place place = find_place (self, id);
  goffset from = 0, to = place.start + (goffset)place.size_bytes;

  delete_row (self, id);
  sqlite3_bind_int (self->neighbours, 1, (int)place.segment);
  sqlite3_bind_int64 (self->neighbours, 2, place.start);
  g_assert_cmpint (sqlite3_step (self->neighbours), ==, SQLITE_ROW);
  if (sqlite3_column_type (self->neighbours, 0) != SQLITE_NULL)
    from = sqlite3_column_int64 (self->neighbours, 0);
  if (sqlite3_column_type (self->neighbours, 1) != SQLITE_NULL)
    to = sqlite3_column_int64 (self->neighbours, 1);
  sqlite3_reset (self->neighbours);
  g_assert_no_errno (fallocate (g_array_index (self->segment_fds, int, place.segment),
                                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from));
}

static void
write_blob (Store *self, guint id, const Message *message)
{
  sqlite3_blob *blob;

  g_assert_cmpint (sqlite3_blob_open (self->db, "main", "bodies", "bytes", id, 1, &blob), ==,
                   SQLITE_OK);
  for (gsize at = 0; at < message->size_bytes; at += PIECE_BYTES)
    {
      gsize n = MIN (PIECE_BYTES, message->size_bytes - at);

      g_assert_cmpint (sqlite3_blob_write (blob, message->bytes + at, (int)n, (int)at), ==,
                       SQLITE_OK);
    }
  g_assert_cmpint (sqlite3_blob_close (blob), ==, SQLITE_OK);
}

static void
blobs_put (Store *self, guint id, const Message *message)
{
  gboolean in_one_piece = message->size_bytes <= PIECE_BYTES;

  sqlite3_bind_int (self->insert, 1, (int)id);
  sqlite3_bind_int64 (self->insert, 2, (sqlite3_int64)message->size_bytes);
  if (in_one_piece)
    sqlite3_bind_blob64 (self->insert, 5, message->bytes, message->size_bytes, SQLITE_STATIC);
  else
    sqlite3_bind_zeroblob64 (self->insert, 5, message->size_bytes);
  run_statement (self->insert);
  if (!in_one_piece)
    write_blob (self, id, message);
}

static gsize
blobs_get (Store *self, guint id, const Message *expected)
{
  sqlite3_blob *blob;
  gsize size_bytes;

  g_assert_cmpint (sqlite3_blob_open (self->db, "main", "bodies", "bytes", id, 0, &blob), ==,
                   SQLITE_OK);
  size_bytes = (gsize)sqlite3_blob_bytes (blob);
  for (gsize at = 0; at < size_bytes; at += PIECE_BYTES)
    {
      gsize n = MIN (PIECE_BYTES, size_bytes - at);

      g_assert_cmpint (sqlite3_blob_read (blob, self->piece, (int)n, (int)at), ==, SQLITE_OK);
      see_piece (self, at, n, expected);
    }
  sqlite3_blob_close (blob);
  return size_bytes;
}

#define SCHEMA                                                                                     \
  "CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, size INTEGER NOT NULL,"              \
  " segment INTEGER, start INTEGER, bytes BLOB);"

#define PLACES "CREATE UNIQUE INDEX IF NOT EXISTS places ON bodies (segment, start, size);"

static const StoreType types[N_STORES] = {
  { "files", SCHEMA, FALSE, files_put, files_get, files_drop },
  { "files+sync", SCHEMA, TRUE, files_put, files_get, files_drop },
  { "segments", SCHEMA PLACES, FALSE, segments_put, segments_get, segments_drop },
  { "segments+sync", SCHEMA PLACES, TRUE, segments_put, segments_get, segments_drop },
  { "blobs", SCHEMA, FALSE, blobs_put, blobs_get, delete_row },
};

const char *
store_type_name (guint type)
{
  return types[type].name;
}

Store *
store_open (guint type, const char *directory)
{
  Store *self = g_new0 (Store, 1);
  g_autofree char *path = g_build_filename (directory, "index.db", NULL);

  self->type = &types[type];
  self->dir_fd = open (directory, O_DIRECTORY | O_CLOEXEC);
  g_assert_no_errno (self->dir_fd);
  g_assert_cmpint (sqlite3_open (path, &self->db), ==, SQLITE_OK);
  run_sql (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  run_sql (self, self->type->schema);
  self->insert = prepare (self, "INSERT INTO bodies VALUES (?1, ?2, ?3, ?4, ?5)");
  self->find = prepare (self, "SELECT segment, start, size FROM bodies WHERE id = ?1");
  self->delete = prepare (self, "DELETE FROM bodies WHERE id = ?1");
  self->neighbours
      = prepare (self, "SELECT (SELECT start + size FROM bodies WHERE segment = ?1 AND start < ?2"
                       "        ORDER BY start DESC LIMIT 1),"
                       "       (SELECT start FROM bodies WHERE segment = ?1 AND start > ?2"
                       "        ORDER BY start LIMIT 1)");

  self->segment_fds = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0;; i++)
    {
      char name[32];

      g_snprintf (name, sizeof name, "%u.segment", i);
      if (faccessat (self->dir_fd, name, F_OK, 0) != 0)
        break;
      open_segment (self, 0);
    }
  return self;
}

void
store_commit (Store *self)
{
  if (self->batch_messages > 0)
    {
      sync_segment (self);
      run_sql (self, "COMMIT");
    }
  self->batch_messages = 0;
  self->batch_bytes = 0;
}

static void
join_batch (Store *self, gsize size_bytes)
{
  if (self->batch_messages >= BATCH_MESSAGES || self->batch_bytes >= BATCH_BYTES)
    store_commit (self);
  if (self->batch_messages++ == 0)
    run_sql (self, "BEGIN IMMEDIATE");
  self->batch_bytes += size_bytes;
}

void
store_put (Store *self, guint id, const Message *message)
{
  join_batch (self, message->size_bytes);
  self->type->put (self, id, message);
}

gsize
store_get (Store *self, guint id, const Message *expected)
{
  return self->type->get (self, id, expected);
}

void
store_drop (Store *self, guint id)
{
  join_batch (self, 0);
  self->type->drop (self, id);
}

void
store_flush (Store *self)
{
  store_commit (self);
  g_assert_cmpint (
      sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), ==,
      SQLITE_OK);
  g_assert_no_errno (syncfs (self->dir_fd));
}

void
store_close (Store *self)
{
  store_commit (self);
  sqlite3_finalize (self->insert);
  sqlite3_finalize (self->find);
  sqlite3_finalize (self->delete);
  sqlite3_finalize (self->neighbours);
  g_assert_cmpint (sqlite3_close (self->db), ==, SQLITE_OK);
  for (guint i = 0; i < self->segment_fds->len; i++)
    close (g_array_index (self->segment_fds, int, i));
  g_array_unref (self->segment_fds);
  close (self->dir_fd);
  g_free (self);
}
