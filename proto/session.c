#include "proto/session.h"

#include <string.h>

#include "proto/announce.h"
#include "proto/code.h"
#include "proto/refusal.h"

MfRemote *
mf_session_new (const MfAccount *account, MfStream *stream)
{
  MfRemote *self = g_new0 (MfRemote, 1);

  self->account = account;
  self->stream = stream;
  self->open_tags = g_array_new (FALSE, FALSE, sizeof (guint));
  self->aside = g_array_new (FALSE, FALSE, sizeof (guint));
  self->keywords = g_string_new (NULL);
  mf_reply_init (&self->reply);
  return self;
}

void
mf_session_free (MfRemote *self)
{
  if (self == NULL)
    return;
  if (self->death == NULL)
    {
      mf_session_queue (self, "LOGOUT");
      mf_stream_push (self->stream);
    }
  mf_stream_free (self->stream);
  mf_reply_clear (&self->reply);
  g_array_unref (self->open_tags);
  g_array_unref (self->aside);
  g_free (self->ahead);
  g_string_free (self->keywords, TRUE);
  g_clear_pointer (&self->capabilities, g_hash_table_unref);
  g_clear_pointer (&self->announced, g_hash_table_unref);
  g_clear_error (&self->death);
  g_free (self);
}

gboolean
mf_session_can (const MfRemote *self, const char *name)
{
  return self->capabilities != NULL && g_hash_table_contains (self->capabilities, name);
}

/* ---- life and death --------------------------------------------------- */

void
mf_session_kill (MfRemote *self, const GError *cause)
{
  if (self->death == NULL)
    self->death = g_error_copy (cause);
}

gboolean
mf_session_is_alive (MfRemote *self, GError **error)
{
  if (self->death != NULL && error != NULL)
    *error = g_error_copy (self->death);
  return self->death == NULL;
}

/* Takes @cause. */
static gboolean
die (MfRemote *self, GError *cause, GError **error)
{
  mf_session_kill (self, cause);
  g_error_free (cause);
  return mf_session_is_alive (self, error);
}

gboolean
mf_session_protocol_error (MfRemote *self, const char *words, GError **error)
{
  return die (self, g_error_new_literal (MF_REMOTE_ERROR, MF_REMOTE_ERROR_PROTOCOL, words), error);
}

/* What was sent ahead and is not wanted. */
static void
drop_ahead (MfRemote *self)
{
  if (self->ahead != NULL)
    g_array_append_val (self->aside, self->ahead_tag);
  g_clear_pointer (&self->ahead, g_free);
}

gboolean
mf_session_enter (MfRemote *self, GCancellable *cancellable, GError **error)
{
  drop_ahead (self);
  self->cancellable = cancellable;
  self->handler = NULL;
  self->sink = NULL;
  self->takes_fetches = FALSE;
  self->takes_statuses = FALSE;
  self->is_traced = !g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN);
  mf_stream_start_clock (self->stream);
  if (self->death == NULL)
    return TRUE;
  /* Whatever killed it, what it means now is that there is no connection. */
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE, "%s", self->death->message);
  return FALSE;
}

void
mf_session_handle (MfRemote *self, MfReplyFunc handler, gpointer user_data)
{
  self->handler = handler;
  self->handler_data = user_data;
}

/* ---- tracing ---------------------------------------------------------- */

/* Debugging output of the wire, without literals and without the login. */
static void
trace (MfRemote *self, const char *direction, const char *text, gsize size)
{
  const char *cr;

  if (self->is_login || !self->is_traced)
    return;
  cr = memchr (text, '\r', size);
  g_debug ("%s %.*s", direction, (int)MIN (cr != NULL ? (gsize)(cr - text) : size, 1000), text);
}

/* ---- out -------------------------------------------------------------- */

void
mf_session_put (MfRemote *self, const char *bytes, gsize size)
{
  g_autoptr (GError) cause = NULL;

  if (self->death == NULL
      && !mf_stream_write (self->stream, bytes, size, self->cancellable, &cause))
    mf_session_kill (self, cause);
}

guint
mf_session_begin (MfRemote *self, const char *text)
{
  char tag[16];

  self->last_tag++;
  g_array_append_val (self->open_tags, self->last_tag);
  g_snprintf (tag, sizeof tag, "A%u ", self->last_tag);
  mf_session_put (self, tag, strlen (tag));
  mf_session_put (self, text, strlen (text));
  trace (self, ">", text, strlen (text));
  return self->last_tag;
}

