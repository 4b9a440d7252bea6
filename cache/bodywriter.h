/* bodywriter.h - a stream of wire bytes on its way into a segment.
 *
 * Shape:   bodies one after the other; a writer has a segment of its own.
 * Threads: one.
 * Errors:  MF_CACHE_ERROR_FULL, _CORRUPT.
 */
#pragma once

#include "cache/bodies.h"

typedef struct _MfBodyWriter MfBodyWriter;

MfBodyWriter *mf_bodywriter_new (MfBodies *bodies);
void mf_bodywriter_free (MfBodyWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfBodyWriter, mf_bodywriter_free)

/* The next body begins a new segment. */
gboolean mf_bodywriter_is_full (const MfBodyWriter *self);
/* begin, write*, then finish or drop.  What goes wrong is told by finish. */
void mf_bodywriter_begin (MfBodyWriter *self, MfDb *db);
void mf_bodywriter_write (MfBodyWriter *self, const char *wire, gsize size);
gboolean mf_bodywriter_finish (MfBodyWriter *self, MfBodyPlace *out, GError **error);
void mf_bodywriter_drop (MfBodyWriter *self);

/* To be called before rows of finished bodies are committed. */
gboolean mf_bodywriter_flush (MfBodyWriter *self, GError **error);
