#include "fs/privateroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOST_NAME ".lost+found"
#define MAX_LOST 1000

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

/* Takes @fd; a negative one has no names. */
static void
list_names (int fd, GPtrArray *names)
{
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  const struct dirent *entry;

  while (dir != NULL && (entry = readdir (dir)) != NULL)
    if (!g_str_equal (entry->d_name, ".") && !g_str_equal (entry->d_name, ".."))
      g_ptr_array_add (names, g_strdup (entry->d_name));
  if (dir != NULL)
    closedir (dir);
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

/* ---- folders that have gone ------------------------------------------- */

static gboolean
is_gone (MfCache *cache, const char *name)
{
  g_auto (MfFolder) folder = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 id;

  return g_ascii_string_to_signed (name, 10, 1, G_MAXINT64, &id, NULL)
         && !mf_cache_folder (cache, id, &folder, &error)
         && g_error_matches (error, MF_CACHE_ERROR, MF_CACHE_ERROR_NOT_FOUND);
}

/* Under its own name, or with a number when that is taken. */
static gboolean
move_to_lost (int root_fd, const char *name)
{
  char root[MF_PRIVATEROOT_NAME_MAX + 1];
  g_autofree char *lost = NULL, *path = NULL;
  int result = -1;

  mf_privateroot_name (MF_FOLDER_ROOT, root);
  lost = g_build_filename (root, LOST_NAME, NULL);
  mkdirat (root_fd, root, 0700);
  mkdirat (root_fd, lost, 0700);
  for (guint n = 0; n < MAX_LOST; n++)
    {
      g_free (path);
      path = n == 0 ? g_strdup_printf ("%s/%s", lost, name)
                    : g_strdup_printf ("%s/%s_%u", lost, name, n);
      result = renameat2 (root_fd, name, root_fd, path, RENAME_NOREPLACE);
      if (result == 0 || errno != EEXIST)
        break;
    }
  if (result != 0)
    return FALSE;
  g_message ("private files of a folder that has gone are now in %s", path + strlen (root) + 1);
  return TRUE;
}

void
mf_privateroot_rescue (int root_fd, MfCache *cache)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  list_names (openat (root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), names);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (is_gone (cache, name) && unlinkat (root_fd, name, AT_REMOVEDIR) != 0
          && !move_to_lost (root_fd, name))
        g_warning ("private files of a folder that has gone stay in private/%s: %s", name,
                   g_strerror (errno));
    }
}

/* ---- one folder ------------------------------------------------------- */

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
  list_names (open_folder (root_fd, folder), names);
}
