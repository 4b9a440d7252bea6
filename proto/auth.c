#include "proto/auth.h"

#include <string.h>

#include "proto/etpan.h"
#include "proto/quote.h"

static void
wipe (GString *text)
{
  explicit_bzero (text->str, text->allocated_len);
  g_string_free (text, TRUE);
}

gboolean
mf_auth_needs_secret (const MfAccount *account)
{
  return account->auth != MF_AUTH_GSSAPI;
}

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, words);
  return FALSE;
}

/* ---- LOGIN ------------------------------------------------------------ */

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar)*text >= 0x7f)
      return FALSE;
  return TRUE;
}

/* Quoted strings are for ASCII; anything else travels as a literal. */
static gboolean
put_argument (MfRemote *self, const char *text, GError **out_refusal, GError **error)
{
  GString *quoted;
  gboolean ok;

  if (!is_ascii (text))
    {
      ok = mf_session_put_literal (self, strlen (text), out_refusal, error);
      if (ok)
        mf_session_put (self, text, strlen (text));
      return ok;
    }
  quoted = g_string_sized_new (2 * strlen (text) + 3);
  ok = mf_quote_append (quoted, text, error);
  if (ok)
    mf_session_put (self, quoted->str, quoted->len);
  wipe (quoted);
  return ok;
}

static gboolean
end_with (GError *refusal, GError **error)
{
  if (refusal == NULL)
    return TRUE;
  g_propagate_error (error, refusal);
  return FALSE;
}

static gboolean
run_login (MfRemote *self, const char *secret, GError **error)
{
  GError *refusal = NULL;

  if (strpbrk (self->account->user, "\r\n") != NULL || strpbrk (secret, "\r\n") != NULL)
    return refuse (error, "a user name or password cannot contain a line end");
  mf_session_begin (self, "LOGIN ");
  if (put_argument (self, self->account->user, &refusal, error))
    {
      mf_session_put (self, " ", 1);
      if (put_argument (self, secret, &refusal, error))
        {
          mf_session_end (self);
          return mf_session_wait (self, NULL, &refusal, error) && end_with (refusal, error);
        }
    }
  if (refusal != NULL)
    return end_with (refusal, error);
  if (error != NULL && *error == NULL)
    return mf_session_protocol_error (self, "the server skipped half of LOGIN", error);
  return FALSE;
}

/* ---- AUTHENTICATE with one message ------------------------------------ */

/* The server's last challenge of OAuth is its error, in JSON: it wants an empty
 * answer and then says NO. */
static gboolean
finish_exchange (MfRemote *self, GError **error)
{
  GError *refusal = NULL;
  g_autofree char *challenge = NULL;

  while (mf_session_wait_continue (self, &challenge, &refusal, error))
    {
      g_clear_pointer (&challenge, g_free);
      mf_session_put (self, "\r\n", 2);
    }
  if (refusal != NULL)
    return end_with (refusal, error);
  return self->death == NULL;
}

/* @message is the client's only one.  It rides on the command where the server
 * knows SASL-IR, which saves a round trip. */
static gboolean
run_single (MfRemote *self, const char *mechanism, const GString *message, GError **error)
{
  char *encoded = g_base64_encode ((const guchar *)message->str, message->len);
  g_autofree char *command = g_strconcat ("AUTHENTICATE ", mechanism, NULL);
  GError *refusal = NULL;
  gboolean ok = TRUE;

  mf_session_begin (self, command);
  if (mf_session_can (self, "SASL-IR"))
    mf_session_put (self, " ", 1);
  else
    {
      mf_session_end (self);
      ok = mf_session_wait_continue (self, NULL, &refusal, error);
    }
  if (ok)
    {
      mf_session_put (self, encoded, strlen (encoded));
      mf_session_end (self);
    }
  mf_secret_free (encoded);
  if (refusal != NULL)
    return end_with (refusal, error);
  return ok ? finish_exchange (self, error) : self->death == NULL;
}

static gboolean
run_plain (MfRemote *self, const char *secret, GError **error)
{
  GString *message = g_string_sized_new (strlen (self->account->user) + strlen (secret) + 3);
  gboolean ok;

  g_string_append_c (message, '\0');
  g_string_append (message, self->account->user);
  g_string_append_c (message, '\0');
  g_string_append (message, secret);
  ok = run_single (self, "PLAIN", message, error);
  wipe (message);
  return ok;
}

static gboolean
run_oauth (MfRemote *self, const char *token, GError **error)
{
  const MfAccount *account = self->account;
  gboolean is_bearer = account->auth == MF_AUTH_OAUTHBEARER;
  GString *message = g_string_sized_new (strlen (account->user) + strlen (token) + 128);
  gboolean ok;

  if (is_bearer)
    g_string_append_printf (message, "n,a=%s,\001host=%s\001port=%u\001auth=Bearer %s\001\001",
                            account->user, account->host, account->port, token);
  else
    g_string_append_printf (message, "user=%s\001auth=Bearer %s\001\001", account->user, token);
  ok = run_single (self, is_bearer ? "OAUTHBEARER" : "XOAUTH2", message, error);
  wipe (message);
  return ok;
}

/* ---- AUTHENTICATE by libetpan ----------------------------------------- */

typedef struct
{
  MfRemote *session;
  gboolean client_first; /* and the server takes that with the command (SASL-IR) */
  gboolean is_started, is_answered;
  char *held; /* (nullable) the command, until the first line is there */
  GError *refusal, *failure;
} Exchange;

