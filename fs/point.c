#include "fs/point.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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

/* stat(2) may be answered from the kernel's memory of the dead, statfs(2) not. */
static gboolean
is_dead (const char *mountpoint)
{
  struct statfs st;

  return statfs (mountpoint, &st) < 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

static gboolean
check_directory (const char *mountpoint, GError **error)
{
  struct stat st;

  if (stat (mountpoint, &st) < 0)
    return fail (error, errno, g_strerror (errno));
  return S_ISDIR (st.st_mode) || fail (error, ENOTDIR, g_strerror (ENOTDIR));
}

gboolean
mf_point_prepare (const char *mountpoint, GError **error)
{
  g_autofree char *type = NULL;

  if (is_dead (mountpoint))
    detach (mountpoint);
  if (!check_directory (mountpoint, error))
    return FALSE;

  /* An automounter's own mount is where it wants ours to be. */
  type = find_mounted (mountpoint);
  if (type == NULL || g_str_equal (type, "autofs"))
    return TRUE;
  return fail (error, EBUSY,
               g_str_equal (type, "fuse.mailfs")
                   ? "an account is mounted there already; unmount it with fusermount3 -u"
                   : "something is mounted there already");
}
