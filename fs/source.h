/* source.h - the message or file that a name of a directory means, to be changed.
 *
 * Shape:   the row, the name that was used, and the name that it really has.
 * Threads: fuse.
 * Errors:  MF_CACHE_ERROR_NOT_FOUND, _UNSUPPORTED.
 */
#pragma once

#include "fs/name.h"
#include "fs/mount.h"

typedef struct
{
  MfFolder folder;
  MfPlace place;     /* of the name that was used */
  MfFlags seen;      /* what that name says */
  gboolean stale;    /* it is not the message's name any more */
  gboolean linked;   /* it is a second name in tmp/ (linked.h) */
  gboolean dropped;  /* it is a name in a folder's own directory (dropped.h) */
  MfMessage message;
  char present[MF_NAME_MAX + 1]; /* its name, "" when it has none that can be shown */
} MfSource;

void mf_source_clear (MfSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfSource, mf_source_clear)

/* @pid: of the thread that asks. */
gboolean mf_source_find (const MfMount *mount, guint64 parent, const char *name, pid_t pid,
                         MfSource *out_source, GError **error);
/* Fills what is not about the name, from the row. */
gboolean mf_source_of_message (const MfMount *mount, MfMsgId id, MfSource *out_source,
                               GError **error);

/* The name without flags (transfer full). */
char *mf_source_base (const MfSource *source);
/* The directory that its name is in. */
guint64 mf_source_directory (const MfSource *source);

/* @source has changed: tells the kernel what it does not see by itself.  The request
 * took a name from @from (0: none), so that this and @parent need not be told.  What
 * the kernel believes to be @name in @parent (0: nothing) is now another name or
 * nothing. */
void mf_source_tell (const MfMount *mount, const MfSource *source, guint64 from, guint64 parent,
                     const char *name);
