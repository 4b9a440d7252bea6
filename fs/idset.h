/* idset.h - of which messages something is true.
 *
 * Shape:   a bit per message id; ids are never reused.
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfIdSet MfIdSet;

MfIdSet *mf_idset_new (void);
void mf_idset_free (MfIdSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfIdSet, mf_idset_free)

/* TRUE: it was not in it. */
gboolean mf_idset_set (MfIdSet *self, MfMsgId id);
gboolean mf_idset_has (MfIdSet *self, MfMsgId id);
void mf_idset_clear (MfIdSet *self, MfMsgId id);
