#include "proto/body.h"

#include <string.h>

#include "tests/scripted-imapd.h"

#define remote mf_remote_imap

/* A sink that asks for one UID after the other and writes down what it gets. */
typedef struct
{
  guint32 next, last;
  guint batch;
  GString *log;
} Reader;

static gboolean
next_batch (MfUidSet *batch, gpointer user_data)
{
  Reader *reader = user_data;

  if (reader->next > reader->last)
    return FALSE;
  for (guint i = 0; i < reader->batch && reader->next <= reader->last; i++)
    mf_uidset_add (batch, reader->next++);
  return TRUE;
}

static void
begin_body (gpointer user_data)
{
  g_string_append_c (((Reader *)user_data)->log, '<');
}

static void
take_data (const char *bytes, gsize size, gpointer user_data)
{
  g_string_append_len (((Reader *)user_data)->log, bytes, (gssize)size);
}

static void
end_body (guint32 uid, gboolean complete, gpointer user_data)
{
  g_string_append_printf (((Reader *)user_data)->log, "%s%u", complete ? ">" : "!", uid);
}

static void
answered (const MfUidSet *batch, const GError *error, gpointer user_data)
{
  g_autofree char *text = mf_uidset_to_string (batch);

  g_string_append_printf (((Reader *)user_data)->log, "[%s%s]", text, error != NULL ? " no" : "");
}

static const MfBodySink sink = { next_batch, begin_body, take_data, end_body, answered };

static void
run (const char *const *script, guint32 last, guint batch, gboolean ok, const char *expected)
{
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  Reader reader = { 1, last, batch, log };
  MfAccount account;
  MfScripted *server;
  MfRemote *session = mf_scripted_open ("", script, &account, &server);

  g_assert_cmpint (remote.bodies (session, &sink, &reader, NULL, &error), ==, ok);
  if (!ok)
    assert_remote_error (error, MF_REMOTE_ERROR_OFFLINE);
  g_assert_cmpstr (log->str, ==, expected);
  remote.close (session);
  mf_scripted_assert (server);
}

static void
test_forms (void)
{
  const char *script[] = { "C: A2 UID FETCH 1:5 (UID BODY.PEEK[])",
                           "R: * 1 FETCH (UID 1 BODY[] {3}\r\na\r\n)\r\n",
                           "R: * 2 FETCH (FLAGS (\\Seen) BODY[] {0}\r\n UID 2)\r\n",
                           "S: * 3 FETCH (UID 3 BODY[] NIL)",
                           "S: * 4 FETCH (UID 4 BODY[] \"q\\\"q\")",
                           "R: * 5 FETCH (BODY[] {1}\r\nx UNKNOWN (a {2}\r\n)) b) UID 5)\r\n",
                           "S: A2 OK",
                           NULL };

  run (script, 5, 5, TRUE, "<a\r\n>1<>2<!3<q\"q>4<x>5[1:5]");
}

static void
test_cut_short (void)
{
  const char *script[] = { "C: A2 *", "R: * 1 FETCH (UID 1 BODY[] {300}\r\nabc", NULL };

  run (script, 1, 1, FALSE, "<abc!0");
}

static void
test_lying_size (void)
{
  /* The literal swallows what follows; its end is no FETCH line any more. */
  const char *script[] = { "C: A2 *", "R: * 1 FETCH (UID 1 BODY[] {5}\r\nabc)\r\n", "S: * 9 EXISTS",
                           "S: A2 OK", NULL };

  run (script, 1, 1, TRUE, "<abc)\r!0[1]");
}

static void
test_without_uid (void)
{
  const char *script[] = { "C: A2 *",
                           "R: * 1 FETCH (BODY[] {3}\r\nabc)\r\n",
                           "R: * 1 FETCH (UID 1 BODY[] {3}\r\nabc",
                           "S:  rubbish",
                           "S: A2 OK",
                           NULL };

  run (script, 1, 1, TRUE, "<abc>0<abc!0[1]");
}

static void
test_refused_batches (void)
{
  const char *script[] = { "C: A2 UID FETCH 1:2 *",
                           "C: A3 UID FETCH 3:4 *",
                           "S: A2 NO gone",
                           "R: * 1 FETCH (UID 3 BODY[] {1}\r\nx)\r\n",
                           "S: A3 OK",
                           NULL };

  run (script, 4, 2, TRUE, "[1:2 no]<x>3[3:4]");
}

/* Four commands go out before the first answer, the fifth only then. */
static void
test_window (void)
{
  const char *script[] = { "C: A2 UID FETCH 1 *",
                           "C: A3 UID FETCH 2 *",
                           "C: A4 UID FETCH 3 *",
                           "C: A5 UID FETCH 4 *",
                           "S: A2 OK",
                           "C: A6 UID FETCH 5 *",
                           "S: A4 OK",
                           "S: A3 OK",
                           "S: A5 OK",
                           "S: A6 OK",
                           NULL };

  run (script, 5, 1, TRUE, "[1][3][2][4][5]");
}

