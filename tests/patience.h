/* patience.h - a callback that is to come exactly once, and who waits for it.
 *
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"

typedef struct _MfPatience MfPatience;

MfPatience *mf_patience_new (void);
void mf_patience_free (MfPatience *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfPatience, mf_patience_free)

/* An MfDone; @patience is the user data.  One may serve many. */
void mf_patience_done (const GError *error, gpointer patience);
/* How often it was called until now. */
guint mf_patience_calls (MfPatience *self);
/* Until it was called @n times in all; fails the test when that takes too long. */
void mf_patience_wait (MfPatience *self, guint n);
/* The same for one call; returns its error's code, -1 for none. */
int mf_patience_code (MfPatience *self);
