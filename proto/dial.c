#include "proto/dial.h"

#include <glib-unix.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <netinet/in.h>
#include <netinet/tcp.h>

/* GIO races IPv4 against IPv6 only in its asynchronous calls.  So one call runs
 * in a main context of its own, with a deadline beside it that is finer than
 * GIO's whole seconds and covers name resolution too. */
typedef struct
{
  GMainContext *context;
  GCancellable *cancellable;
  GCancellable *watched; /* (nullable) the caller's */
  GSource *deadline, *outer;
  GAsyncResult *result;
  gboolean timed_out;
} Call;

static gboolean
on_deadline (gpointer data)
{
  Call *call = data;

  call->timed_out = TRUE;
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (int fd, GIOCondition condition, gpointer data)
{
  Call *call = data;

  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;

  call->result = g_object_ref (result);
}

/* By its descriptor: a GCancellableSource must not be destroyed while another
 * thread is about to cancel it (GLib before 2.80 then locks freed memory). */
static void
watch_cancellable (Call *call, GCancellable *cancellable)
{
  GPollFD fd;

  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &fd))
    return;
  call->watched = cancellable;
  call->outer = g_unix_fd_source_new (fd.fd, G_IO_IN);
  g_source_set_callback (call->outer, G_SOURCE_FUNC (on_cancelled), call, NULL);
  g_source_attach (call->outer, call->context);
}

static void
call_init (Call *call, guint timeout_ms, GCancellable *cancellable)
{
  call->context = g_main_context_new ();
  g_main_context_push_thread_default (call->context);
  call->cancellable = g_cancellable_new ();
  call->deadline = g_timeout_source_new (timeout_ms);
  g_source_set_callback (call->deadline, on_deadline, call, NULL);
  g_source_attach (call->deadline, call->context);
  watch_cancellable (call, cancellable);
}

static void
call_wait (Call *call)
{
  while (call->result == NULL)
    g_main_context_iteration (call->context, TRUE);
}

static void
destroy_source (GSource *source)
{
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

static void
call_clear (Call *call)
{
  destroy_source (call->deadline);
  destroy_source (call->outer);
  if (call->watched != NULL)
    g_cancellable_release_fd (call->watched);
  /* Attempts that lost the race still have to be told. */
  while (g_main_context_iteration (call->context, FALSE))
    ;
  g_main_context_pop_thread_default (call->context);
  g_main_context_unref (call->context);
  g_clear_object (&call->cancellable);
  g_clear_object (&call->result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

void
mf_dial_set_timeout (const MfAccount *account, GError **error)
{
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE,
               "%s port %u: no answer for %.3g seconds", account->host, account->port,
               account->timeout_ms / 1000.0);
}

static const char *
describe (const GError *cause)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return "connection refused";
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    return "no route to the host";
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return "timed out";
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return "cancelled";
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE)
      || g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_EOF))
    return "connection lost";
  if (g_error_matches (cause, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
    return "host not found";
  if (g_error_matches (cause, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE))
    return "the host name cannot be resolved now";
  return cause->message;
}

void
mf_dial_set_error (const MfAccount *account, const GError *cause, GError **error)
{
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE, "%s port %u: %s", account->host,
               account->port, describe (cause));
}

static void
set_call_error (const Call *call, const MfAccount *account, const GError *cause, GError **error)
{
  if (call->timed_out)
    mf_dial_set_timeout (account, error);
  else
    mf_dial_set_error (account, cause, error);
}

/* The kernel's own checks: an idle connection that died is noticed within about
 * two minutes, unacknowledged data within the account's timeout. */
static void
tune (GSocket *socket, guint timeout_ms)
{
  g_socket_set_keepalive (socket, TRUE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, 60, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, 15, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, 4, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_USER_TIMEOUT, (gint)timeout_ms, NULL);
}

static gboolean
is_loopback (GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_remote_address (connection, NULL);

  return G_IS_INET_SOCKET_ADDRESS (address)
         && g_inet_address_get_is_loopback (
             g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

GSocketConnection *
mf_dial_connect (const MfAccount *account, GCancellable *cancellable, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) cause = NULL;
  g_auto (Call) call = { 0 };

  g_socket_client_set_enable_proxy (client, FALSE);
  call_init (&call, account->timeout_ms, cancellable);
  g_socket_client_connect_to_host_async (client, account->host, account->port, call.cancellable,
                                         on_ready, &call);
  call_wait (&call);
  connection = g_socket_client_connect_to_host_finish (client, call.result, &cause);
  if (connection == NULL)
    {
      set_call_error (&call, account, cause, error);
      return NULL;
    }
  if (account->tls == MF_TLS_NONE && !account->allow_cleartext && !is_loopback (connection))
    {
      g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS,
                   "%s: clear text beyond this machine needs allow_cleartext", account->host);
      return NULL;
    }
  tune (g_socket_connection_get_socket (connection), account->timeout_ms);
  return g_steal_pointer (&connection);
}

/* ---- TLS -------------------------------------------------------------- */