static gboolean
next_scattered (MfUidSet *batch, gpointer user_data)
{
  Reader *reader = user_data;

  if (reader->next > reader->last)
    return FALSE;
  for (guint32 uid = 1; uid < 20000; uid += 2)
    mf_uidset_add (batch, 4000000000U + uid);
  reader->next++;
  return TRUE;
}

static void
count_answer (const MfUidSet *batch, const GError *error, gpointer user_data)
{
  g_string_append_printf (((Reader *)user_data)->log, "[%u]", (guint)mf_uidset_count (batch));
}

/* A set of a hundred kilobytes: many lines, one answer for the caller. */
static void
test_large_batch (void)
{
  static const MfBodySink large = { next_scattered, begin_body, take_data, end_body, count_answer };
  enum
  {
    LINES = 14
  };
  g_autoptr (GPtrArray) script = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) log = g_string_new (NULL);
  Reader reader = { 1, 1, 1, log };
  MfAccount account;
  MfScripted *server;
  MfRemote *session;

  for (guint i = 0; i < LINES; i++)
    {
      g_ptr_array_add (script, g_strdup_printf ("C: A%u UID FETCH 4*", i + 2));
      if (i >= 3)
        g_ptr_array_add (script, g_strdup_printf ("S: A%u OK", i - 1));
    }
  for (guint i = LINES - 3; i < LINES; i++)
    g_ptr_array_add (script, g_strdup_printf ("S: A%u OK", i + 2));
  g_ptr_array_add (script, NULL);
  session = mf_scripted_open ("", (const char *const *)script->pdata, &account, &server);
  g_assert_true (remote.bodies (session, &large, &reader, NULL, NULL));
  g_assert_cmpstr (log->str, ==, "[10000]");
  remote.close (session);
  mf_scripted_assert (server);
}

static void
count_bytes (const char *bytes, gsize size, gpointer user_data)
{
  Reader *reader = user_data;

  g_assert_cmpuint (size, <=, 1024 * 1024);
  reader->last += (guint32)size;
}

static gboolean
next_one (MfUidSet *batch, gpointer user_data)
{
  Reader *reader = user_data;

  if (reader->next++ > 1)
    return FALSE;
  mf_uidset_add (batch, 1);
  return TRUE;
}

static void
test_large_body (void)
{
  enum
  {
    MEGABYTES = 40
  };
  static const MfBodySink counter = { next_one, begin_body, count_bytes, end_body, answered };
  g_autofree char *block = g_strnfill (1024 * 1024, 'x');
  g_autofree char *raw = g_strconcat ("R: ", block, NULL);
  g_autofree char *head
      = g_strdup_printf ("S: * 1 FETCH (UID 1 BODY[] {%u}", MEGABYTES * 1024 * 1024);
  g_autoptr (GPtrArray) script = g_ptr_array_new ();
  g_autoptr (GString) log = g_string_new (NULL);
  Reader reader = { 1, 0, 1, log };
  MfAccount account;
  MfScripted *server;
  MfRemote *session;

  g_ptr_array_add (script, (char *)"C: A2 *");
  g_ptr_array_add (script, head);
  for (guint i = 0; i < MEGABYTES; i++)
    g_ptr_array_add (script, raw);
  g_ptr_array_add (script, (char *)"S: )");
  g_ptr_array_add (script, (char *)"S: A2 OK");
  g_ptr_array_add (script, NULL);
  session = mf_scripted_open ("", (const char *const *)script->pdata, &account, &server);
  g_assert_true (remote.bodies (session, &counter, &reader, NULL, NULL));
  g_assert_cmpuint (reader.last, ==, MEGABYTES * 1024 * 1024);
  g_assert_cmpstr (log->str, ==, "<>1[1]");
  remote.close (session);
  mf_scripted_assert (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/body/all-forms", test_forms);
  g_test_add_func ("/body/a-literal-cut-short-is-not-complete", test_cut_short);
  g_test_add_func ("/body/a-lying-size-is-not-complete", test_lying_size);
  g_test_add_func ("/body/without-a-uid-it-belongs-to-nobody", test_without_uid);
  g_test_add_func ("/body/a-refused-batch-does-not-stop-the-others", test_refused_batches);
  g_test_add_func ("/body/the-window-is-kept-full", test_window);
  g_test_add_func ("/body/a-large-set-is-many-lines-and-one-answer", test_large_batch);
  g_test_add_func ("/body/a-large-body-is-streamed", test_large_body);
  return g_test_run ();
}
