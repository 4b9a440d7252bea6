#include "cache/content.h"

#include <string.h>

#include "cache/digest.h"
#include "cache/draftreader.h"
#include "cache/error.h"

#define HEADER_BYTES (64 * 1024)
#define FIELD "message-id:"

/* ---- here ------------------------------------------------------------- */

static MfBody *
open_content (MfSettle *self, const MfMessage *row)
{
  if (!row->draft)
    return mf_bodies_get (self->bodies, self->db, row->id, NULL);
  int fd = mf_drafts_open_file (self->drafts, row, NULL);
  return fd >= 0 ? mf_body_new_file (fd) : NULL;
}

/* The field's body goes on in lines that begin with a blank. */
static char *
copy_field (const char *text)
{
  GString *value = g_string_new (NULL);

  for (const char *p = text; *p != '\0' && value->len < MF_MESSAGE_ID_BYTES; p++)
    if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
      break;
    else if (!g_ascii_isspace (*p))
      g_string_append_c (value, *p);
  return g_string_free (value, FALSE);
}

static char *
find_message_id (const char *header)
{
  for (const char *line = header; *line != '\0' && *line != '\n' && *line != '\r';)
    {
      const char *end = strchr (line, '\n');
      if (g_ascii_strncasecmp (line, FIELD, strlen (FIELD)) == 0)
        return copy_field (line + strlen (FIELD));
      if (end == NULL)
        break;
      line = end + 1;
    }
  return g_strdup ("");
}

char *
mf_content_message_id (MfSettle *self, const MfMessage *row)
{
  g_autoptr (MfBody) body = open_content (self, row);
  g_autofree char *header = g_malloc (HEADER_BYTES + 1);
  gssize n = body != NULL ? mf_body_read (body, 0, header, HEADER_BYTES, NULL) : -1;

  if (n < 0)
    return NULL;
  header[n] = '\0';
  return find_message_id (header);
}

static char *
draft_digest (MfSettle *self, const MfMessage *row)
{
  g_auto (MfDraftReader) reader = { .fd = -1 };
  int fd = mf_drafts_open_file (self->drafts, row, NULL);

  return fd >= 0 && mf_draft_reader_init (&reader, fd, NULL)
             ? mf_draft_reader_digest (&reader, NULL)
             : NULL;
}

static char *
body_digest (MfSettle *self, const MfMessage *row)
{
  g_autoptr (MfBody) body = mf_bodies_get (self->bodies, self->db, row->id, NULL);
  gboolean wire = mf_bodies_are_crlf (self->bodies);
  g_auto (MfDigest) digest = { 0 };
  char buffer[4096];
  guint64 offset = 0;
  gssize n = -1;

  mf_digest_init (&digest);
  while (body != NULL && (n = mf_body_read (body, offset, buffer, sizeof buffer, NULL)) > 0)
    {
      (wire ? mf_digest_wire : mf_digest_lf) (&digest, buffer, (gsize)n);
      offset += (guint64)n;
    }
  return n == 0 ? mf_digest_finish (&digest) : NULL;
}

char *
mf_content_digest (MfSettle *self, const MfMessage *row)
{
  return row->draft ? draft_digest (self, row) : body_digest (self, row);
}

/* ---- on the server ---------------------------------------------------- */

typedef struct
{
  guint32 uid; /* to ask for, then 0 */
  MfDigest digest;
  gboolean complete;
  GError *busy; /* (nullable) a refusal that says nothing of the message */
} Fetch;

static gboolean
on_next (MfUidSet *batch, gpointer user_data)
{
  Fetch *self = user_data;

  if (self->uid == 0)
    return FALSE;
  mf_uidset_add (batch, self->uid);
  self->uid = 0;
  return TRUE;
}

static void
on_begin (gpointer user_data)
{
}

static void
on_data (const char *bytes, gsize size, gpointer user_data)
{
  mf_digest_wire (&((Fetch *)user_data)->digest, bytes, size);
}

static void
on_end (guint32 uid, gboolean complete, gpointer user_data)
{
  ((Fetch *)user_data)->complete |= uid != 0 && complete;
}

static void
on_answered (const MfUidSet *batch, const GError *refusal, gpointer user_data)
{
  Fetch *self = user_data;

  if (self->busy == NULL && mf_error_is_passing (refusal))
    self->busy = g_error_copy (refusal);
}

char *
mf_content_fetch_digest (MfLink *link, guint32 uid, GError **error)
{
  static const MfBodySink sink = { on_next, on_begin, on_data, on_end, on_answered };
  Fetch fetch = { .uid = uid };

  mf_digest_init (&fetch.digest);
  gboolean ok = link->ops->bodies (link->remote, &sink, &fetch, link->cancellable, error);
  char *text = ok && fetch.complete ? mf_digest_finish (&fetch.digest) : NULL;
  mf_digest_clear (&fetch.digest);
  if (ok && text == NULL && fetch.busy != NULL)
    g_propagate_error (error, g_steal_pointer (&fetch.busy));
  g_clear_error (&fetch.busy);
  return text;
}
