#include "cache/draftreader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cache/digest.h"

#define PIECE (32 * 1024)

static gboolean
set_read_error (GError **error)
{
  g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_CORRUPT, "reading a draft: %s",
               g_strerror (errno));
  return FALSE;
}

static gssize
read_at (int fd, char *buffer, gsize size, guint64 offset)
{
  gssize n;

  do
    n = pread (fd, buffer, size, (off_t) offset);
  while (n < 0 && errno == EINTR);
  return n;
}

gboolean
mf_draft_check (int fd, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  guint64 offset = 0;
  gssize n;

  while ((n = read_at (fd, buffer, PIECE, offset)) > 0)
    {
      if (memchr (buffer, '\0', (gsize) n) != NULL)
        break;
      offset += (guint64) n;
    }
  if (n == 0 && offset > 0)
    return TRUE;
  if (n < 0)
    return set_read_error (error);
  g_set_error_literal (error, MF_CACHE_ERROR, MF_CACHE_ERROR_INVALID,
                       n > 0 ? "not a message: it has a NUL byte" : "not a message: it is empty");
  return FALSE;
}

typedef struct
{
  guint64 size, lf, crlf;
  gboolean in_body;         /* past the first empty line */
  guint64 header_lf, header_crlf;
  char last, before;        /* the two bytes before */
} Census;

static void
count_byte (Census *census, char c)
{
  if (c == '\n')
    {
      gboolean crlf = census->last == '\r';
      char previous = crlf ? census->before : census->last;
      census->lf++;
      census->crlf += crlf;
      if (!census->in_body)
        {
          census->header_lf++;
          census->header_crlf += crlf;
          census->in_body = previous == '\n' || census->size == (crlf ? 1 : 0);
        }
    }
  census->before = census->last;
  census->last = c;
  census->size++;
}

/* A header whose lines end in LF is a reader's view, whatever CR is in the body. */
static void
decide (MfDraftReader *self, const Census *census)
{
  if (census->lf > 0 && census->crlf == census->lf)
    {
      self->eol = MF_DRAFT_AS_IT_IS;
      self->wire_size = census->size;
    }
  else if (census->header_crlf == 0)
    {
      self->eol = MF_DRAFT_EACH_LF;
      self->wire_size = census->size + census->lf;
    }
  else
    {
      self->eol = MF_DRAFT_NORMALIZED;
      self->wire_size = census->size + census->lf - census->crlf;
    }
}

gboolean
mf_draft_reader_init (MfDraftReader *self, int fd, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  Census census = { 0 };
  gssize n;

  *self = (MfDraftReader){ .fd = fd };
  while ((n = read_at (fd, buffer, PIECE, census.size)) > 0)
    for (gssize i = 0; i < n; i++)
      count_byte (&census, buffer[i]);
  if (n < 0)
    return set_read_error (error);
  decide (self, &census);
  return TRUE;
}

void
mf_draft_reader_clear (MfDraftReader *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

/* From @in, of @size bytes, to @out, with room for @room; returns how many bytes
 * were written, and *@out_used how many read. */
static gsize
convert (MfDraftReader *self, const char *in, gsize size, char *out, gsize room, gsize *out_used)
{
  gsize used = 0, n = 0;

  while (used < size && n < room)
    {
      gboolean bare = in[used] == '\n'
                      && !(self->after_cr && self->eol == MF_DRAFT_NORMALIZED);
      self->added_cr = bare && !self->added_cr;
      if (self->added_cr)
        {
          out[n++] = '\r';
          continue;
        }
      self->after_cr = in[used] == '\r';
      out[n++] = in[used++];
    }
  *out_used = used;
  return n;
}

gssize
mf_draft_reader_read (char *buffer, gsize size, gpointer reader)
{
  MfDraftReader *self = reader;
  char piece[4096];
  gsize used = 0;

  if (self->eol == MF_DRAFT_AS_IT_IS)
    {
      gssize n = read_at (self->fd, buffer, size, self->offset);
      self->offset += n > 0 ? (guint64) n : 0;
      return n;
    }
  gssize n = read_at (self->fd, piece, MIN (sizeof piece, size), self->offset);
  if (n <= 0)
    return n;
  gsize written = convert (self, piece, (gsize) n, buffer, size, &used);
  self->offset += used;
  return (gssize) written;
}

static void
rewind_reader (MfDraftReader *self)
{
  self->offset = 0;
  self->after_cr = self->added_cr = FALSE;
}

char *
mf_draft_reader_digest (MfDraftReader *self, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  g_auto (MfDigest) digest = { 0 };
  gssize n;

  mf_digest_init (&digest);
  rewind_reader (self);
  while ((n = mf_draft_reader_read (buffer, PIECE, self)) > 0)
    mf_digest_wire (&digest, buffer, (gsize) n);
  rewind_reader (self);
  if (n == 0)
    return mf_digest_finish (&digest);
  set_read_error (error);
  return NULL;
}
