#include "fs/events.h"

#include <string.h>

#include "tests/fake-remote.h"
#include "tests/tempdir.h"

typedef struct
{
  char *dir;
  MfFake *fake;
  MfCache *cache;
  MfEvents *events;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->dir = mf_tempdir_new ();
  g_autofree char *state = g_build_filename (self->dir, "state", NULL);
  g_autofree char *bodies = g_build_filename (self->dir, "cache", NULL);
  MfCacheOptions options = { .state_dir = state, .cache_dir = bodies, .cache_size = 1 << 20 };

  self->fake = mf_fake_new (MF_CAP_IDLE);
  self->cache
      = mf_cache_open (&options, &mf_fake_ops, mf_fake_account (self->fake), NULL, NULL, &error);
  g_assert_no_error (error);
  self->events = mf_events_new ();
  mf_events_start (self->events, self->cache);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  mf_events_free (self->events);
  mf_cache_close (self->cache);
  mf_fake_free (self->fake);
  mf_tempdir_free (self->dir);
}

static void
say (Fixture *self, const char *text)
{
  mf_events_add (self->events, &(MfEvent){ .type = MF_EVENT_TROUBLE, .text = text });
}

/* From @offset to the end. (transfer full) */
static char *
read_from (Fixture *self, guint64 offset)
{
  GString *text = g_string_new (NULL);
  char buffer[1000];
  gsize n;

  while ((n = mf_events_read (self->events, offset + text->len, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, (gssize)n);
  return g_string_free (text, FALSE);
}

static void
test_bounded (Fixture *self, gconstpointer data)
{
  guint64 start = 0, end = 0;

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *text = g_strdup_printf ("number %u, which is one of many", i);

      say (self, text);
      mf_events_range (self->events, &start, &end);
      g_assert_cmpuint (end - start, <=, MF_EVENTS_BYTES);
    }
  g_assert_cmpuint (end, >, 2 * MF_EVENTS_BYTES);
  g_autofree char *kept = read_from (self, start);
  g_assert_cmpuint (strlen (kept), ==, end - start);
  g_assert_true (g_str_has_suffix (kept, "number 9999, which is one of many\n"));
  /* It begins with a whole line. */
  g_assert_true (g_str_has_prefix (kept, "20"));
}

/* Offsets go on meaning the same, so that whoever follows the end finds it. */
static void
test_lost (Fixture *self, gconstpointer data)
{
  guint64 start = 0, end = 0;

  while (start == 0)
    {
      say (self, "filling");
      mf_events_range (self->events, &start, &end);
    }
  g_autofree char *all = read_from (self, 0);
  g_assert_cmpuint (strlen (all), ==, end);
  g_assert_cmpuint (strspn (all, "\n"), ==, start);
  say (self, "the last");
  g_autofree char *more = read_from (self, end);
  g_assert_true (g_str_has_suffix (more, "\tfailed\t-\t-\tthe last\n"));
}

static void
test_hostile (Fixture *self, gconstpointer data)
{
  guint64 start = 0, end = 0;

  mf_events_range (self->events, &start, &end);
  say (self, "a\nb\tc\033[2Jd\r\xff");
  g_autofree char *line = read_from (self, end);
  g_assert_true (g_str_has_suffix (line, "\ta b c [2Jd \xef\xbf\xbd\n"));
  g_assert_true (strchr (line, '\n') == line + strlen (line) - 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  ADD ("/events/memory-is-bounded", test_bounded);
  ADD ("/events/what-is-lost-is-empty-lines", test_lost);
  ADD ("/events/hostile-text-is-one-line", test_hostile);
  return g_test_run ();
}
