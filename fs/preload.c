#include "fs/preload.h"

#define MOST_BYTES (64 * 1024)

static void
store (const MfHandle *handle, fuse_ino_t node, gsize size)
{
  g_autofree char *text = g_malloc (size);
  struct fuse_bufvec buffer = FUSE_BUFVEC_INIT (size);
  gsize used = 0;
  gssize n = 1;

  while (used < size && n > 0)
    {
      n = mf_body_read (handle->body, used, text + used, size - used, NULL);
      used += (gsize)MAX (n, 0);
    }
  buffer.buf[0].mem = text;
  if (used == size)
    fuse_lowlevel_notify_store (handle->mount->session, node, 0, &buffer, 0);
}

void
mf_preload_body (fuse_ino_t node, const MfHandle *handle)
{
  guint64 size = handle->body != NULL ? mf_body_size (handle->body) : 0;

  if (size > 0 && size <= MOST_BYTES)
    store (handle, node, (gsize)size);
}
