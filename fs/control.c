#include "fs/control.h"

#include "fs/report.h"

#include <string.h>

/* A file's id is its index here and MF_CONTROL_DIR + 1. */
static const struct
{
  const char *name;
  mode_t permissions;
  void (*print) (const char *account, const MfStatus *status, GString *out);
} files[] = {
  { "status", 0400, mf_report_print },
  { "status.json", 0400, mf_report_print_json },
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

GString *
mf_control_text (const MfMount *mount, gint64 id)
{
  g_auto (MfStatus) status = { 0 };
  GString *text;

  if (id < FIRST_FILE || id >= END_FILE)
    return NULL;
  text = g_string_new (NULL);
  mf_cache_status (mount->cache, &status);
  files[id - FIRST_FILE].print (mount->account, &status, text);
  return text;
}
