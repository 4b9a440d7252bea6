/* privatedir.h - listing private directories, and the private names in folders.
 *
 * Shape:   offsets in a private directory are the disk's own, so that a listing goes
 *          on where it was whatever came and went.
 * Threads: fuse.
 */
#pragma once

#include "fs/mount.h"

void mf_privatedir_opendir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_privatedir_readdir (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                            struct fuse_file_info *fi);
void mf_privatedir_readdirplus (fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                                struct fuse_file_info *fi);
void mf_privatedir_releasedir (fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);
void mf_privatedir_fsyncdir (fuse_req_t req, fuse_ino_t node, int data_only,
                             struct fuse_file_info *fi);

/* An entry of the answer to READDIR or, @plus, READDIRPLUS. */
typedef struct
{
  const char *name;
  off_t offset; /* of the next */
  gboolean plus;
} MfPrivateEntry;

/* Appends @entry of @dir to a buffer in which there are @room bytes.  FALSE: it does
 * not fit.  @out_used is 0 when there is no such name any more. */
gboolean mf_privatedir_add (fuse_req_t req, fuse_ino_t dir, const MfPrivateEntry *entry, char *end,
                            gsize room, gsize *out_used);
