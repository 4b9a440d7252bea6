/* The test's side of fake-remote.h: another client, and what it sees. */
#include "tests/fake-server.h"

#include <string.h>

#include "cache/recover.h"

static void
clear_failure (gpointer data)
{
  g_free (((MfFakeFailure *) data)->mailbox);
}

MfFake *
mf_fake_new (MfCaps caps)
{
  MfFake *self = g_new0 (MfFake, 1);

  self->account = (MfAccount){ .host = "fake", .user = "user", .timeout_ms = 2000,
                                .secret_data = self };
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->caps = caps;
  self->mailboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) mf_fake_mailbox_free);
  self->next_validity = 1000;
  self->online = TRUE;
  self->piece = 4096;
  self->rows_to_live = -1;
  mf_recover_grace_ms = 0; /* with a session ends what it was at */
  self->bodies_sent = g_string_new (NULL);
  self->failures = g_array_new (FALSE, TRUE, sizeof (MfFakeFailure));
  g_array_set_clear_func (self->failures, clear_failure);
  mf_fake_add (self, "INBOX");
  return self;
}

void
mf_fake_free (MfFake *self)
{
  g_assert_cmpuint (self->n_sessions, ==, 0);
  g_array_unref (self->failures);
  g_string_free (self->bodies_sent, TRUE);
  g_ptr_array_unref (self->mailboxes);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

const MfAccount *
mf_fake_account (MfFake *self)
{
  return &self->account;
}

/* ---- mailboxes -------------------------------------------------------- */

MfFakeMailbox *
mf_fake_find (MfFake *self, const char *mailbox)
{
  for (guint i = 0; i < self->mailboxes->len; i++)
    {
      MfFakeMailbox *one = g_ptr_array_index (self->mailboxes, i);
      if (strcmp (one->name, mailbox) == 0)
        return one;
    }
  return NULL;
}

MfFakeMailbox *
mf_fake_add (MfFake *self, const char *mailbox)
{
  MfFakeMailbox *one = mf_fake_mailbox_new (mailbox, self->next_validity++);

  g_ptr_array_add (self->mailboxes, one);
  return one;
}

gboolean
mf_fake_has_children (MfFake *self, const char *mailbox)
{
  g_autofree char *prefix = g_strconcat (mailbox, "/", NULL);

  for (guint i = 0; i < self->mailboxes->len; i++)
    if (g_str_has_prefix (((MfFakeMailbox *) g_ptr_array_index (self->mailboxes, i))->name, prefix))
      return TRUE;
  return FALSE;
}

void
mf_fake_drop (MfFake *self, MfFakeMailbox *mailbox)
{
  if (!mf_fake_has_children (self, mailbox->name))
    {
      g_ptr_array_remove (self->mailboxes, mailbox);
      return;
    }
  mailbox->selectable = FALSE;
  mailbox->changes++;
  g_ptr_array_set_size (mailbox->messages, 0);
}

MfFakeMessage *
mf_fake_put (MfFake *self, MfFakeMailbox *mailbox, GBytes *body, MfFlags flags,
             const char *keywords)
{
  g_autofree char *emailid = g_strdup_printf ("E%u", ++self->next_emailid);

  return mf_fake_mailbox_append (mailbox, body, flags, keywords, emailid);
}

guint64
mf_fake_used_bytes (MfFake *self)
{
  guint64 sum = 0;

  for (guint i = 0; i < self->mailboxes->len; i++)
    {
      MfFakeMailbox *mailbox = g_ptr_array_index (self->mailboxes, i);
      for (guint j = 0; j < mailbox->messages->len; j++)
        sum += g_bytes_get_size (((MfFakeMessage *) g_ptr_array_index (mailbox->messages, j))->body);
    }
  return sum;
}

gboolean
mf_fake_take_step (MfFake *self)
{
  MfFakeStep what = self->step != NULL ? self->step (self->step_data) : MF_FAKE_GO_ON;

  if (what == MF_FAKE_GO_ON)
    return TRUE;
  self->online &= what != MF_FAKE_GO_AWAY;
  self->epoch++;
  g_cond_broadcast (&self->changed);
  return FALSE;
}

MfFakeMailbox *
mf_fake_lock_mailbox (MfFake *self, const char *mailbox)
{
  g_mutex_lock (&self->lock);
  MfFakeMailbox *found = mf_fake_find (self, mailbox);
  g_assert_nonnull (found);
  return found;
}

void
mf_fake_unlock (MfFake *self)
{
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

MfFakeMessage *
mf_fake_lock_message (MfFake *self, const char *mailbox, guint32 uid)
{
  MfFakeMessage *message = mf_fake_mailbox_find (mf_fake_lock_mailbox (self, mailbox), uid);

  g_assert_nonnull (message);
  return message;
}

/* ---- another client --------------------------------------------------- */

void
mf_fake_set_caps (MfFake *self, MfCaps caps)
{
  g_mutex_lock (&self->lock);
  self->caps = caps;
  mf_fake_unlock (self);
}

void
mf_fake_create (MfFake *self, const char *mailbox)
{
  g_mutex_lock (&self->lock);
  g_assert_null (mf_fake_find (self, mailbox));
  mf_fake_add (self, mailbox);
  mf_fake_unlock (self);
}

void
mf_fake_create_plain (MfFake *self, const char *mailbox)
{
  mf_fake_create (self, mailbox);
  mf_fake_set_selectable (self, mailbox, FALSE);
}

void
mf_fake_remove (MfFake *self, const char *mailbox)
{
  mf_fake_drop (self, mf_fake_lock_mailbox (self, mailbox));
  mf_fake_unlock (self);
}

void
mf_fake_set_selectable (MfFake *self, const char *mailbox, gboolean selectable)
{
  mf_fake_lock_mailbox (self, mailbox)->selectable = selectable;
  mf_fake_unlock (self);
}

void
mf_fake_subscribe (MfFake *self, const char *mailbox, gboolean on)
{
  mf_fake_lock_mailbox (self, mailbox)->subscribed = on;
  mf_fake_unlock (self);
}

void
mf_fake_set_use (MfFake *self, const char *mailbox, MfSpecialUse use)
{
  mf_fake_lock_mailbox (self, mailbox)->use = use;
  mf_fake_unlock (self);
}

void
mf_fake_set_fixed (MfFake *self, const char *mailbox, MfFlags flags)
{
  mf_fake_lock_mailbox (self, mailbox)->fixed = flags;
  mf_fake_unlock (self);
}

void
mf_fake_renumber (MfFake *self, const char *mailbox)
{
  mf_fake_mailbox_renumber (mf_fake_lock_mailbox (self, mailbox), self->next_validity++);
  mf_fake_unlock (self);
}

guint32
mf_fake_append_bytes (MfFake *self, const char *mailbox, GBytes *body, MfFlags flags,
                      const char *keywords)
{
  guint32 uid = mf_fake_put (self, mf_fake_lock_mailbox (self, mailbox), body, flags, keywords)->uid;

  mf_fake_unlock (self);
  return uid;
}

guint32
mf_fake_append (MfFake *self, const char *mailbox, const char *body, MfFlags flags,
                const char *keywords)
{
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

  return mf_fake_append_bytes (self, mailbox, bytes, flags, keywords);
}

void
mf_fake_fill (MfFake *self, const char *mailbox, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *body = g_strdup_printf ("Subject: %u\r\n\r\nNumber %u\r\n", i + 1, i + 1);
      mf_fake_append (self, mailbox, body, 0, NULL);
    }
}

void
mf_fake_set_flags (MfFake *self, const char *mailbox, guint32 uid, MfFlags flags,
                   const char *keywords)
{
  MfFakeMessage *message = mf_fake_lock_message (self, mailbox, uid);

  message->flags = flags;
  mf_fake_message_set_keywords (message, keywords);
  mf_fake_mailbox_touch (mf_fake_find (self, mailbox), message);
  mf_fake_unlock (self);
}

void
mf_fake_set_date (MfFake *self, const char *mailbox, guint32 uid, gint64 internaldate)
{
  mf_fake_lock_message (self, mailbox, uid)->internaldate = internaldate;
  mf_fake_unlock (self);
}

void
mf_fake_set_labels (MfFake *self, const char *mailbox, guint32 uid, const char *labels)
{
  MfFakeMessage *message = mf_fake_lock_message (self, mailbox, uid);

  g_free (message->labels);
  message->labels = g_strdup (labels);
  mf_fake_mailbox_touch (mf_fake_find (self, mailbox), message);
  mf_fake_unlock (self);
}

void
mf_fake_expunge (MfFake *self, const char *mailbox, guint32 uid)
{
  g_assert_true (mf_fake_mailbox_expunge (mf_fake_lock_mailbox (self, mailbox), uid));
  mf_fake_unlock (self);
}

void
mf_fake_put_back (MfFake *self, const char *mailbox, guint32 uid, const char *body)
{
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

  mf_fake_mailbox_put_back (mf_fake_lock_mailbox (self, mailbox), uid, bytes);
  mf_fake_unlock (self);
}

void
mf_fake_lose (MfFake *self, const char *mailbox, guint32 uid)
{
  g_assert_true (mf_fake_mailbox_lose (mf_fake_lock_mailbox (self, mailbox), uid));
  mf_fake_unlock (self);
}

/* ---- looking ---------------------------------------------------------- */

char **
mf_fake_mailboxes (MfFake *self)
{
  GPtrArray *names = g_ptr_array_new ();

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->mailboxes->len; i++)
    {
      MfFakeMailbox *mailbox = g_ptr_array_index (self->mailboxes, i);
      if (mailbox->selectable)
        g_ptr_array_add (names, g_strdup (mailbox->name));
    }
  g_mutex_unlock (&self->lock);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

gboolean
mf_fake_has_mailbox (MfFake *self, const char *mailbox)
{
  g_mutex_lock (&self->lock);
  gboolean found = mf_fake_find (self, mailbox) != NULL;
  g_mutex_unlock (&self->lock);
  return found;
}

gboolean
mf_fake_is_subscribed (MfFake *self, const char *mailbox)
{
  gboolean subscribed = mf_fake_lock_mailbox (self, mailbox)->subscribed;

  mf_fake_unlock (self);
  return subscribed;
}

char *
mf_fake_uids (MfFake *self, const char *mailbox)
{
  g_autoptr (MfUidSet) uids = mf_uidset_new ();
  MfFakeMailbox *one = mf_fake_lock_mailbox (self, mailbox);

  for (guint i = 0; i < one->messages->len; i++)
    mf_uidset_add (uids, ((MfFakeMessage *) g_ptr_array_index (one->messages, i))->uid);
  mf_fake_unlock (self);
  return mf_uidset_to_string (uids);
}

char *
mf_fake_messages (MfFake *self, const char *mailbox)
{
  static const char letters[] = "DFPRST";
  GString *text = g_string_new (NULL);
  MfFakeMailbox *one = mf_fake_lock_mailbox (self, mailbox);

  for (guint i = 0; i < one->messages->len; i++)
    {
      MfFakeMessage *message = g_ptr_array_index (one->messages, i);
      g_string_append_printf (text, "%s%u:", i > 0 ? " " : "", message->uid);
      for (int bit = 0; letters[bit] != '\0'; bit++)
        if (message->flags & (1 << bit))
          g_string_append_c (text, letters[bit]);
      g_string_append (text, message->keywords);
    }
  mf_fake_unlock (self);
  return g_string_free (text, FALSE);
}

guint32
mf_fake_uidvalidity (MfFake *self, const char *mailbox)
{
  guint32 uidvalidity = mf_fake_lock_mailbox (self, mailbox)->uidvalidity;

  mf_fake_unlock (self);
  return uidvalidity;
}

gboolean
mf_fake_message (MfFake *self, const char *mailbox, guint32 uid, MfFlags *out_flags,
                 char **out_keywords, GBytes **out_body)
{
  MfFakeMessage *message = mf_fake_mailbox_find (mf_fake_lock_mailbox (self, mailbox), uid);

  if (message != NULL && out_flags != NULL)
    *out_flags = message->flags;
  if (message != NULL && out_keywords != NULL)
    *out_keywords = g_strdup (message->keywords);
  if (message != NULL && out_body != NULL)
    *out_body = g_bytes_ref (message->body);
  mf_fake_unlock (self);
  return message != NULL;
}

gint64
mf_fake_date (MfFake *self, const char *mailbox, guint32 uid)
{
  gint64 date = mf_fake_lock_message (self, mailbox, uid)->internaldate;

  mf_fake_unlock (self);
  return date;
}

guint
mf_fake_count (MfFake *self, MfFakeOp op)
{
  g_mutex_lock (&self->lock);
  guint n = self->counts[op];
  g_mutex_unlock (&self->lock);
  return n;
}

guint
mf_fake_n_rows (MfFake *self)
{
  g_mutex_lock (&self->lock);
  guint n = self->n_rows;
  g_mutex_unlock (&self->lock);
  return n;
}

char *
mf_fake_bodies_sent (MfFake *self)
{
  g_mutex_lock (&self->lock);
  char *text = g_strdup (self->bodies_sent->str);
  g_mutex_unlock (&self->lock);
  return text;
}

void
mf_fake_reset_counts (MfFake *self)
{
  g_mutex_lock (&self->lock);
  memset (self->counts, 0, sizeof self->counts);
  self->n_rows = 0;
  g_string_truncate (self->bodies_sent, 0);
  g_mutex_unlock (&self->lock);
}

guint
mf_fake_n_sessions (MfFake *self)
{
  g_mutex_lock (&self->lock);
  guint n = self->n_sessions;
  g_mutex_unlock (&self->lock);
  return n;
}
