/* events.h - .mailfs/events: what has changed on the server, a line each.
 *
 * Shape:   bytes that only come; the last MF_EVENTS_BYTES of them are kept.  The
 *          lines are in docs/formats.md.
 * Threads: any.
 */
#pragma once

#include "cache/cache.h"
#include "fs/census.h"

#define MF_EVENTS_BYTES (256 * 1024)

typedef struct _MfEvents MfEvents;

MfEvents *mf_events_new (void);
void mf_events_free (MfEvents *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfEvents, mf_events_free)

/* What comes before this is dropped.  @cache outlives the last event. */
void mf_events_start (MfEvents *self, MfCache *cache);
void mf_events_add (MfEvents *self, const MfEvent *event);
/* After the start: what MF_EVENT_TREE_CHANGED leaves open. */
void mf_events_add_folder (MfEvents *self, const MfCensusNews *news);

/* How many bytes there ever were, and how many of them are not kept any more. */
void mf_events_range (MfEvents *self, guint64 *out_start, guint64 *out_end);
/* When the last line came, in seconds since the epoch. */
gint64 mf_events_time (MfEvents *self);
/* From @offset; 0 at the end.  What is not kept any more is empty lines. */
gsize mf_events_read (MfEvents *self, guint64 offset, char *buffer, gsize size);
