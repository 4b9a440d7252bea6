#include "proto/refusal.h"

#include <string.h>

enum
{
  MAX_WORDS = 300
};

static const struct
{
  const char *code;
  MfRemoteError error;
} codes[] = {
  { "NONEXISTENT", MF_REMOTE_ERROR_NOT_FOUND },
  { "TRYCREATE", MF_REMOTE_ERROR_NOT_FOUND },
  { "ALREADYEXISTS", MF_REMOTE_ERROR_EXISTS },
  { "NOPERM", MF_REMOTE_ERROR_DENIED },
  { "CANNOT", MF_REMOTE_ERROR_DENIED },
  { "READ-ONLY", MF_REMOTE_ERROR_READ_ONLY },
  { "OVERQUOTA", MF_REMOTE_ERROR_QUOTA },
  { "LIMIT", MF_REMOTE_ERROR_QUOTA },
  { "TOOBIG", MF_REMOTE_ERROR_QUOTA },
  { "THROTTLED", MF_REMOTE_ERROR_BUSY },
  { "UNAVAILABLE", MF_REMOTE_ERROR_BUSY },
  { "INUSE", MF_REMOTE_ERROR_BUSY },
  { "AUTHENTICATIONFAILED", MF_REMOTE_ERROR_AUTH },
  { "AUTHORIZATIONFAILED", MF_REMOTE_ERROR_AUTH },
  { "EXPIRED", MF_REMOTE_ERROR_AUTH },
  { "CONTACTADMIN", MF_REMOTE_ERROR_AUTH },
  { "PRIVACYREQUIRED", MF_REMOTE_ERROR_AUTH },
};

/* For servers, or single commands of good servers, that send no code. */
static const struct
{
  const char *words;
  MfRemoteError error;
} phrases[] = {
  { "suggested backoff time", MF_REMOTE_ERROR_BUSY },
  { "request is throttled", MF_REMOTE_ERROR_BUSY },
  { "too many simultaneous connections", MF_REMOTE_ERROR_BUSY },
  { "too many connections", MF_REMOTE_ERROR_BUSY },
  { "maximum number of connections", MF_REMOTE_ERROR_BUSY },
  { "doesn't exist", MF_REMOTE_ERROR_NOT_FOUND },
  { "does not exist", MF_REMOTE_ERROR_NOT_FOUND },
  { "no such mailbox", MF_REMOTE_ERROR_NOT_FOUND },
  { "unknown mailbox", MF_REMOTE_ERROR_NOT_FOUND },
  { "already exists", MF_REMOTE_ERROR_EXISTS },
};

/* One line of valid UTF-8, without control characters. */
static char *
clean (MfScan words)
{
  gsize size = MIN ((gsize)(words.end - words.at), MAX_WORDS);
  char *text = g_utf8_make_valid (words.at, (gssize)size);

  for (char *p = text, *next; *p != '\0'; p = next)
    {
      next = g_utf8_next_char (p);
      if (g_unichar_iscntrl (g_utf8_get_char (p)))
        memset (p, ' ', (gsize)(next - p));
    }
  return g_strstrip (text);
}

static gboolean
find_code (const MfReply *reply, MfRemoteError *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    if (mf_reply_has_code (reply, codes[i].code))
      {
        *out = codes[i].error;
        return TRUE;
      }
  return FALSE;
}

static void
guess_from_words (const char *words, MfRemoteError *out)
{
  g_autofree char *folded = g_ascii_strdown (words, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (phrases); i++)
    if (strstr (folded, phrases[i].words) != NULL)
      {
        *out = phrases[i].error;
        return;
      }
}

static GError *
new_refusal (const MfReply *reply, MfRemoteError otherwise)
{
  g_autofree char *words = clean (reply->words);
  MfRemoteError code = otherwise;

  if (reply->state == MF_STATE_BYE)
    code = MF_REMOTE_ERROR_OFFLINE;
  if (!find_code (reply, &code))
    guess_from_words (words, &code);
  /* A farewell leaves a dead session behind, whatever it says. */
  if (reply->state == MF_STATE_BYE && code != MF_REMOTE_ERROR_BUSY)
    code = MF_REMOTE_ERROR_OFFLINE;
  if (words[0] == '\0')
    return g_error_new (MF_REMOTE_ERROR, (gint)code, "the server refused without a reason");
  return g_error_new (MF_REMOTE_ERROR, (gint)code, "%s", words);
}

GError *
mf_refusal_new (const MfReply *reply)
{
  return new_refusal (reply, MF_REMOTE_ERROR_REFUSED);
}

GError *
mf_refusal_new_at_login (const MfReply *reply)
{
  GError *error = new_refusal (reply, MF_REMOTE_ERROR_AUTH);

  if (error->code == MF_REMOTE_ERROR_QUOTA)
    error->code = MF_REMOTE_ERROR_BUSY;
  if (reply->state != MF_STATE_BYE && error->code != MF_REMOTE_ERROR_BUSY)
    error->code = MF_REMOTE_ERROR_AUTH;
  return error;
}
