#include "fs/privateroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
mf_privateroot_open (const char *state_dir, gboolean read_only, GError **error)
{
  g_autofree char *path = g_build_filename (state_dir, "private", NULL);
  int fd;

  if (!read_only)
    mkdir (path, 0700);
  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && !(read_only && errno == ENOENT))
    g_set_error (error, MF_CACHE_ERROR, MF_CACHE_ERROR_DENIED, "cannot use %s: %s", path,
                 g_strerror (errno));
  return fd;
}

void
mf_privateroot_name (MfFolderId folder, char name[static MF_PRIVATEROOT_NAME_MAX + 1])
{
  g_snprintf (name, MF_PRIVATEROOT_NAME_MAX + 1, "%" G_GINT64_FORMAT, folder);
}

/* Its name must last as long as what will be in it. */
int
mf_privateroot_make (int root_fd, MfFolderId folder)
{
  char name[MF_PRIVATEROOT_NAME_MAX + 1];

  mf_privateroot_name (folder, name);
  if (mkdirat (root_fd, name, 0700) != 0 || fsync (root_fd) != 0)
    return -errno;
  return 0;
}

gboolean
mf_privateroot_stat (int root_fd, MfFolderId folder, struct stat *out_stat)
{
  char name[MF_PRIVATEROOT_NAME_MAX + 1];

  mf_privateroot_name (folder, name);
  return root_fd >= 0 && fstatat (root_fd, name, out_stat, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
open_folder (int root_fd, MfFolderId folder)
{
  char name[MF_PRIVATEROOT_NAME_MAX + 1];

  mf_privateroot_name (folder, name);
  return openat (root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
mf_privateroot_sync (int root_fd, MfFolderId folder)
{
  int fd = open_folder (root_fd, folder), result = 0;

  if (fd < 0)
    return 0;
  if (fsync (fd) != 0)
    result = -errno;
  close (fd);
  return result;
}

void
mf_privateroot_list (int root_fd, MfFolderId folder, GPtrArray *names)
{
  int fd = open_folder (root_fd, folder);
  const struct dirent *entry;
  DIR *dir;

  dir = fd >= 0 ? fdopendir (fd) : NULL;
  while (dir != NULL && (entry = readdir (dir)) != NULL)
    if (!g_str_equal (entry->d_name, ".") && !g_str_equal (entry->d_name, ".."))
      g_ptr_array_add (names, g_strdup (entry->d_name));
  if (dir != NULL)
    closedir (dir);
}
