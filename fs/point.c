#include "fs/point.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* "\040" and the like, as /proc/self/mountinfo writes blanks. */
static char *
unescape (const char *field)
{
  return g_strcompress (field);
}

/* The type of what is mounted on top there (transfer full), or NULL. */
static char *
find_mounted (const char *mountpoint)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  char *type = NULL;

  if (!g_file_get_contents ("/proc/self/mountinfo", &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], " ", 6);
      g_autofree char *path = g_strv_length (fields) == 6 ? unescape (fields[4]) : NULL;
      const char *end = path != NULL ? strstr (fields[5], " - ") : NULL;

      if (end == NULL || !g_str_equal (path, mountpoint))
        continue;
      g_free (type);
      type = g_strndup (end + 3, strcspn (end + 3, " "));
    }
  return type;
}

static gboolean
fail (GError **error, int number, const char *what)
{
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (number), what);
  return FALSE;
}

/* Without a look inside: the file system is dead. */
static void
detach (const char *mountpoint)
{
  const char *arguments[] = { "fusermount3", "-u", "-z", mountpoint, NULL };

  if (umount2 (mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
    return;
  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                NULL, NULL, NULL, NULL, NULL, NULL);
}

static gboolean
is_dead (int number)
{
  return number == ENOTCONN || number == ECONNABORTED;
}

gboolean
mf_point_prepare (const char *mountpoint, GError **error)
{
  g_autofree char *type = NULL;
  struct stat st;
  gboolean ok = stat (mountpoint, &st) == 0;

  if (!ok && is_dead (errno))
    {
      detach (mountpoint);
      ok = stat (mountpoint, &st) == 0;
    }
  if (!ok)
    return fail (error, errno,
                 errno == ENOENT ? "there is no such directory; make it with mkdir"
                                 : g_strerror (errno));
  if (!S_ISDIR (st.st_mode))
    return fail (error, ENOTDIR, "it is not a directory");

  /* An automounter's own mount is where it wants ours to be. */
  type = find_mounted (mountpoint);
  if (type == NULL || g_str_equal (type, "autofs"))
    return TRUE;
  return fail (error, EBUSY,
               g_str_equal (type, "fuse.mailfs")
                   ? "an account is mounted there already; unmount it with fusermount3 -u"
                   : "something is mounted there already");
}
