/* waiters.h - who is waiting for which id.
 *
 * Shape:   a multimap from id to (MfDone, data).
 * Threads: the caller's lock guards it; mf_waiters_call() is made with none held.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfWaiters MfWaiters;

MfWaiters *mf_waiters_new (void);
void mf_waiters_free (MfWaiters *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfWaiters, mf_waiters_free)

/* TRUE for the first one of @id. */
gboolean mf_waiters_add (MfWaiters *self, gint64 id, MfDone done, gpointer user_data);
gboolean mf_waiters_has (MfWaiters *self, gint64 id);
guint mf_waiters_count (MfWaiters *self);

/* Those of @id leave the map, (nullable) (transfer full); then, unlocked: */
GArray *mf_waiters_take (MfWaiters *self, gint64 id);
GArray *mf_waiters_take_all (MfWaiters *self);
GArray *mf_waiters_take_below (MfWaiters *self, gint64 id);
GArray *mf_waiters_take_from (MfWaiters *self, gint64 id);
/* Calls and frees.  @taken (nullable). */
void mf_waiters_call (GArray *taken, const GError *error);
