/* digest.h - what two copies of a message are told apart by.
 *
 * Shape:   a SHA-256 of the wire's bytes, with each CRLF taken as LF: servers may
 *          have their own way with line ends.
 * Threads: one.
 */
#pragma once

#include <glib.h>

#include "cache/eol.h"

typedef struct
{
  GChecksum *sum;
  MfEol eol;
} MfDigest;

void mf_digest_init (MfDigest *self);
void mf_digest_clear (MfDigest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfDigest, mf_digest_clear)

void mf_digest_wire (MfDigest *self, const char *bytes, gsize size);
/* The same message as readers see it without CR. */
void mf_digest_lf (MfDigest *self, const char *bytes, gsize size);
/* (transfer full); nothing can be added afterwards. */
char *mf_digest_finish (MfDigest *self);
