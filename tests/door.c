#include "tests/door.h"

#include <string.h>

#include "cache/account.h"
#include "tests/check.h"
#include "tests/patience.h"
#include "tests/tempdir.h"

/* ---- opening and closing ---------------------------------------------- */

void
mf_door_init (MfDoor *self, MfCaps caps)
{
  self->dir = mf_tempdir_new ();
  self->state_dir = g_build_filename (self->dir, "state", NULL);
  self->cache_dir = g_build_filename (self->dir, "cache", NULL);
  self->caps = caps;
  self->fake = mf_fake_new (caps);
  self->log = mf_event_log_new ();
  self->ops = mf_fake_ops;
  self->options = (MfCacheOptions){ .state_dir = self->state_dir,
                                    .cache_dir = self->cache_dir,
                                    .cache_size = 100 * 1024 * 1024,
                                    .poll_s = 3600 };
}

void
mf_door_clear (MfDoor *self)
{
  if (self->cache != NULL)
    mf_door_stop (self);
  mf_event_log_free (self->log);
  mf_fake_free (self->fake);
  g_free (self->cache_dir);
  g_free (self->state_dir);
  mf_tempdir_free (self->dir);
}

void
mf_door_set_up (MfDoor *self, gconstpointer data)
{
  mf_door_init (self, MF_DOOR_FULL);
  mf_fake_create (self->fake, "other");
  mf_fake_create (self->fake, "plain/child");
}

void
mf_door_set_up_known (MfDoor *self, gconstpointer data)
{
  mf_door_init (self, (MfCaps)GPOINTER_TO_UINT (data));
  self->options.expunge = TRUE;
  self->options.delete_guard = 1000;
  mf_fake_create (self->fake, "other");
  mf_fake_fill (self->fake, "INBOX", 5);
  mf_door_start (self);
  self->inbox = mf_door_list (self, "INBOX");
  self->other = mf_door_list (self, "other");
}

void
mf_door_tear_down (MfDoor *self, gconstpointer data)
{
  mf_door_clear (self);
}

void
mf_door_add_each (const char *path, void (*func) (MfDoor *, gconstpointer))
{
  static const struct
  {
    const char *name;
    MfCaps caps;
  } steps[] = { { "MOVE", MF_DOOR_FULL },
                { "UIDPLUS", MF_DOOR_SYNC | MF_CAP_UIDPLUS },
                { "plain", MF_CAP_IDLE } };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *full = g_strdup_printf ("%s, %s", path, steps[i].name);
      g_test_add (full, MfDoor, GUINT_TO_POINTER (steps[i].caps), mf_door_set_up_known, func,
                  mf_door_tear_down);
    }
}

MfCache *
mf_door_try_open (MfDoor *self, GError **error)
{
  return mf_cache_open (&self->options, &self->ops, mf_fake_account (self->fake), mf_event_log_func,
                        self->log, error);
}

void
mf_door_open (MfDoor *self)
{
  g_autoptr (GError) error = NULL;

  self->cache = mf_door_try_open (self, &error);
  g_assert_no_error (error);
}

gboolean
mf_door_try_start (MfDoor *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *why = NULL;
  gboolean online = FALSE;

  if (!mf_cache_start (self->cache, &online, &why, cancellable, error))
    return FALSE;
  g_assert_cmpint (online, ==, why == NULL);
  return TRUE;
}

void
mf_door_start (MfDoor *self)
{
  g_autoptr (GError) error = NULL;

  mf_door_open (self);
  mf_door_try_start (self, NULL, &error);
  g_assert_no_error (error);
}

void
mf_door_stop (MfDoor *self)
{
  mf_cache_stop (self->cache);
  g_clear_pointer (&self->cache, mf_cache_close);
}

/* ---- what is there ---------------------------------------------------- */

MfFolderId
mf_door_find (MfDoor *self, const char *mailbox)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;

  mf_cache_folder_child (self->cache, MF_FOLDER_ROOT, mailbox, &folder, &error);
  g_assert_no_error (error);
  return folder.id;
}

MfMsgId
mf_door_find_uid (MfDoor *self, const char *mailbox, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_cache_message_by_uid (self->cache, mf_door_find (self, mailbox), uid, &message, &error);
  g_assert_no_error (error);
  return message.id;
}

MfFolderId
mf_door_list (MfDoor *self, const char *mailbox)
{
  MfFolderId id = mf_door_find (self, mailbox);

  g_assert_cmpint (mf_door_want_folder (self, id), ==, MF_DOOR_OK);
  return id;
}

/* ---- waiting ---------------------------------------------------------- */

int
mf_door_want_folder (MfDoor *self, MfFolderId id)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_folder (self->cache, id, mf_patience_done, patience))
    return MF_DOOR_OK;
  return mf_patience_code (patience);
}

int
mf_door_want_body (MfDoor *self, MfMsgId id)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_body (self->cache, id, mf_patience_done, patience))
    return MF_DOOR_OK;
  return mf_patience_code (patience);
}

MfMsgId
mf_door_fetch_uid (MfDoor *self, const char *mailbox, guint32 uid)
{
  MfMsgId id = mf_door_find_uid (self, mailbox, uid);

  g_assert_cmpint (mf_door_want_body (self, id), ==, MF_DOOR_OK);
  return id;
}

char *
mf_door_read_body (MfDoor *self, MfMsgId id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MfBody) body = mf_cache_body_open (self->cache, id, &error);
  char *text = NULL;

  g_assert_no_error (error);
  text = g_malloc0 (mf_body_size (body) + 1);
  g_assert_cmpint (mf_body_read (body, 0, text, mf_body_size (body), &error), ==,
                   (gssize)mf_body_size (body));
  return text;
}

