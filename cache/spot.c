#include "cache/spot.h"

#include <string.h>

#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/pending.h"

/* ---- rows that go ----------------------------------------------------- */

gboolean
mf_spot_forget_others (MfSettle *self, MfMsgId message, MfSeq except, GError **error)
{
  return mf_db_run (self->db, error, "DELETE FROM change WHERE message = ? AND seq != ?", "ii",
                    message, except);
}

static gboolean
is_seen (const MfMessage *row)
{
  return row->place != MF_PLACE_GONE && row->folder != 0;
}

gboolean
mf_spot_touch (MfSettle *self, const MfMessage *row, GError **error)
{
  return !is_seen (row)
         || mf_folders_touch (self->db, row->folder, row->place, error);
}

gboolean
mf_spot_remove (MfSettle *self, const MfMessage *row, MfSeq except, GError **error)
{
  if (!mf_spot_forget_others (self, row->id, except, error)
      || !mf_messages_remove (self->db, row->id, error))
    return FALSE;
  if (is_seen (row))
    mf_news_add (self->news, MF_EVENT_MESSAGE_REMOVED, row->folder, row, NULL);
  return mf_spot_touch (self, row, error);
}

gboolean
mf_spot_make_draft (MfSettle *self, const MfMessage *row, GError **error)
{
  guint version = row->draft ? row->version : 0;

  if (!row->cached)
    return TRUE;
  if (!row->draft)
    {
      g_autoptr (MfBody) body = mf_bodies_get (self->bodies, self->db, row->id, error);
      if (body == NULL || !mf_drafts_write_body (self->drafts, row->id, body, error))
        return FALSE;
    }
  return mf_messages_set_draft (self->db, row->id, MF_DRAFT_ONLY, version, error);
}

gboolean
mf_spot_keep_base (MfSettle *self, const MfFolder *folder, const MfMessage *row, GError **error)
{
  g_auto (MfMessage) kept = { 0 };
  char generated[64];

  if (row->base != NULL || row->folder != folder->id || row->place == MF_PLACE_GONE)
    return TRUE;
  mf_message_copy (row, &kept);
  mf_message_generate_base (row, folder->tag, generated, sizeof generated);
  kept.base = mf_messages_free_base (self->db, folder->id, generated, error);
  return kept.base != NULL && mf_messages_store_spot (self->db, &kept, error);
}

/* (transfer full) One that does not go with where the server has it, and that a message may
 * have: a file in tmp/ need not. */
static char *
given_name (const MfMessage *row)
{
  const char *base = row->base != NULL ? row->base + strspn (row->base, ".") : "";

  return *base != '\0' ? g_strdup (base)
                       : g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                                          row->internaldate, row->id);
}

gboolean
mf_spot_lose (MfSettle *self, const MfMessage *row, MfSeq except, GError **error)
{
  g_auto (MfMessage) lost = { 0 };
  g_autofree char *name = given_name (row);

  mf_message_copy (row, &lost);
  g_free (lost.base);
  lost.base = mf_messages_free_base (self->db, MF_FOLDER_LOST, name, error);
  lost.folder = MF_FOLDER_LOST;
  lost.place = MF_PLACE_CUR;
  if (lost.base == NULL || !mf_spot_forget_others (self, row->id, except, error)
      || !mf_spot_make_draft (self, row, error) || !mf_messages_store_spot (self->db, &lost, error)
      || !mf_messages_set_home (self->db, row->id, 0, 0, error)
      || !mf_spot_restore_superseded (self, row->id, 0, error)
      || !mf_folders_touch (self->db, MF_FOLDER_LOST, MF_PLACE_CUR, error))
    return FALSE;
  if (row->place != MF_PLACE_GONE)
    mf_news_add (self->news, MF_EVENT_MESSAGE_CHANGED, row->folder, row, &lost);
  return mf_spot_touch (self, row, error);
}

/* ---- rows that come back ---------------------------------------------- */

gboolean
mf_spot_restore_base (MfSettle *self, const char *base, MfMessage *row, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  char generated[64] = "";

  if (!mf_folders_get (self->db, row->folder, &folder, error))
    return FALSE;
  if (base == NULL || *base == '\0')
    mf_message_generate_base (row, folder.tag, generated, sizeof generated);
  char *free_base = mf_messages_free_base (self->db, row->folder,
                                           *generated != '\0' ? generated : base, error);
  if (free_base == NULL)
    return FALSE;
  if (g_str_equal (free_base, generated))
    g_clear_pointer (&free_base, g_free);
  g_free (row->base);
  row->base = free_base;
  return TRUE;
}

/* Nothing was noted of a message that was not shown: what is there is asked for again. */
gboolean
mf_spot_return_to (MfSettle *self, const MfMessage *row, MfFolderId folder, const char *base,
                   GError **error)
{
  g_auto (MfMessage) back = { 0 };
  const char *name = row->folder == folder ? row->base : base;
  g_autofree char *own = NULL;
  gboolean hidden = row->place == MF_PLACE_GONE;

  if (row->folder == folder && !hidden)
    return TRUE;
  if (folder != row->home && (name == NULL || *name == '\0'))
    name = own = given_name (row);
  mf_message_copy (row, &back);
  back.folder = folder;
  back.place = row->flags == 0 && row->place != MF_PLACE_CUR ? MF_PLACE_NEW : MF_PLACE_CUR;
  if (!mf_spot_restore_base (self, name, &back, error))
    return FALSE;
  mf_news_add (self->news, hidden ? MF_EVENT_MESSAGE_ADDED : MF_EVENT_MESSAGE_CHANGED, folder,
               hidden ? NULL : row, &back);
  return mf_messages_store_spot (self->db, &back, error)
         && mf_folders_touch (self->db, back.folder, back.place, error)
         && (!hidden || mf_folders_forget_modseq (self->db, row->home, error))
         && mf_spot_touch (self, row, error);
}

gboolean
mf_spot_return_home (MfSettle *self, const MfMessage *row, const char *base, GError **error)
{
  return mf_spot_return_to (self, row, row->home, base, error);
}

gboolean
mf_spot_restore_superseded (MfSettle *self, MfMsgId message, MfFolderId folder, GError **error)
{
  for (;;)
    {
      g_auto (MfMessage) old = { 0 };
      gint64 id = 0, home = 0;

      if (!mf_db_number (self->db, 0, &id, error,
                         "SELECT message FROM change WHERE kind = 4 AND after = ?1 AND state != 3"
                         " AND (?2 = 0"
                         "      OR ?2 = (SELECT folder FROM message WHERE id = change.message))",
                         "ii", message, folder))
        return FALSE;
      if (id == 0)
        return TRUE;
      if (!mf_messages_get (self->db, id, &old, error) || !mf_pending_forget (self->db, id, error)
          || !mf_db_number (self->db, 0, &home, error, "SELECT id FROM folder WHERE id = ?", "i",
                            old.home))
        return FALSE;
      if (!(home != 0 ? mf_spot_return_home (self, &old, NULL, error)
                      : mf_messages_remove (self->db, id, error)))
        return FALSE;
    }
}
