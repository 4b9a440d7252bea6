/* guard.h - are messages being removed faster than anybody would mean to?
 *
 * Shape:   when each of the latest removals was, for a minute.
 * Units:   monotonic microseconds.
 * Threads: the caller's lock guards it.
 */
#pragma once

#include <glib.h>

typedef struct _MfGuard MfGuard;

/* @limit: how many may be removed within a minute, 0 any number. */
MfGuard *mf_guard_new (guint limit);
void mf_guard_free (MfGuard *self);

/* One more.  TRUE: there are too many now, or were before, since the last reset. */
gboolean mf_guard_count (MfGuard *self, gint64 now_us);
void mf_guard_reset (MfGuard *self);
