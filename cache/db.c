#include "cache/db.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdarg.h>
#include <unistd.h>

#include "cache/cache-resources.h"
#include "cache/cache.h"
#include "cache/checkpoint.h"

#define SCHEMA_VERSION 2
#define BUSY_MS 10000
#define PAGE_CACHE_KIB 1024
#define CHECKPOINT_PAGES 4000
/* Then whoever commits does it himself, lest the log grow without end. */
#define MOST_PAGES (4 * CHECKPOINT_PAGES)
/* Locks between the lanes stay in this process: no system call for each query. */
#define VFS "unix-excl"

/* What the lanes share: one writer at a time, for SQLite's own waiting sleeps in
 * steps, which a rename would feel. */
typedef struct
{
  GMutex mutex;
  MfCheckpoint *checkpoint; /* (nullable) */
} Writer;

struct _MfDb
{
  sqlite3 *handle;
  char *path;
  GRecMutex lane;
  GHashTable *statements; /* SQL text -> sqlite3_stmt; guarded by lane */
  Writer *writer;         /* atomic reference counted */
};

/* What SQLite does not call FULL: the file that its connections share. */
static gboolean
has_no_room (MfDb *self)
{
  int code = sqlite3_system_errno (self->handle);

  return code == ENOSPC || code == EDQUOT;
}

static void
set_error (MfDb *self, GError **error)
{
  int code = MF_CACHE_ERROR_CORRUPT;
  int sqlite_code = sqlite3_errcode (self->handle);

  if (sqlite_code == SQLITE_FULL || (sqlite_code == SQLITE_IOERR && has_no_room (self)))
    code = MF_CACHE_ERROR_FULL;
  else if (sqlite_code == SQLITE_CONSTRAINT)
    code = MF_CACHE_ERROR_EXISTS;
  g_set_error (error, MF_CACHE_ERROR, code, "index %s: %s", self->path,
               sqlite3_errmsg (self->handle));
}

static gboolean
execute (MfDb *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  set_error (self, error);
  return FALSE;
}

/* ---- statements ------------------------------------------------------- */

static sqlite3_stmt *
prepare (MfDb *self, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = g_hash_table_lookup (self->statements, sql);

  if (stmt != NULL)
    {
      g_assert (!sqlite3_stmt_busy (stmt)); /* the same query inside itself */
      return stmt;
    }
  if (sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL)
      != SQLITE_OK)
    {
      set_error (self, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, g_strdup (sql), stmt);
  return stmt;
}

static void
bind (sqlite3_stmt *stmt, const char *types, va_list arguments)
{
  for (int i = 0; types[i] != '\0'; i++)
    {
      if (types[i] == 's')
        {
          sqlite3_bind_text (stmt, i + 1, va_arg (arguments, const char *), -1, SQLITE_TRANSIENT);
          continue;
        }
      gint64 number = va_arg (arguments, gint64);
      if (types[i] == 'n' && number == 0)
        sqlite3_bind_null (stmt, i + 1);
      else
        sqlite3_bind_int64 (stmt, i + 1, number);
    }
}

static gboolean
query_valist (MfDb *self, MfDbQuery *query, GError **error, const char *sql, const char *types,
              va_list arguments)
{
  g_return_val_if_fail (query->db == NULL, FALSE);

  g_rec_mutex_lock (&self->lane);
  sqlite3_stmt *stmt = prepare (self, sql, error);
  if (stmt == NULL)
    {
      g_rec_mutex_unlock (&self->lane);
      return FALSE;
    }
  bind (stmt, types, arguments);
  query->db = self;
  query->stmt = stmt;
  return TRUE;
}

gboolean
mf_db_query (MfDb *self, MfDbQuery *query, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  va_start (arguments, types);
  gboolean ok = query_valist (self, query, error, sql, types, arguments);
  va_end (arguments);
  return ok;
}

