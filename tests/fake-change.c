#include "tests/fake-change.h"

#include <string.h>

#include "cache/keywords.h"

/* Enters for a change of the selected mailbox.  NULL: refused. */
static MfFakeMailbox *
enter_selected (MfRemote *self, MfFakeOp op, GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, op, NULL, cancellable, error))
    return NULL;
  MfFakeMailbox *mailbox = mf_fake_session_selected (self);
  if (mailbox == NULL)
    mf_fake_session_lost (self, error);
  else if (self->read_only)
    {
      mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_READ_ONLY, "mailbox is read-only");
      return NULL;
    }
  return mailbox;
}

/* What @uids ask for and the mailbox has.  (transfer full) (element-type guint32) */
static GArray *
find_asked (MfFakeMailbox *mailbox, const MfUidSet *uids)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0; i < mailbox->messages->len; i++)
    {
      guint32 uid = ((MfFakeMessage *) g_ptr_array_index (mailbox->messages, i))->uid;
      if (mf_uidset_contains (uids, uid))
        g_array_append_val (found, uid);
    }
  return found;
}

/* ---- flags ------------------------------------------------------------ */

static void
store_one (MfFakeMailbox *mailbox, MfFakeMessage *message, gboolean add, MfFlags flags,
           const char *keywords)
{
  MfFlags loose = flags & ~mailbox->fixed;
  MfFlags wanted = add ? message->flags | loose : message->flags & ~loose;
  gboolean changed = mf_fake_message_change_keywords (message, keywords, add);

  if (wanted == message->flags && !changed)
    return;
  message->flags = wanted;
  mf_fake_mailbox_touch (mailbox, message);
}

static void
send_stored (GPtrArray *stored, MfCaps caps, const MfChangeSink *sink, gpointer user_data)
{
  for (guint i = 0; i < stored->len; i++)
    {
      MfFakeMessage *message = g_ptr_array_index (stored, i);
      MfRemoteMessage told = { .uid = message->uid, .has_flags = TRUE, .flags = message->flags,
                               .keywords = message->keywords };
      if (caps & (MF_CAP_CONDSTORE | MF_CAP_QRESYNC))
        told.modseq = message->modseq;
      if (sink != NULL && sink->message != NULL)
        sink->message (&told, user_data);
    }
}

gboolean
mf_fake_change_store (MfRemote *self, const MfUidSet *uids, gboolean add, MfFlags flags,
                      const char *keywords, const MfChangeSink *sink, gpointer user_data,
                      GCancellable *cancellable, GError **error)
{
  MfFakeMailbox *mailbox = enter_selected (self, MF_FAKE_STORE, cancellable, error);
  g_autoptr (GPtrArray) stored
      = g_ptr_array_new_with_free_func ((GDestroyNotify) mf_fake_message_free);

  if (mailbox == NULL)
    return FALSE;
  g_autoptr (GArray) asked = find_asked (mailbox, uids);
  guint before = mailbox->changes;
  for (guint i = 0; i < asked->len && mf_fake_session_step (self); i++)
    {
      MfFakeMessage *message = mf_fake_mailbox_find (mailbox, g_array_index (asked, guint32, i));
      store_one (mailbox, message, add, flags, keywords);
      g_ptr_array_add (stored, mf_fake_message_copy (message));
    }
  self->seen += mailbox->changes - before;
  if (!mf_fake_session_leave (self, MF_FAKE_STORE, error))
    return FALSE;
  send_stored (stored, self->caps, sink, user_data);
  return TRUE;
}

static void
label_one (MfFakeMailbox *mailbox, MfFakeMessage *message, gboolean add, const char *labels)
{
  char *wanted = (add ? mf_keywords_add : mf_keywords_remove) (message->labels, labels);

  g_free (message->labels);
  message->labels = wanted;
  mf_fake_mailbox_touch (mailbox, message);
}

gboolean
mf_fake_change_store_labels (MfRemote *self, const MfUidSet *uids, gboolean add,
                             const char *labels, GCancellable *cancellable, GError **error)
{
  MfFakeMailbox *mailbox = enter_selected (self, MF_FAKE_STORE, cancellable, error);

  if (mailbox == NULL)
    return FALSE;
  g_autoptr (GArray) asked = find_asked (mailbox, uids);
  for (guint i = 0; i < asked->len; i++)
    label_one (mailbox, mf_fake_mailbox_find (mailbox, g_array_index (asked, guint32, i)), add,
               labels);
  return mf_fake_session_leave (self, MF_FAKE_STORE, error);
}

/* ---- from one mailbox to another -------------------------------------- */

static void
copy_one (MfRemote *self, MfFakeMailbox *from, MfFakeMailbox *to, guint32 uid, MfCopied *out)
{
  MfFakeMessage *message = mf_fake_mailbox_find (from, uid);
  MfFakeMessage *copy
      = mf_fake_mailbox_append (to, message->body, message->flags, message->keywords,
                                message->emailid);
  MfUidPair pair = { uid, copy->uid };

  copy->internaldate = message->internaldate;
  copy->size = message->size;
  if (out->pairs != NULL)
    g_array_append_val (out->pairs, pair);
}

