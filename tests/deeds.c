#include "tests/deeds.h"

#include <string.h>

#include "tests/check.h"
#include "tests/edits.h"
#include "tests/patience.h"

#define DATE 1000000000
#define TWIN "Subject: twin\r\n\r\nThe same text twice\r\n"
#define LETTER "Subject: %s\n\nThis is %s.\n"

/* ---- the server ------------------------------------------------------- */

MfFake *
mf_deeds_server (MfCaps caps)
{
  static const char *const mailboxes[] = { "other", "Trash", "old", "old/child", "gone", "loud" };
  MfFake *fake = mf_fake_new (caps);

  for (guint i = 0; i < G_N_ELEMENTS (mailboxes); i++)
    mf_fake_create (fake, mailboxes[i]);
  mf_fake_set_use (fake, "Trash", MF_USE_TRASH);
  mf_fake_subscribe (fake, "loud", TRUE);
  mf_fake_fill (fake, "INBOX", 10);
  for (guint i = 0; i < 3; i++)
    mf_fake_append (fake, "INBOX", TWIN, 0, NULL);
  mf_fake_set_flags (fake, "INBOX", 2, MF_FLAG_SEEN | MF_FLAG_ANSWERED, "$Junk red");
  mf_fake_fill (fake, "old", 3);
  mf_fake_fill (fake, "old/child", 1);
  mf_fake_fill (fake, "Trash", 2);
  return fake;
}

/* ---- finding ---------------------------------------------------------- */

/* "old/child" */
static MfFolderId
folder (MfCache *cache, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  MfFolderId id = MF_FOLDER_ROOT;

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_auto (MfFolder) found = { 0 };
      g_autoptr (GError) error = NULL;
      mf_check (mf_cache_folder_child (cache, id, names[i], &found, &error), error);
      id = found.id;
    }
  return id;
}

static MfMsgId
numbered (MfCache *cache, const char *path, guint32 uid)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message_by_uid (cache, folder (cache, path), uid, &message, &error), error);
  return message.id;
}

static MfMsgId
named (MfCache *cache, const char *path, const char *base)
{
  g_auto (MfMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message_by_base (cache, folder (cache, path), base, &message, &error), error);
  return message.id;
}

/* ---- what is done ----------------------------------------------------- */

static void
move (MfCache *cache, MfMsgId id, const char *path, const char *base, MfFlags flags)
{
  mf_edit_move (cache, id, folder (cache, path), base, flags);
}

static void
copy (MfCache *cache, MfMsgId id, const char *path, const char *base, MfFlags flags)
{
  g_auto (MfMessage) seen = { 0 };
  g_auto (MfMessage) made = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message (cache, id, &seen, &error), error);
  MfSpot spot = { folder (cache, path), MF_PLACE_CUR, base, flags, seen.flags };
  mf_check (mf_cache_copy (cache, id, &spot, &made, &error), error);
}

/* Until it is renamed it is nobody's message. */
static void
write_in_tmp (MfCache *cache, const char *path, const char *name, const char *text)
{
  MfSpot spot = { folder (cache, path), MF_PLACE_TMP, name, 0, 0 };
  g_auto (MfMessage) old = { 0 };
  g_autoptr (GError) error = NULL;

  if (mf_cache_message_in_tmp (cache, spot.folder, name, &old, NULL))
    mf_edit_remove (cache, old.id, name);
  mf_check (mf_cache_set_date (cache, mf_edit_write (cache, &spot, text), DATE, &error), error);
}

static void
write_letter (MfCache *cache, const char *path, const char *name)
{
  g_autofree char *text = g_strdup_printf (LETTER, name, name);

  write_in_tmp (cache, path, name, text);
}

static void
deliver (MfCache *cache, const char *path, const char *name, MfFlags flags, MfMsgId replaced)
{
  MfSpot spot = { folder (cache, path), flags != 0 ? MF_PLACE_CUR : MF_PLACE_NEW, name, flags,
                  0 };
  g_auto (MfMessage) file = { 0 };
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_message_in_tmp (cache, spot.folder, name, &file, &error), error);
  mf_check (mf_cache_rename (cache, file.id, &spot, replaced, &error), error);
}

