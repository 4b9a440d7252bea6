#include "cache/digest.h"

#define PIECE 4096

void
mf_digest_init (MfDigest *self)
{
  *self = (MfDigest){ g_checksum_new (G_CHECKSUM_SHA256), MF_EOL_INIT };
}

void
mf_digest_clear (MfDigest *self)
{
  g_clear_pointer (&self->sum, g_checksum_free);
}

void
mf_digest_lf (MfDigest *self, const char *bytes, gsize size)
{
  g_checksum_update (self->sum, (const guchar *) bytes, (gssize) size);
}

void
mf_digest_wire (MfDigest *self, const char *bytes, gsize size)
{
  char piece[PIECE + 1];

  while (size > 0)
    {
      gsize n = MIN (size, PIECE);
      mf_digest_lf (self, piece, mf_eol_to_lf (&self->eol, bytes, n, piece));
      bytes += n;
      size -= n;
    }
}

char *
mf_digest_finish (MfDigest *self)
{
  char rest;

  mf_digest_lf (self, &rest, mf_eol_finish (&self->eol, &rest));
  return g_strdup (g_checksum_get_string (self->sum));
}
