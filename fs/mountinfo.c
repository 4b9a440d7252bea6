#include "fs/mountinfo.h"

#include <string.h>

static void
free_mounted (gpointer data)
{
  MfMounted *mounted = data;

  g_free (mounted->path);
  g_free (mounted->type);
  g_free (mounted->options);
  g_free (mounted);
}

/* Fields before " - ": id, parent, device, root, path, options and more; behind it:
 * type, source, options.  Blanks in them are "\040". */
static MfMounted *
parse_line (const char *line)
{
  const char *middle = strstr (line, " - ");
  g_auto (GStrv) first = g_strsplit (line, " ", 6);
  g_auto (GStrv) last = middle != NULL ? g_strsplit (middle + 3, " ", 3) : NULL;
  MfMounted *mounted;

  if (middle == NULL || g_strv_length (first) < 6 || g_strv_length (last) < 3)
    return NULL;
  mounted = g_new0 (MfMounted, 1);
  mounted->path = g_strcompress (first[4]);
  mounted->type = g_strdup (last[0]);
  mounted->options = g_strdup (last[2]);
  return mounted;
}

GPtrArray *
mf_mountinfo_read (void)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (free_mounted);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/mountinfo", &text, NULL, NULL))
    return all;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      MfMounted *mounted = parse_line (lines[i]);

      if (mounted != NULL)
        g_ptr_array_add (all, mounted);
    }
  return all;
}
