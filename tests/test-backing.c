#include "fs/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fs/inode.h"
#include "fs/privateroot.h"
#include "tests/tempdir.h"

#define FOLDER 7

typedef struct
{
  char *state_dir;
  int root_fd;
  MfBacking *backing;
  guint64 folder; /* the node of FOLDER */
} Fixture;

static void
set_up (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  self->state_dir = mf_tempdir_new ();
  self->root_fd = mf_privateroot_open (self->state_dir, FALSE, &error);
  g_assert_no_error (error);
  self->backing = mf_backing_new (self->root_fd);
  self->folder = mf_inode_folder (FOLDER);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  mf_backing_free (self->backing);
  close (self->root_fd);
  mf_tempdir_free (self->state_dir);
}

static void
make_file (Fixture *self, guint64 dir, const char *name)
{
  int fd = openat (mf_backing_dir_fd (self->backing, dir), name, O_CREAT | O_WRONLY, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, name, 1), ==, 1);
  close (fd);
}

static guint64
look_up (Fixture *self, guint64 dir, const char *name)
{
  struct stat stat;

  g_assert_cmpint (mf_backing_lookup (self->backing, dir, name, &stat), ==, 0);
  return stat.st_ino;
}

static guint64
make_dir (Fixture *self, guint64 dir, const char *name)
{
  g_assert_cmpint (mkdirat (mf_backing_dir_fd (self->backing, dir), name, 0700), ==, 0);
  return look_up (self, dir, name);
}

