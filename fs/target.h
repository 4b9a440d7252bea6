/* target.h - where a name that is to be given puts a message.
 *
 * Shape:   a name in cur/ or new/ is a message's, with the flags in it; one in
 *          tmp/, or as find.h says, is that of a file being written; one in a
 *          folder's own directory is a message dropped there, which lands in cur/
 *          or new/.  A name that only other flags or another place tell from a
 *          message's is that message's.
 * Threads: fuse.
 * Errors:  MF_CACHE_ERROR_NOT_FOUND, _UNSUPPORTED, _INVALID; too long a name.
 */
#pragma once

#include "fs/find.h"

typedef struct
{
  MfFolder folder;
  MfPlace place;      /* where it was put; a drop is in new/ until mf_target_settle() */
  char *base;
  gboolean has_info;  /* flags were given */
  MfFlags flags;
  gboolean dropped;
  MfMessage existing; /* what has the name, or had it (mf_target_find_vacated()); id 0: nothing */
} MfTarget;

void mf_target_clear (MfTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfTarget, mf_target_clear)

gboolean mf_target_find (const MfMount *mount, guint64 parent, const char *name,
                         MfTarget *out_target, GError **error);

/* If @source was just written by the thread @pid, which has removed the name a moment ago: what
 * had the name counts as existing. */
void mf_target_find_vacated (const MfMount *mount, MfTarget *target, const MfMessage *source,
                             pid_t pid);
/* The name belongs to another message than @source, which is to go. */
gboolean mf_target_is_replacing (const MfTarget *target, const MfMessage *source);
/* @source, at its new @spot, gets the keywords of what it replaces, which no name can show. */
gboolean mf_target_keep_keywords (const MfMount *mount, const MfTarget *target,
                                  const MfMessage *source, const MfSpot *spot, GError **error);

/* The spot of @source when it gets the name.  @seen: the flags that its old name,
 * a name in @from, said; what differs between the two names is done to the flags
 * that it has.  A dropped one gets a name that is free.  @out_spot borrows from
 * @target. */
void mf_target_settle (const MfMount *mount, MfTarget *target, const MfMessage *source,
                       MfPlace from, MfFlags seen, MfSpot *out_spot);
