#include "proto/append.h"

#include "proto/date.h"
#include "proto/code.h"
#include "proto/quote.h"

enum
{
  WINDOW = 16,      /* commands in flight */
  PIECE = 64 * 1024 /* read at once */
};

typedef struct
{
  MfRemote *session;
  const char *mailbox;
  MfUpload *uploads;
  guint n;
  gboolean *is_stored; /* by upload */
  GArray *tags;        /* guint: of the upload at that place */
  guint32 uidvalidity;
} Appending;

/* ---- answers ---------------------------------------------------------- */

/* APPENDUID names the UIDs in the order of the messages, from @first on. */
static void
take_uids (Appending *self, guint first, guint count, const MfCode *code)
{
  guint at = first;

  if (mf_code_count (code->target) != count)
    return;
  self->uidvalidity = (guint32)code->number;
  for (guint i = 0; i < code->target->len; i++)
    {
      const MfUidRange *r = &g_array_index (code->target, MfUidRange, i);

      for (guint64 uid = r->first; uid <= r->last; uid++)
        self->uploads[at++].out_uid = (guint32)uid;
    }
}

/* The tagged answer to the command that carried uploads @first to @first+@count. */
static void
take_answer (Appending *self, guint first, guint count)
{
  const MfReply *reply = &self->session->reply;
  g_auto (MfCode) code = { 0 };

  if (reply->state != MF_STATE_OK)
    return;
  for (guint i = 0; i < count; i++)
    self->is_stored[first + i] = TRUE;
  if (!mf_reply_has_code (reply, "APPENDUID"))
    return;
  mf_code_parse (&code, reply->code);
  if (code.kind == MF_CODE_APPENDUID)
    take_uids (self, first, count, &code);
}

/* ---- one message ------------------------------------------------------ */

static gboolean
send_bytes (MfRemote *self, const MfUpload *upload, GError **error)
{
  g_autofree char *piece = g_malloc (PIECE);
  guint64 left = upload->size;

  while (left > 0)
    {
      gssize got = upload->read (piece, (gsize)MIN (left, PIECE), upload->user_data);

      if (got <= 0)
        {
          g_autoptr (GError) cause
              = g_error_new_literal (MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID,
                                     "the message to send cannot be read to its end");

          mf_session_kill (self, cause);
          g_propagate_error (error, g_steal_pointer (&cause));
          return FALSE;
        }
      mf_session_put (self, piece, (gsize)got);
      if (!mf_session_is_alive (self, error))
        return FALSE;
      left -= (guint64)got;
    }
  return TRUE;
}

/* " (\Seen) "date" {size}" and the bytes.  FALSE as mf_session_put_literal(). */
static gboolean
send_message (MfRemote *self, const MfUpload *upload, GError **out_refusal, GError **error)
{
  g_autoptr (GString) head = g_string_new (" ");

  mf_quote_append_flags (head, upload->flags, upload->keywords);
  g_string_append_c (head, ' ');
  if (upload->internaldate != 0)
    {
      mf_date_append (head, upload->internaldate);
      g_string_append_c (head, ' ');
    }
  mf_session_put (self, head->str, head->len);
  return mf_session_put_literal (self, upload->size, out_refusal, error)
         && send_bytes (self, upload, error);
}

/* Sends uploads @first to @first+@count as one command.  FALSE with @error: dead;
 * FALSE with @out_refusal: answered already. */
static gboolean
send_command (Appending *self, guint first, guint count, guint *out_tag, GError **out_refusal,
              GError **error)
{
  g_autoptr (GString) head = g_string_new ("APPEND ");

  if (!mf_quote_append (head, self->mailbox, error))
    return FALSE;
  *out_tag = mf_session_begin (self->session, head->str);
  for (guint i = 0; i < count; i++)
    if (!send_message (self->session, &self->uploads[first + i], out_refusal, error))
      {
        if (*out_refusal == NULL && self->session->death == NULL)
          return mf_session_protocol_error (self->session, "the server skipped half of APPEND",
                                            error);
        return FALSE;
      }
  mf_session_end (self->session);
  return TRUE;
}

/* ---- all of them ------------------------------------------------------ */

/* Takes @refusal. */
static gboolean
refuse (GError *refusal, GError **error)
{
  g_propagate_error (error, refusal);
  return FALSE;
}

/* @count messages in one command, and its answer. */
static gboolean
run_one (Appending *self, guint first, guint count, GError **error)
{
  GError *refusal = NULL;
  guint tag;

  if (!send_command (self, first, count, &tag, &refusal, error))
    return refusal != NULL ? refuse (refusal, error) : FALSE;
  if (!mf_session_wait (self->session, NULL, &refusal, error))
    return FALSE;
  take_answer (self, first, count);
  return refusal == NULL || refuse (refusal, error);
}

static gboolean
wait_any (Appending *self, GError **first_refusal, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  guint tag;

  if (!mf_session_wait (self->session, &tag, &refusal, error))
    return FALSE;
  for (guint i = 0; i < self->tags->len; i++)
    if (g_array_index (self->tags, guint, i) == tag)
      take_answer (self, i, 1);
  if (*first_refusal == NULL)
    *first_refusal = g_steal_pointer (&refusal);
  return TRUE;
}

/* Stops sending at the first refusal, and waits for all that is under way. */
static gboolean
run_pipelined (Appending *self, GError **error)
{
  GError *refusal = NULL;
  guint sent = 0, answered = 0;

  while (answered < sent || (sent < self->n && refusal == NULL))
    {
      guint tag;

      if (sent < self->n && refusal == NULL && sent - answered < WINDOW)
        {
          if (!send_command (self, sent, 1, &tag, &refusal, error))
            return FALSE;
          g_array_append_val (self->tags, tag);
          sent++;
          continue;
        }
      if (!wait_any (self, &refusal, error))
        {
          g_clear_error (&refusal);
          return FALSE;
        }
      answered++;
    }
  return refusal == NULL || refuse (refusal, error);
}

static gboolean
run (Appending *self, GError **error)
{
  if (self->n > 1 && mf_session_can (self->session, "MULTIAPPEND"))
    return run_one (self, 0, self->n, error);
  /* Without the UIDs it could not be told afterwards which ones arrived. */
  if (self->n > 1 && mf_session_can (self->session, "LITERAL+")
      && mf_session_can (self->session, "UIDPLUS"))
    return run_pipelined (self, error);
  for (guint i = 0; i < self->n; i++)
    if (!run_one (self, i, 1, error))
      return FALSE;
  return TRUE;
}

gboolean
mf_append_run (MfRemote *self, const char *mailbox, MfUpload *uploads, guint n, guint *out_done,
               guint32 *out_uidvalidity, GCancellable *cancellable, GError **error)
{
  g_autofree gboolean *is_stored = g_new0 (gboolean, n + 1);
  g_autoptr (GArray) tags = g_array_new (FALSE, FALSE, sizeof (guint));
  Appending appending = { self, mailbox, uploads, n, is_stored, tags, 0 };
  gboolean ok;

  *out_done = 0;
  *out_uidvalidity = 0;
  for (guint i = 0; i < n; i++)
    uploads[i].out_uid = 0;
  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  ok = run (&appending, error);
  while (*out_done < n && is_stored[*out_done])
    (*out_done)++;
  *out_uidvalidity = appending.uidvalidity;
  return ok;
}
