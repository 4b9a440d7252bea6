/* db.h - SQLite: connections, statements, transactions.
 *
 * Shape:   an MfDb is one connection ("lane").  The door's callers use one, the
 *          workers another, so that a long write never delays a read (WAL).  The
 *          file is this process's as long as one is open.
 * Threads: any; a lane is held by one thread from mf_db_prepare() or
 *          mf_db_begin() to the matching end.  Lock order: lane, then writer.
 *          No lane is held across a network call (I2).
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT, _EXISTS (a uniqueness rule).
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

typedef struct _MfDb MfDb;

/* Opens or makes the file, brings the schema up to date. */
MfDb *mf_db_open (const char *path, GError **error);
/* A second lane to the same file. */
MfDb *mf_db_open_lane (MfDb *first, GError **error);
void mf_db_close (MfDb *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfDb, mf_db_close)

/* A statement in use: holds the lane until it is cleared. */
typedef struct
{
  MfDb *db;
  sqlite3_stmt *stmt;
} MfDbQuery;
void mf_db_query_clear (MfDbQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfDbQuery, mf_db_query_clear)
#define MF_DB_QUERY_INIT { NULL, NULL }

/* @sql is prepared once and kept.  @types says the kinds of the arguments that
 * follow: i gint64, s string (nullable), n NULL when the gint64 is 0. */
gboolean mf_db_query (MfDb *self, MfDbQuery *query, GError **error, const char *sql,
                      const char *types, ...) G_GNUC_WARN_UNUSED_RESULT;
/* TRUE while there is a row; FALSE at the end, or with @error set. */
gboolean mf_db_next (MfDbQuery *query, GError **error);

gint64 mf_db_int (MfDbQuery *query, int column);
/* Borrowed until the next row; NULL for NULL. */
const char *mf_db_text (MfDbQuery *query, int column);

/* A query without rows. */
gboolean mf_db_run (MfDb *self, GError **error, const char *sql, const char *types, ...)
    G_GNUC_WARN_UNUSED_RESULT;
/* The first column of the first row, @fallback when there is none. */
gboolean mf_db_number (MfDb *self, gint64 fallback, gint64 *out, GError **error, const char *sql,
                       const char *types, ...) G_GNUC_WARN_UNUSED_RESULT;
gint64 mf_db_last_id (MfDb *self);
guint mf_db_n_changed (MfDb *self);

/* A write transaction: rolls back unless committed. */
typedef struct
{
  MfDb *db;
} MfDbTxn;
#define MF_DB_TXN_INIT { NULL }
gboolean mf_db_begin (MfDb *self, MfDbTxn *txn, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mf_db_commit (MfDbTxn *txn, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mf_db_txn_clear (MfDbTxn *txn);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfDbTxn, mf_db_txn_clear)

/* Everything committed so far survives a power cut when this returns TRUE. */
gboolean mf_db_sync (MfDb *self, GError **error);
