/* pull.h - bringing the index up to the server's state.
 *
 * Shape:   the tree of folders, and the messages of one folder by the cheapest way
 *          the server knows: QRESYNC; CONDSTORE and a difference of UIDs; a
 *          difference of UIDs and flags.
 * Threads: one worker with its link; rows are committed in small transactions
 *          between the server's lines (I2), then told (I9).
 * Errors:  MF_REMOTE_ERROR or MF_CACHE_ERROR.
 * Source:  RFC 7162; RFC 4549.  A message is gone only when a completed answer
 *          says so.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"
#include "cache/link.h"
#include "cache/settle.h"

/* Which folders of the server are shown. */
typedef struct
{
  const char *const *folders, *const *exclude; /* (nullable) globs */
  gboolean subscribed;
} MfFolderFilter;

/* @out_stale, @out_untold (nullable; element-type MfFolderId): known folders whose STATUS
 * says that the index is behind; those of which it does not tell, for want of MODSEQ,
 * whether flags have changed.  Waits for the network. */
gboolean mf_pull_tree (MfSettle *settle, MfLink *link, const MfFolderFilter *filter,
                       GArray *out_stale, GArray *out_untold, GError **error);

/* Waits for the network. */
gboolean mf_pull_folder (MfSettle *settle, MfLink *link, MfFolderId id, GError **error);
