#include "tests/steps.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

struct _MfSteps
{
  MfFake *fake;
  const char *dir, *copy;
  guint left; /* guarded by the server's lock */
};

static MfFake *watched; /* atomic (nullable): commits are its steps */

static void
copy_file (const char *from, const char *to)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  gsize size = 0;

  g_file_get_contents (from, &content, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents_full (to, content, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

void
mf_steps_copy_dir (const char *from, const char *to)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  g_assert_cmpint (g_mkdir_with_parents (to, 0700), ==, 0);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *old = g_build_filename (from, name, NULL);
      g_autofree char *new = g_build_filename (to, name, NULL);
      if (g_file_test (old, G_FILE_TEST_IS_DIR))
        mf_steps_copy_dir (old, new);
      else if (!g_str_has_suffix (name, "-shm"))
        copy_file (old, new);
    }
}

static MfFakeStep
on_step (gpointer data)
{
  MfSteps *self = data;

  if (self->left == 0 || --self->left > 0)
    return MF_FAKE_GO_ON;
  if (self->copy == NULL)
    return MF_FAKE_BE_CUT;
  mf_steps_copy_dir (self->dir, self->copy);
  return MF_FAKE_GO_AWAY;
}

static int
on_commit (void *data)
{
  MfFake *fake = g_atomic_pointer_get (&watched);

  if (fake != NULL)
    mf_fake_step (fake);
  return 0;
}

/* By sqlite3_auto_extension(), for each connection. */
static int
on_open (sqlite3 *db, char **out_error, const struct sqlite3_api_routines *api)
{
  sqlite3_commit_hook (db, on_commit, NULL);
  return SQLITE_OK;
}

MfSteps *
mf_steps_new (MfFake *fake, guint at, const char *dir, const char *copy)
{
  MfSteps *self = g_new0 (MfSteps, 1);

  *self = (MfSteps){ fake, dir, copy, at };
  sqlite3_auto_extension ((void (*) (void))on_open);
  mf_fake_set_step (fake, on_step, self);
  g_atomic_pointer_set (&watched, fake);
  return self;
}

void
mf_steps_free (MfSteps *self)
{
  g_atomic_pointer_set (&watched, NULL);
  mf_fake_set_step (self->fake, NULL, NULL);
  g_free (self);
}

gboolean
mf_steps_were_taken (MfSteps *self)
{
  return g_atomic_int_get (&self->left) == 0;
}
