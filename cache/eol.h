/* eol.h - line ends between the wire (CRLF) and readers (LF), streamed.
 *
 * Shape:   CRLF becomes LF; a CR or LF alone stays.  The way back makes CRLF of
 *          every LF, so what had no bare LF comes back as it was.
 * Threads: any.  Pure.
 */
#pragma once

#include <glib.h>

typedef struct
{
  gboolean held_cr; /* the last byte was a CR, not written yet */
} MfEol;
#define MF_EOL_INIT { FALSE }

/* @out has room for @size + 1 bytes; returns how many were written. */
gsize mf_eol_to_lf (MfEol *self, const char *in, gsize size, char *out);
/* What is still held at the end of the message: 0 or 1 byte. */
gsize mf_eol_finish (MfEol *self, char *out);

/* How many bytes @in becomes on the wire. */
gsize mf_eol_wire_size (const char *in, gsize size);
/* @out has room for 2 * @size bytes; returns how many were written. */
gsize mf_eol_to_wire (const char *in, gsize size, char *out);
