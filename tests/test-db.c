#include "cache/db.h"

#include <string.h>
#include <sys/stat.h>

#include "cache/cache.h"
#include "tests/tempdir.h"

typedef struct
{
  char *dir, *path;
  MfDb *db;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->dir = mf_tempdir_new ();
  self->path = g_build_filename (self->dir, "index.db", NULL);
  self->db = mf_db_open (self->path, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->db, mf_db_close);
  g_free (self->path);
  mf_tempdir_free (self->dir);
}

static void
put (MfDb *db, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mf_db_run (db, &error, "INSERT INTO meta VALUES (?, ?)", "ss", key, value);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static gint64
count (MfDb *db)
{
  g_autoptr (GError) error = NULL;
  gint64 n = -1;
  gboolean ok = mf_db_number (db, 0, &n, &error, "SELECT COUNT(*) FROM meta", "");

  g_assert_no_error (error);
  g_assert_true (ok);
  return n;
}

static void
begin (MfDb *db, MfDbTxn *txn)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mf_db_begin (db, txn, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
commit (MfDbTxn *txn)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mf_db_commit (txn, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_root_is_there (Fixture *self, gconstpointer data)
{
  gint64 id = 0;

  g_assert_true (mf_db_number (self->db, 0, &id, NULL, "SELECT id FROM folder", ""));
  g_assert_cmpint (id, ==, MF_FOLDER_ROOT);
}

static void
test_rollback (Fixture *self, gconstpointer data)
{
  {
    g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
    begin (self->db, &txn);
    put (self->db, "a", "1");
    g_assert_cmpint (count (self->db), ==, 1);
  }
  g_assert_cmpint (count (self->db), ==, 0);
}

static void
test_commit (Fixture *self, gconstpointer data)
{
  {
    g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
    begin (self->db, &txn);
    put (self->db, "a", "1");
    commit (&txn);
  }
  g_assert_cmpint (count (self->db), ==, 1);
}

static void
test_after_rollback_another (Fixture *self, gconstpointer data)
{
  for (int i = 0; i < 3; i++)
    test_rollback (self, data);
  test_commit (self, data);
}

static void
test_other_lane_sees_commits_only (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MfDb) other = mf_db_open_lane (self->db, &error);
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;

  g_assert_no_error (error);
  begin (self->db, &txn);
  put (self->db, "a", "1");
  g_assert_cmpint (count (other), ==, 0);
  commit (&txn);
  g_assert_cmpint (count (other), ==, 1);
}

static void
test_reader_keeps_its_view (Fixture *self, gconstpointer data)
{
  g_autoptr (MfDb) other = mf_db_open_lane (self->db, NULL);
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  guint n = 0;

  put (self->db, "a", "1");
  put (self->db, "b", "1");
  g_assert_true (mf_db_query (other, &query, NULL, "SELECT key FROM meta ORDER BY key", ""));
  g_assert_true (mf_db_next (&query, NULL));
  g_assert_cmpstr (mf_db_text (&query, 0), ==, "a");
  put (self->db, "c", "1");
  while (mf_db_next (&query, NULL))
    n++;
  g_assert_cmpuint (n, ==, 1);
}

typedef struct
{
  MfDb *db;
  int first;
} Writing;

static gpointer
write_many (gpointer data)
{
  Writing *self = data;

  for (int i = self->first; i < self->first + 200; i++)
    {
      g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
      g_autofree char *key = g_strdup_printf ("%d", i);
      begin (self->db, &txn);
      put (self->db, key, "x");
      g_assert_cmpint (count (self->db), >, 0);
      commit (&txn);
    }
  return NULL;
}

static void
test_writers_take_turns (Fixture *self, gconstpointer data)
{
  g_autoptr (MfDb) other = mf_db_open_lane (self->db, NULL);
  Writing writings[4] = { { self->db, 0 }, { other, 1000 }, { self->db, 2000 }, { other, 3000 } };
  GThread *threads[4];

  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("writer", write_many, &writings[i]);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (count (self->db), ==, 800);
  g_assert_cmpint (count (other), ==, 800);
}

static void
test_reopening (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  put (self->db, "a", "1");
  mf_db_close (self->db);
  self->db = mf_db_open (self->path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (count (self->db), ==, 1);
}

static void
test_future_is_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  put (self->db, "a", "1");
  g_assert_true (mf_db_run (self->db, NULL, "PRAGMA user_version = 99", ""));
  mf_db_close (self->db);
  self->db = mf_db_open (self->path, &error);
  g_assert_null (self->db);
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "99"));
}

