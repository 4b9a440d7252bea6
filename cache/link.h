/* link.h - a session with the server, opened when it is needed.
 *
 * Shape:   knows which mailbox is selected; drops a session that has died.  Taken for
 *          a task, network and all, by one thread after another, in the order in which
 *          they came for it.
 * Threads: whoever has taken it; taking it, and cancelling @cancellable, any.
 * Errors:  MF_REMOTE_ERROR as they come.
 */
#pragma once

#include "cache/cache.h"

typedef struct
{
  const MfRemoteOps *ops;
  const MfAccount *account;
  GMutex lock;               /* guards the turns */
  GCond given;
  guint turn, turns;         /* whose it is; how many were asked for */
  GCancellable *cancellable; /* ends whatever the link is waiting for */
  MfRemote *remote;          /* (nullable) */
  gint64 opened_us;          /* monotonic */
  char *mailbox;             /* (nullable) selected, the server's spelling */
  gboolean read_only;        /* selected so */
  gboolean is_current;       /* idle has just told of all that came there, see mf_link_take_current() */
  MfMailboxStatus selected;
  guint64 told_modseq;       /* the highest that the last refresh of it was told, see pull.c */
} MfLink;

MfLink *mf_link_new (const MfRemoteOps *ops, const MfAccount *account);
void mf_link_free (MfLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfLink, mf_link_free)

void mf_link_take (MfLink *self);
/* FALSE: somebody has it, or waits for it. */
gboolean mf_link_try_take (MfLink *self);
void mf_link_give (MfLink *self);
/* By who has it: others wait for it. */
gboolean mf_link_is_awaited (MfLink *self);

gboolean mf_link_is_open (const MfLink *self);
gboolean mf_link_open (MfLink *self, GError **error);
void mf_link_drop (MfLink *self);
/* To be called with the error of every failed operation: drops what is dead, or
 * may be (a BYE says BUSY too); what is alive selects its mailbox anew. */
void mf_link_check (MfLink *self, const GError *error);

/* Selects @mailbox unless it is selected. */
gboolean mf_link_select (MfLink *self, const char *mailbox, gboolean read_only, GError **error);
/* The same for a change of @uid, which is nothing to a session that was not told of it:
 * the server says yes and does nothing. */
gboolean mf_link_select_for (MfLink *self, const char *mailbox, guint32 uid, GError **error);
/* The next to select a mailbox selects it anew. */
void mf_link_deselect (MfLink *self);
/* What is selected once more: a session sees there only what it was told of. */
gboolean mf_link_reselect (MfLink *self, GError **error);
/* Selects it anew, with changes since @known (nullable) to @sink. */
gboolean mf_link_resync (MfLink *self, const char *mailbox, const MfMailboxStatus *known,
                         const MfChangeSink *sink, gpointer user_data, gboolean *out_resynced,
                         GError **error);
/* A session sees in its mailbox only what it was told of.  TRUE once after the watch
 * has set is_current, if @mailbox is selected. */
gboolean mf_link_take_current (MfLink *self, const char *mailbox);
gboolean mf_link_has_selected (const MfLink *self, const char *mailbox);
