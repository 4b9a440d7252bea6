#include "cache/drafts.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE (32 * 1024)

struct _MfDrafts
{
  char *dir;
  GMutex lock;
  GHashTable *held;  /* MfMsgId -> count; guarded by lock */
  GHashTable *dirty; /* set of MfMsgId; guarded by lock */
};

static gboolean
set_errno_error (GError **error, const char *what, const char *path)
{
  int code = errno == ENOSPC || errno == EDQUOT ? MF_CACHE_ERROR_FULL : MF_CACHE_ERROR_CORRUPT;

  g_set_error (error, MF_CACHE_ERROR, code, "%s %s: %s", what, path, g_strerror (errno));
  return FALSE;
}

MfDrafts *
mf_drafts_open (const char *state_dir, GError **error)
{
  g_autoptr (MfDrafts) self = g_new0 (MfDrafts, 1);

  self->dir = g_build_filename (state_dir, "outgoing", NULL);
  g_mutex_init (&self->lock);
  self->held = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->dirty = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  if (g_mkdir_with_parents (self->dir, 0700) == 0)
    return g_steal_pointer (&self);
  set_errno_error (error, "making", self->dir);
  return NULL;
}

void
mf_drafts_close (MfDrafts *self)
{
  g_hash_table_unref (self->dirty);
  g_hash_table_unref (self->held);
  g_mutex_clear (&self->lock);
  g_free (self->dir);
  g_free (self);
}

/* ---- files ------------------------------------------------------------ */

static char *
file_path (MfDrafts *self, MfMsgId id)
{
  return g_strdup_printf ("%s/%" G_GINT64_FORMAT, self->dir, id);
}

int
mf_drafts_open_file (MfDrafts *self, MfMsgId id, gboolean create, GError **error)
{
  g_autofree char *path = file_path (self, id);
  int fd = open (path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);

  if (fd < 0)
    set_errno_error (error, "opening", path);
  return fd;
}

static gboolean
write_all (int fd, const char *bytes, gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, bytes, size);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      bytes += n;
      size -= (gsize) n;
    }
  return TRUE;
}

static gboolean
copy_body (int fd, MfBody *body, const char *path, GError **error)
{
  g_autofree char *buffer = g_malloc (PIECE);
  guint64 offset = 0;
  gssize n;

  while ((n = mf_body_read (body, offset, buffer, PIECE, error)) > 0)
    {
      if (!write_all (fd, buffer, (gsize) n))
        return set_errno_error (error, "writing", path);
      offset += (guint64) n;
    }
  return n == 0;
}

gboolean
mf_drafts_write_body (MfDrafts *self, MfMsgId id, MfBody *body, GError **error)
{
  g_autofree char *path = file_path (self, id);
  int fd = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  if (fd < 0)
    return set_errno_error (error, "making", path);
  gboolean ok = copy_body (fd, body, path, error);
  close (fd);
  if (!ok)
    g_unlink (path);
  return ok;
}

gboolean
mf_drafts_link (MfDrafts *self, MfMsgId from, MfMsgId to, GError **error)
{
  g_autofree char *old_path = file_path (self, from);
  g_autofree char *new_path = file_path (self, to);

  g_unlink (new_path);
  return link (old_path, new_path) == 0 || set_errno_error (error, "linking", new_path);
}

void
mf_drafts_delete (MfDrafts *self, MfMsgId id)
{
  g_autofree char *path = file_path (self, id);

  g_unlink (path);
}

gboolean
mf_drafts_sync (MfDrafts *self, GError **error)
{
  int fd = open (self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    set_errno_error (error, "syncing", self->dir);
  if (fd >= 0)
    close (fd);
  return ok;
}

void
mf_drafts_sweep (MfDrafts *self, gboolean (*is_needed) (MfMsgId id, gpointer user_data),
                 gpointer user_data)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      MfMsgId id = g_ascii_strtoll (name, NULL, 10);
      if (!is_needed (id, user_data))
        mf_drafts_delete (self, id);
    }
}

/* ---- who is writing --------------------------------------------------- */

void
mf_drafts_hold (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->held, &id));
  g_hash_table_insert (self->held, g_memdup2 (&id, sizeof id), GUINT_TO_POINTER (n + 1));
  g_mutex_unlock (&self->lock);
}

void
mf_drafts_release (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->held, &id));
  if (n > 1)
    g_hash_table_insert (self->held, g_memdup2 (&id, sizeof id), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->held, &id);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_drafts_is_held (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  gboolean held = g_hash_table_contains (self->held, &id);
  g_mutex_unlock (&self->lock);
  return held;
}

gboolean
mf_drafts_is_held_twice (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->held, &id));
  g_mutex_unlock (&self->lock);
  return n > 1;
}

void
mf_drafts_set_dirty (MfDrafts *self, MfMsgId id, gboolean dirty)
{
  g_mutex_lock (&self->lock);
  if (dirty)
    g_hash_table_add (self->dirty, g_memdup2 (&id, sizeof id));
  else
    g_hash_table_remove (self->dirty, &id);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_drafts_is_dirty (MfDrafts *self, MfMsgId id)
{
  g_mutex_lock (&self->lock);
  gboolean dirty = g_hash_table_contains (self->dirty, &id);
  g_mutex_unlock (&self->lock);
  return dirty;
}

/* ---- reading for the wire --------------------------------------------- */

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
mf_drafts_check (int fd, GError **error)
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
    return set_errno_error (error, "reading", "a draft");
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
    return set_errno_error (error, "reading", "a draft");
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

/* Into @out, which has room for twice as much, or for one byte if @size is 1. */
static gsize
convert (MfDraftReader *self, const char *in, gsize size, char *out, gsize room)
{
  char *start = out;

  for (gsize i = 0; i < size; i++)
    {
      if (in[i] == '\n' && !(self->after_cr && self->eol == MF_DRAFT_NORMALIZED))
        *out++ = '\r';
      self->after_cr = in[i] == '\r';
      self->owes_lf = (gsize) (out - start) == room;
      if (!self->owes_lf)
        *out++ = in[i];
    }
  return (gsize) (out - start);
}

static gssize
read_converted (MfDraftReader *self, char *buffer, gsize size)
{
  char piece[4096];
  gsize used = 0;

  if (self->owes_lf)
    buffer[used++] = '\n';
  self->owes_lf = FALSE;
  if (used == size)
    return (gssize) used;
  gsize most = MIN (sizeof piece, MAX ((size - used) / 2, 1));
  gssize n = read_at (self->fd, piece, most, self->offset);
  if (n <= 0)
    return used > 0 ? (gssize) used : n;
  self->offset += (guint64) n;
  return (gssize) (used + convert (self, piece, (gsize) n, buffer + used, size - used));
}

gssize
mf_draft_reader_read (char *buffer, gsize size, gpointer reader)
{
  MfDraftReader *self = reader;

  if (self->eol != MF_DRAFT_AS_IT_IS)
    return size > 0 ? read_converted (self, buffer, size) : 0;
  gssize n = read_at (self->fd, buffer, size, self->offset);
  self->offset += n > 0 ? (guint64) n : 0;
  return n;
}
