#include "cache/news.h"

#include "tests/event-log.h"

static void
add (MfNews *news, MfEventType type, MfFolderId folder, guint32 uid)
{
  MfMessage message = { .id = uid, .folder = folder, .uid = uid };
  gboolean before = type != MF_EVENT_MESSAGE_ADDED, after = type != MF_EVENT_MESSAGE_REMOVED;

  mf_news_add (news, type, folder, before ? &message : NULL, after ? &message : NULL);
}

static void
assert_sent (MfNews *news, MfEventLog *log, const char *expected)
{
  mf_news_send (news);
  mf_event_log_assert (log, expected);
}

static void
test_order_is_kept (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);

  add (news, MF_EVENT_MESSAGE_ADDED, 2, 5);
  add (news, MF_EVENT_MESSAGE_CHANGED, 2, 4);
  add (news, MF_EVENT_MESSAGE_REMOVED, 3, 5);
  mf_news_add (news, MF_EVENT_TREE_CHANGED, 1, NULL, NULL);
  assert_sent (news, log, "added 5, changed 4, removed 5, tree 1");
  assert_sent (news, log, "");
}

static void
test_messages_are_copied (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);
  char base[] = "base";
  MfMessage message = { .id = 1, .uid = 1, .base = base };

  mf_news_add (news, MF_EVENT_MESSAGE_ADDED, 2, NULL, &message);
  message.uid = 9;
  base[0] = 'x';
  assert_sent (news, log, "added 1");
}

static void
test_many_become_one (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);

  for (guint32 uid = 1; uid <= MF_NEWS_MOST + 50; uid++)
    add (news, MF_EVENT_MESSAGE_ADDED, 2, uid);
  assert_sent (news, log, "folder 2");
}

static void
test_as_many_as_allowed_stay (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);
  g_autoptr (GString) expected = g_string_new ("added 1");

  for (guint32 uid = 1; uid <= MF_NEWS_MOST; uid++)
    add (news, MF_EVENT_MESSAGE_ADDED, 2, uid);
  for (guint32 uid = 2; uid <= MF_NEWS_MOST; uid++)
    g_string_append_printf (expected, ", added %u", uid);
  assert_sent (news, log, expected->str);
}

static void
test_others_stay_when_one_folder_shrinks (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);

  add (news, MF_EVENT_MESSAGE_ADDED, 3, 7);
  mf_news_add (news, MF_EVENT_TREE_CHANGED, 2, NULL, NULL);
  for (guint32 uid = 1; uid <= MF_NEWS_MOST; uid++)
    add (news, MF_EVENT_MESSAGE_ADDED, 2, uid);
  assert_sent (news, log, "added 7, tree 2, folder 2");
}

static void
test_a_tree_is_told_once (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);

  for (guint i = 0; i < 2 * MF_NEWS_MOST; i++)
    mf_news_add (news, MF_EVENT_TREE_CHANGED, 1 + i % 2, NULL, NULL);
  assert_sent (news, log, "tree 1, tree 2");
}

static void
test_every_tree_is_told (void)
{
  g_autoptr (MfEventLog) log = mf_event_log_new ();
  g_autoptr (MfNews) news = mf_news_new (mf_event_log_func, log);
  g_autoptr (GString) expected = g_string_new ("tree 1");

  for (guint i = 1; i <= 2 * MF_NEWS_MOST; i++)
    mf_news_add (news, MF_EVENT_TREE_CHANGED, i, NULL, NULL);
  for (guint i = 2; i <= 2 * MF_NEWS_MOST; i++)
    g_string_append_printf (expected, ", tree %u", i);
  assert_sent (news, log, expected->str);
}

static void
test_nobody_listens (void)
{
  g_autoptr (MfNews) news = mf_news_new (NULL, NULL);

  add (news, MF_EVENT_MESSAGE_ADDED, 2, 5);
  mf_news_send (news);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/news/events come once and in their order", test_order_is_kept);
  g_test_add_func ("/news/messages are copied", test_messages_are_copied);
  g_test_add_func ("/news/too many of one folder become one", test_many_become_one);
  g_test_add_func ("/news/as many as allowed stay single", test_as_many_as_allowed_stay);
  g_test_add_func ("/news/what is not of the folder stays when it shrinks",
                   test_others_stay_when_one_folder_shrinks);
  g_test_add_func ("/news/a change of the same directory is told once", test_a_tree_is_told_once);
  g_test_add_func ("/news/every changed directory is told, however many",
                   test_every_tree_is_told);
  g_test_add_func ("/news/nobody need listen", test_nobody_listens);
  return g_test_run ();
}
