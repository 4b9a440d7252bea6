#include "cache/entry.h"

void
mf_entry_clear (MfChange *change)
{
  g_clear_pointer (&change->add_keywords, g_free);
  g_clear_pointer (&change->remove_keywords, g_free);
  g_clear_pointer (&change->error, g_free);
  g_clear_pointer (&change->name, g_free);
  g_clear_pointer (&change->digest, g_free);
}

void
mf_entry_copy (const MfChange *from, MfChange *to)
{
  *to = *from;
  to->add_keywords = g_strdup (from->add_keywords);
  to->remove_keywords = g_strdup (from->remove_keywords);
  to->error = g_strdup (from->error);
  to->name = g_strdup (from->name);
  to->digest = g_strdup (from->digest);
}

gboolean
mf_entry_has_flags (const MfChange *change)
{
  return change->add_flags != 0 || change->remove_flags != 0 || change->add_keywords != NULL
         || change->remove_keywords != NULL;
}

static void
read_row (MfDbQuery *query, MfChange *out)
{
  *out = (MfChange){
    .seq = mf_db_int (query, 0),
    .kind = (MfChangeKind) mf_db_int (query, 1),
    .state = (MfChangeState) mf_db_int (query, 2),
    .message = mf_db_int (query, 3),
    .folder = mf_db_int (query, 4),
    .add_flags = (MfFlags) mf_db_int (query, 5),
    .remove_flags = (MfFlags) mf_db_int (query, 6),
    .add_keywords = g_strdup (mf_db_text (query, 7)),
    .remove_keywords = g_strdup (mf_db_text (query, 8)),
    .source = mf_db_int (query, 9),
    .after = mf_db_int (query, 10),
    .removal = mf_db_int (query, 11) != 0,
    .uidnext = (guint32) mf_db_int (query, 12),
    .error = g_strdup (mf_db_text (query, 13)),
    .parent = mf_db_int (query, 14),
    .name = g_strdup (mf_db_text (query, 15)),
    .digest = g_strdup (mf_db_text (query, 16)),
  };
}

gboolean
mf_entry_next (MfDbQuery *query, MfChange *out, GError **error)
{
  if (!mf_db_next (query, error))
    return FALSE;
  read_row (query, out);
  return TRUE;
}
