#include "proto/store.h"

#include "proto/change.h"
#include "proto/code.h"
#include "proto/quote.h"
#include "proto/search.h"

#include <string.h>

static gboolean
require (MfRemote *self, const char *capability, GError **error)
{
  if (mf_session_can (self, capability))
    return TRUE;
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_UNSUPPORTED, "the server lacks %s",
               capability);
  return FALSE;
}

static gboolean
require_writable (MfRemote *self, GError **error)
{
  if (!self->read_only)
    return TRUE;
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_READ_ONLY,
                       "the mailbox is open read-only");
  return FALSE;
}

/* ---- STORE ------------------------------------------------------------ */

typedef struct
{
  MfRemote *session;
  const MfChangeSink *sink; /* (nullable) */
  gpointer sink_data;
  MfMeta meta;
} Storing;

static void
take_fetch (const MfReply *reply, gpointer user_data)
{
  Storing *self = user_data;
  gboolean ok;

  if (!mf_reply_is (reply, "FETCH"))
    return;
  ok = mf_change_parse_fetch (reply, &self->meta) && self->meta.message.uid != 0;
  if (ok && self->sink != NULL && self->sink->message != NULL)
    self->sink->message (&self->meta.message, self->sink_data);
  /* What comes in spite of .SILENT is somebody else's change; but for the new
   * MODSEQ, which is ours. */
  else if (!ok || self->meta.message.has_flags)
    self->session->news = TRUE;
}

gboolean
mf_store_flags (MfRemote *self, const MfUidSet *uids, gboolean add, MfFlags flags,
                const char *keywords, const MfChangeSink *sink, gpointer user_data,
                GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) after = g_string_new (NULL);
  Storing storing = { .session = self, .sink = sink, .sink_data = user_data };
  gboolean ok;

  if (!mf_session_enter (self, cancellable, error) || !require_writable (self, error))
    return FALSE;
  if (flags == 0 && (keywords == NULL || *keywords == '\0'))
    return TRUE;
  if (!mf_quote_check_keywords (keywords, error))
    return FALSE;
  g_string_printf (after, " %cFLAGS%s ", add ? '+' : '-', sink == NULL ? ".SILENT" : "");
  mf_quote_append_flags (after, flags, keywords);
  self->takes_fetches = TRUE;
  mf_meta_init (&storing.meta);
  mf_session_handle (self, take_fetch, &storing);
  ok = mf_session_run_set (self, "UID STORE ", uids, after->str, error);
  mf_meta_clear (&storing.meta);
  return ok;
}

/* As in MfRemoteMessage: in quotes, or one word.  "{1}" is a word there. */
static gboolean
scan_label (MfScan *s, GString *out)
{
  MfScan word;

  if (*s->at == '"')
    return mf_scan_string (s, out);
  if (!mf_scan_word (s, &word))
    return FALSE;
  g_string_append_len (out, word.at, word.end - word.at);
  return TRUE;
}

/* ("one" "two words"): in quotes, so that a label may be any text. */
static gboolean
append_labels (GString *line, const char *labels, GError **error)
{
  MfScan s = mf_scan (labels, strlen (labels));
  g_autoptr (GString) label = g_string_new (NULL);
  char before = '(';

  for (mf_scan_spaces (&s); s.at < s.end; mf_scan_spaces (&s))
    {
      g_autofree char *wire = NULL;

      g_string_truncate (label, 0);
      if (scan_label (&s, label))
        wire = mf_utf7_encode (label->str);
      if (wire == NULL)
        {
          g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_INVALID, "“%s” cannot be labels",
                       labels);
          return FALSE;
        }
      g_string_append_c (line, before);
      if (!mf_quote_append (line, wire, error))
        return FALSE;
      before = ' ';
    }
  g_string_append_c (line, ')');
  return TRUE;
}

gboolean
mf_store_labels (MfRemote *self, const MfUidSet *uids, gboolean add, const char *labels,
                 GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) after = g_string_new (NULL);

  if (!mf_session_enter (self, cancellable, error) || !require (self, "X-GM-EXT-1", error)
      || !require_writable (self, error))
    return FALSE;
  g_string_printf (after, " %cX-GM-LABELS ", add ? '+' : '-');
  return append_labels (after, labels, error)
         && mf_session_run_set (self, "UID STORE ", uids, after->str, error);
}

/* ---- COPY and MOVE ---------------------------------------------------- */

enum
{
  MAX_TRIES = 4 /* of one transfer, while others remove messages of it */
};

typedef struct
{
  MfCopied *out;
  guint64 room;      /* pairs that the server may still name */
  gboolean is_stale; /* some are gone, which this session has not been told */
} Copying;

/* The sets belong together position by position, in the order they are written
 * in.  Both have @n members. */
static void
add_pairs (const GArray *source, const GArray *target, guint64 n, GArray *pairs)
{
  guint s = 0, t = 0;
  guint32 ds = 0, dt = 0;

  for (; n > 0; n--)
    {
      const MfUidRange *from = &g_array_index (source, MfUidRange, s);
      const MfUidRange *to = &g_array_index (target, MfUidRange, t);
      MfUidPair pair = { from->first + ds, to->first + dt };

      if (pair.source != 0 && pair.target != 0)
        g_array_append_val (pairs, pair);
      if (pair.source == from->last)
        s++, ds = 0;
      else
        ds++;
      if (pair.target == to->last)
        t++, dt = 0;
      else
        dt++;
    }
}

