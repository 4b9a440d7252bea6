/* segments.h - the append-only files that bodies are kept in.
 *
 * Shape:   `NNNNNNNN.seg` under the cache folder, 8 bytes of nonce, then bodies.
 *          Table `segment` has a row for each; a file without its row, with another
 *          nonce, or with a row that another boot did not sync, is deleted.
 * Threads: any; one lock inside, never held while calling out.
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"

#define MF_SEGMENT_HEAD_BYTES 8
#define MF_SEGMENT_FULL_BYTES (64 * 1024 * 1024)

typedef struct _MfSegments MfSegments;
typedef struct _MfSegment MfSegment;

MfSegments *mf_segments_open (const char *dir, MfDb *db, GError **error);
void mf_segments_close (MfSegments *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfSegments, mf_segments_close)

/* A new file for one writer, who ends with mf_segment_retire(). */
MfSegment *mf_segments_create (MfSegments *self, MfDb *db, GError **error);
void mf_segment_retire (MfSegments *self, MfSegment *segment);
gint64 mf_segment_id (const MfSegment *segment);
gboolean mf_segment_write (MfSegment *segment, guint64 start, const char *bytes, gsize size,
                           GError **error);
gssize mf_segment_read (MfSegment *segment, guint64 start, char *buffer, gsize size,
                        GError **error);

/* Bytes that a reader has open: they are neither punched nor unlinked. */
typedef struct
{
  MfSegment *segment;
  GList link;
  guint64 start, size;
} MfPin;
typedef enum
{
  MF_PINNED_OK,
  MF_PINNED_GONE,  /* no such segment */
  MF_PINNED_STALE, /* a sweep came between: read the row again */
} MfPinned;
/* Taken before the row is read that says what to pin. */
guint mf_segments_generation (MfSegments *self);
MfPinned mf_segments_pin (MfSegments *self, guint generation, gint64 id, guint64 start,
                          guint64 size, MfPin *pin);
void mf_segments_unpin (MfSegments *self, MfPin *pin);

/* Gives back what no row of table `body` and no pin covers, in every file that no
 * writer has: holes, or the whole file. */
gboolean mf_segments_sweep (MfSegments *self, MfDb *db, GError **error);
/* Makes the next boot trust what is written; @all: also what writers are at (none
 * may go on then).  Sweep and sync are for one thread at a time. */
gboolean mf_segments_sync (MfSegments *self, MfDb *db, gboolean all, GError **error);
