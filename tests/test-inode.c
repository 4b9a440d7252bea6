#include "fs/inode.h"

static void
assert_inode (guint64 node, MfInodeKind kind, gint64 id)
{
  MfInode inode = mf_inode_from_node (node);

  g_assert_cmpint (inode.kind, ==, kind);
  g_assert_cmpint (inode.id, ==, id);
  g_assert_cmpuint (mf_inode_to_node (inode), ==, node);
}

static void
test_node_one_is_the_root (void)
{
  assert_inode (1, MF_INODE_FOLDER, MF_FOLDER_ROOT);
  g_assert_cmpuint (mf_inode_folder (MF_FOLDER_ROOT), ==, 1);
}

static void
test_every_object_has_a_node_of_its_own (void)
{
  const gint64 ids[] = { 1, 2, 15, 16, 17, 1 << 20, G_GINT64_CONSTANT (1) << 39 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    for (MfInodeKind kind = MF_INODE_MESSAGE; kind <= MF_INODE_CONTROL; kind++)
      {
        guint64 node = mf_inode_to_node ((MfInode){ kind, ids[i] });

        assert_inode (node, kind, ids[i]);
        g_assert_true (g_hash_table_add (seen, g_memdup2 (&node, sizeof node)));
      }
}

static void
test_places_follow_the_caches_order (void)
{
  for (MfPlace place = MF_PLACE_CUR; place < MF_N_PLACES; place++)
    {
      MfPlace found;

      g_assert_true (mf_inode_is_place (mf_inode_from_node (mf_inode_place (9, place)), &found));
      g_assert_cmpint (found, ==, place);
    }
}

static void
test_alias_is_a_message_with_another_node (void)
{
  MfInode alias = mf_inode_from_node (mf_inode_alias (5, "x:2,S"));

  g_assert_cmpuint (mf_inode_alias (5, "x:2,S"), !=, mf_inode_message (5));
  g_assert_true (mf_inode_is_message (alias));
  g_assert_cmpint (alias.id, ==, 5);
  g_assert_true (mf_inode_is_message (mf_inode_from_node (mf_inode_message (5))));
  g_assert_false (mf_inode_is_message (mf_inode_from_node (mf_inode_folder (5))));
}

static void
test_each_stale_name_has_a_node_of_its_own (void)
{
  g_assert_cmpuint (mf_inode_alias (5, "x:2,S"), !=, mf_inode_alias (5, "x:2,F"));
  g_assert_cmpuint (mf_inode_alias (5, "x:2,S"), ==, mf_inode_alias (5, "x:2,S"));
  g_assert_cmpuint (mf_inode_alias (5, "x:2,S"), !=, mf_inode_alias (6, "x:2,S"));
}

static void
test_nodes_never_given_are_nothing (void)
{
  const guint64 nodes[] = { 0, 2, 7, 15, 16 };

  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    g_assert_cmpint (mf_inode_from_node (nodes[i]).kind, ==, MF_INODE_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inode/node-one-is-the-root", test_node_one_is_the_root);
  g_test_add_func ("/inode/every-object-has-a-node-of-its-own",
                   test_every_object_has_a_node_of_its_own);
  g_test_add_func ("/inode/places-follow-the-caches-order", test_places_follow_the_caches_order);
  g_test_add_func ("/inode/alias-is-a-message-with-another-node",
                   test_alias_is_a_message_with_another_node);
  g_test_add_func ("/inode/each-stale-name-has-a-node-of-its-own",
                   test_each_stale_name_has_a_node_of_its_own);
  g_test_add_func ("/inode/nodes-never-given-are-nothing", test_nodes_never_given_are_nothing);
  return g_test_run ();
}
