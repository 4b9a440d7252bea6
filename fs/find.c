#include "fs/find.h"

#include "fs/name.h"

#include <string.h>

static gboolean
fail_not_found (GError **error)
{
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND, "No such name");
  return FALSE;
}

/* A name with the folder's tag is a UID's; but a user may have given a message
 * such a name as well, so what is not found by UID is looked for by name. */
static gboolean
find_by_base (MfCache *cache, const MfFolder *folder, const char *base, MfMessage *out_message,
              GError **error)
{
  g_auto (MfMessage) message = { 0 };
  MfGenerated generated;

  if (mf_name_parse_base (base, &generated) && g_strcmp0 (generated.tag, folder->tag) == 0
      && mf_cache_message_by_uid (cache, folder->id, generated.uid, &message, NULL)
      && message.base == NULL && MAX (message.internaldate, 0) == generated.date)
    {
      *out_message = message;
      message = (MfMessage){ 0 };
      return TRUE;
    }
  return mf_cache_message_by_base (cache, folder->id, base, out_message, error);
}

gboolean
mf_find_message (MfCache *cache, const MfFolder *folder, MfPlace place, const char *file_name,
                 MfMessage *out_message, gboolean *out_stale, GError **error)
{
  g_auto (MfName) name = { 0 };
  char present[MF_NAME_MAX + 1];

  if (place == MF_PLACE_TMP || !mf_name_parse (file_name, &name))
    return fail_not_found (error);
  if (!find_by_base (cache, folder, name.base, out_message, error))
    return FALSE;

  *out_stale = out_message->place != place || !mf_name_format (out_message, folder->tag, present)
               || !g_str_equal (present, file_name);
  return TRUE;
}

/* ":2,S~", ":2,S.part": an editor's backup, a copy that is not complete. */
static gboolean
has_suffix (const char *file_name)
{
  const char *info = g_strrstr (file_name, ":2,");

  return info != NULL && strpbrk (info, "~.#") != NULL;
}

gboolean
mf_find_is_draft_name (MfPlace place, const char *file_name)
{
  return place == MF_PLACE_TMP || file_name[0] == '.' || has_suffix (file_name);
}

gboolean
mf_find_file (const MfMount *mount, const MfFolder *folder, MfPlace place, const char *file_name,
              MfMessage *out_message, gboolean *out_stale, GError **error)
{
  MfMsgId linked = 0;

  if (!mf_find_is_draft_name (place, file_name))
    return mf_find_message (mount->cache, folder, place, file_name, out_message, out_stale, error);
  *out_stale = FALSE;
  if (place == MF_PLACE_TMP)
    linked = mf_linked_find (mount->linked, folder->id, file_name);
  if (linked != 0)
    return mf_cache_message (mount->cache, linked, out_message, error);
  return mf_cache_message_in_tmp (mount->cache, folder->id, file_name, out_message, error);
}

static gboolean
find_cut_folder (MfCache *cache, MfFolderId parent, const char *file_name, MfFolder *out_folder,
                 GError **error)
{
  g_autoptr (GPtrArray) children = mf_cache_folder_children (cache, parent, error);

  if (children == NULL)
    return FALSE;
  for (guint i = 0; i < children->len; i++)
    {
      MfFolder *child = g_ptr_array_index (children, i);
      g_autofree char *name = mf_name_escape (child->name);

      if (g_str_equal (name, file_name))
        return mf_cache_folder (cache, child->id, out_folder, error);
    }
  return fail_not_found (error);
}

gboolean
mf_find_folder (MfCache *cache, MfFolderId parent, const char *file_name, MfFolder *out_folder,
                GError **error)
{
  g_autofree char *component = NULL;

  if (mf_name_is_cut (file_name))
    return find_cut_folder (cache, parent, file_name, out_folder, error);
  component = mf_name_unescape (file_name);
  if (component == NULL)
    return fail_not_found (error);
  return mf_cache_folder_child (cache, parent, component, out_folder, error);
}