void
mf_db_query_clear (MfDbQuery *query)
{
  if (query->db == NULL)
    return;
  sqlite3_reset (query->stmt);
  g_rec_mutex_unlock (&query->db->lane);
  query->db = NULL;
  query->stmt = NULL;
}

gboolean
mf_db_next (MfDbQuery *query, GError **error)
{
  int result = sqlite3_step (query->stmt);

  if (result != SQLITE_ROW && result != SQLITE_DONE)
    set_error (query->db, error);
  return result == SQLITE_ROW;
}

gint64
mf_db_int (MfDbQuery *query, int column)
{
  return sqlite3_column_int64 (query->stmt, column);
}

const char *
mf_db_text (MfDbQuery *query, int column)
{
  return (const char *) sqlite3_column_text (query->stmt, column);
}

gboolean
mf_db_run (MfDb *self, GError **error, const char *sql, const char *types, ...)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;
  va_list arguments;

  va_start (arguments, types);
  gboolean ok = query_valist (self, &query, &local, sql, types, arguments);
  va_end (arguments);
  if (ok)
    mf_db_next (&query, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
mf_db_number (MfDb *self, gint64 fallback, gint64 *out, GError **error, const char *sql,
              const char *types, ...)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  GError *local = NULL;
  va_list arguments;

  va_start (arguments, types);
  gboolean ok = query_valist (self, &query, &local, sql, types, arguments);
  va_end (arguments);
  gboolean row = ok && mf_db_next (&query, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  *out = row ? mf_db_int (&query, 0) : fallback;
  return TRUE;
}

gint64
mf_db_last_id (MfDb *self)
{
  return sqlite3_last_insert_rowid (self->handle);
}

guint
mf_db_n_changed (MfDb *self)
{
  return (guint) sqlite3_changes (self->handle);
}

/* ---- transactions ----------------------------------------------------- */

gboolean
mf_db_begin (MfDb *self, MfDbTxn *txn, GError **error)
{
  g_return_val_if_fail (txn->db == NULL, FALSE);

  g_rec_mutex_lock (&self->lane);
  g_mutex_lock (&self->writer->mutex);
  if (!mf_db_run (self, error, "BEGIN IMMEDIATE", ""))
    {
      g_mutex_unlock (&self->writer->mutex);
      g_rec_mutex_unlock (&self->lane);
      return FALSE;
    }
  txn->db = self;
  return TRUE;
}

static void
leave_txn (MfDbTxn *txn)
{
  g_mutex_unlock (&txn->db->writer->mutex);
  g_rec_mutex_unlock (&txn->db->lane);
  txn->db = NULL;
}

gboolean
mf_db_commit (MfDbTxn *txn, GError **error)
{
  if (!mf_db_run (txn->db, error, "COMMIT", ""))
    {
      mf_db_txn_clear (txn);
      return FALSE;
    }
  leave_txn (txn);
  return TRUE;
}

void
mf_db_txn_clear (MfDbTxn *txn)
{
  if (txn->db == NULL)
    return;
  /* A failed COMMIT may have rolled back by itself. */
  if (!sqlite3_get_autocommit (txn->db->handle))
    sqlite3_exec (txn->db->handle, "ROLLBACK", NULL, NULL, NULL);
  leave_txn (txn);
}

/* Commits are appended to the write-ahead log without waiting for the disk, so
 * one fdatasync of that file covers all of them. */
gboolean
mf_db_sync (MfDb *self, GError **error)
{
  g_autofree char *wal = g_strconcat (self->path, "-wal", NULL);
  int fd = open (wal, O_RDONLY | O_CLOEXEC);

  if (fd >= 0 && fdatasync (fd) == 0)
    {
      close (fd);
      return TRUE;
    }
  g_set_error (error, MF_CACHE_ERROR, errno == ENOSPC ? MF_CACHE_ERROR_FULL : MF_CACHE_ERROR_CORRUPT,
               "index %s: %s", wal, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return FALSE;
}

/* ---- opening ---------------------------------------------------------- */

static gboolean
create_schema (MfDb *self, GError **error)
{
  g_autoptr (GBytes) sql = g_resource_lookup_data (
      mf_cache_get_resource (), "/mailfs/schema.sql", G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (sql == NULL)
    return FALSE;

  g_autofree char *script = g_strdup_printf (
      "BEGIN IMMEDIATE; %.*s; INSERT INTO folder (id, parent, name, known)"
      " VALUES (%d, 0, '', 1), (%d, 0, 'lost+found', 1); PRAGMA user_version = %d; COMMIT",
      (int) g_bytes_get_size (sql), (const char *) g_bytes_get_data (sql, NULL),
      (int) MF_FOLDER_ROOT, (int) MF_FOLDER_LOST, SCHEMA_VERSION);
  return execute (self, script, error);
}

static gboolean
check_schema (MfDb *self, GError **error)
{
  gint64 version = 0;

  if (!mf_db_number (self, 0, &version, error, "PRAGMA user_version", ""))
    return FALSE;
  if (version == 0)
    return create_schema (self, error);
  if (version == SCHEMA_VERSION)
    return TRUE;
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT,
               "index %s has format %" G_GINT64_FORMAT ", this program knows %d", self->path,
               version, SCHEMA_VERSION);
  return FALSE;
}

/* After each commit: @pages are in the log. */
static int
on_commit (void *data, sqlite3 *handle, const char *name, int pages)
{
  Writer *writer = data;

  if (pages >= MOST_PAGES || (writer->checkpoint == NULL && pages >= CHECKPOINT_PAGES))
    sqlite3_wal_checkpoint_v2 (handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  else if (pages >= CHECKPOINT_PAGES)
    mf_checkpoint_wake (writer->checkpoint);
  return SQLITE_OK;
}

static gboolean
open_handle (MfDb *self, GError **error)
{
  g_autofree char *pragmas = g_strdup_printf (
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
      "PRAGMA secure_delete = FAST;"
      "PRAGMA cache_size = -%d",
      PAGE_CACHE_KIB);

  if (sqlite3_open_v2 (self->path, &self->handle,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, VFS)
      != SQLITE_OK)
    {
      set_error (self, error);
      return FALSE;
    }
  /* A plan that depended on what is bound would be made anew for each binding. */
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
  sqlite3_busy_timeout (self->handle, BUSY_MS);
  sqlite3_wal_hook (self->handle, on_commit, self->writer);
  return execute (self, pragmas, error);
}

static void
finalize (gpointer stmt)
{
  sqlite3_finalize (stmt);
}

static MfDb *
new_lane (const char *path, Writer *writer)
{
  MfDb *self = g_new0 (MfDb, 1);

  self->path = g_strdup (path);
  self->writer = writer;
  g_rec_mutex_init (&self->lane);
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize);
  return self;
}

MfDb *
mf_db_open (const char *path, GError **error)
{
  Writer *writer = g_atomic_rc_box_new0 (Writer);
  g_autoptr (MfDb) self = new_lane (path, writer);

  g_mutex_init (&writer->mutex);
  if (!open_handle (self, error) || !check_schema (self, error))
    return NULL;
  writer->checkpoint = mf_checkpoint_start (path, VFS);
  return g_steal_pointer (&self);
}

MfDb *
mf_db_open_lane (MfDb *first, GError **error)
{
  g_autoptr (MfDb) self = new_lane (first->path, g_atomic_rc_box_acquire (first->writer));

  if (!open_handle (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
clear_writer (gpointer data)
{
  Writer *writer = data;

  g_clear_pointer (&writer->checkpoint, mf_checkpoint_stop);
  g_mutex_clear (&writer->mutex);
}

void
mf_db_close (MfDb *self)
{
  g_hash_table_unref (self->statements);
  sqlite3_close (self->handle);
  g_rec_mutex_clear (&self->lane);
  g_atomic_rc_box_release_full (self->writer, clear_writer);
  g_free (self->path);
  g_free (self);
}
