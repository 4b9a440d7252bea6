#include "fs/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

pid_t
mf_process_of (pid_t thread)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int)thread);
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  line = strstr (text, "\nTgid:");
  return line != NULL ? (pid_t)g_ascii_strtoll (line + strlen ("\nTgid:"), NULL, 10) : 0;
}

gboolean
mf_process_is_alive (pid_t process)
{
  return kill (process, 0) == 0 || errno != ESRCH;
}