static void
make_folder (MfCache *cache, const char *parent, const char *name)
{
  g_autoptr (GError) error = NULL;
  MfFolderId made = 0;

  mf_check (mf_cache_make_folder (cache, *parent != '\0' ? folder (cache, parent) : MF_FOLDER_ROOT,
                               name, &made, &error),
         error);
}

static void
rename_folder (MfCache *cache, const char *path, const char *name)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_rename_folder (cache, folder (cache, path), MF_FOLDER_ROOT, name, 0, &error), error);
}

static void
remove_folder (MfCache *cache, const char *path)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_remove_folder (cache, folder (cache, path), &error), error);
}

static void
subscribe (MfCache *cache, const char *path, gboolean on)
{
  g_autoptr (GError) error = NULL;

  mf_check (mf_cache_subscribe (cache, folder (cache, path), on, &error), error);
}

/* ---- the deeds -------------------------------------------------------- */

#define DEED(name, what)                                                                           \
  static void name (MfCache *cache)                                                                \
  {                                                                                                \
    what;                                                                                          \
  }
#define SF (MF_FLAG_SEEN | MF_FLAG_FLAGGED)

DEED (flag, mf_edit_flags (cache, numbered (cache, "INBOX", 1), SF, "blue"))
DEED (unflag, mf_edit_flags (cache, numbered (cache, "INBOX", 2), MF_FLAG_ANSWERED, "red"))
DEED (move_one, move (cache, numbered (cache, "INBOX", 3), "other", "three", 0))
DEED (move_and_flag, move (cache, numbered (cache, "INBOX", 4), "other", "four", MF_FLAG_SEEN))
DEED (move_on, move (cache, named (cache, "other", "three"), "old", "three", 0))
DEED (move_twin, move (cache, numbered (cache, "INBOX", 11), "other", "twin", 0))
DEED (move_other_twin, move (cache, numbered (cache, "INBOX", 12), "other", "twin2", 0))
DEED (copy_one, copy (cache, numbered (cache, "INBOX", 5), "other", "five", MF_FLAG_FLAGGED))
DEED (copy_copy, copy (cache, named (cache, "other", "five"), "old", "five", 0))
DEED (write_alone, write_letter (cache, "INBOX", "alone"))
DEED (deliver_alone, deliver (cache, "INBOX", "alone", 0, 0))
DEED (write_first, write_letter (cache, "other", "first"))
DEED (deliver_first, deliver (cache, "other", "first", SF, 0))
DEED (write_second, write_letter (cache, "other", "second"))
DEED (deliver_second, deliver (cache, "other", "second", 0, 0))
DEED (write_double, write_in_tmp (cache, "other", "double", "Subject: second\n\nThis is second.\n"))
DEED (deliver_double, deliver (cache, "other", "double", 0, 0))
DEED (flag_delivered, mf_edit_flags (cache, named (cache, "other", "second"), MF_FLAG_SEEN, "green"))
DEED (rewrite_one, mf_edit_rewrite (cache, numbered (cache, "INBOX", 6), "six", "Subject: 6\n\nNew text\n"))
DEED (remove_one, mf_edit_remove (cache, numbered (cache, "INBOX", 7), "seven"))
DEED (expunge, mf_edit_remove (cache, numbered (cache, "Trash", 1), "x"))
DEED (flag_in_old, mf_edit_flags (cache, numbered (cache, "old", 1), MF_FLAG_FLAGGED, NULL))
DEED (move_within_old, move (cache, numbered (cache, "old", 2), "old/child", "two", 0))
DEED (rename_old, rename_folder (cache, "old", "renamed"))
DEED (flag_in_renamed, mf_edit_flags (cache, named (cache, "renamed", "three"), MF_FLAG_SEEN, "blue"))
DEED (move_from_renamed, move (cache, numbered (cache, "renamed", 3), "INBOX", "back", 0))
DEED (make_one, make_folder (cache, "", "made"))
DEED (make_below, make_folder (cache, "made", "below"))
DEED (write_below, write_letter (cache, "made/below", "below"))
DEED (deliver_below, deliver (cache, "made/below", "below", 0, 0))
DEED (move_below, move (cache, numbered (cache, "INBOX", 8), "made/below", "eight", 0))
DEED (copy_below, copy (cache, named (cache, "made/below", "eight"), "made", "eight", MF_FLAG_SEEN))
DEED (rename_made, rename_folder (cache, "made", "remade"))
DEED (move_made, move (cache, numbered (cache, "INBOX", 9), "remade", "nine", MF_FLAG_SEEN))
DEED (remove_gone, remove_folder (cache, "gone"))
DEED (be_silent, subscribe (cache, "loud", FALSE))
DEED (write_draft, write_letter (cache, "INBOX", "draft"))
DEED (replace, deliver (cache, "INBOX", "draft", MF_FLAG_DRAFT, numbered (cache, "INBOX", 10)))