static void
send_held (Exchange *exchange, const char *line, gsize size)
{
  g_autofree char *head = g_steal_pointer (&exchange->held);
  g_autofree char *first = size > 0 ? g_strndup (line, size) : g_strdup ("=");
  g_autofree char *command = g_strconcat (head, " ", first, NULL);

  mf_session_queue (exchange->session, command);
}

static gboolean
send_line (const char *line, gsize size, gpointer user_data)
{
  Exchange *exchange = user_data;

  if (!exchange->is_started)
    {
      g_autofree char *command = g_strndup (line, size);

      exchange->is_started = TRUE;
      if (exchange->client_first)
        exchange->held = g_steal_pointer (&command);
      else
        mf_session_queue (exchange->session, command);
    }
  else if (exchange->held != NULL)
    send_held (exchange, line, size);
  else
    {
      mf_session_put (exchange->session, line, size);
      mf_session_end (exchange->session);
    }
  return exchange->session->death == NULL;
}

static char *
next_challenge (gpointer user_data)
{
  Exchange *exchange = user_data;
  char *challenge = NULL;

  if (exchange->held != NULL)
    return g_strdup (""); /* what the server would say first */
  if (!exchange->is_answered
      && !mf_session_wait_continue (exchange->session, &challenge, &exchange->refusal,
                                    &exchange->failure))
    exchange->is_answered = TRUE;
  return challenge;
}

/* @out_started FALSE: this machine lacks the mechanism, nothing has been sent. */
static gboolean
run_sasl (MfRemote *self, const char *mechanism, const char *secret, gboolean *out_started,
          GError **error)
{
  Exchange exchange = {
    .session = self,
    .client_first = g_str_has_prefix (mechanism, "SCRAM-") && mf_session_can (self, "SASL-IR"),
  };
  MfSaslPeer peer = { send_line, next_challenge, &exchange };
  gboolean ok = mf_etpan_sasl (mechanism, self->account->host, self->account->user,
                               secret != NULL ? secret : "", &peer);

  *out_started = exchange.is_started;
  /* Our side found fault: "*" calls the exchange off. */
  if (!ok && exchange.is_started && exchange.held == NULL && !exchange.is_answered
      && self->death == NULL)
    {
      mf_session_put (self, "*\r\n", 3);
      while (!exchange.is_answered)
        g_free (next_challenge (&exchange));
      g_clear_error (&exchange.refusal);
    }
  g_free (exchange.held);
  if (exchange.failure != NULL)
    {
      g_clear_error (&exchange.refusal);
      g_propagate_error (error, exchange.failure);
      return FALSE;
    }
  if (exchange.refusal != NULL)
    return end_with (exchange.refusal, error);
  if (!ok)
    {
      g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH,
                   exchange.is_started ? "%s: the server's answer does not fit"
                                       : "%s is not available on this machine: install its module "
                                         "of Cyrus SASL",
                   mechanism);
      return FALSE;
    }
  return TRUE;
}

static gboolean
run_scram (MfRemote *self, const char *secret, gboolean *out_started, GError **error)
{
  static const char *const mechanisms[] = { "SCRAM-SHA-256", "SCRAM-SHA-1" };

  *out_started = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      g_autofree char *capability = g_strconcat ("AUTH=", mechanisms[i], NULL);
      g_autoptr (GError) cause = NULL;

      if (!mf_session_can (self, capability))
        continue;
      if (run_sasl (self, mechanisms[i], secret, out_started, &cause))
        return TRUE;
      if (*out_started)
        {
          g_propagate_error (error, g_steal_pointer (&cause));
          return FALSE;
        }
    }
  return refuse (error, "SCRAM: no variant that both sides know");
}

/* ---- choice ----------------------------------------------------------- */

/* The command where it is allowed, else the SASL mechanism of that name. */
static gboolean
run_login_or_sasl (MfRemote *self, const char *secret, GError **error)
{
  gboolean is_started;

  if (!mf_session_can (self, "LOGINDISABLED"))
    return run_login (self, secret, error);
  if (mf_session_can (self, "AUTH=LOGIN"))
    return run_sasl (self, "LOGIN", secret, &is_started, error);
  return refuse (error, "the server offers no way to log in that is known here");
}

/* A mechanism that is here but refuses the password is the answer: trying the
 * next with the same password would count as another wrong guess. */
static gboolean
run_auto (MfRemote *self, const char *secret, GError **error)
{
  g_autoptr (GError) cause = NULL;
  gboolean is_started;

  if (run_scram (self, secret, &is_started, &cause))
    return TRUE;
  if (is_started)
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  if (mf_session_can (self, "AUTH=PLAIN"))
    return run_plain (self, secret, error);
  return run_login_or_sasl (self, secret, error);
}

gboolean
mf_auth_run (MfRemote *self, const char *secret, GError **error)
{
  gboolean is_started;

  switch (self->account->auth)
    {
    case MF_AUTH_PLAIN:
      return run_plain (self, secret, error);
    case MF_AUTH_LOGIN:
      return run_login_or_sasl (self, secret, error);
    case MF_AUTH_SCRAM:
      return run_scram (self, secret, &is_started, error);
    case MF_AUTH_GSSAPI:
      return run_sasl (self, "GSSAPI", secret, &is_started, error);
    case MF_AUTH_XOAUTH2:
    case MF_AUTH_OAUTHBEARER:
      return run_oauth (self, secret, error);
    default:
      return run_auto (self, secret, error);
    }
}
