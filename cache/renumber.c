#include "cache/renumber.h"

#include "cache/folders.h"
#include "cache/messages.h"

/* The name that readers know is given to the message, so that it stays. */
static gboolean
keep_name (MfSettle *self, const MfFolder *folder, MfMessage *row, GError **error)
{
  char name[64];

  if (row->base != NULL || row->folder != folder->id || row->place == MF_PLACE_GONE)
    return TRUE;
  mf_message_generate_base (row, folder->tag, name, sizeof name);
  row->base = mf_messages_free_base (self->db, folder->id, name, error);
  return row->base != NULL && mf_messages_store_spot (self->db, row, error);
}

static gboolean
unnumber (MfSettle *self, const MfFolder *folder, MfMsgId id, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_messages_get (self->db, id, &row, error))
    return FALSE;
  if (row.folder == 0) /* listed anew, and not matched yet */
    return mf_messages_remove (self->db, id, error);
  return keep_name (self, folder, &row, error)
         && mf_messages_set_home (self->db, id, folder->id, 0, error);
}

gboolean
mf_renumber_messages (MfSettle *self, const MfFolder *folder, guint32 uidvalidity, GError **error)
{
  g_autoptr (GArray) ids
      = mf_messages_ids_between (self->db, folder->id, 1, G_MAXUINT32, error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!unnumber (self, folder, g_array_index (ids, MfMsgId, i), error))
      return FALSE;
  return ids != NULL
         && mf_db_run (self->db, error,
                       "UPDATE change SET uidnext = 0 WHERE folder = ? AND state IN (1, 4)", "i",
                       folder->id)
         && mf_folders_set_validity (self->db, folder, uidvalidity, error)
         && mf_folders_set_renumbered (self->db, folder->id, error);
}