/* COPYUID is in the tagged answer of COPY, and in an untagged one of MOVE. */
static void
take_copyuid (const MfReply *reply, gpointer user_data)
{
  Copying *self = user_data;
  g_auto (MfCode) code = { 0 };
  guint64 n;

  if (mf_reply_has_code (reply, "EXPUNGEISSUED"))
    self->is_stale = TRUE;
  if (!mf_reply_has_code (reply, "COPYUID"))
    return;
  mf_code_parse (&code, reply->code);
  if (code.kind != MF_CODE_COPYUID)
    return;
  n = mf_code_count (code.source);
  if (n != mf_code_count (code.target) || n > self->room)
    return;
  self->room -= n;
  self->out->uidvalidity = (guint32)code.number;
  add_pairs (code.source, code.target, n, self->out->pairs);
}

static void
remove_copied (MfUidSet *uids, const MfCopied *copied)
{
  for (guint i = 0; i < copied->pairs->len; i++)
    {
      guint32 uid = g_array_index (copied->pairs, MfUidPair, i).source;

      mf_uidset_remove_range (uids, uid, uid);
    }
}

/* A server refuses all for the sake of one that another client has just removed.
 * Once the session has heard of that by NOOP, it does so for the rest.  Without
 * UIDPLUS nobody knows what the rest is. */
static gboolean
transfer (MfRemote *self, const char *command, const MfUidSet *uids, const char *mailbox,
          MfCopied *out_copied, GError **error)
{
  g_autoptr (GString) after = g_string_new (" ");
  g_autoptr (MfUidSet) rest = mf_uidset_copy (uids);
  Copying copying = { out_copied, mf_uidset_count (uids), FALSE };
  gboolean ok;

  if (!mf_quote_append (after, mailbox, error))
    return FALSE;
  mf_session_handle (self, take_copyuid, &copying);
  ok = mf_session_run_set (self, command, rest, after->str, error);
  for (int n = 1; n < MAX_TRIES && !ok && copying.is_stale && mf_session_can (self, "UIDPLUS"); n++)
    {
      g_clear_error (error);
      copying.is_stale = FALSE;
      remove_copied (rest, out_copied);
      ok = mf_session_run (self, "NOOP", error)
           && mf_session_run_set (self, command, rest, after->str, error);
    }
  return ok;
}

gboolean
mf_store_copy (MfRemote *self, const MfUidSet *uids, const char *mailbox, MfCopied *out_copied,
               GCancellable *cancellable, GError **error)
{
  *out_copied = (MfCopied){ 0, g_array_new (FALSE, FALSE, sizeof (MfUidPair)) };
  return mf_session_enter (self, cancellable, error)
         && transfer (self, "UID COPY ", uids, mailbox, out_copied, error);
}

gboolean
mf_store_move (MfRemote *self, const MfUidSet *uids, const char *mailbox, MfCopied *out_copied,
               GCancellable *cancellable, GError **error)
{
  *out_copied = (MfCopied){ 0, g_array_new (FALSE, FALSE, sizeof (MfUidPair)) };
  return mf_session_enter (self, cancellable, error) && require (self, "MOVE", error)
         && require_writable (self, error)
         && transfer (self, "UID MOVE ", uids, mailbox, out_copied, error);
}

/* ---- EXPUNGE ---------------------------------------------------------- */

/* Some servers say yes where an ACL forbids it, and do nothing: then there are not as
 * many fewer messages as @before. */
static gboolean
find_left (MfRemote *self, const MfUidSet *uids, guint32 before, gboolean *out_some, GError **error)
{
  g_autoptr (MfUidSet) there = mf_uidset_new ();
  g_autoptr (MfUidSet) gone = mf_uidset_copy (uids);
  const MfUidRange *ranges;
  guint n;

  *out_some = FALSE;
  if (self->exists + mf_uidset_count (uids) <= before)
    return TRUE;
  if (!mf_search_all (self, there, self->cancellable, error))
    return FALSE;
  ranges = mf_uidset_ranges (there, &n);
  for (guint i = 0; i < n; i++)
    mf_uidset_remove_range (gone, ranges[i].first, ranges[i].last);
  *out_some = mf_uidset_count (gone) < mf_uidset_count (uids);
  return TRUE;
}

gboolean
mf_store_expunge (MfRemote *self, const MfUidSet *uids, GCancellable *cancellable, GError **error)
{
  guint32 before = self->exists;
  gboolean some = FALSE;

  if (!mf_session_enter (self, cancellable, error) || !require (self, "UIDPLUS", error)
      || !require_writable (self, error)
      || !mf_session_run_set (self, "UID EXPUNGE ", uids, "", error)
      || !find_left (self, uids, before, &some, error))
    return FALSE;
  if (some)
    g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_DENIED,
                         "the server does not expunge what is marked");
  return !some;
}