/* How many names the file has that @node stands for. */
static guint
count_links (Fixture *self, guint64 node)
{
  struct stat stat;

  g_assert_cmpint (mf_backing_stat (self->backing, node, &stat), ==, 0);
  g_assert_cmpuint (stat.st_ino, ==, node);
  return stat.st_nlink;
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_folder_has_no_directory_before_its_first_file (Fixture *self, gconstpointer unused)
{
  struct stat stat;

  g_assert_cmpint (mf_backing_fd (self->backing, self->folder), ==, -ENOENT);
  g_assert_false (mf_privateroot_stat (self->root_fd, FOLDER, &stat));
  make_file (self, self->folder, ".x");
  g_assert_true (mf_privateroot_stat (self->root_fd, FOLDER, &stat));
  g_assert_cmpuint (stat.st_mode & 07777, ==, 0700);
}

static void
test_node_is_forgotten_with_its_last_lookup (Fixture *self, gconstpointer unused)
{
  guint64 node;

  make_file (self, self->folder, ".x");
  node = look_up (self, self->folder, ".x");
  g_assert_cmpuint (look_up (self, self->folder, ".x"), ==, node);
  g_assert_cmpuint (mf_backing_count (self->backing), ==, 2);
  mf_backing_forget (self->backing, node, 1);
  g_assert_cmpuint (count_links (self, node), ==, 1);
  mf_backing_forget (self->backing, node, 1);
  g_assert_cmpint (mf_backing_fd (self->backing, node), ==, -ENOENT);
  g_assert_cmpuint (mf_backing_count (self->backing), ==, 1);
}

static void
test_node_is_the_same_in_another_mount (Fixture *self, gconstpointer unused)
{
  guint64 node;

  make_file (self, self->folder, ".x");
  node = look_up (self, self->folder, ".x");
  mf_backing_free (self->backing);
  self->backing = mf_backing_new (self->root_fd);
  g_assert_cmpint (mf_backing_fd (self->backing, node), ==, -ENOENT);
  g_assert_cmpuint (look_up (self, self->folder, ".x"), ==, node);
}

static void
test_directory_stays_while_something_in_it_is_known (Fixture *self, gconstpointer unused)
{
  guint64 outer = make_dir (self, self->folder, ".outer"), inner = make_dir (self, outer, "inner");
  guint64 file;

  make_file (self, inner, "file");
  file = look_up (self, inner, "file");
  mf_backing_forget (self->backing, outer, 1);
  mf_backing_forget (self->backing, inner, 1);
  g_assert_cmpuint (count_links (self, file), ==, 1);
  mf_backing_forget (self->backing, file, 1);
  g_assert_cmpuint (mf_backing_count (self->backing), ==, 1);
}

static void
test_removed_file_can_be_used_until_it_is_forgotten (Fixture *self, gconstpointer unused)
{
  guint64 node;

  make_file (self, self->folder, ".x");
  node = look_up (self, self->folder, ".x");
  g_assert_cmpint (mf_backing_unlink (self->backing, self->folder, ".x", 0), ==, 0);
  g_assert_cmpuint (count_links (self, node), ==, 0);
  make_file (self, self->folder, ".x");
  g_assert_cmpuint (look_up (self, self->folder, ".x"), !=, node);
  mf_backing_forget (self->backing, node, 1);
  g_assert_cmpint (mf_backing_fd (self->backing, node), ==, -ENOENT);
}

static void
test_link_keeps_the_node_when_either_name_goes (Fixture *self, gconstpointer unused)
{
  const char *const gone[] = { ".a", ".b" };

  for (guint i = 0; i < G_N_ELEMENTS (gone); i++)
    {
      int fd = mf_backing_dir_fd (self->backing, self->folder);
      guint64 node;

      make_file (self, self->folder, ".a");
      g_assert_cmpint (linkat (fd, ".a", fd, ".b", 0), ==, 0);
      node = look_up (self, self->folder, ".a");
      g_assert_cmpuint (look_up (self, self->folder, ".b"), ==, node);
      g_assert_cmpint (mf_backing_unlink (self->backing, self->folder, gone[i], 0), ==, 0);
      g_assert_cmpuint (count_links (self, node), ==, 1);
      g_assert_cmpint (mf_backing_unlink (self->backing, self->folder, gone[1 - i], 0), ==, 0);
      g_assert_cmpuint (count_links (self, node), ==, 0);
      mf_backing_forget (self->backing, node, 2);
    }
  g_assert_cmpuint (mf_backing_count (self->backing), ==, 1);
}

static void
test_node_follows_a_rename (Fixture *self, gconstpointer unused)
{
  guint64 other = mf_inode_folder (FOLDER + 1), dir = make_dir (self, self->folder, ".dir");
  guint64 file, replaced;

  make_file (self, dir, "file");
  make_file (self, other, ".old");
  file = look_up (self, dir, "file");
  replaced = look_up (self, other, ".old");
  g_assert_cmpint (mf_backing_rename (self->backing, dir, "file", other, ".old", RENAME_NOREPLACE),
                   ==, -EEXIST);
  g_assert_cmpint (mf_backing_rename (self->backing, dir, "file", other, ".old", 0), ==, 0);
  g_assert_cmpuint (look_up (self, other, ".old"), ==, file);
  g_assert_cmpuint (count_links (self, replaced), ==, 0);
  g_assert_cmpuint (count_links (self, file), ==, 1);
}

static void
test_two_nodes_can_change_places (Fixture *self, gconstpointer unused)
{
  guint64 dir = make_dir (self, self->folder, ".dir"), file, inner;

  make_file (self, self->folder, ".file");
  make_file (self, dir, "inner");
  file = look_up (self, self->folder, ".file");
  inner = look_up (self, dir, "inner");
  g_assert_cmpint (mf_backing_rename (self->backing, self->folder, ".file", self->folder, ".dir",
                                      RENAME_EXCHANGE),
                   ==, 0);
  g_assert_cmpuint (look_up (self, self->folder, ".file"), ==, dir);
  g_assert_cmpuint (look_up (self, self->folder, ".dir"), ==, file);
  g_assert_cmpint (mf_backing_unlink (self->backing, self->folder, ".dir", 0), ==, 0);
  g_assert_cmpuint (count_links (self, file), ==, 0);
  g_assert_cmpuint (count_links (self, inner), ==, 1);
}

static void
test_few_descriptors_serve_many_nodes (Fixture *self, gconstpointer unused)
{
  guint before = count_descriptors ();
  guint64 nodes[2000];

  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    {
      g_autofree char *name = g_strdup_printf (".%u", i);

      nodes[i] = make_dir (self, self->folder, name);
      make_file (self, nodes[i], "file");
    }
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    g_assert_cmpuint (count_links (self, look_up (self, nodes[i], "file")), ==, 1);
  g_assert_cmpuint (count_descriptors (), <, before + 300);
}

static void
test_chain_of_closed_directories_is_opened_again (Fixture *self, gconstpointer unused)
{
  guint64 top = make_dir (self, self->folder, ".0"), bottom = top;

  for (guint i = 0; i < 1000; i++)
    bottom = make_dir (self, bottom, "deeper");
  g_assert_cmpint (mf_backing_rename (self->backing, self->folder, ".0", self->folder, ".1", 0), ==,
                   0);
  g_assert_cmpint (mf_backing_fd (self->backing, top), >=, 0);
  make_file (self, bottom, "file");
  g_assert_cmpuint (count_links (self, look_up (self, bottom, "file")), ==, 1);
}

static void
test_file_changed_behind_our_back_is_stale (Fixture *self, gconstpointer unused)
{
  int fd = mf_backing_dir_fd (self->backing, self->folder);
  guint64 node;

  make_file (self, self->folder, ".x");
  make_file (self, self->folder, ".y");
  node = look_up (self, self->folder, ".x");
  g_assert_cmpint (renameat (fd, ".y", fd, ".x"), ==, 0);
  g_assert_cmpint (mf_backing_fd (self->backing, node), ==, -ESTALE);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*run) (Fixture *, gconstpointer);
  } tests[] = {
    { "/backing/folder-has-no-directory-before-its-first-file",
      test_folder_has_no_directory_before_its_first_file },
    { "/backing/node-is-forgotten-with-its-last-lookup",
      test_node_is_forgotten_with_its_last_lookup },
    { "/backing/node-is-the-same-in-another-mount", test_node_is_the_same_in_another_mount },
    { "/backing/directory-stays-while-something-in-it-is-known",
      test_directory_stays_while_something_in_it_is_known },
    { "/backing/removed-file-can-be-used-until-it-is-forgotten",
      test_removed_file_can_be_used_until_it_is_forgotten },
    { "/backing/link-keeps-the-node-when-either-name-goes",
      test_link_keeps_the_node_when_either_name_goes },
    { "/backing/node-follows-a-rename", test_node_follows_a_rename },
    { "/backing/two-nodes-can-change-places", test_two_nodes_can_change_places },
    { "/backing/few-descriptors-serve-many-nodes", test_few_descriptors_serve_many_nodes },
    { "/backing/chain-of-closed-directories-is-opened-again",
      test_chain_of_closed_directories_is_opened_again },
    { "/backing/file-changed-behind-our-back-is-stale",
      test_file_changed_behind_our_back_is_stale },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].run, tear_down);
  return g_test_run ();
}
