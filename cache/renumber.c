#include "cache/renumber.h"

#include "cache/folders.h"
#include "cache/messages.h"
#include "cache/spot.h"

static gboolean
unnumber (MfSettle *self, const MfFolder *folder, MfMsgId id, GError **error)
{
  g_auto (MfMessage) row = { 0 };

  if (!mf_messages_get (self->db, id, &row, error))
    return FALSE;
  if (row.folder == 0) /* listed anew, and not matched yet */
    return mf_messages_remove (self->db, id, error);
  return mf_spot_keep_base (self, folder, &row, error)
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
