#include "cache/bodywriter.h"

#include <string.h>

#include "cache/eol.h"

#define BUFFER_BYTES (128 * 1024)

struct _MfBodyWriter
{
  MfBodies *bodies;
  MfSegment *segment; /* (nullable) */
  guint64 written;    /* end of what is in the file */
  gsize buffered;     /* what follows it, in the buffer */
  guint64 start;      /* of the body under way */
  MfEol eol;
  GError *error;      /* of the body under way */
  char buffer[BUFFER_BYTES];
};

MfBodyWriter *
mf_bodywriter_new (MfBodies *bodies)
{
  MfBodyWriter *self = g_new0 (MfBodyWriter, 1);

  self->bodies = bodies;
  return self;
}

static void
leave_segment (MfBodyWriter *self)
{
  if (self->segment != NULL)
    mf_segment_retire (mf_bodies_segments (self->bodies), self->segment);
  self->segment = NULL;
}

void
mf_bodywriter_free (MfBodyWriter *self)
{
  leave_segment (self);
  g_clear_error (&self->error);
  g_free (self);
}

gboolean
mf_bodywriter_flush (MfBodyWriter *self, GError **error)
{
  if (self->buffered == 0)
    return TRUE;
  if (!mf_segment_write (self->segment, self->written, self->buffer, self->buffered, error))
    return FALSE;
  self->written += self->buffered;
  self->buffered = 0;
  return TRUE;
}

gboolean
mf_bodywriter_is_full (const MfBodyWriter *self)
{
  return self->segment != NULL && self->written + self->buffered >= mf_bodies_segment_bytes (self->bodies);
}

void
mf_bodywriter_begin (MfBodyWriter *self, MfDb *db)
{
  g_clear_error (&self->error);
  self->eol = (MfEol) MF_EOL_INIT;
  if (mf_bodywriter_is_full (self) && mf_bodywriter_flush (self, &self->error))
    leave_segment (self);
  if (self->segment == NULL && self->error == NULL)
    {
      self->segment = mf_segments_create (mf_bodies_segments (self->bodies), db, &self->error);
      self->written = MF_SEGMENT_HEAD_BYTES;
      self->buffered = 0;
    }
  self->start = self->written + self->buffered;
}

/* Room for what @size wire bytes and a held CR may become. */
static gboolean
make_room (MfBodyWriter *self, gsize size)
{
  return self->buffered + size + 1 <= BUFFER_BYTES || mf_bodywriter_flush (self, &self->error);
}

void
mf_bodywriter_write (MfBodyWriter *self, const char *wire, gsize size)
{
  while (size > 0 && self->error == NULL)
    {
      gsize piece = MIN (size, BUFFER_BYTES / 2);
      if (!make_room (self, piece))
        return;
      char *out = self->buffer + self->buffered;
      if (mf_bodies_are_crlf (self->bodies))
        {
          memcpy (out, wire, piece);
          self->buffered += piece;
        }
      else
        self->buffered += mf_eol_to_lf (&self->eol, wire, piece, out);
      wire += piece;
      size -= piece;
    }
}

/* The next body takes the place of the one under way. */
void
mf_bodywriter_drop (MfBodyWriter *self)
{
  if (self->segment == NULL)
    return;
  if (self->start >= self->written)
    self->buffered = (gsize) (self->start - self->written);
  else
    {
      self->written = self->start;
      self->buffered = 0;
    }
}

gboolean
mf_bodywriter_finish (MfBodyWriter *self, MfBodyPlace *out, GError **error)
{
  if (self->error == NULL && make_room (self, 1))
    self->buffered += mf_eol_finish (&self->eol, self->buffer + self->buffered);
  if (self->error != NULL)
    {
      mf_bodywriter_drop (self);
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  *out = (MfBodyPlace){
    .segment = mf_segment_id (self->segment),
    .start = self->start,
    .size = self->written + self->buffered - self->start,
  };
  return TRUE;
}