void
mf_session_end (MfRemote *self)
{
  mf_session_put (self, "\r\n", 2);
}

guint
mf_session_queue (MfRemote *self, const char *command)
{
  guint tag = mf_session_begin (self, command);

  mf_session_end (self);
  return tag;
}

void
mf_session_queue_aside (MfRemote *self, const char *command)
{
  guint tag = mf_session_queue (self, command);

  g_array_append_val (self->aside, tag);
}

void
mf_session_queue_ahead (MfRemote *self, const char *command)
{
  drop_ahead (self);
  self->ahead_tag = mf_session_queue (self, command);
  self->ahead = g_strdup (command);
}

gboolean
mf_session_take_ahead (MfRemote *self, const char *command)
{
  if (g_strcmp0 (self->ahead, command) != 0)
    return FALSE;
  g_clear_pointer (&self->ahead, g_free);
  return TRUE;
}

gboolean
mf_session_put_literal (MfRemote *self, gsize size, GError **out_refusal, GError **error)
{
  gboolean asks
      = !mf_session_can (self, "LITERAL+") && !(mf_session_can (self, "LITERAL-") && size <= 4096);
  g_autofree char *head
      = g_strdup_printf (asks ? "{%" G_GSIZE_FORMAT "}\r\n" : "{%" G_GSIZE_FORMAT "+}\r\n", size);

  mf_session_put (self, head, strlen (head));
  if (!mf_session_is_alive (self, error))
    return FALSE;
  return !asks || mf_session_wait_continue (self, NULL, out_refusal, error);
}

/* ---- in --------------------------------------------------------------- */

static void
learn_capabilities (MfRemote *self, MfScan text)
{
  g_auto (MfCode) code = { 0 };
  GHashTable *set;

  mf_code_parse (&code, text);
  if (code.kind != MF_CODE_CAPABILITY)
    return;
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < code.words->len; i++)
    g_hash_table_add (set, g_ascii_strup (g_ptr_array_index (code.words, i), -1));
  g_clear_pointer (&self->capabilities, g_hash_table_unref);
  self->capabilities = set;
}

static void
learn_enabled (MfRemote *self, MfScan words)
{
  MfScan word;

  for (mf_scan_spaces (&words); mf_scan_word (&words, &word); mf_scan_spaces (&words))
    if (mf_scan_is (&word, "QRESYNC"))
      self->qresync = TRUE;
}

/* "VANISHED (EARLIER) 1:3" is an answer, "VANISHED 1:3" is news. */
static void
learn_vanished (MfRemote *self, MfScan args)
{
  g_autofree char *text = g_strndup (args.at, (gsize)(args.end - args.at));
  g_autoptr (MfUidSet) gone = mf_uidset_parse (text);

  if (gone == NULL)
    return;
  self->news = TRUE;
  self->exists -= (guint32)MIN (self->exists, mf_uidset_count (gone));
}

/* What concerns the session whatever is under way. */
static void
learn (MfRemote *self, const MfReply *reply)
{
  if (mf_reply_has_code (reply, "CAPABILITY"))
    learn_capabilities (self, reply->code);
  else if (mf_reply_is (reply, "CAPABILITY"))
    learn_capabilities (self, (MfScan){ reply->name.at, reply->args.end });
  else if (mf_reply_is (reply, "ENABLED"))
    learn_enabled (self, reply->args);
  else if (mf_reply_is (reply, "EXISTS"))
    {
      self->news = self->news || self->exists != reply->number;
      self->exists = reply->number;
    }
  else if (mf_reply_is (reply, "EXPUNGE"))
    {
      self->news = TRUE;
      self->exists -= self->exists > 0;
    }
  else if (mf_reply_is (reply, "VANISHED"))
    learn_vanished (self, reply->args);
  else if (mf_reply_is (reply, "FETCH") && !self->takes_fetches)
    self->news = TRUE;
  else
    mf_announce_note (self, reply);
}

static GError *
new_refusal (MfRemote *self)
{
  return self->is_login ? mf_refusal_new_at_login (&self->reply) : mf_refusal_new (&self->reply);
}

static gboolean
remove_tag (GArray *tags, guint tag)
{
  for (guint i = 0; i < tags->len; i++)
    if (g_array_index (tags, guint, i) == tag)
      {
        g_array_remove_index (tags, i);
        return TRUE;
      }
  return FALSE;
}

