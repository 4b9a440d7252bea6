#include "tests/fake-mailbox.h"

#include <string.h>

MfFakeMailbox *
mf_fake_mailbox_new (const char *name, guint32 uidvalidity)
{
  MfFakeMailbox *self = g_new0 (MfFakeMailbox, 1);

  self->name = g_strdup (name);
  self->selectable = TRUE;
  self->subscribed = TRUE;
  self->uidvalidity = uidvalidity;
  self->uidnext = 1;
  self->modseq = self->flags_modseq = 1;
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) mf_fake_message_free);
  self->vanished = g_array_new (FALSE, FALSE, sizeof (MfFakeVanished));
  return self;
}

void
mf_fake_mailbox_free (MfFakeMailbox *self)
{
  g_ptr_array_unref (self->messages);
  g_array_unref (self->vanished);
  g_free (self->name);
  g_free (self);
}

/* FALSE: *@out_index is where it would be. */
static gboolean
find_index (MfFakeMailbox *self, guint32 uid, guint *out_index)
{
  guint low = 0, high = self->messages->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      MfFakeMessage *message = g_ptr_array_index (self->messages, middle);
      if (message->uid < uid)
        low = middle + 1;
      else
        high = middle;
    }
  *out_index = low;
  return low < self->messages->len
         && ((MfFakeMessage *) g_ptr_array_index (self->messages, low))->uid == uid;
}

MfFakeMessage *
mf_fake_mailbox_find (MfFakeMailbox *self, guint32 uid)
{
  guint index = 0;

  return find_index (self, uid, &index) ? g_ptr_array_index (self->messages, index) : NULL;
}

/* Of MODSEQ 1. */
static MfFakeMessage *
new_message (guint32 uid, GBytes *body)
{
  MfFakeMessage *message = g_new0 (MfFakeMessage, 1);

  message->uid = uid;
  message->internaldate = 86400 + 60 * (gint64) uid;
  message->body = g_bytes_ref (body);
  message->size = g_bytes_get_size (body);
  message->modseq = 1;
  mf_fake_message_set_keywords (message, "");
  return message;
}

MfFakeMessage *
mf_fake_mailbox_append (MfFakeMailbox *self, GBytes *body, MfFlags flags, const char *keywords,
                        const char *emailid)
{
  MfFakeMessage *message = new_message (self->uidnext++, body);

  message->flags = flags;
  mf_fake_message_set_keywords (message, keywords);
  message->emailid = g_strdup (emailid);
  g_ptr_array_add (self->messages, message);
  mf_fake_mailbox_touch (self, message);
  return message;
}

void
mf_fake_mailbox_touch (MfFakeMailbox *self, MfFakeMessage *message)
{
  message->modseq = self->flags_modseq = ++self->modseq;
  self->changes++;
}

gboolean
mf_fake_mailbox_lose (MfFakeMailbox *self, guint32 uid)
{
  guint index = 0;

  if (!find_index (self, uid, &index))
    return FALSE;
  g_ptr_array_remove_index (self->messages, index);
  return TRUE;
}

gboolean
mf_fake_mailbox_expunge (MfFakeMailbox *self, guint32 uid)
{
  MfFakeVanished vanished = { uid, self->modseq + 1 };

  if (!mf_fake_mailbox_lose (self, uid))
    return FALSE;
  self->modseq++;
  g_array_append_val (self->vanished, vanished);
  self->changes++;
  return TRUE;
}

void
mf_fake_mailbox_put_back (MfFakeMailbox *self, guint32 uid, GBytes *body)
{
  guint index = 0;

  g_assert_false (find_index (self, uid, &index));
  g_ptr_array_insert (self->messages, (gint) index, new_message (uid, body));
}

void
mf_fake_mailbox_renumber (MfFakeMailbox *self, guint32 uidvalidity)
{
  self->uidvalidity = uidvalidity;
  self->uidnext = 1;
  g_array_set_size (self->vanished, 0);
  for (guint i = 0; i < self->messages->len; i++)
    {
      MfFakeMessage *message = g_ptr_array_index (self->messages, i);
      message->uid = self->uidnext++;
      mf_fake_mailbox_touch (self, message);
    }
}

void
mf_fake_mailbox_status (MfFakeMailbox *self, MfCaps caps, MfMailboxStatus *out)
{
  *out = (MfMailboxStatus){
    .uidvalidity = self->uidvalidity,
    .uidnext = self->uidnext,
    .messages = self->messages->len,
    .fixed = self->fixed,
  };
  if (caps & MF_CAP_QRESYNC)
    out->highestmodseq = self->modseq;
  else if (caps & MF_CAP_CONDSTORE)
    out->highestmodseq = self->flags_modseq;
  for (guint i = 0; i < self->messages->len; i++)
    if ((((MfFakeMessage *) g_ptr_array_index (self->messages, i))->flags & MF_FLAG_SEEN) == 0)
      out->unseen++;
}

/* ---- one message ------------------------------------------------------ */

MfFakeMessage *
mf_fake_message_copy (const MfFakeMessage *self)
{
  MfFakeMessage *copy = g_memdup2 (self, sizeof *self);

  copy->keywords = g_strdup (self->keywords);
  copy->emailid = g_strdup (self->emailid);
  copy->labels = g_strdup (self->labels);
  g_bytes_ref (copy->body);
  return copy;
}

void
mf_fake_message_free (MfFakeMessage *self)
{
  g_bytes_unref (self->body);
  g_free (self->keywords);
  g_free (self->emailid);
  g_free (self->labels);
  g_free (self);
}

static int
compare_words (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

void
mf_fake_message_set_keywords (MfFakeMessage *self, const char *keywords)
{
  g_auto (GStrv) words = g_strsplit (keywords != NULL ? keywords : "", " ", -1);

  qsort (words, g_strv_length (words), sizeof *words, compare_words);
  g_free (self->keywords);
  self->keywords = g_strjoinv (" ", words);
}

gboolean
mf_fake_message_change_keywords (MfFakeMessage *self, const char *keywords, gboolean add)
{
  g_auto (GStrv) old = g_strsplit (self->keywords, " ", -1);
  g_auto (GStrv) asked = g_strsplit (keywords != NULL ? keywords : "", " ", -1);
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();
  g_autofree char *before = g_strdup (self->keywords);

  for (guint i = 0; old[i] != NULL; i++)
    if (add || !g_strv_contains ((const char *const *) asked, old[i]))
      g_strv_builder_add (kept, old[i]);
  for (guint i = 0; asked[i] != NULL && add; i++)
    if (!g_strv_contains ((const char *const *) old, asked[i]))
      g_strv_builder_add (kept, asked[i]);
  g_auto (GStrv) words = g_strv_builder_end (kept);
  g_autofree char *joined = g_strjoinv (" ", words);
  mf_fake_message_set_keywords (self, joined);
  return strcmp (before, self->keywords) != 0;
}
