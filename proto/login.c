#include "proto/login.h"

#include <string.h>

#include "proto/auth.h"
#include "proto/refusal.h"

static MfRemote *
connect_session (const MfAccount *account, GCancellable *cancellable, GError **error)
{
  MfStream *stream = mf_stream_open (account, cancellable, error);
  MfRemote *self;

  if (stream == NULL)
    return NULL;
  self = mf_session_new (account, stream);
  mf_session_enter (self, cancellable, error);
  self->is_login = TRUE;
  return self;
}

static gboolean
set_tls_error (MfRemote *self, const char *words, GError **error)
{
  g_autoptr (GError) cause = g_error_new (MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS, "%s port %u: %s",
                                          self->account->host, self->account->port, words);

  mf_session_kill (self, cause);
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* @out_is_known: the server trusts the connection already. */
static gboolean
read_greeting (MfRemote *self, gboolean *out_is_known, GError **error)
{
  if (!mf_session_read (self, error))
    return FALSE;
  *out_is_known = self->reply.state == MF_STATE_PREAUTH;
  if (self->reply.kind == MF_REPLY_STATUS && (self->reply.state == MF_STATE_OK || *out_is_known))
    return TRUE;
  return mf_session_protocol_error (self, "this is not an IMAP server", error);
}

static gboolean
start_tls (MfRemote *self, GError **error)
{
  g_autoptr (GError) cause = NULL;
  GError *refusal = NULL;

  mf_session_queue (self, "STARTTLS");
  if (!mf_session_wait (self, NULL, &refusal, error))
    return FALSE;
  if (refusal != NULL)
    {
      g_error_free (refusal);
      return set_tls_error (self, "the server does not offer STARTTLS; try imaps://", error);
    }
  if (!mf_stream_start_tls (self->stream, self->cancellable, &cause))
    {
      mf_session_kill (self, cause);
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  /* Whatever was said in the clear may have been said by anyone. */
  g_clear_pointer (&self->capabilities, g_hash_table_unref);
  self->qresync = FALSE;
  return TRUE;
}

static gboolean
ask_capabilities (MfRemote *self, GError **error)
{
  if (self->capabilities != NULL)
    return TRUE;
  if (!mf_session_run (self, "CAPABILITY", error))
    return FALSE;
  if (self->capabilities == NULL)
    return mf_session_protocol_error (self, "the server does not tell its capabilities", error);
  return TRUE;
}

/* Up to where credentials are wanted. */
static gboolean
prepare (MfRemote *self, gboolean *out_is_known, GError **error)
{
  if (!read_greeting (self, out_is_known, error))
    return FALSE;
  if (self->account->tls == MF_TLS_STARTTLS)
    {
      if (*out_is_known)
        return set_tls_error (self, "the server skips STARTTLS", error);
      if (!start_tls (self, error))
        return FALSE;
    }
  return ask_capabilities (self, error);
}

/* Nobody waits for ENABLE and ID.  Refusals do not matter: what counts is the
 * ENABLED line, before the first SELECT that needs it. */
static void
set_up (MfRemote *self)
{
  if (mf_session_can (self, "ENABLE") && mf_session_can (self, "QRESYNC"))
    mf_session_queue_aside (self, "ENABLE QRESYNC");
  /* Some large providers refuse SELECT to clients without a name. */
  if (mf_session_can (self, "ID"))
    mf_session_queue_aside (self, "ID (\"name\" \"mailfs\")");
}

static gboolean
log_in (MfRemote *self, const char *secret, GError **error)
{
  g_autoptr (GHashTable) before = g_steal_pointer (&self->capabilities);

  /* The list may change with the login, so it has to come anew; while logging
   * in, the old one holds. */
  self->capabilities = before != NULL ? g_hash_table_ref (before) : NULL;
  if (!mf_auth_run (self, secret, error))
    return FALSE;
  if (self->capabilities == before)
    g_clear_pointer (&self->capabilities, g_hash_table_unref);
  return ask_capabilities (self, error);
}

/* ---- the secret ------------------------------------------------------- */

static char *
ask_secret (const MfAccount *account, const char *refused, GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GError) cause = NULL;
  char *secret = NULL;

  if (account->secret != NULL)
    secret = account->secret (refused, account->secret_data, cancellable, &cause);
  if (secret == NULL)
    g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, "%s",
                 cause != NULL ? cause->message : "there is no password");
  return secret;
}

/* @secret (inout) (nullable): asked for when it is needed and not there. */
static MfRemote *
attempt (const MfAccount *account, char **secret, GCancellable *cancellable, GError **error)
{
  g_autoptr (MfRemote) self = connect_session (account, cancellable, error);
  gboolean is_known;

  if (self == NULL || !prepare (self, &is_known, error))
    return NULL;
  if (!is_known)
    {
      if (*secret == NULL && mf_auth_needs_secret (account))
        {
          *secret = ask_secret (account, NULL, cancellable, error);
          if (*secret == NULL)
            return NULL;
        }
      if (!log_in (self, *secret, error))
        return NULL;
    }
  self->is_login = FALSE;
  set_up (self);
  self->cancellable = NULL;
  return g_steal_pointer (&self);
}

/* The secret was refused.  FALSE: there is no other one, and @error says why. */
static gboolean
renew_secret (const MfAccount *account, char **secret, GCancellable *cancellable, GError **error)
{
  char *fresh = ask_secret (account, *secret, cancellable, error);

  mf_secret_free (*secret);
  *secret = fresh;
  return fresh != NULL;
}

/* The server's words, and what the source of the secret has to say to them. */
static void
propagate (GError **error, GError *cause, const GError *why)
{
  g_propagate_error (error, cause);
  if (why != NULL && error != NULL)
    {
      g_autofree char *words = g_steal_pointer (&(*error)->message);

      (*error)->message = g_strdup_printf ("%s (%s)", words, why->message);
    }
}

MfRemote *
mf_login_open (const MfAccount *account, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) cause = NULL, why = NULL;
  char *secret = NULL;
  MfRemote *self = attempt (account, &secret, cancellable, &cause);

  if (self == NULL && secret != NULL
      && g_error_matches (cause, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH)
      && renew_secret (account, &secret, cancellable, &why))
    {
      g_clear_error (&cause);
      self = attempt (account, &secret, cancellable, &cause);
    }
  mf_secret_free (secret);
  if (self == NULL)
    propagate (error, g_steal_pointer (&cause), why);
  return self;
}
