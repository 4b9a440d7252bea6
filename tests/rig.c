#include "tests/rig.h"

#include "cache/folders.h"
#include "cache/messages.h"
#include "tests/tempdir.h"

static void
open_index (MfRig *self)
{
  g_autofree char *path = g_build_filename (self->dir, "index.db", NULL);
  g_autoptr (GError) error = NULL;

  self->db = mf_db_open (path, &error);
  g_assert_no_error (error);
  self->drafts = mf_drafts_open (self->dir, &error);
  g_assert_no_error (error);
  self->bodies = mf_bodies_open (self->cache_dir, FALSE, G_MAXUINT64, self->db, &error);
  g_assert_no_error (error);
  self->settle = (MfSettle){ self->db, self->drafts, self->bodies, self->news };
}

static void
close_index (MfRig *self)
{
  mf_bodies_close (self->bodies);
  mf_drafts_close (self->drafts);
  mf_db_close (self->db);
}

void
mf_rig_init (MfRig *self, MfCaps caps)
{
  self->dir = mf_tempdir_new ();
  self->cache_dir = g_build_filename (self->dir, "cache", NULL);
  g_assert_cmpint (g_mkdir_with_parents (self->cache_dir, 0700), ==, 0);
  self->caps = caps;
  self->fake = mf_fake_new (caps);
  self->link = mf_link_new (&mf_fake_ops, mf_fake_account (self->fake));
  self->log = mf_event_log_new ();
  self->news = mf_news_new (mf_event_log_func, self->log);
  open_index (self);
}

void
mf_rig_clear (MfRig *self)
{
  mf_news_free (self->news);
  mf_event_log_free (self->log);
  mf_link_free (self->link);
  mf_fake_free (self->fake);
  close_index (self);
  g_free (self->cache_dir);
  mf_tempdir_free (self->dir);
}

void
mf_rig_set_up (MfRig *self, gconstpointer data)
{
  mf_rig_init (self, (MfCaps) GPOINTER_TO_UINT (data));
}

void
mf_rig_tear_down (MfRig *self, gconstpointer data)
{
  mf_rig_clear (self);
}

void
mf_rig_set_up_unlisted (MfRig *self, gconstpointer data)
{
  mf_rig_set_up (self, data);
  mf_rig_put_folder (self, "INBOX");
  mf_rig_put_folder (self, "other");
  mf_rig_sql (self, "UPDATE folder SET uidvalidity = 0, tag = NULL");
  mf_fake_create (self->fake, "other");
}

const MfRigStep mf_rig_steps[MF_RIG_N_STEPS] = {
  { "plain", 0 },
  { "CONDSTORE", MF_CAP_CONDSTORE },
  { "QRESYNC", MF_CAP_CONDSTORE | MF_CAP_QRESYNC },
};

void
mf_rig_add_each (const char *path, void (*func) (MfRig *, gconstpointer))
{
  for (guint i = 0; i < MF_RIG_N_STEPS; i++)
    {
      g_autofree char *full = g_strdup_printf ("%s, %s", path, mf_rig_steps[i].name);
      g_test_add (full, MfRig, GUINT_TO_POINTER (mf_rig_steps[i].caps), mf_rig_set_up_unlisted,
                  func, mf_rig_tear_down);
    }
}

void
mf_rig_reopen (MfRig *self)
{
  close_index (self);
  open_index (self);
}

void
mf_rig_relink (MfRig *self)
{
  mf_link_free (self->link);
  self->link = mf_link_new (&mf_fake_ops, mf_fake_account (self->fake));
}

/* ---- pulling ---------------------------------------------------------- */

static gboolean
check (MfRig *self, gboolean ok, GError *local, GError **error)
{
  if (!ok)
    mf_link_check (self->link, local);
  if (local != NULL)
    g_propagate_error (error, local);
  return ok;
}

gboolean
mf_rig_try_pull_folder (MfRig *self, const char *mailbox, GError **error)
{
  MfFolderId folder = mf_rig_find (self, mailbox);
  GError *local = NULL;
  gboolean ok = mf_link_open (self->link, &local)
                && mf_pull_folder (&self->settle, self->link, folder, &local);

  return check (self, ok, local, error);
}

gboolean
mf_rig_try_pull_tree (MfRig *self, const MfFolderFilter *filter, GArray *out_stale,
                      GArray *out_untold, GError **error)
{
  GError *local = NULL;
  gboolean ok = mf_link_open (self->link, &local)
                && mf_pull_tree (&self->settle, self->link, filter, out_stale, out_untold, &local);

  return check (self, ok, local, error);
}