#define DO(name)                                                                                   \
  {                                                                                                \
#name, name                                                                                    \
  }
const MfDeed mf_deeds[] = {
  DO (flag),
  DO (unflag),
  DO (move_one),
  DO (move_and_flag),
  DO (move_on),
  DO (move_twin),
  DO (move_other_twin),
  DO (copy_one),
  DO (copy_copy),
  DO (write_alone),
  DO (deliver_alone),
  DO (write_first),
  DO (deliver_first),
  DO (write_second),
  DO (deliver_second),
  DO (write_double),
  DO (deliver_double),
  DO (flag_delivered),
  DO (rewrite_one),
  DO (remove_one),
  DO (expunge),
  DO (flag_in_old),
  DO (move_within_old),
  DO (rename_old),
  DO (flag_in_renamed),
  DO (move_from_renamed),
  DO (make_one),
  DO (make_below),
  DO (write_below),
  DO (deliver_below),
  DO (move_below),
  DO (copy_below),
  DO (rename_made),
  DO (move_made),
  DO (remove_gone),
  DO (be_silent),
  DO (write_draft),
  DO (replace),
};
const guint mf_n_deeds = G_N_ELEMENTS (mf_deeds);

/* ---- looking ---------------------------------------------------------- */

static char *
print_flags (MfFlags flags)
{
  static const char letters[] = "DFPRST";
  GString *text = g_string_new (NULL);

  for (guint i = 0; letters[i] != '\0'; i++)
    if (flags & (1 << i))
      g_string_append_c (text, letters[i]);
  return g_string_free (text, FALSE);
}

/* @size bytes, with line ends of either kind. */
static void
add_line (GPtrArray *lines, const char *path, MfFlags flags, const char *keywords, gint64 date,
          const char *bytes, gsize size)
{
  g_autofree char *letters = print_flags (flags);
  g_autoptr (GString) text = g_string_new_len (bytes, (gssize)size);

  g_string_replace (text, "\r", "", 0);
  g_string_replace (text, "\n", "|", 0);
  g_ptr_array_add (lines, g_strdup_printf ("%s :%s %s %" G_GINT64_FORMAT " %s", path, letters,
                                           keywords != NULL ? keywords : "", date, text->str));
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static char *
join (GPtrArray *lines)
{
  g_ptr_array_sort (lines, compare);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **)lines->pdata);
}

static void
add_mailbox (GPtrArray *lines, MfFake *fake, const char *mailbox)
{
  g_autofree char *uids = mf_fake_uids (fake, mailbox);
  g_autoptr (MfUidSet) set = mf_uidset_parse (uids);

  g_ptr_array_add (lines,
                   g_strdup_printf ("%s%s", mailbox,
                                    mf_fake_is_subscribed (fake, mailbox) ? " subscribed" : ""));
  for (guint32 uid = 1; set != NULL && uid < 100; uid++)
    {
      g_autofree char *keywords = NULL;
      g_autoptr (GBytes) body = NULL;
      MfFlags flags = 0;
      if (mf_fake_message (fake, mailbox, uid, &flags, &keywords, &body)
          && (flags & MF_FLAG_DELETED) == 0)
        add_line (lines, mailbox, flags, keywords, mf_fake_date (fake, mailbox, uid),
                  g_bytes_get_data (body, NULL), g_bytes_get_size (body));
    }
}

char *
mf_deeds_on_server (MfFake *fake)
{
  g_auto (GStrv) mailboxes = mf_fake_mailboxes (fake);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; mailboxes[i] != NULL; i++)
    add_mailbox (lines, fake, mailboxes[i]);
  return join (lines);
}

