/* hint.h - messages of which the kernel may hold an inexact size.
 *
 * Shape:   a bit per message id, set when a hint is handed out as st_size, cleared
 *          when an open has taken it back.  So an open of a message whose size was
 *          exact from the start costs no invalidation.
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfHints MfHints;

MfHints *mf_hints_new (void);
void mf_hints_free (MfHints *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfHints, mf_hints_free)

void mf_hints_set (MfHints *self, MfMsgId id);
gboolean mf_hints_has (MfHints *self, MfMsgId id);
/* Only when the kernel has been told to forget: a second open of the same
 * message may ask meanwhile. */
void mf_hints_clear (MfHints *self, MfMsgId id);
