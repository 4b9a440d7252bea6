/* meta.h - what one FETCH response says of a message.
 *
 * Shape:   a MfRemoteMessage with its strings' storage, made to be used again for
 *          each of a hundred thousand lines without allocating.
 * Units:   as MfRemoteMessage.
 * Threads: any, one at a time.
 * Source:  RFC 9051 section 7.5.2; RFC 7162 (MODSEQ), RFC 8474 (EMAILID), Gmail's
 *          X-GM-EXT-1.
 */
#pragma once

#include "proto/remote.h"
#include "proto/scan.h"

typedef struct
{
  MfRemoteMessage message;
  gboolean has_body; /* there was a BODY[] item */
  gboolean body_nil; /* and the server had no text for it */
  GString *body;     /* what stood in it as a string, not as a streamed literal */
  /* private */
  GArray *words; /* MfScan: keywords found so far */
  GString *keywords, *labels, *emailid, *threadid, *message_id, *word;
} MfMeta;

void mf_meta_init (MfMeta *self);
void mf_meta_clear (MfMeta *self);
void mf_meta_reset (MfMeta *self);

/* Reads the list behind "FETCH ".  Knows the items that this floor asks for in
 * listings.  FALSE, with @self reset: there are others, or it is malformed. */
gboolean mf_meta_parse (MfMeta *self, MfScan args);

/* For another parser, which collects and then calls finish().  @name is borrowed
 * until then. */
void mf_meta_add_flag (MfMeta *self, const char *name, gsize size);
void mf_meta_add_label (MfMeta *self, const char *wire);
void mf_meta_finish (MfMeta *self);
