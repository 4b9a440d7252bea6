/* rescue.h - what a process that died left unfinished.
 *
 * Shape:   content that was being written and not closed is not a message yet: in
 *          tmp/ it stays, elsewhere it goes to lost+found, and a message that was
 *          being rewritten is again what it was before.
 * Threads: before the workers start; mf_rescue_size(), any.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/account.h"

gboolean mf_rescue_unfinished (MfCache *cache, GError **error);

/* The size of @row is that of its own content again, not of what was being written.
 * In the caller's transaction. */
gboolean mf_rescue_size (MfDrafts *drafts, MfDb *db, const MfMessage *row, GError **error);
