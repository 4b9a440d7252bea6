/* find.h - the message that a file name in cur/, new/ or tmp/ means.
 *
 * Shape:   a name is found under any flags and in either place, so that a reader
 *          who listed the directory before another client changed a flag does
 *          not fail; such a name is stale: found, but not the message's name.
 *          A name with a leading dot, or with "~", "." or "#" behind the flags, is a
 *          file being written, in whatever place it was made: programs rename it
 *          when it is complete, or put aside what they had.
 * Threads: any.
 * Errors:  MF_CACHE_ERROR_NOT_FOUND, MF_CACHE_ERROR_CORRUPT.
 */
#pragma once

#include "fs/mount.h"

/* TRUE: @file_name in @place is no message's, but that of a file being written. */
gboolean mf_find_is_draft_name (MfPlace place, const char *file_name);

/* Of any place. */
gboolean mf_find_file (const MfMount *mount, const MfFolder *folder, MfPlace place,
                       const char *file_name, MfMessage *out_message, gboolean *out_stale,
                       GError **error);

/* A message in cur/ or new/. */
gboolean mf_find_message (MfCache *cache, const MfFolder *folder, MfPlace place,
                          const char *file_name, MfMessage *out_message, gboolean *out_stale,
                          GError **error);

/* The child folder of that file name. */
gboolean mf_find_folder (MfCache *cache, MfFolderId parent, const char *file_name,
                         MfFolder *out_folder, GError **error);
