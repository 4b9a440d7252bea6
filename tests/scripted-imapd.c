#include "tests/scripted-imapd.h"

#include <string.h>

struct _MfScripted
{
  GThread *thread;
  GSocketListener *listener;
  guint16 port;
  GStrv script;  /* (nullable) */
  char **step;   /* of @script: the next one */
  GBytes *bytes; /* (nullable) */
  GCancellable *stop;
  char *failure;
};

/* ---- playing ---------------------------------------------------------- */

static gboolean
send_text (GIOStream *connection, const char *text, gsize size)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (connection), text, size, NULL,
                                    NULL, NULL);
}

static char *
play_step (const char *step, GIOStream *connection, GDataInputStream *in)
{
  const char *text = step[0] != '\0' && step[1] == ':' ? step + 3 : "";
  g_autofree char *got = NULL;

  switch (step[0])
    {
    case 'S':
      if (!send_text (connection, text, strlen (text)) || !send_text (connection, "\r\n", 2))
        return g_strdup_printf ("cannot send: %s", text);
      return NULL;
    case 'R':
      send_text (connection, text, strlen (text));
      return NULL;
    case 'C':
      got = g_data_input_stream_read_line (in, NULL, NULL, NULL);
      if (got == NULL || !g_pattern_match_simple (text, got))
        return g_strdup_printf ("expected: %s\ngot: %s", text, got != NULL ? got : "(end)");
      return NULL;
    case 'B':
      got = g_malloc0 (strlen (text) + 1);
      g_input_stream_read_all (G_INPUT_STREAM (in), got, strlen (text), NULL, NULL, NULL);
      if (strcmp (got, text) != 0)
        return g_strdup_printf ("expected bytes: %s\ngot: %s", text, got);
      return NULL;
    default:
      while (g_input_stream_skip (G_INPUT_STREAM (in), 4096, NULL, NULL) > 0)
        ;
      return NULL;
    }
}

static void
play_script (MfScripted *self, GIOStream *connection)
{
  g_autoptr (GDataInputStream) in
      = g_data_input_stream_new (g_io_stream_get_input_stream (connection));

  g_data_input_stream_set_newline_type (in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  while (*self->step != NULL && self->failure == NULL)
    {
      const char *step = *self->step++;

      if (step[0] == 'N')
        return;
      self->failure = play_step (step, connection, in);
    }
}

static gboolean
has_more (MfScripted *self)
{
  return self->bytes != NULL || (self->failure == NULL && *self->step != NULL);
}

static gpointer
drain (gpointer data)
{
  char buffer[4096];

  while (g_input_stream_read (data, buffer, sizeof buffer, NULL, NULL) > 0)
    ;
  return NULL;
}

static void
play_bytes (MfScripted *self, GIOStream *connection)
{
  GThread *drainer = g_thread_new ("drain", drain, g_io_stream_get_input_stream (connection));
  gsize size;
  const char *bytes = g_bytes_get_data (self->bytes, &size);

  send_text (connection, bytes, size);
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)), FALSE, TRUE,
                     NULL);
  g_thread_join (drainer);
}

static gpointer
serve (gpointer data)
{
  MfScripted *self = data;

  do
    {
      g_autoptr (GSocketConnection) connection
          = g_socket_listener_accept (self->listener, NULL, self->stop, NULL);

      if (connection == NULL)
        break;
      if (self->bytes != NULL)
        play_bytes (self, G_IO_STREAM (connection));
      else
        play_script (self, G_IO_STREAM (connection));
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
    }
  while (has_more (self));
  return NULL;
}

/* ---- life ------------------------------------------------------------- */

static MfScripted *
start (MfScripted *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  self->stop = g_cancellable_new ();
  self->listener = g_socket_listener_new ();
  g_assert_true (g_socket_listener_add_address (self->listener, address, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->thread = g_thread_new ("scripted", serve, self);
  return self;
}

MfScripted *
mf_scripted_new (const char *const *script)
{
  MfScripted *self = g_new0 (MfScripted, 1);

  self->script = g_strdupv ((char **)script);
  self->step = self->script;
  return start (self);
}

MfScripted *
mf_scripted_new_bytes (const char *bytes, gsize size)
{
  MfScripted *self = g_new0 (MfScripted, 1);

  self->bytes = g_bytes_new (bytes, size);
  return start (self);
}

guint16
mf_scripted_port (MfScripted *self)
{
  return self->port;
}

char *
mf_scripted_end (MfScripted *self)
{
  char *failure;

  /* Playing bytes has no end of its own. */
  if (self->bytes != NULL)
    g_cancellable_cancel (self->stop);
  g_thread_join (self->thread);
  failure = self->failure;
  g_object_unref (self->listener);
  g_object_unref (self->stop);
  g_strfreev (self->script);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
  return failure;
}

void
mf_scripted_assert (MfScripted *self)
{
  g_autofree char *failure = mf_scripted_end (self);

  g_assert_cmpstr (failure, ==, NULL);
}

/* ---- sessions --------------------------------------------------------- */

static char *
give_password (const char *refused, gpointer user_data, GCancellable *cancellable, GError **error)
{
  return refused != NULL ? NULL : g_strdup ("pw");
}

MfAccount
mf_scripted_account (MfScripted *self)
{
  return (MfAccount){ .host = "127.0.0.1",
                      .port = self->port,
                      .tls = MF_TLS_NONE,
                      .auth = MF_AUTH_LOGIN,
                      .user = "u",
                      .secret = give_password,
                      .timeout_ms = 5000 };
}

MfRemote *
mf_scripted_open (const char *caps, const char *const *script, MfAccount *account,
                  MfScripted **out_server)
{
  g_autoptr (GPtrArray) steps = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  MfRemote *remote;

  g_ptr_array_add (steps, g_strdup_printf ("S: * OK [CAPABILITY IMAP4rev1 %s] ready", caps));
  g_ptr_array_add (steps, g_strdup ("C: A1 LOGIN \"u\" \"pw\""));
  g_ptr_array_add (steps, g_strdup_printf ("S: A1 OK [CAPABILITY IMAP4rev1 %s] in", caps));
  for (; *script != NULL; script++)
    g_ptr_array_add (steps, g_strdup (*script));
  g_ptr_array_add (steps, NULL);
  *out_server = mf_scripted_new ((const char *const *)steps->pdata);
  *account = mf_scripted_account (*out_server);
  remote = mf_remote_imap.open (account, NULL, &error);
  g_assert_no_error (error);
  return remote;
}
