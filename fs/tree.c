#include "fs/tree.h"

#include "fs/attr.h"
#include "fs/find.h"
#include "fs/inode.h"
#include "fs/name.h"

#include <string.h>

static gboolean
refuse (GError **error, MfCacheError code, const char *why)
{
  g_set_error_literal (error, MF_CACHE_ERROR, code, why);
  return FALSE;
}

/* A child folder of this name can be in @parent. */
static gboolean
check_parent (MfInode parent, const char *name, GError **error)
{
  MfPlace place;

  if (parent.kind != MF_INODE_FOLDER || name[0] == '.' || mf_places_parse (name, &place))
    return refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "no folder can be here");
  return TRUE;
}

static char *
get_component (const char *name, GError **error)
{
  char *component = mf_name_unescape (name);

  if (component == NULL)
    refuse (error, MF_CACHE_ERROR_INVALID, "no folder can have this name");
  return component;
}

/* ---- making ----------------------------------------------------------- */

static gboolean
make_folder (fuse_req_t req, MfFolderId parent, const char *name, guint64 *out_node,
             GError **error)
{
  MfMount *mount = mf_mount_of (req);
  g_autofree char *component = get_component (name, error);
  MfFolderId id;

  if (component == NULL || !mf_cache_make_folder (mount->cache, parent, component, &id, error))
    return FALSE;
  mf_places_folder_made (mount->places, id, fuse_req_ctx (req)->pid);
  *out_node = mf_inode_folder (id);
  return TRUE;
}

static gboolean
make_place (fuse_req_t req, MfFolderId id, MfPlace place, guint64 *out_node, GError **error)
{
  MfMount *mount = mf_mount_of (req);
  g_auto (MfFolder) folder = { 0 };

  if (!mf_cache_folder (mount->cache, id, &folder, error))
    return FALSE;
  if (!folder.selectable)
    return refuse (error, MF_CACHE_ERROR_UNSUPPORTED, "this folder cannot hold messages");
  if (mf_places_has (mount->places, mount->cache, &folder, place, fuse_req_ctx (req)->pid))
    return refuse (error, MF_CACHE_ERROR_EXISTS, "it is there");
  mf_places_make (mount->places, id, place);
  *out_node = mf_inode_place (id, place);
  return TRUE;
}

static gboolean
make (fuse_req_t req, fuse_ino_t parent, const char *name, guint64 *out_node, GError **error)
{
  MfInode inode = mf_inode_from_node (parent);
  MfPlace place;

  if (inode.kind == MF_INODE_FOLDER && mf_places_parse (name, &place))
    return make_place (req, inode.id, place, out_node, error);
  return check_parent (inode, name, error) && make_folder (req, inode.id, name, out_node, error);
}

void
mf_tree_mkdir (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
  g_autoptr (GError) error = NULL;
  MfEntryName entry = { parent, name };
  double timeout_s;
  struct stat stat;
  guint64 node;

  if (mf_answer_read_only (req))
    return;
  if (make (req, parent, name, &node, &error)
      && mf_attr_get (mf_mount_of (req), node, &stat, &timeout_s, &error))
    mf_answer_entry (req, 0, &stat, MF_TIMEOUT_FOLDER_S, entry);
  else
    mf_answer_error (req, error, "mkdir");
}

/* ---- removing --------------------------------------------------------- */

static gboolean
note_one (const MfMessage *message, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return FALSE;
}

static gboolean
remove_place (MfMount *mount, MfFolderId id, MfPlace place, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  gboolean found = FALSE;

  if (!mf_cache_folder (mount->cache, id, &folder, error)
      || !mf_cache_list (mount->cache, id, place, 0, note_one, &found, error))
    return FALSE;
  if (!folder.selectable)
    return refuse (error, MF_CACHE_ERROR_NOT_FOUND, "this folder has no messages");
  if (found || (!folder.known && folder.messages > 0))
    return refuse (error, MF_CACHE_ERROR_NOT_EMPTY, "there are messages");
  mf_places_remove (mount->places, id, place);
  return TRUE;
}

static gboolean
remove_directory (MfMount *mount, MfInode parent, const char *name, GError **error)
{
  g_auto (MfFolder) folder = { 0 };
  MfPlace place;

  if (parent.kind == MF_INODE_FOLDER && mf_places_parse (name, &place))
    return remove_place (mount, parent.id, place, error);
  return check_parent (parent, name, error)
         && mf_find_folder (mount->cache, parent.id, name, &folder, error)
         && mf_cache_remove_folder (mount->cache, folder.id, error);
}

void
mf_tree_rmdir (fuse_req_t req, fuse_ino_t parent, const char *name)
{
  g_autoptr (GError) error = NULL;
  MfEntryName entry = { parent, name };

  if (mf_answer_read_only (req))
    return;
  if (remove_directory (mf_mount_of (req), mf_inode_from_node (parent), name, &error))
    mf_answer_done (req, 0, &entry, 1);
  else
    mf_answer_error (req, error, "rmdir");
}

/* ---- renaming --------------------------------------------------------- */

static gboolean
find_replaced (MfMount *mount, MfFolderId parent, const char *name, MfFolderId moving,
               gboolean keep, MfFolderId *out_replaced, GError **error)
{
  g_auto (MfFolder) existing = { 0 };

  *out_replaced = 0;
  if (!mf_find_folder (mount->cache, parent, name, &existing, NULL) || existing.id == moving)
    return TRUE;
  if (keep)
    return refuse (error, MF_CACHE_ERROR_EXISTS, "there is a folder of this name");
  *out_replaced = existing.id;
  return TRUE;
}

gboolean
mf_tree_rename (MfMount *mount, MfEntryName from, MfEntryName to, gboolean keep, GError **error)
{
  MfInode parent = mf_inode_from_node (from.parent), new_parent = mf_inode_from_node (to.parent);
  g_auto (MfFolder) folder = { 0 };
  g_autofree char *component = NULL;
  MfFolderId replaced = 0;

  if (!check_parent (parent, from.name, error) || !check_parent (new_parent, to.name, error)
      || !mf_find_folder (mount->cache, parent.id, from.name, &folder, error))
    return FALSE;
  component = get_component (to.name, error);
  return component != NULL
         && find_replaced (mount, new_parent.id, to.name, folder.id, keep, &replaced, error)
         && mf_cache_rename_folder (mount->cache, folder.id, new_parent.id, component, replaced,
                                    error);
}
