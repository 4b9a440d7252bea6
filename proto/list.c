#include "proto/list.h"

#include "proto/announce.h"
#include "proto/quote.h"
#include "proto/status.h"

enum
{
  /* More than any account has, and less than would fill the memory. */
  MAX_MAILBOXES = 100000
};

typedef struct
{
  char *mailbox;
  MfRemoteFolder record;
  MfMailboxStatus status;
  gboolean has_status;
} Entry;

typedef struct
{
  MfRemote *remote;
  GPtrArray *entries;     /* Entry, in the server's order */
  GHashTable *by_name;    /* borrowed name -> borrowed Entry */
  GHashTable *subscribed; /* names from LSUB */
  GString *name;
  gboolean marks_subscribed; /* LIST itself says \Subscribed */
  gboolean is_too_long;
} Listing;

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_free (entry->mailbox);
  g_free (entry);
}

static void
listing_clear (Listing *self)
{
  g_clear_pointer (&self->by_name, g_hash_table_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->subscribed, g_hash_table_unref);
  if (self->name != NULL)
    g_string_free (self->name, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Listing, listing_clear)

static void
listing_init (Listing *self, MfRemote *remote)
{
  self->remote = remote;
  self->entries = g_ptr_array_new_with_free_func (free_entry);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->subscribed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->name = g_string_new (NULL);
}

/* INBOX is one name, however a server spells it from line to line. */
static const char *
canonical (const char *name)
{
  return g_ascii_strcasecmp (name, "INBOX") == 0 ? "INBOX" : name;
}

/* ---- LIST ------------------------------------------------------------- */

static const struct
{
  const char *name;
  MfSpecialUse use;
} uses[] = {
  { "\\All", MF_USE_ALL },
  { "\\Archive", MF_USE_ARCHIVE },
  { "\\Drafts", MF_USE_DRAFTS },
  { "\\Flagged", MF_USE_FLAGGED },
  { "\\Important", MF_USE_IMPORTANT },
  { "\\Junk", MF_USE_JUNK },
  { "\\Sent", MF_USE_SENT },
  { "\\Trash", MF_USE_TRASH },
};

static void
take_attribute (MfRemoteFolder *record, const MfScan *word)
{
  if (mf_scan_is (word, "\\Noselect") || mf_scan_is (word, "\\NonExistent"))
    record->selectable = FALSE;
  else if (mf_scan_is (word, "\\Noinferiors"))
    record->no_inferiors = TRUE;
  else if (mf_scan_is (word, "\\Subscribed"))
    record->subscribed = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (uses); i++)
    if (mf_scan_is (word, uses[i].name))
      record->special_use = uses[i].use;
}

/* "(\attributes) "/" name", and extended data that nobody asked for. */
static gboolean
parse_list (MfScan s, MfRemoteFolder *record, GString *name)
{
  MfScan word;

  record->selectable = TRUE;
  if (!mf_scan_char (&s, '('))
    return FALSE;
  for (mf_scan_spaces (&s); !mf_scan_char (&s, ')'); mf_scan_spaces (&s))
    {
      /* A lone backslash and the like are read over. */
      if (!mf_scan_word (&s, &word))
        return FALSE;
      take_attribute (record, &word);
    }
  mf_scan_spaces (&s);
  g_string_truncate (name, 0);
  if (s.at < s.end && *s.at == '"')
    {
      if (!mf_scan_string (&s, name))
        return FALSE;
      record->delimiter = name->str[0];
    }
  else if (!mf_scan_word (&s, &word) || !mf_scan_is (&word, "NIL"))
    return FALSE;
  mf_scan_spaces (&s);
  g_string_truncate (name, 0);
  return mf_scan_string (&s, name) && name->len > 0;
}

static void
take_list (Listing *self, MfScan args)
{
  MfRemoteFolder record = { 0 };
  const char *name;
  Entry *entry;

  if (!parse_list (args, &record, self->name))
    return;
  name = canonical (self->name->str);
  if (g_hash_table_contains (self->by_name, name))
    return;
  if (self->entries->len == MAX_MAILBOXES)
    {
      self->is_too_long = TRUE;
      return;
    }
  entry = g_new0 (Entry, 1);
  entry->mailbox = g_strdup (name);
  entry->record = record;
  g_ptr_array_add (self->entries, entry);
  g_hash_table_insert (self->by_name, entry->mailbox, entry);
  if (self->remote->account->traffic != NULL)
    g_atomic_pointer_add (&self->remote->account->traffic->mailboxes, 1);
}