MfMsgId
mf_door_fill_other (MfDoor *self, const char *wire)
{
  mf_fake_append (self->fake, "other", wire, 0, NULL);
  mf_door_stop (self);
  mf_door_start (self);
  mf_door_wait_event (self, "added 1");
  return mf_door_fetch_uid (self, "other", 1);
}

int
mf_door_push (MfDoor *self)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_pushed (self->cache, mf_patience_done, patience))
    return MF_DOOR_OK;
  return mf_patience_code (patience);
}

int
mf_door_push_own (MfDoor *self, MfMsgId message)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (!mf_cache_want_own_pushed (self->cache, message, mf_patience_done, patience))
    return MF_DOOR_OK;
  return mf_patience_code (patience);
}

void
mf_door_push_at_last (MfDoor *self)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();
  guint n = 0;

  while (mf_cache_want_pushed (self->cache, mf_patience_done, patience))
    {
      g_auto (MfStatus) status = { 0 };
      mf_patience_wait (patience, ++n);
      mf_cache_status (self->cache, &status);
      mf_cache_go_online (self->cache);
      if (!status.online)
        mf_door_wait_event (self, "state");
    }
}

MfFakeOp
mf_door_moving (const MfDoor *self)
{
  return (self->caps & MF_CAP_MOVE) != 0 ? MF_FAKE_MOVE : MF_FAKE_COPY;
}

gboolean
mf_door_is_online (MfDoor *self)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (self->cache, &status);
  g_assert_cmpint (status.online, ==, status.trouble == NULL);
  return status.online;
}

void
mf_door_wait_online (MfDoor *self, gboolean online)
{
  while (mf_door_is_online (self) != online)
    mf_door_wait_event (self, "state");
}

void
mf_door_wait_event (MfDoor *self, const char *words)
{
  g_assert_true (mf_event_log_wait (self->log, words));
}

void
mf_door_wait_count (MfDoor *self, MfFakeOp op, guint n)
{
  mf_check_soon (mf_fake_count (self->fake, op) >= n);
}

static gboolean
is_taken_up (MfEngine *engine)
{
  g_mutex_lock (&engine->lock);
  gboolean taken_up = engine->first_change_us == 0;
  g_mutex_unlock (&engine->lock);
  return taken_up;
}

void
mf_door_wait_taken_up (MfDoor *self)
{
  mf_check_soon (is_taken_up (self->cache->engine));
}

static gboolean
is_empty (MfDoor *self, const char *mailbox)
{
  g_autofree char *messages = mf_fake_messages (self->fake, mailbox);

  return *messages == '\0';
}

void
mf_door_wait_arrival (MfDoor *self, const char *mailbox)
{
  mf_check_soon (!is_empty (self, mailbox));
}

/* @name (nullable): there is no such folder. */
static gboolean
is_named (MfDoor *self, MfFolderId id, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  gboolean found = mf_cache_folder (self->cache, id, &folder, NULL);

  return g_strcmp0 (found ? folder.name : NULL, name) == 0;
}

/* What the server's folders are is asked again each tenth of a second. */
static void
list_until_named (MfDoor *self, MfFolderId folder, const char *name)
{
  guint n = 0;

  for (; n < 200 && !is_named (self, folder, name); n++)
    {
      mf_engine_look_now (self->cache->engine);
      for (guint ms = 0; ms < 100 && !is_named (self, folder, name); ms++)
        g_usleep (1000);
    }
  g_assert_cmpuint (n, <, 200);
}

void
mf_door_wait_gone (MfDoor *self, MfFolderId folder)
{
  list_until_named (self, folder, NULL);
}

void
mf_door_wait_name (MfDoor *self, MfFolderId folder, const char *name)
{
  list_until_named (self, folder, name);
}

void
mf_door_wait_idle (MfDoor *self, guint n)
{
  g_assert_true (mf_fake_wait_held (self->fake, MF_FAKE_IDLE, n));
}

/* ---- what became of it ------------------------------------------------ */

void
mf_door_assert_server (MfDoor *self, const char *mailbox, const char *expected)
{
  g_autofree char *messages = mf_fake_messages (self->fake, mailbox);

  g_assert_cmpstr (messages, ==, expected);
}

void
mf_door_assert_body (MfDoor *self, const char *mailbox, guint32 uid, const char *wire)
{
  g_autoptr (GBytes) body = NULL;

  g_assert_true (mf_fake_message (self->fake, mailbox, uid, NULL, NULL, &body));
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), wire, strlen (wire));
}

void
mf_door_assert_removed (MfDoor *self, const char *rest, const char *marked)
{
  mf_door_assert_server (self, "INBOX", (self->caps & MF_CAP_UIDPLUS) != 0 ? rest : marked);
}

void
mf_door_assert_text (MfDoor *self, MfMsgId id, const char *expected)
{
  g_assert_cmpint (mf_door_want_body (self, id), ==, MF_DOOR_OK);
  g_autofree char *text = mf_door_read_body (self, id);
  g_assert_cmpstr (text, ==, expected);
}

void
mf_door_assert_at (MfDoor *self, MfMsgId id, MfFolderId folder)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, folder);
  g_assert_cmpint (message.place, <, MF_PLACE_TMP);
}

void
mf_door_assert_lost (MfDoor *self, MfMsgId id)
{
  g_auto (MfMessage) message = { 0 };

  g_assert_true (mf_cache_message (self->cache, id, &message, NULL));
  g_assert_cmpint (message.folder, ==, MF_FOLDER_LOST);
}

void
mf_door_assert_nothing_pending (MfDoor *self)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (self->cache, &status);
  g_assert_cmpuint (status.pending, ==, 0);
  g_assert_cmpuint (status.failed, ==, 0);
}
