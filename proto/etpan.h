/* etpan.h - the only door to libetpan.
 *
 * Shape:   its parser, run over whole responses that reply.h has cut out, so that
 *          a response which it refuses harms nothing but itself; and its SASL
 *          client, run over two callbacks.
 * Threads: any.
 * Source:  RFC 9051 section 9; RFC 4422 (SASL), RFC 5802 and 7677 (SCRAM).
 */
#pragma once

#include "proto/meta.h"
#include "proto/remote.h"

/* The list behind "FETCH ", of any items; those that are not known are passed
 * over.  FALSE, with @meta reset: it is malformed. */
gboolean mf_etpan_fetch (MfScan args, MfMeta *meta);

/* What the SASL exchange talks through.  Lines come and go without CRLF. */
typedef struct
{
  gboolean (*send) (const char *line, gsize size, gpointer user_data);
  /* (transfer full) What followed "+ "; NULL once there is another answer, or
   * none. */
  char *(*challenge) (gpointer user_data);
  gpointer user_data;
} MfSaslPeer;

/* Sends "AUTHENTICATE mechanism" and all that follows.  The first in the process loads the
 * plugins of the SASL library.  FALSE: the mechanism is
 * not to be had here, or it found fault with what the server said. */
gboolean mf_etpan_sasl (const char *mechanism, const char *host, const char *user,
                        const char *secret, const MfSaslPeer *peer);