void
mf_rig_pull_folder (MfRig *self, const char *mailbox)
{
  g_autoptr (GError) error = NULL;

  mf_rig_try_pull_folder (self, mailbox, &error);
  g_assert_no_error (error);
}

/* ---- rows ------------------------------------------------------------- */

MfFolderId
mf_rig_put_folder (MfRig *self, const char *mailbox)
{
  MfRemoteFolder listed = { .mailbox = mailbox, .delimiter = '/', .selectable = TRUE };
  g_autoptr (GError) error = NULL;
  g_auto (MfDbTxn) txn = MF_DB_TXN_INIT;
  g_auto (MfFolder) folder = { 0 };
  MfFolderId id = 0, changed = 0;
  gboolean ok = mf_db_begin (self->db, &txn, &error)
                && mf_folders_put (self->db, &listed, &id, &changed, &error)
                && mf_folders_get (self->db, id, &folder, &error)
                && mf_folders_set_validity (self->db, &folder, 1, &error)
                && mf_db_commit (&txn, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return id;
}

MfMsgId
mf_rig_put_message (MfRig *self, MfFolderId folder, guint32 uid, guint64 size)
{
  MfRemoteMessage remote = { .uid = uid, .has_flags = TRUE, .flags = MF_FLAG_SEEN, .keywords = "",
                             .internaldate = 86400 + 60 * (gint64) uid, .size = size };
  g_autoptr (GError) error = NULL;
  MfMsgId id = 0;
  gboolean ok = mf_messages_insert_remote (self->db, folder, folder, &remote, &id, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return id;
}

void
mf_rig_sql (MfRig *self, const char *sql)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mf_db_run (self->db, &error, sql, "");

  g_assert_no_error (error);
  g_assert_true (ok);
}

gint64
mf_rig_number (MfRig *self, const char *sql)
{
  g_autoptr (GError) error = NULL;
  gint64 n = 0;
  gboolean ok = mf_db_number (self->db, 0, &n, &error, sql, "");

  g_assert_no_error (error);
  g_assert_true (ok);
  return n;
}

MfFolderId
mf_rig_find (MfRig *self, const char *mailbox)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  mf_folders_get_mailbox (self->db, mailbox, &folder, &error);
  g_assert_no_error (error);
  return folder.id;
}

/* ---- what is seen ----------------------------------------------------- */

static gboolean
collect (const MfMessage *message, gpointer user_data)
{
  static const char letters[] = "DFPRST";
  GPtrArray *words = user_data;
  g_autoptr (GString) word = g_string_new (NULL);

  g_string_printf (word, "%010u:", message->uid);
  for (int i = 0; letters[i] != '\0'; i++)
    if (message->flags & (1 << i))
      g_string_append_c (word, letters[i]);
  if (message->keywords != NULL)
    g_string_append (word, message->keywords);
  g_ptr_array_add (words, g_strdup (word->str));
  return TRUE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

char *
mf_rig_messages (MfRig *self, const char *mailbox)
{
  MfFolderId folder = mf_rig_find (self, mailbox);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);

  for (int place = MF_PLACE_CUR; place <= MF_PLACE_NEW; place++)
    mf_messages_list (self->db, folder, (MfPlace) place, 0, collect, words, &error);
  g_assert_no_error (error);
  g_ptr_array_sort (words, compare);
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      while (*word == '0')
        word++;
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", word);
    }
  return g_string_free (text, FALSE);
}

static gboolean
add_uid (const MfMessage *message, gpointer user_data)
{
  mf_uidset_add (user_data, message->uid);
  return TRUE;
}

char *
mf_rig_uids (MfRig *self, const char *mailbox, MfPlace place)
{
  g_autoptr (MfUidSet) uids = mf_uidset_new ();
  g_autoptr (GError) error = NULL;

  mf_messages_list (self->db, mf_rig_find (self, mailbox), place, 0, add_uid, uids, &error);
  g_assert_no_error (error);
  return mf_uidset_to_string (uids);
}

void
mf_rig_assert_same (MfRig *self, const char *mailbox)
{
  g_autofree char *here = mf_rig_messages (self, mailbox);
  g_autofree char *there = mf_fake_messages (self->fake, mailbox);
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (here, ==, there);
  mf_folders_get_mailbox (self->db, mailbox, &folder, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (folder.messages, ==, mf_rig_number (self, "SELECT COUNT(*) FROM message"));
  g_assert_cmpuint (folder.unseen, ==,
                    mf_rig_number (self, "SELECT COUNT(*) FROM message WHERE NOT flags & 16"));
}
