#include "fs/log.h"

#include "fs/lowlevel.h"
#include "fs/report.h"

#include <fuse_log.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static gboolean show_debug;
static gint use_syslog; /* atomic */

static int
priority_of (GLogLevelFlags level)
{
  switch (level & G_LOG_LEVEL_MASK)
    {
    case G_LOG_LEVEL_ERROR:
    case G_LOG_LEVEL_CRITICAL:
      return LOG_ERR;
    case G_LOG_LEVEL_WARNING:
      return LOG_WARNING;
    case G_LOG_LEVEL_MESSAGE:
      return LOG_NOTICE;
    case G_LOG_LEVEL_INFO:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
    }
}

static const char *
get_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].value;
  return NULL;
}

/* Words of a server may be in it: nothing may look like another line (I8). */
static char *
make_line (const char *message, GLogLevelFlags level)
{
  g_autofree char *line = mf_report_line (message);
  const char *mark = level & G_LOG_LEVEL_CRITICAL ? "CRITICAL: " : "";

  return g_strdup_printf ("mailfs: %s%s\n", mark, g_strchomp (line));
}

/* A line is one write, so that lines of two threads do not mix. */
static void
write_line (const char *line)
{
  ssize_t ignored = write (STDERR_FILENO, line, strlen (line));

  (void)ignored;
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const char *message = get_field (fields, n_fields, "MESSAGE");
  g_autofree char *line = NULL;

  if (message == NULL || (priority_of (level) == LOG_DEBUG && !show_debug))
    return G_LOG_WRITER_HANDLED;
  line = make_line (message, level);
  if (g_atomic_int_get (&use_syslog))
    syslog (priority_of (level), "%s", line + strlen ("mailfs: "));
  else
    write_line (line);
  return G_LOG_WRITER_HANDLED;
}

/* What libfuse says: its debug output, and errors of the mount. */
static void
log_fuse (enum fuse_log_level level, const char *format, va_list arguments)
{
  g_autofree char *message = g_strdup_vprintf (format, arguments);

  if (level == FUSE_LOG_DEBUG)
    g_debug ("%s", message);
  else
    g_warning ("%s", message);
}

void
mf_log_init (void)
{
  g_log_set_writer_func (write_log, NULL, NULL);
  fuse_set_log_func (log_fuse);
}

void
mf_log_show_debug (void)
{
  show_debug = TRUE;
}

void
mf_log_to_syslog (void)
{
  openlog ("mailfs", LOG_PID, LOG_USER);
  g_atomic_int_set (&use_syslog, 1);
}
