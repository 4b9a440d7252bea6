#include "proto/search.h"

#include <string.h>

#include "proto/quote.h"

typedef struct
{
  MfUidSet *found;
  guint tag;
  gboolean is_answered, is_malformed;
} Search;

static void
search_clear (Search *self)
{
  g_clear_pointer (&self->found, mf_uidset_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

/* "* SEARCH 2 3 6", with "(MODSEQ 917162500)" at the end if a key asked for it. */
static void
take_search (Search *self, MfScan args)
{
  guint64 uid;

  self->is_answered = TRUE;
  for (mf_scan_spaces (&args); args.at < args.end && *args.at != '('; mf_scan_spaces (&args))
    {
      if (!mf_scan_number (&args, G_MAXUINT32, &uid) || uid == 0)
        {
          self->is_malformed = TRUE;
          return;
        }
      mf_uidset_add (self->found, (guint32)uid);
    }
}

static gboolean
take_ranges (Search *self, const MfScan *word)
{
  g_autofree char *text = g_strndup (word->at, (gsize)(word->end - word->at));
  g_autoptr (MfUidSet) part = mf_uidset_parse (text);

  if (part == NULL)
    return FALSE;
  mf_uidset_add_set (self->found, part);
  return TRUE;
}

/* "* ESEARCH (TAG "A1") UID ALL 1:5,9". */
static void
take_esearch (Search *self, MfScan args)
{
  gboolean is_uid = FALSE;
  MfScan word;

  self->is_answered = TRUE;
  if (args.at < args.end && *args.at == '(' && !mf_scan_skip (&args))
    self->is_malformed = TRUE;
  for (mf_scan_spaces (&args); mf_scan_word (&args, &word); mf_scan_spaces (&args))
    {
      if (mf_scan_is (&word, "UID"))
        {
          is_uid = TRUE;
          continue;
        }
      mf_scan_spaces (&args);
      if (!mf_scan_is (&word, "ALL"))
        {
          if (!mf_scan_skip (&args))
            self->is_malformed = TRUE;
          continue;
        }
      if (!is_uid || !mf_scan_word (&args, &word) || !take_ranges (self, &word))
        self->is_malformed = TRUE;
    }
}

static void
take_reply (const MfReply *reply, gpointer user_data)
{
  if (mf_reply_is (reply, "SEARCH"))
    take_search (user_data, reply->args);
  else if (mf_reply_is (reply, "ESEARCH"))
    take_esearch (user_data, reply->args);
}

/* ---- criteria --------------------------------------------------------- */

static gboolean
is_ascii (const char *text, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if ((guchar)text[i] >= 0x7f)
      return FALSE;
  return TRUE;
}

/* Puts one quoted string of the criteria as a literal, since quoted strings are
 * for ASCII.  @p is at the opening quote; returns what follows the closing one. */
static const char *
put_as_literal (MfRemote *self, const char *p, gboolean *out_ok, GError **out_refusal,
                GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (p++; *p != '\0' && *p != '"'; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        p++;
      g_string_append_c (text, *p);
    }
  *out_ok = mf_session_put_literal (self, text->len, out_refusal, error);
  if (*out_ok)
    mf_session_put (self, text->str, text->len);
  return *p == '"' ? p + 1 : p;
}

static const char *
end_of_quoted (const char *p)
{
  for (p++; *p != '\0' && *p != '"'; p++)
    if (*p == '\\' && p[1] != '\0')
      p++;
  return *p == '"' ? p + 1 : p;
}

static gboolean
put_criteria (MfRemote *self, const char *criteria, GError **out_refusal, GError **error)
{
  gboolean ok = TRUE;

  for (const char *p = criteria; *p != '\0' && ok;)
    {
      const char *end = *p == '"' ? end_of_quoted (p) : p + strcspn (p, "\"");

      if (*p == '"' && !is_ascii (p, (gsize)(end - p)))
        p = put_as_literal (self, p, &ok, out_refusal, error);
      else
        {
          mf_session_put (self, p, (gsize)(end - p));
          p = end;
        }
    }
  return ok;
}

/* ---- the commands ----------------------------------------------------- */

/* Takes @refusal. */
static gboolean
finish (MfRemote *self, Search *search, GError *refusal, MfUidSet *out_uids, GError **error)
{
  if (refusal != NULL)
    {
      g_propagate_error (error, refusal);
      return FALSE;
    }
  if (search->is_malformed)
    return mf_session_protocol_error (self, "the server's search result is malformed", error);
  mf_uidset_add_set (out_uids, search->found);
  return TRUE;
}

static const char *
command_head (MfRemote *self)
{
  return mf_session_can (self, "ESEARCH") ? "UID SEARCH RETURN (ALL) " : "UID SEARCH ";
}

gboolean
mf_search_all (MfRemote *self, MfUidSet *out_uids, GCancellable *cancellable, GError **error)
{
  g_auto (Search) search = { .found = mf_uidset_new () };
  g_autofree char *command = g_strconcat (command_head (self), "ALL", NULL);
  GError *refusal = NULL;

  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  mf_session_handle (self, take_reply, &search);
  mf_session_queue (self, command);
  if (!mf_session_wait (self, NULL, &refusal, error))
    return FALSE;
  if (refusal == NULL && self->exists > 0
      && (!search.is_answered || mf_uidset_is_empty (search.found)))
    return mf_session_protocol_error (self, "the server finds none of the messages it has", error);
  return finish (self, &search, refusal, out_uids, error);
}

gboolean
mf_search_run (MfRemote *self, const char *criteria, MfUidSet *out_uids, GCancellable *cancellable,
               GError **error)
{
  g_auto (Search) search = { .found = mf_uidset_new () };
  GError *refusal = NULL;

  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  if (strpbrk (criteria, "\r\n") != NULL)
    {
      g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID,
                           "a search cannot contain a line end");
      return FALSE;
    }
  mf_session_handle (self, take_reply, &search);
  mf_session_begin (self, command_head (self));
  if (!is_ascii (criteria, strlen (criteria)))
    mf_session_put (self, "CHARSET UTF-8 ", strlen ("CHARSET UTF-8 "));
  if (put_criteria (self, criteria, &refusal, error))
    {
      mf_session_end (self);
      if (!mf_session_wait (self, NULL, &refusal, error))
        return FALSE;
    }
  else if (refusal == NULL)
    return self->death == NULL
               ? mf_session_protocol_error (self, "the server skipped half of SEARCH", error)
               : FALSE;
  return finish (self, &search, refusal, out_uids, error);
}
