/* What is written into the mount may be a copy of what was just read from it: it keeps
 * the keywords, and if the server has that already, it makes the copy and nothing is
 * uploaded. */
#include <string.h>

#include "cache/account.h"
#include "cache/journal.h"
#include "cache/keywords.h"
#include "cache/messages.h"

#define PIECE (16 * 1024)
/* A file's date that is as recent as this was not set on purpose. */
#define FRESH_S 300

static gboolean
same_bytes (MfBody *a, MfBody *b)
{
  g_autofree char *from_a = g_malloc (PIECE);
  g_autofree char *from_b = g_malloc (PIECE);
  guint64 offset = 0;

  if (mf_body_size (a) != mf_body_size (b))
    return FALSE;
  while (offset < mf_body_size (a))
    {
      gssize n = mf_body_read (a, offset, from_a, PIECE, NULL);
      if (n <= 0 || mf_body_read (b, offset, from_b, (gsize) n, NULL) != n
          || memcmp (from_a, from_b, (gsize) n) != 0)
        return FALSE;
      offset += (guint64) n;
    }
  return TRUE;
}

static gboolean
may_be_copy (const MfMessage *row, const MfMessage *original)
{
  gboolean fresh = row->internaldate >= g_get_real_time () / G_USEC_PER_SEC - FRESH_S;

  return original->id != row->id && original->place < MF_PLACE_TMP && original->exact
         && original->size == row->size
         && (fresh || row->internaldate == original->internaldate);
}

static gboolean
is_on_server (const MfMessage *original)
{
  return original->home != 0 && original->uid != 0 && !original->draft;
}

/* (nullable) */
static MfBody *
open_draft (MfCache *self, const MfMessage *row)
{
  int fd = mf_drafts_open_file (self->drafts, row, NULL);

  return fd >= 0 ? mf_body_new_file (fd) : NULL;
}

static gboolean
is_copy (MfCache *self, const MfMessage *row, MfMsgId id, MfMessage *original)
{
  g_autoptr (MfBody) body = NULL;
  g_autoptr (MfBody) draft = NULL;

  if (id == 0 || !mf_messages_get (self->front, id, original, NULL))
    return FALSE;
  if (may_be_copy (row, original))
    body = original->draft ? open_draft (self, original)
                           : mf_bodies_get (self->bodies, self->front, id, NULL);
  draft = body != NULL ? open_draft (self, row) : NULL;
  if (draft != NULL && same_bytes (draft, body))
    return TRUE;
  mf_message_clear (original);
  return FALSE;
}

/* (transfer full) The newest first. */
static MfMsgId *
list_recent (MfCache *self, guint *out_n)
{
  MfMsgId *recent = g_new (MfMsgId, G_N_ELEMENTS (self->recent));

  g_mutex_lock (&self->lock);
  *out_n = MIN (self->n_recent, (guint) G_N_ELEMENTS (self->recent));
  for (guint i = 0; i < *out_n; i++)
    recent[i] = self->recent[(self->n_recent - 1 - i) % G_N_ELEMENTS (self->recent)];
  g_mutex_unlock (&self->lock);
  return recent;
}

/* @newest is the one that was opened last, @original one that the server has, if there is
 * any: its copy is to be made the same.  FALSE: there is none. */
static gboolean
find_original (MfCache *self, const MfMessage *row, MfMessage *newest, MfMessage *original)
{
  guint n = 0;
  g_autofree MfMsgId *recent = list_recent (self, &n);

  for (guint i = 0; i < n && original->id == 0; i++)
    {
      g_auto (MfMessage) found = { 0 };
      if (!is_copy (self, row, recent[i], &found))
        continue;
      if (newest->id == 0)
        mf_message_copy (&found, newest);
      if (is_on_server (&found))
        mf_message_copy (&found, original);
    }
  return newest->id != 0;
}

/* The date is the original's as well. */
static gboolean
journal_copy (MfCache *self, const MfMessage *row, const char *keywords,
              const MfMessage *original, GError **error)
{
  g_autofree char *more = mf_keywords_remove (keywords, original->keywords);
  g_autofree char *less = mf_keywords_remove (original->keywords, keywords);

  return mf_messages_set_date (self->front, row->id, original->internaldate, error)
         && mf_db_run (self->front, error, "UPDATE message SET wire_size = ? WHERE id = ?", "ii",
                       (gint64) original->wire_size, row->id)
         && mf_journal_copy (self->front, row->id, original->id, row->folder, error)
         && ((row->flags == original->flags && more == NULL && less == NULL)
             || mf_journal_flags (self->front, row->id, row->flags & ~original->flags,
                                  original->flags & ~row->flags, more, less, error));
}

/* It has the keywords of what it was copied from; flags are those of the new name. */
static gboolean
journal_likeness (MfCache *self, const MfMessage *row, const MfMessage *newest,
                  const MfMessage *original, GError **error)
{
  g_autofree char *keywords = mf_keywords_add (row->keywords, newest->keywords);

  if (!mf_db_run (self->front, error, "UPDATE message SET keywords = ? WHERE id = ?", "si",
                  keywords, row->id))
    return FALSE;
  return original->id != 0 ? journal_copy (self, row, keywords, original, error)
                           : mf_journal_append (self->front, row->id, row->folder, error);
}

gboolean
mf_account_journal_new (MfCache *self, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) newest = { 0 };
  g_auto (MfMessage) original = { 0 };
  gint64 queued = 0;

  if (!mf_db_number (self->front, 0, &queued, error,
                     "SELECT 1 FROM change WHERE message = ? AND state != 3", "i", row->id))
    return FALSE;
  return queued == 0 && find_original (self, row, &newest, &original)
             ? journal_likeness (self, row, &newest, &original, error)
             : mf_journal_append (self->front, row->id, row->folder, error);
}
