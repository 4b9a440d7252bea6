#include "fs/report.h"

#include <string.h>

static const MfStatus sample = {
  .online = TRUE,
  .folders = 12,
  .known_folders = 3,
  .messages = 1000,
  .cached_messages = 250,
  .cache_bytes = 5 << 20,
  .cache_limit_bytes = (guint64)5 << 30,
  .pending = 2,
  .failed = 1,
  .quota = { 50 << 20, 100 << 20 },
};

static void
assert_says (GString *text, const char *words)
{
  if (strstr (text->str, words) == NULL)
    g_error ("\"%s\" is not in:\n%s", words, text->str);
}

static void
test_people_read_lines (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  mf_report_print ("imaps://u@h", &sample, text);
  assert_says (text, "imaps://u@h\n");
  assert_says (text, "connection: online\n");
  assert_says (text, "12, 3 listed\n");
  assert_says (text, "250 of 1000 here\n");
  assert_says (text, "quota:      50");
  g_assert_null (strstr (text->str, "complete"));
}

static void
test_what_failed_is_listed (void)
{
  g_autoptr (GString) text = g_string_new (NULL), json = g_string_new (NULL);
  MfStatus status = sample;

  status.failures = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < 25; i++)
    g_ptr_array_add (status.failures, g_strdup_printf ("%u failed: upload: \"no\"\n", i));
  status.failed = status.failures->len;
  status.lost = 3;
  mf_report_print ("a", &status, text);
  assert_says (text, "failed:     25\n            0 failed: upload: \"no\" \n            1 failed");
  assert_says (text, " and 5 more");
  assert_says (text, "lost+found: 3 ");
  mf_report_print_json ("a", 42, &status, json);
  assert_says (json, "\"failures\": [\"0 failed: upload: \\\"no\\\"\\u000a\", \"1 failed");
  assert_says (json, "\"lost\": 3");
  g_ptr_array_unref (status.failures);
}

static void
test_a_whole_cache_is_complete (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  MfStatus status = sample;

  status.cached_messages = status.messages;
  mf_report_print ("a", &status, text);
  assert_says (text, ", complete\n");
}

static void
test_the_server_s_words_stay_in_their_line (void)
{
  g_autoptr (GString) text = g_string_new (NULL), json = g_string_new (NULL);
  MfStatus status = { .trouble = (char *)"no\nfolders: 99\033[2J\302\2332K \"x\" \xff" };

  mf_report_print ("a", &status, text);
  assert_says (text, "connection: offline, no folders: 99 [2J  2K ");
  mf_report_print_json ("a", 42, &status, json);
  assert_says (json, "\"trouble\": \"no\\u000afolders: 99\\u001b[2J\\u009b2K \\\"x\\\" ");
  g_assert_true (g_utf8_validate (json->str, -1, NULL));
}

static void
test_scripts_read_json (void)
{
  g_autoptr (GString) json = g_string_new (NULL);

  mf_report_print_json ("imaps://u@h", 42, &sample, json);
  assert_says (json,
               "{\n  \"account\": \"imaps://u@h\",\n  \"pid\": 42,\n  \"online\": true,\n  \"trouble\": null,");
  assert_says (json, "\"pending\": 2");
  g_assert_true (g_str_has_suffix (json->str, "\n}\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/people-read-lines", test_people_read_lines);
  g_test_add_func ("/report/what-failed-is-listed", test_what_failed_is_listed);
  g_test_add_func ("/report/a-whole-cache-is-complete", test_a_whole_cache_is_complete);
  g_test_add_func ("/report/the-server-s-words-stay-in-their-line",
                   test_the_server_s_words_stay_in_their_line);
  g_test_add_func ("/report/scripts-read-json", test_scripts_read_json);
  return g_test_run ();
}
