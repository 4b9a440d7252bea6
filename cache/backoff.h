/* backoff.h - how long to wait before the next try.
 *
 * Shape:   a number that doubles with every failure; 0 begins anew.
 * Threads: any; the caller guards the number.
 */
#pragma once

#include <glib.h>

/* @backoff_ms doubles, between @first_ms and @most_ms.  Returns what to wait, from half of
 * it to one and a half: that is left to chance, so that many do not come back at once. */
guint mf_backoff_next_ms (guint *backoff_ms, guint first_ms, guint most_ms);
