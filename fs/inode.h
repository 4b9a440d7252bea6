/* inode.h - which object a FUSE node id stands for.
 *
 * Shape:   node id 1 is the root folder; any other is an object's own id with
 *          its kind in the low four bits.  No table, but for private files: the
 *          mapping is the same in every mount, and FORGET has nothing to do (I6).
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef enum
{
  MF_INODE_NONE, /* a node id that was never given out */
  MF_INODE_MESSAGE,
  /* A message found by a name that it no longer has.  It must not share the
   * inode: rename(2) onto another name of the same inode does nothing and
   * reports success, and mv(1) would then remove the source.  For the same reason
   * two such names do not share one: a hash of the name is in its upper bits. */
  MF_INODE_ALIAS,
  MF_INODE_FOLDER,
  MF_INODE_CUR, /* the places in the order of MfPlace */
  MF_INODE_NEW,
  MF_INODE_TMP,
  MF_INODE_CONTROL, /* .mailfs and its files, see control.h */
  MF_INODE_PRIVATE, /* see backing.h */
} MfInodeKind;

typedef struct
{
  MfInodeKind kind;
  gint64 id; /* MfMsgId, MfFolderId, control file or the disk's inode number by @kind */
} MfInode;

/* A name in a directory. */
typedef struct
{
  guint64 parent;
  const char *name;
} MfEntryName;

MfInode mf_inode_from_node (guint64 node);
guint64 mf_inode_to_node (MfInode inode);

guint64 mf_inode_message (MfMsgId id);
guint64 mf_inode_alias (MfMsgId id, const char *name);
guint64 mf_inode_folder (MfFolderId id);
guint64 mf_inode_place (MfFolderId folder, MfPlace place);

/* TRUE for cur, new and tmp: fills @out_place. */
gboolean mf_inode_is_place (MfInode inode, MfPlace *out_place);
/* TRUE for a message, whatever name it was found by. */
gboolean mf_inode_is_message (MfInode inode);