static gboolean
transfer (MfRemote *self, MfFakeOp op, const MfUidSet *uids, const char *mailbox,
          MfCopied *out_copied, GCancellable *cancellable, GError **error)
{
  MfFakeMailbox *from = enter_selected (self, op, cancellable, error);
  MfFakeMailbox *to = from != NULL ? mf_fake_find (self->fake, mailbox) : NULL;

  *out_copied = (MfCopied){ 0, g_array_new (FALSE, FALSE, sizeof (MfUidPair)) };
  if (from == NULL)
    return FALSE;
  if (to == NULL || !to->selectable)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");

  g_autoptr (GArray) asked = find_asked (from, uids);
  guint before = from->changes;
  MfCopied copied = { to->uidvalidity, out_copied->pairs };
  MfCopied untold = { 0, NULL };
  gboolean tells = (self->caps & MF_CAP_UIDPLUS) != 0;
  for (guint i = 0; i < asked->len && mf_fake_session_step (self); i++)
    {
      guint32 uid = g_array_index (asked, guint32, i);
      copy_one (self, from, to, uid, tells ? &copied : &untold);
      if (op == MF_FAKE_MOVE)
        mf_fake_mailbox_expunge (from, uid);
    }
  self->seen += from->changes - before;
  out_copied->uidvalidity = copied.uidvalidity;
  gboolean ok = mf_fake_session_leave (self, op, error);
  if (!tells || !ok || out_copied->pairs->len == 0)
    {
      out_copied->uidvalidity = 0;
      g_array_set_size (out_copied->pairs, 0);
    }
  return ok;
}

gboolean
mf_fake_change_copy (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                     MfCopied *out_copied, GCancellable *cancellable, GError **error)
{
  return transfer (self, MF_FAKE_COPY, uids, mailbox, out_copied, cancellable, error);
}

gboolean
mf_fake_change_move (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                     MfCopied *out_copied, GCancellable *cancellable, GError **error)
{
  if (self->caps & MF_CAP_MOVE)
    return transfer (self, MF_FAKE_MOVE, uids, mailbox, out_copied, cancellable, error);
  *out_copied = (MfCopied){ 0, g_array_new (FALSE, FALSE, sizeof (MfUidPair)) };
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED, "no MOVE");
  return FALSE;
}

gboolean
mf_fake_change_expunge (MfRemote *self, const MfUidSet *uids, GCancellable *cancellable,
                        GError **error)
{
  MfFakeMailbox *mailbox = enter_selected (self, MF_FAKE_EXPUNGE, cancellable, error);

  if (mailbox == NULL)
    return FALSE;
  if ((self->caps & MF_CAP_UIDPLUS) == 0)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_UNSUPPORTED, "no UIDPLUS");
  g_autoptr (GArray) asked = find_asked (mailbox, uids);
  for (guint i = 0; i < asked->len && mf_fake_session_step (self); i++)
    {
      MfFakeMessage *message = mf_fake_mailbox_find (mailbox, g_array_index (asked, guint32, i));
      if ((message->flags & MF_FLAG_DELETED) == 0)
        continue;
      mf_fake_mailbox_expunge (mailbox, message->uid);
      self->seen++;
    }
  return mf_fake_session_leave (self, MF_FAKE_EXPUNGE, error);
}

/* ---- new messages ----------------------------------------------------- */

/* NULL: it cannot be read, or its size is not what was said. */
static GBytes *
read_upload (MfUpload *upload)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  char buffer[1000];
  gssize n;

  while ((n = upload->read (buffer, sizeof buffer, upload->user_data)) > 0)
    g_byte_array_append (bytes, (const guint8 *) buffer, (guint) n);
  if (n < 0 || bytes->len != upload->size)
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

/* (transfer full) (element-type GBytes) what can be read, from the first. */
static GPtrArray *
read_uploads (MfUpload *uploads, guint n)
{
  GPtrArray *bodies = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = 0; i < n; i++)
    {
      GBytes *body = read_upload (&uploads[i]);
      if (body == NULL)
        break;
      g_ptr_array_add (bodies, body);
    }
  return bodies;
}

static gboolean
fits (MfFake *fake, guint64 size)
{
  return fake->quota_limit_bytes == 0 || mf_fake_used_bytes (fake) + size <= fake->quota_limit_bytes;
}

static void
append_one (MfRemote *self, MfFakeMailbox *mailbox, MfUpload *upload, GBytes *body)
{
  MfFakeMessage *message
      = mf_fake_put (self->fake, mailbox, body, upload->flags, upload->keywords);

  message->internaldate = upload->internaldate;
  upload->out_uid = (self->caps & MF_CAP_UIDPLUS) != 0 ? message->uid : 0;
}

/* How many of @bodies the quota lets in: with MULTIAPPEND all or none. */
static guint
n_that_fit (MfRemote *self, GPtrArray *bodies)
{
  guint64 sum = 0;

  for (guint i = 0; i < bodies->len; i++)
    {
      sum += g_bytes_get_size (g_ptr_array_index (bodies, i));
      if (!fits (self->fake, sum))
        return (self->caps & MF_CAP_MULTIAPPEND) != 0 ? 0 : i;
    }
  return bodies->len;
}

