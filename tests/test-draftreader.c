#include "cache/draftreader.h"

#include <string.h>
#include <unistd.h>

static int
make_file (const char *text)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("mailfs-draft-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  unlink (path);
  return fd;
}

/* In pieces of every size, as large as the server was told. */
static void
assert_sent_as (const char *text, const char *wire)
{
  for (gsize piece = 1; piece < 20; piece++)
    {
      g_autoptr (GString) sent = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      MfDraftReader reader;
      char buffer[20];
      gssize n;

      g_assert_true (mf_draft_reader_init (&reader, make_file (text), &error));
      g_assert_cmpuint (reader.wire_size, ==, strlen (wire));
      while ((n = mf_draft_reader_read (buffer, piece, &reader)) > 0)
        g_string_append_len (sent, buffer, n);
      g_assert_cmpint (n, ==, 0);
      g_assert_cmpstr (sent->str, ==, wire);
      mf_draft_reader_clear (&reader);
    }
}

static void
test_lines_become_the_wires (void)
{
  assert_sent_as ("A: b\n\ntext\n", "A: b\r\n\r\ntext\r\n");
  assert_sent_as ("\n\n\n\n\n\n", "\r\n\r\n\r\n\r\n\r\n\r\n");
}

static void
test_a_last_line_without_an_end_is_sent_whole (void)
{
  assert_sent_as ("A: b\n\ntext", "A: b\r\n\r\ntext");
  assert_sent_as ("x", "x");
}

static void
test_the_wires_own_lines_stay (void)
{
  assert_sent_as ("A: b\r\n\r\ntext\r\n", "A: b\r\n\r\ntext\r\n");
  assert_sent_as ("A: b\r\n\r\ntext\n", "A: b\r\n\r\ntext\r\n");
}

static void
test_a_readers_view_comes_back_byte_for_byte (void)
{
  assert_sent_as ("A: b\n\nbare\r\nreturn\n", "A: b\r\n\r\nbare\r\r\nreturn\r\n");
}

static void
test_empty_and_binary_files_are_no_message (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    gboolean ok;
  } cases[] = { { "", 0, FALSE }, { "A: b\n\0\n", 7, FALSE }, { "A: b\n\n", 6, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      int fd = make_file ("");

      g_assert_cmpint (write (fd, cases[i].bytes, cases[i].size), ==, (gssize) cases[i].size);
      g_assert_cmpint (mf_draft_check (fd, &error), ==, cases[i].ok);
      g_assert_true (cases[i].ok || g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_INVALID));
      close (fd);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draftreader/lines-become-the-wires", test_lines_become_the_wires);
  g_test_add_func ("/draftreader/a-last-line-without-an-end-is-sent-whole",
                   test_a_last_line_without_an_end_is_sent_whole);
  g_test_add_func ("/draftreader/the-wires-own-lines-stay", test_the_wires_own_lines_stay);
  g_test_add_func ("/draftreader/a-readers-view-comes-back-byte-for-byte",
                   test_a_readers_view_comes_back_byte_for_byte);
  g_test_add_func ("/draftreader/empty-and-binary-files-are-no-message",
                   test_empty_and_binary_files_are_no_message);
  return g_test_run ();
}
