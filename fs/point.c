#include "fs/point.h"

#include "fs/mountinfo.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The type of what is mounted on top there (transfer full), or NULL. */
static char *
find_mounted (const char *mountpoint)
{
  g_autoptr (GPtrArray) all = mf_mountinfo_read ();

  for (guint i = all->len; i-- > 0;)
    {
      const MfMounted *mounted = g_ptr_array_index (all, i);

      if (g_str_equal (mounted->path, mountpoint))
        return g_strdup (mounted->type);
    }
  return NULL;
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
    return fail (error, errno, errno == ENOENT ? "no such directory; make it with mkdir"
                                               : g_strerror (errno));
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
