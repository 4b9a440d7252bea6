/* privateroot.h - where private files are kept: a directory for each folder.
 *
 * Shape:   STATE/private/<folder id>/ holds the private files of that folder's
 *          directory, and all below them, as they are; it is made with the first.
 *          A folder renamed here keeps its id.  One that another client has removed
 *          or renamed leaves its private files behind, to be rescued at the next
 *          mount, before its id can be another's because the index was lost.
 * Errors:  where an int is returned: 0, or minus errno.
 * Threads: any.
 */
#pragma once

#include <sys/stat.h>

#include "cache/cache.h"

/* Longest spelling of a folder's id. */
#define MF_PRIVATEROOT_NAME_MAX 23

/* A descriptor of STATE/private, made where it is missing unless @read_only: then
 * -1 with @error unset means that there are no private files. */
int mf_privateroot_open (const char *state_dir, gboolean read_only, GError **error);

void mf_privateroot_name (MfFolderId folder, char name[static MF_PRIVATEROOT_NAME_MAX + 1]);
int mf_privateroot_make (int root_fd, MfFolderId folder);
/* FALSE: the folder never had a private file. */
gboolean mf_privateroot_stat (int root_fd, MfFolderId folder, struct stat *out_stat);
/* Moves private files of folders that are not in @cache any more to a private
 * directory of the root, so that they can be found. */
void mf_privateroot_rescue (int root_fd, MfCache *cache);

/* The names of its private files, if there are any, survive a power cut afterwards. */
int mf_privateroot_sync (int root_fd, MfFolderId folder);
/* Appends the names of its private files to @names (element-type filename). */
void mf_privateroot_list (int root_fd, MfFolderId folder, GPtrArray *names);