static const struct
{
  GTlsCertificateFlags flag;
  const char *words;
} faults[] = {
  { G_TLS_CERTIFICATE_UNKNOWN_CA, "its issuer is not known (if you trust it: ca_file=)" },
  { G_TLS_CERTIFICATE_BAD_IDENTITY, "it is made out to another host name" },
  { G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet" },
  { G_TLS_CERTIFICATE_EXPIRED, "it has expired" },
  { G_TLS_CERTIFICATE_REVOKED, "it has been revoked" },
  { G_TLS_CERTIFICATE_INSECURE, "it is signed with an insecure algorithm" },
};

static gboolean
on_accept_certificate (GTlsConnection *tls, GTlsCertificate *certificate,
                       GTlsCertificateFlags flags, gpointer data)
{
  GTlsCertificateFlags *out = data;

  *out = flags;
  return FALSE;
}

static void
set_certificate_error (const MfAccount *account, GTlsCertificateFlags flags, GError **error)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    if (flags & faults[i].flag)
      g_string_append_printf (words, "%s%s", words->len > 0 ? ", " : "", faults[i].words);
  if (words->len == 0)
    g_string_append (words, "it cannot be verified");
  if (account->tls_name != NULL && (flags & G_TLS_CERTIFICATE_BAD_IDENTITY))
    g_string_append_printf (words,
                            " than %s, whose mail the name server says is there; if you trust "
                            "it, mount imaps://%s@%s",
                            account->tls_name, account->user, account->host);
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS, "%s port %u: certificate refused: %s",
               account->host, account->port, words->str);
}

static void
set_tls_error (const Call *call, const MfAccount *account, GTlsCertificateFlags flags,
               const GError *cause, GError **error)
{
  if (call->timed_out || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_call_error (call, account, cause, error);
  else if (flags != 0)
    set_certificate_error (account, flags, error);
  else if (g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_NOT_TLS))
    g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS, "%s port %u does not speak TLS",
                 account->host, account->port);
  else if (cause->domain == G_TLS_ERROR && cause->code != G_TLS_ERROR_EOF)
    g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS, "%s port %u: TLS: %s", account->host,
                 account->port, cause->message);
  else
    mf_dial_set_error (account, cause, error);
}

static gboolean
set_file_error (const char *path, const GError *cause, GError **error)
{
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS, "%s: %s", path, cause->message);
  return FALSE;
}

static gboolean
load_files (const MfAccount *account, GTlsConnection *tls, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (account->ca_file != NULL)
    {
      g_autoptr (GTlsDatabase) authorities = g_tls_file_database_new (account->ca_file, &cause);

      if (authorities == NULL)
        return set_file_error (account->ca_file, cause, error);
      g_tls_connection_set_database (tls, authorities);
    }
  if (account->client_cert != NULL)
    {
      const char *key = account->client_key != NULL ? account->client_key : account->client_cert;
      g_autoptr (GTlsCertificate) own
          = g_tls_certificate_new_from_files (account->client_cert, key, &cause);

      if (own == NULL)
        return set_file_error (account->client_cert, cause, error);
      g_tls_connection_set_certificate (tls, own);
    }
  return TRUE;
}

static gboolean
handshake (const MfAccount *account, GTlsConnection *tls, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_auto (Call) call = { 0 };
  GTlsCertificateFlags flags = 0;
  gulong handler;
  gboolean ok;

  handler
      = g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_accept_certificate), &flags);
  call_init (&call, account->timeout_ms, cancellable);
  g_tls_connection_handshake_async (tls, G_PRIORITY_DEFAULT, call.cancellable, on_ready, &call);
  call_wait (&call);
  ok = g_tls_connection_handshake_finish (tls, call.result, &cause);
  g_signal_handler_disconnect (tls, handler);
  if (!ok)
    {
      set_tls_error (&call, account, flags, cause, error);
      return FALSE;
    }
  if (g_tls_connection_get_protocol_version (tls) < G_TLS_PROTOCOL_VERSION_TLS_1_2)
    {
      g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS,
                   "%s port %u: TLS older than 1.2 refused", account->host, account->port);
      return FALSE;
    }
  return TRUE;
}

GIOStream *
mf_dial_tls (const MfAccount *account, GIOStream *base, GCancellable *cancellable, GError **error)
{
  const char *name = account->tls_name != NULL ? account->tls_name : account->host;
  g_autoptr (GSocketConnectable) identity = g_network_address_new (name, account->port);
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GError) cause = NULL;

  tls = g_tls_client_connection_new (base, identity, &cause);
  if (tls == NULL)
    {
      g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS, "no TLS here: %s", cause->message);
      return NULL;
    }
  if (!load_files (account, G_TLS_CONNECTION (tls), error)
      || !handshake (account, G_TLS_CONNECTION (tls), cancellable, error))
    return NULL;
#ifdef __GLIBC__
  /* All authorities of the system have been read, some MB of them, and let go. */
  malloc_trim (0);
#endif
  return g_steal_pointer (&tls);
}