/* Whether the reply was the answer to what nobody waits for. */
static gboolean
close_aside (MfRemote *self)
{
  return self->reply.kind == MF_REPLY_TAGGED && remove_tag (self->aside, self->reply.tag)
         && remove_tag (self->open_tags, self->reply.tag);
}

static gboolean
read_reply (MfRemote *self, GError **error)
{
  GError *cause = NULL;

  if (!mf_session_is_alive (self, error))
    return FALSE;
  if (!mf_stream_flush (self->stream, self->cancellable, &cause)
      || !mf_reply_read (&self->reply, self->stream, self->sink, self->sink_data, self->cancellable,
                         &cause))
    return die (self, cause, error);
  trace (self, "<", self->reply.text->str, self->reply.text->len);
  /* "OK Still here" is a word, data may drip. */
  if (self->reply.kind != MF_REPLY_DATA && self->reply.kind != MF_REPLY_STRANGE)
    mf_stream_start_clock (self->stream);
  if (self->reply.kind == MF_REPLY_STATUS && self->reply.state == MF_STATE_BYE)
    return die (self, new_refusal (self), error);
  learn (self, &self->reply);
  return TRUE;
}

gboolean
mf_session_settle (MfRemote *self, GError **error)
{
  while (self->aside->len > 0)
    {
      if (!read_reply (self, error))
        return FALSE;
      close_aside (self);
    }
  return TRUE;
}

gboolean
mf_session_read (MfRemote *self, GError **error)
{
  do
    if (!read_reply (self, error))
      return FALSE;
  while (close_aside (self));
  if (self->handler != NULL && self->reply.kind != MF_REPLY_STRANGE
      && self->reply.kind != MF_REPLY_CONTINUE)
    self->handler (&self->reply, self->handler_data);
  return TRUE;
}

/* Takes the reply as the answer to one of the open commands. */
static gboolean
close_tag (MfRemote *self, GError **out_refusal, GError **error)
{
  if (!remove_tag (self->open_tags, self->reply.tag))
    return mf_session_protocol_error (self, "the server answers what was not asked", error);
  if (out_refusal != NULL && self->reply.state != MF_STATE_OK)
    *out_refusal = new_refusal (self);
  return TRUE;
}

gboolean
mf_session_wait (MfRemote *self, guint *out_tag, GError **out_refusal, GError **error)
{
  do
    if (!mf_session_read (self, error))
      return FALSE;
  while (self->reply.kind != MF_REPLY_TAGGED);
  if (out_tag != NULL)
    *out_tag = self->reply.tag;
  return close_tag (self, out_refusal, error);
}

gboolean
mf_session_wait_continue (MfRemote *self, char **out_words, GError **out_refusal, GError **error)
{
  do
    if (!mf_session_read (self, error))
      return FALSE;
  while (self->reply.kind != MF_REPLY_TAGGED && self->reply.kind != MF_REPLY_CONTINUE);
  if (self->reply.kind == MF_REPLY_TAGGED)
    {
      close_tag (self, out_refusal, error);
      return FALSE;
    }
  if (out_words != NULL)
    *out_words
        = g_strndup (self->reply.words.at, (gsize)(self->reply.words.end - self->reply.words.at));
  return TRUE;
}

/* ---- whole commands --------------------------------------------------- */

gboolean
mf_session_run (MfRemote *self, const char *command, GError **error)
{
  GError *refusal = NULL;

  if (command != NULL)
    mf_session_queue (self, command);
  if (!mf_session_wait (self, NULL, &refusal, error))
    return FALSE;
  if (refusal != NULL)
    g_propagate_error (error, refusal);
  return refusal == NULL;
}

gboolean
mf_session_run_set (MfRemote *self, const char *before, const MfUidSet *uids, const char *after,
                    GError **error)
{
  g_autoptr (GPtrArray) lines = mf_uidset_to_lines (uids, MF_SESSION_SET_BYTES);
  g_autoptr (GError) first = NULL;
  guint sent = 0;

  for (guint answered = 0; answered < lines->len; answered++)
    {
      g_autoptr (GError) refusal = NULL;

      for (; sent < lines->len && sent < answered + MF_SESSION_WINDOW; sent++)
        {
          g_autofree char *command
              = g_strconcat (before, g_ptr_array_index (lines, sent), after, NULL);

          mf_session_queue (self, command);
        }
      if (!mf_session_wait (self, NULL, &refusal, error))
        return FALSE;
      if (first == NULL)
        first = g_steal_pointer (&refusal);
    }
  if (first == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}
