/* rescue.h - what a process that died left unfinished.
 *
 * Shape:   content that was being written and not closed is not a message yet: in
 *          tmp/ it stays, elsewhere it goes to lost+found, and a message that was
 *          being rewritten is again what the server has.
 * Threads: before the workers start.
 * Errors:  MF_CACHE_ERROR.
 */
#pragma once

#include "cache/account.h"

gboolean mf_rescue_unfinished (MfCache *cache, GError **error);