static void
take_lsub (Listing *self, MfScan args)
{
  MfRemoteFolder record = { 0 };

  if (parse_list (args, &record, self->name)
      && g_hash_table_size (self->subscribed) < MAX_MAILBOXES)
    g_hash_table_add (self->subscribed, g_strdup (canonical (self->name->str)));
}

static void
take_status (Listing *self, MfScan args)
{
  MfMailboxStatus status;
  Entry *entry;

  if (!mf_status_parse (args, self->name, &status))
    return;
  /* It always says more when it is asked. */
  if (self->remote->announces && status.uidvalidity == 0)
    {
      mf_announce_note_status (self->remote, args);
      return;
    }
  entry = g_hash_table_lookup (self->by_name, canonical (self->name->str));
  if (entry == NULL)
    return;
  entry->status = status;
  entry->has_status = TRUE;
}

static void
take_reply (const MfReply *reply, gpointer user_data)
{
  if (mf_reply_is (reply, "LIST"))
    take_list (user_data, reply->args);
  else if (mf_reply_is (reply, "LSUB"))
    take_lsub (user_data, reply->args);
  else if (mf_reply_is (reply, "STATUS"))
    take_status (user_data, reply->args);
}

/* ---- the commands ----------------------------------------------------- */

static char *
list_command (MfRemote *self, gboolean with_status)
{
  g_autoptr (GString) command = g_string_new ("LIST \"\" \"*\"");

  if (!mf_session_can (self, "LIST-EXTENDED"))
    return g_string_free (g_steal_pointer (&command), FALSE);
  g_string_append (command, " RETURN (SUBSCRIBED");
  if (mf_session_can (self, "SPECIAL-USE"))
    g_string_append (command, " SPECIAL-USE");
  if (with_status && mf_session_can (self, "LIST-STATUS"))
    g_string_append_printf (command, " STATUS %s", mf_status_items (self));
  g_string_append_c (command, ')');
  return g_string_free (g_steal_pointer (&command), FALSE);
}

static gboolean
ask_names (MfRemote *self, Listing *listing, gboolean with_status, GError **error)
{
  g_autofree char *command = list_command (self, with_status);

  listing->marks_subscribed = mf_session_can (self, "LIST-EXTENDED");
  if (!mf_session_run (self, command, error))
    return FALSE;
  if (listing->marks_subscribed)
    return TRUE;
  return mf_session_run (self, "LSUB \"\" \"*\"", error);
}

/* For servers that cannot do it within LIST: one STATUS each, many in flight.
 * Their refusals are theirs alone. */
static gboolean
ask_statuses (MfRemote *self, Listing *listing, GError **error)
{
  enum
  {
    WINDOW = 32
  };
  guint in_flight = 0;

  for (guint i = 0; i < listing->entries->len || in_flight > 0;)
    {
      Entry *entry = i < listing->entries->len ? g_ptr_array_index (listing->entries, i) : NULL;

      if (entry == NULL || in_flight == WINDOW)
        {
          if (!mf_session_wait (self, NULL, NULL, error))
            return FALSE;
          in_flight--;
          continue;
        }
      if (entry->record.selectable)
        {
          g_autoptr (GString) command = g_string_new ("STATUS ");

          if (mf_quote_append (command, entry->mailbox, NULL))
            {
              g_string_append_printf (command, " %s", mf_status_items (self));
              mf_session_queue (self, command->str);
              in_flight++;
            }
        }
      i++;
    }
  return TRUE;
}

gboolean
mf_list_run (MfRemote *self, gboolean with_status,
             void (*folder) (const MfRemoteFolder *, gpointer), gpointer user_data,
             GCancellable *cancellable, GError **error)
{
  g_auto (Listing) listing = { 0 };

  if (!mf_session_enter (self, cancellable, error))
    return FALSE;
  listing_init (&listing, self);
  self->takes_statuses = TRUE;
  mf_session_handle (self, take_reply, &listing);
  if (!ask_names (self, &listing, with_status, error))
    return FALSE;
  if (listing.is_too_long)
    return mf_session_protocol_error (self, "the server lists more mailboxes than can be", error);
  if (with_status
      && !(mf_session_can (self, "LIST-EXTENDED") && mf_session_can (self, "LIST-STATUS"))
      && !ask_statuses (self, &listing, error))
    return FALSE;
  for (guint i = 0; i < listing.entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (listing.entries, i);

      entry->record.mailbox = entry->mailbox;
      entry->record.status = entry->has_status ? &entry->status : NULL;
      if (!listing.marks_subscribed)
        entry->record.subscribed = g_hash_table_contains (listing.subscribed, entry->mailbox);
      folder (&entry->record, user_data);
    }
  return TRUE;
}
