/* account.h - what is behind the door: the parts of one open account.
 *
 * Shape:   shared by the files that implement cache.h: cache.c (opening, reading),
 *          changes.c (messages), folderchanges.c (folders), draft.c (content),
 *          queue.c (the journal as users see it).
 * Threads: the struct is constant while the account is open, but for what lock guards.
 */
#pragma once

#include "cache/bodies.h"
#include "cache/cache.h"
#include "cache/db.h"
#include "cache/drafts.h"
#include "cache/engine.h"
#include "cache/guard.h"
#include "cache/news.h"

struct _MfCache
{
  MfCacheOptions options;
  int lock_fd;
  MfDb *front; /* the callers' lane */
  MfDb *back;  /* the workers' lane */
  MfBodies *bodies;
  MfDrafts *drafts;
  MfEngine *engine;
  GMutex lock;          /* guards the rest */
  MfMsgId recent[64];   /* bodies opened lately: what is written may be a copy of one */
  guint n_recent;       /* ever */
  MfGuard *guard;       /* trips until release or restore */
};

/* A message is removed: with too many in a minute they are held back (spec of
 * delete_guard).  In the transaction of the removal. */
gboolean mf_account_guard_removal (MfCache *self, GError **error);
/* (transfer full) (element-type utf8): what the server has refused, a line each. */
GPtrArray *mf_account_failures (MfCache *self);
/* The draft of @row is to be on the server: by a copy of what the server has
 * already if it is one, else by an upload.  In the caller's transaction. */
gboolean mf_account_journal_new (MfCache *self, const MfMessage *row, GError **error);

/* @removed, which a program has removed to write it anew as @by, goes for good: from the
 * server not before @by is there.  In the caller's transaction. */
gboolean mf_account_replace_removed (MfCache *self, MfMsgId removed, MfMsgId by, MfNews *news,
                                     GError **error);

/* FALSE with READ_ONLY on a read-only mount. */
gboolean mf_account_may_change (MfCache *self, GError **error);
/* A transaction of a change; with its commit the push worker learns of it. */
gboolean mf_account_begin (MfCache *self, MfDbTxn *txn, GError **error);
gboolean mf_account_commit (MfCache *self, MfDbTxn *txn, GError **error);
