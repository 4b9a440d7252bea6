/* account.h - what is behind the door: the parts of one open account.
 *
 * Shape:   shared by the files that implement cache.h: cache.c (opening, reading),
 *          changes.c (messages), folderchanges.c (folders), draft.c (content).
 * Threads: the struct is constant while the account is open.
 */
#pragma once

#include "cache/bodies.h"
#include "cache/cache.h"
#include "cache/db.h"
#include "cache/drafts.h"
#include "cache/engine.h"

struct _MfCache
{
  MfCacheOptions options;
  int lock_fd;
  MfDb *front; /* the callers' lane */
  MfDb *back;  /* the workers' lane */
  MfBodies *bodies;
  MfDrafts *drafts;
  MfEngine *engine;
};

/* FALSE with READ_ONLY on a read-only mount. */
gboolean mf_account_may_change (MfCache *self, GError **error);
