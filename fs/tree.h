/* tree.h - making, removing and renaming folders, and their cur, new and tmp.
 *
 * Shape:   a directory is a folder of the server; its places come and go with it,
 *          and by themselves only as places.h has it.
 * Threads: fuse.
 */
#pragma once

#include "fs/answer.h"

void mf_tree_mkdir (fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void mf_tree_rmdir (fuse_req_t req, fuse_ino_t parent, const char *name);
/* @keep: nothing may be replaced. */
gboolean mf_tree_rename (MfMount *mount, MfEntryName from, MfEntryName to, gboolean keep,
                         GError **error);
