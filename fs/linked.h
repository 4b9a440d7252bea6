/* linked.h - files in tmp/ that link(2) has delivered: the second name of a message.
 *
 * Shape:   a table of names in tmp/, each with the message that it is a name of,
 *          until that name is removed.  Programs that deliver with link and unlink
 *          compare the inodes of both names between the two.  In memory only: after
 *          a crash the message is where it was delivered to.
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfLinked MfLinked;

MfLinked *mf_linked_new (void);
void mf_linked_free (MfLinked *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfLinked, mf_linked_free)

void mf_linked_add (MfLinked *self, MfFolderId folder, const char *name, MfMsgId id);
/* FALSE: there is no such name. */
gboolean mf_linked_remove (MfLinked *self, MfFolderId folder, const char *name);
/* 0: there is no such name. */
MfMsgId mf_linked_find (MfLinked *self, MfFolderId folder, const char *name);
/* How many names of @id there are. */
guint mf_linked_count (MfLinked *self, MfMsgId id);
