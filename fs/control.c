#include "fs/control.h"

#include "fs/report.h"

#include <string.h>
#include <unistd.h>

static void
print_status (const MfMount *mount, GString *out)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (mount->cache, &status);
  mf_report_print (mount->account, &status, out);
}

static void
print_status_json (const MfMount *mount, GString *out)
{
  g_auto (MfStatus) status = { 0 };

  mf_cache_status (mount->cache, &status);
  mf_report_print_json (mount->account, (guint)getpid (), &status, out);
}

static void
print_queue (const MfMount *mount, GString *out)
{
  g_autoptr (GPtrArray) lines = mf_cache_queue (mount->cache, NULL);

  for (guint i = 0; lines != NULL && i < lines->len; i++)
    {
      g_autofree char *line = mf_report_line (g_ptr_array_index (lines, i));
      g_string_append_printf (out, "%s\n", line);
    }
}

static void
print_nothing (const MfMount *mount, GString *out)
{
}

#define EVENTS "events"

/* A file's id is its index here and MF_CONTROL_DIR + 1. */
static const struct
{
  const char *name;
  mode_t permissions;
  void (*print) (const MfMount *mount, GString *out);
} files[] = {
  { "ctl", 0200, print_nothing },
  { EVENTS, 0400, print_nothing },
  { "queue", 0400, print_queue },
  { "status", 0400, print_status },
  { "status.json", 0400, print_status_json },
};

#define FIRST_FILE (MF_CONTROL_DIR + 1)
#define END_FILE (FIRST_FILE + (gint64)G_N_ELEMENTS (files))

gint64
mf_control_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (g_str_equal (files[i].name, name))
      return FIRST_FILE + i;
  return 0;
}

gint64
mf_control_next (gint64 after, const char **out_name)
{
  gint64 id = MAX (after + 1, FIRST_FILE);

  if (id >= END_FILE)
    return 0;
  *out_name = files[id - FIRST_FILE].name;
  return id;
}

mode_t
mf_control_mode (gint64 id)
{
  if (id < FIRST_FILE || id >= END_FILE)
    return S_IFDIR | 0700;
  return S_IFREG | files[id - FIRST_FILE].permissions;
}

gboolean
mf_control_is_events (gint64 id)
{
  return id == mf_control_find (EVENTS);
}

double
mf_control_timeout_s (gint64 id)
{
  return mf_control_is_events (id) ? 0 : MF_TIMEOUT_LONG_S;
}

GString *
mf_control_text (const MfMount *mount, gint64 id)
{
  GString *text;

  if (id < FIRST_FILE || id >= END_FILE)
    return NULL;
  text = g_string_new (NULL);
  files[id - FIRST_FILE].print (mount, text);
  return text;
}