gboolean
mf_fake_change_append (MfRemote *self, const char *mailbox, MfUpload *uploads, guint n,
                       guint *out_done, guint32 *out_uidvalidity, GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GPtrArray) bodies = read_uploads (uploads, n);

  *out_done = 0;
  *out_uidvalidity = 0;
  if (!mf_fake_session_enter (self, MF_FAKE_APPEND, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *to = mf_fake_find (self->fake, mailbox);
  if (to == NULL || !to->selectable)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");

  guint fitting = n_that_fit (self, bodies);
  gboolean one_by_one = (self->caps & MF_CAP_MULTIAPPEND) == 0;
  for (guint i = 0; i < fitting && (!one_by_one || mf_fake_session_step (self)); i++)
    append_one (self, to, &uploads[i], g_ptr_array_index (bodies, i));
  guint32 uidvalidity = (self->caps & MF_CAP_UIDPLUS) != 0 ? to->uidvalidity : 0;
  if (!mf_fake_session_leave (self, MF_FAKE_APPEND, error))
    {
      for (guint i = 0; i < n; i++)
        uploads[i].out_uid = 0;
      return FALSE;
    }
  *out_uidvalidity = uidvalidity;
  *out_done = fitting;
  if (fitting == n)
    return TRUE;
  g_set_error_literal (error, MF_REMOTE_ERROR,
                       fitting < bodies->len ? MF_REMOTE_ERROR_QUOTA : MF_REMOTE_ERROR_INVALID,
                       fitting < bodies->len ? "over quota" : "the upload is not as long as it said");
  return FALSE;
}

/* ---- mailboxes -------------------------------------------------------- */

gboolean
mf_fake_change_create (MfRemote *self, const char *mailbox, MfSpecialUse use,
                       GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_CREATE, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *found = mf_fake_find (self->fake, mailbox);
  if (found != NULL && found->selectable)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_EXISTS, "mailbox exists");
  if (found == NULL)
    {
      found = mf_fake_add (self->fake, mailbox);
      found->subscribed = FALSE;
    }
  found->selectable = TRUE;
  if ((self->caps & MF_CAP_CREATE_SPECIAL_USE) != 0)
    found->use = use;
  return mf_fake_session_leave (self, MF_FAKE_CREATE, error);
}

gboolean
mf_fake_change_delete (MfRemote *self, const char *mailbox, GCancellable *cancellable,
                       GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_DELETE, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *found = mf_fake_find (self->fake, mailbox);
  if (found == NULL)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");
  if (strcmp (mailbox, "INBOX") == 0)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_DENIED, "not INBOX");
  mf_fake_drop (self->fake, found);
  return mf_fake_session_leave (self, MF_FAKE_DELETE, error);
}

/* INBOX stays, and gives its messages away. */
static void
empty_inbox_into (MfFake *fake, MfFakeMailbox *inbox, const char *to)
{
  MfFakeMailbox *target = mf_fake_add (fake, to);
  MfCopied untold = { 0, NULL };

  while (inbox->messages->len > 0)
    {
      guint32 uid = ((MfFakeMessage *) g_ptr_array_index (inbox->messages, 0))->uid;
      copy_one (NULL, inbox, target, uid, &untold);
      mf_fake_mailbox_expunge (inbox, uid);
    }
}

static void
rename_all (MfFake *fake, const char *mailbox, const char *to)
{
  g_autofree char *prefix = g_strconcat (mailbox, "/", NULL);

  for (guint i = 0; i < fake->mailboxes->len; i++)
    {
      MfFakeMailbox *one = g_ptr_array_index (fake->mailboxes, i);
      if (strcmp (one->name, mailbox) != 0 && !g_str_has_prefix (one->name, prefix))
        continue;
      g_autofree char *old = one->name;
      one->name = g_strconcat (to, old + strlen (mailbox), NULL);
    }
}

gboolean
mf_fake_change_rename (MfRemote *self, const char *mailbox, const char *to,
                       GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_RENAME, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *found = mf_fake_find (self->fake, mailbox);
  if (found == NULL)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");
  if (mf_fake_find (self->fake, to) != NULL)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_EXISTS, "mailbox exists");
  if (strcmp (mailbox, "INBOX") == 0)
    empty_inbox_into (self->fake, found, to);
  else
    rename_all (self->fake, mailbox, to);
  return mf_fake_session_leave (self, MF_FAKE_RENAME, error);
}

gboolean
mf_fake_change_subscribe (MfRemote *self, const char *mailbox, gboolean on,
                          GCancellable *cancellable, GError **error)
{
  if (!mf_fake_session_enter (self, MF_FAKE_SUBSCRIBE, mailbox, cancellable, error))
    return FALSE;
  MfFakeMailbox *found = mf_fake_find (self->fake, mailbox);
  if (found == NULL)
    return mf_fake_session_refuse (self, error, MF_REMOTE_ERROR_NOT_FOUND, "no such mailbox");
  found->subscribed = on;
  return mf_fake_session_leave (self, MF_FAKE_SUBSCRIBE, error);
}
