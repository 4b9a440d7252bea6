/* backing.h - which file on disk a private node stands for.
 *
 * Shape:   a node id is made of the file's inode number, so it is the same in every
 *          mount; a table has those that the kernel knows.  A directory is given by
 *          its node id: a folder's, or that of a private directory.
 * Errors:  0 or more is good, else minus errno: what the disk said is what the
 *          caller of mailfs is told.
 * Threads: fuse.
 */
#pragma once

#include <sys/stat.h>

#include "cache/cache.h"

typedef struct _MfBacking MfBacking;

/* @root_fd (borrowed) is of mf_privateroot_open(); -1: there are no files. */
MfBacking *mf_backing_new (int root_fd);
void mf_backing_free (MfBacking *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfBacking, mf_backing_free)

/* An O_PATH descriptor, borrowed until some more calls; also when the last name of
 * the file is gone.  -ENOENT for a folder that never had a private file. */
int mf_backing_fd (MfBacking *self, guint64 node);
/* Where a private file can be made: as mf_backing_fd(), but a folder that has no
 * directory for private files gets one. */
int mf_backing_dir_fd (MfBacking *self, guint64 dir);

/* Fills @out_stat of a node, st_ino being the node id. */
int mf_backing_stat (MfBacking *self, guint64 node, struct stat *out_stat);
/* Finds a name, and counts that the kernel will know it: undone by forget. */
int mf_backing_lookup (MfBacking *self, guint64 dir, const char *name, struct stat *out_stat);
void mf_backing_forget (MfBacking *self, guint64 node, guint64 n_lookups);
/* How many nodes are in the table. */
guint mf_backing_count (const MfBacking *self);

/* These two change what a name stands for, so they must come by here.  @flags:
 * AT_REMOVEDIR; RENAME_NOREPLACE or RENAME_EXCHANGE. */
int mf_backing_unlink (MfBacking *self, guint64 dir, const char *name, int flags);
int mf_backing_rename (MfBacking *self, guint64 dir, const char *name, guint64 new_dir,
                       const char *new_name, guint flags);
