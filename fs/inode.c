#include "fs/inode.h"

#define KIND_BITS 4
#define KIND_MASK 0xf
#define ALIAS_ID_BITS 40
#define ALIAS_ID_MASK ((G_GINT64_CONSTANT (1) << ALIAS_ID_BITS) - 1)
#define ROOT_NODE 1

MfInode
mf_inode_from_node (guint64 node)
{
  MfInode inode = { (MfInodeKind)(node & KIND_MASK), (gint64)(node >> KIND_BITS) };

  if (node == ROOT_NODE)
    return (MfInode){ MF_INODE_FOLDER, MF_FOLDER_ROOT };
  if (inode.kind == MF_INODE_ALIAS)
    inode.id &= ALIAS_ID_MASK;
  if (inode.kind > MF_INODE_PRIVATE || inode.id == 0)
    inode.kind = MF_INODE_NONE;
  return inode;
}

guint64
mf_inode_to_node (MfInode inode)
{
  if (inode.kind == MF_INODE_FOLDER && inode.id == MF_FOLDER_ROOT)
    return ROOT_NODE;
  return (guint64)inode.id << KIND_BITS | inode.kind;
}

guint64
mf_inode_message (MfMsgId id)
{
  return mf_inode_to_node ((MfInode){ MF_INODE_MESSAGE, id });
}

guint64
mf_inode_alias (MfMsgId id, const char *name)
{
  guint64 hash = (guint64)g_str_hash (name) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (hash << (ALIAS_ID_BITS + KIND_BITS)) | (guint64)id << KIND_BITS | MF_INODE_ALIAS;
}

guint64
mf_inode_folder (MfFolderId id)
{
  return mf_inode_to_node ((MfInode){ MF_INODE_FOLDER, id });
}

guint64
mf_inode_place (MfFolderId folder, MfPlace place)
{
  return mf_inode_to_node ((MfInode){ MF_INODE_CUR + place, folder });
}

gboolean
mf_inode_is_place (MfInode inode, MfPlace *out_place)
{
  if (inode.kind < MF_INODE_CUR || inode.kind > MF_INODE_TMP)
    return FALSE;
  *out_place = (MfPlace)(inode.kind - MF_INODE_CUR);
  return TRUE;
}

gboolean
mf_inode_is_message (MfInode inode)
{
  return inode.kind == MF_INODE_MESSAGE || inode.kind == MF_INODE_ALIAS;
}
