#include "cache/eol.h"

#include <string.h>

gsize
mf_eol_to_lf (MfEol *self, const char *in, gsize size, char *out)
{
  const char *end = in + size;
  char *start = out;

  while (in < end)
    {
      if (self->held_cr)
        {
          self->held_cr = FALSE;
          if (*in != '\n')
            *out++ = '\r';
        }
      const char *cr = memchr (in, '\r', (gsize) (end - in));
      gsize run = (gsize) ((cr != NULL ? cr : end) - in);
      memcpy (out, in, run);
      out += run;
      in += run;
      if (cr != NULL)
        {
          self->held_cr = TRUE;
          in++;
        }
    }
  return (gsize) (out - start);
}

gsize
mf_eol_finish (MfEol *self, char *out)
{
  if (!self->held_cr)
    return 0;
  self->held_cr = FALSE;
  *out = '\r';
  return 1;
}

gsize
mf_eol_wire_size (const char *in, gsize size)
{
  const char *end = in + size;
  gsize n = size;

  while (in < end && (in = memchr (in, '\n', (gsize) (end - in))) != NULL)
    {
      n++;
      in++;
    }
  return n;
}

gsize
mf_eol_to_wire (const char *in, gsize size, char *out)
{
  const char *end = in + size;
  char *start = out;

  while (in < end)
    {
      const char *lf = memchr (in, '\n', (gsize) (end - in));
      gsize run = (gsize) ((lf != NULL ? lf : end) - in);
      memcpy (out, in, run);
      out += run;
      in += run;
      if (lf != NULL)
        {
          *out++ = '\r';
          *out++ = '\n';
          in++;
        }
    }
  return (gsize) (out - start);
}