static void
test_no_database_is_refused (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->dir, "other.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) noise = g_string_new ("this is no database");

  for (int i = 0; i < 10; i++)
    g_string_append (noise, noise->str);
  g_assert_true (g_file_set_contents (path, noise->str, -1, NULL));
  g_assert_null (mf_db_open (path, &error));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT);
}

static void
test_no_folder_is_an_error (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->dir, "missing", "index.db", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (mf_db_open (path, &error));
  g_assert_nonnull (error);
}

static void
test_uniqueness (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  put (self->db, "a", "1");
  g_assert_false (mf_db_run (self->db, &error, "INSERT INTO meta VALUES (?, ?)", "ss", "a", "2"));
  g_assert_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_EXISTS);
  put (self->db, "b", "1");
}

static void
test_failure_inside_rolls_back_all (Fixture *self, gconstpointer data)
{
  {
    g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
    begin (self->db, &txn);
    put (self->db, "a", "1");
    g_assert_false (mf_db_run (self->db, NULL, "INSERT INTO meta VALUES (?, ?)", "ss", "a", "2"));
  }
  g_assert_cmpint (count (self->db), ==, 0);
  put (self->db, "a", "1");
}

static void
test_null_and_fallback (Fixture *self, gconstpointer data)
{
  gint64 n = 0;

  g_assert_true (mf_db_number (self->db, -7, &n, NULL, "SELECT 1 FROM meta", ""));
  g_assert_cmpint (n, ==, -7);
  g_assert_true (mf_db_number (self->db, 0, &n, NULL, "SELECT ? IS NULL", "n", (gint64) 0));
  g_assert_cmpint (n, ==, 1);
  g_assert_true (mf_db_number (self->db, 0, &n, NULL, "SELECT ? IS NULL", "s", NULL));
  g_assert_cmpint (n, ==, 1);
  g_assert_true (mf_db_number (self->db, 0, &n, NULL, "SELECT ?", "n", G_MININT64));
  g_assert_cmpint (n, ==, G_MININT64);
}

/* Two runs with other folders, while an index is for one folder alone. */
static void
test_plans_are_kept (Fixture *self, gconstpointer data)
{
  for (gint64 folder = 1; folder < 3; folder++)
    {
      g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;

      g_assert_true (mf_db_query (self->db, &query, NULL, "SELECT id FROM message WHERE folder = ?",
                                  "i", folder));
      g_assert_false (mf_db_next (&query, NULL));
      g_assert_cmpint (sqlite3_stmt_status (query.stmt, SQLITE_STMTSTATUS_REPREPARE, 0), ==, 0);
    }
}

static goffset
size_of (const char *path)
{
  struct stat found;

  return stat (path, &found) == 0 ? found.st_size : 0;
}

/* By a thread of its own, while this one goes on. */
static void
test_the_log_gets_into_the_index (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (100 * 1000, 'x');
  goffset before = size_of (self->path);

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *key = g_strdup_printf ("%u", i);

      put (self->db, key, text);
    }
  for (guint i = 0; i < 100 && size_of (self->path) == before; i++)
    g_usleep (100 * 1000);
  g_assert_cmpint (size_of (self->path), >, before);
}

#define ADD(path, func) g_test_add ("/db/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a new one has the root", test_root_is_there);
  ADD ("a transaction that is not committed leaves nothing", test_rollback);
  ADD ("a committed transaction stays", test_commit);
  ADD ("a rollback gives the locks back", test_after_rollback_another);
  ADD ("the other lane sees what is committed, and only that",
       test_other_lane_sees_commits_only);
  ADD ("a reader on one lane keeps its view while the other writes", test_reader_keeps_its_view);
  ADD ("writers on two lanes take turns", test_writers_take_turns);
  ADD ("what was committed is there after reopening", test_reopening);
  ADD ("a format of the future is refused", test_future_is_refused);
  ADD ("a file that is no database is refused", test_no_database_is_refused);
  ADD ("a folder that is missing is an error", test_no_folder_is_an_error);
  ADD ("a row that is there already is EXISTS", test_uniqueness);
  ADD ("a failure inside a transaction leaves nothing of it", test_failure_inside_rolls_back_all);
  ADD ("NULLs and fallbacks", test_null_and_fallback);
  ADD ("the log gets into the index while it is open", test_the_log_gets_into_the_index);
  ADD ("a statement is not planned anew for what is bound", test_plans_are_kept);
  return g_test_run ();
}
