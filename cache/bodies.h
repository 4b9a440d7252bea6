/* bodies.h - which bodies are in the cache, reading them, and keeping to the limit.
 *
 * Shape:   table `body` says where in which segment; docs/bodystore.md says why.
 * Units:   bytes as readers see them.
 * Threads: any; mf_bodies_tidy() and mf_bodies_sync() one at a time.
 * Errors:  MF_CACHE_ERROR_NOT_FOUND, _FULL, _CORRUPT.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"
#include "cache/segments.h"

typedef struct _MfBodies MfBodies;

/* @crlf: with the wire's line ends; those of the other kind are to be forgotten first
 * (eolchange.h). */
MfBodies *mf_bodies_open (const char *cache_dir, gboolean crlf, guint64 limit_bytes, MfDb *db,
                          GError **error);
void mf_bodies_close (MfBodies *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfBodies, mf_bodies_close)

gboolean mf_bodies_has (MfBodies *self, MfDb *db, MfMsgId id);
/* Not that of a draft: its content is elsewhere (drafts.h). */
MfBody *mf_bodies_get (MfBodies *self, MfDb *db, MfMsgId id, GError **error);
/* A body that is a file of its own.  Takes @fd. */
MfBody *mf_body_new_file (int fd);
guint64 mf_bodies_total (MfBodies *self);
/* TRUE when mf_bodies_tidy() has something to evict. */
gboolean mf_bodies_are_over (MfBodies *self);
/* For writers (bodywriter.h). */
MfSegments *mf_bodies_segments (MfBodies *self);
gboolean mf_bodies_are_crlf (MfBodies *self);
/* When a segment is full: a small cache has small ones, so that they go whole. */
guint64 mf_bodies_segment_bytes (MfBodies *self);

typedef struct
{
  gint64 segment;
  guint64 start, size;
} MfBodyPlace;

/* The body of @id is at @place: inside the caller's transaction. */
gboolean mf_bodies_put (MfBodies *self, MfDb *db, MfMsgId id, const MfBodyPlace *place,
                        GError **error);

/* The body of @from, if it is here, is that of @to as well. */
gboolean mf_bodies_share (MfDb *db, MfMsgId from, MfMsgId to, GError **error);

/* And the exact sizes of what the server has: in the caller's transaction. */
gboolean mf_bodies_forget_all (MfBodies *self, MfDb *db, GError **error);

/* Stores use times; when the limit is passed forgets the least recently used
 * bodies, but none with an unsent change, and gives their space back; syncs segments
 * that are full. */
gboolean mf_bodies_tidy (MfBodies *self, MfDb *db, GError **error);
/* Before the end: use times, space of what was removed, every segment synced. */
gboolean mf_bodies_sync (MfBodies *self, MfDb *db, GError **error);