/* What is to be told of a message; FALSE: its content is not here. */
typedef gboolean (*Tell) (MfCache *cache, const char *path, const MfMessage *message,
                          GPtrArray *lines);

static gboolean
add_id (const MfMessage *message, gpointer user_data)
{
  g_array_append_val (user_data, message->id);
  return TRUE;
}

static gboolean
tell_place (MfCache *cache, const MfFolder *where, const char *path, MfPlace place, Tell tell,
            GPtrArray *lines)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (MfMsgId));
  g_autoptr (GError) error = NULL;
  gboolean ok = TRUE;

  mf_check (mf_cache_list (cache, where->id, place, 0, add_id, ids, &error), error);
  for (guint i = 0; i < ids->len; i++)
    {
      g_auto (MfMessage) message = { 0 };
      /* It may go between the two looks. */
      ok &= mf_cache_message (cache, g_array_index (ids, MfMsgId, i), &message, NULL)
            && tell (cache, path, &message, lines);
    }
  return ok;
}

static gboolean
tell_tree (MfCache *cache, MfFolderId parent, const char *above, Tell tell, GPtrArray *lines)
{
  g_autoptr (GPtrArray) children = mf_cache_folder_children (cache, parent, NULL);
  gboolean ok = TRUE;

  for (guint i = 0; i < children->len; i++)
    {
      const MfFolder *child = g_ptr_array_index (children, i);
      g_autofree char *path = g_strconcat (above, child->name, NULL);
      g_autofree char *below = g_strconcat (path, "/", NULL);
      g_ptr_array_add (lines, g_strconcat (path, child->subscribed ? " subscribed" : "", NULL));
      ok &= tell_place (cache, child, path, MF_PLACE_CUR, tell, lines)
            && tell_place (cache, child, path, MF_PLACE_NEW, tell, lines)
            && tell_tree (cache, child->id, below, tell, lines);
    }
  return ok;
}

static gboolean
tell_content (MfCache *cache, const char *path, const MfMessage *message, GPtrArray *lines)
{
  g_autoptr (MfBody) body = mf_cache_body_open (cache, message->id, NULL);
  char text[1000];
  gssize n = body != NULL ? mf_body_read (body, 0, text, sizeof text, NULL) : -1;

  if (n >= 0)
    add_line (lines, path, message->flags, message->keywords, message->internaldate, text,
              (gsize)n);
  return n >= 0;
}

static gboolean
tell_name (MfCache *cache, const char *path, const MfMessage *message, GPtrArray *lines)
{
  g_ptr_array_add (lines, g_strdup_printf ("%s %d %s", path, message->place, message->base));
  return TRUE;
}

char *
mf_deeds_seen (MfCache *cache)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  return tell_tree (cache, MF_FOLDER_ROOT, "", tell_content, lines) ? join (lines) : NULL;
}

char *
mf_deeds_names (MfCache *cache)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  tell_tree (cache, MF_FOLDER_ROOT, "", tell_name, lines);
  return join (lines);
}

/* ---- learning --------------------------------------------------------- */

static void
list_tree (MfCache *cache, MfFolderId parent)
{
  g_autoptr (GPtrArray) children = mf_cache_folder_children (cache, parent, NULL);

  for (guint i = 0; i < children->len; i++)
    {
      const MfFolder *child = g_ptr_array_index (children, i);
      g_autoptr (MfPatience) patience = mf_patience_new ();
      if (mf_cache_want_folder (cache, child->id, mf_patience_done, patience))
        mf_patience_wait (patience, 1);
      list_tree (cache, child->id);
    }
}

static gboolean
fetch (MfCache *cache, const char *path, const MfMessage *message, GPtrArray *lines)
{
  g_autoptr (MfPatience) patience = mf_patience_new ();

  if (mf_cache_want_body (cache, message->id, mf_patience_done, patience))
    mf_patience_wait (patience, 1);
  return TRUE;
}

void
mf_deeds_learn (MfCache *cache)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  list_tree (cache, MF_FOLDER_ROOT);
  tell_tree (cache, MF_FOLDER_ROOT, "", fetch, lines);
}
