#include "fs/xattr.h"

#include "fs/errmap.h"
#include "fs/flagwords.h"
#include "fs/header.h"
#include "fs/inode.h"

#include <errno.h>
#include <string.h>

/* What values are made from: one of the two rows. */
typedef struct
{
  const MfMount *mount;
  MfMessage message;
  MfFolder folder; /* the message's, or the node itself */
  char *header;    /* (nullable) the first bytes of the body; read when wanted */
  gsize header_size;
} Subject;

/* NULL: does not apply. */
typedef char *(*ValueFunc) (Subject *subject, const char *argument);

typedef struct
{
  const char *name;
  ValueFunc value;
  const char *argument;
} Attribute;

static void
clear_subject (Subject *subject)
{
  mf_message_clear (&subject->message);
  mf_folder_clear (&subject->folder);
  g_clear_pointer (&subject->header, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, clear_subject)

static char *
print_number (guint64 number)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

static char *
print_number_or_nothing (guint64 number)
{
  return number > 0 ? print_number (number) : NULL;
}

/* ---- messages --------------------------------------------------------- */

static char *
get_flags (Subject *subject, const char *argument)
{
  return mf_flagwords_print (subject->message.flags, subject->message.keywords);
}

static char *
get_uid (Subject *subject, const char *argument)
{
  return print_number_or_nothing (subject->message.uid);
}

static char *
get_modseq (Subject *subject, const char *argument)
{
  return print_number_or_nothing (subject->message.modseq);
}

static char *
get_internaldate (Subject *subject, const char *argument)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (subject->message.internaldate);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

static char *
get_size (Subject *subject, const char *argument)
{
  return print_number (subject->message.size);
}

static char *
get_labels (Subject *subject, const char *argument)
{
  return g_strdup (subject->message.labels);
}

static char *
get_threadid (Subject *subject, const char *argument)
{
  return g_strdup (subject->message.threadid);
}

static char *
get_emailid (Subject *subject, const char *argument)
{
  return g_strdup (subject->message.emailid);
}

static char *
get_state (Subject *subject, const char *argument)
{
  return mf_cache_message_state (subject->mount->cache, subject->message.id);
}

static void
read_header (Subject *subject)
{
  g_autoptr (MfBody) body = NULL;
  gssize n = 1;

  subject->header = g_malloc (MF_HEADER_MAX);
  body = mf_cache_body_open (subject->mount->cache, subject->message.id, NULL);
  while (body != NULL && n > 0 && subject->header_size < MF_HEADER_MAX)
    {
      n = mf_body_read (body, subject->header_size, subject->header + subject->header_size,
                        MF_HEADER_MAX - subject->header_size, NULL);
      subject->header_size += (gsize)MAX (n, 0);
    }
}

static char *
get_field (Subject *subject, const char *argument)
{
  if (!subject->message.cached)
    return NULL;
  if (subject->header == NULL)
    read_header (subject);
  return mf_header_field (subject->header, subject->header_size, argument);
}

/* ---- folders, and the folder of a message ----------------------------- */

/* From the leaf to the root. */
static char *
get_mailbox (Subject *subject, const char *argument)
{
  g_autoptr (GString) path = g_string_new (subject->folder.name);
  MfFolderId parent = subject->folder.parent;

  if (subject->folder.mailbox == NULL)
    return NULL;
  while (parent != MF_FOLDER_ROOT)
    {
      g_auto (MfFolder) folder = { 0 };

      if (!mf_cache_folder (subject->mount->cache, parent, &folder, NULL))
        return NULL;
      g_string_prepend_c (path, '/');
      g_string_prepend (path, folder.name);
      parent = folder.parent;
    }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

static char *
get_uidvalidity (Subject *subject, const char *argument)
{
  return print_number_or_nothing (subject->folder.uidvalidity);
}

static char *
get_uidnext (Subject *subject, const char *argument)
{
  return print_number_or_nothing (subject->folder.uidnext);
}

static char *
get_messages (Subject *subject, const char *argument)
{
  return subject->folder.selectable ? print_number (subject->folder.messages) : NULL;
}

static char *
get_unseen (Subject *subject, const char *argument)
{
  return subject->folder.selectable ? print_number (subject->folder.unseen) : NULL;
}

static char *
get_special_use (Subject *subject, const char *argument)
{
  static const char *const names[] = {
    [MF_USE_ALL] = "\\All",
    [MF_USE_ARCHIVE] = "\\Archive",
    [MF_USE_DRAFTS] = "\\Drafts",
    [MF_USE_FLAGGED] = "\\Flagged",
    [MF_USE_IMPORTANT] = "\\Important",
    [MF_USE_JUNK] = "\\Junk",
    [MF_USE_SENT] = "\\Sent",
    [MF_USE_TRASH] = "\\Trash",
  };
  MfSpecialUse use = subject->folder.special_use;

  return use < G_N_ELEMENTS (names) ? g_strdup (names[use]) : NULL;
}

static char *
get_subscribed (Subject *subject, const char *argument)
{
  if (subject->folder.id == MF_FOLDER_ROOT)
    return NULL;
  return g_strdup (subject->folder.subscribed ? "1" : "0");
}

static char *
get_quota (Subject *subject, const char *argument)
{
  MfQuota quota = mf_cache_quota (subject->mount->cache);

  if (!subject->folder.selectable || quota.limit_bytes == 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, quota.used_bytes,
                          quota.limit_bytes);
}

/* ---- tables ----------------------------------------------------------- */

static const Attribute message_attributes[] = {
  { "user.imap.flags", get_flags },
  { "user.imap.uid", get_uid },
  { "user.imap.uidvalidity", get_uidvalidity },
  { "user.imap.mailbox", get_mailbox },
  { "user.imap.modseq", get_modseq },
  { "user.imap.internaldate", get_internaldate },
  { "user.imap.size", get_size },
  { "user.imap.labels", get_labels },
  { "user.imap.threadid", get_threadid },
  { "user.imap.emailid", get_emailid },
  { "user.mail.subject", get_field, "Subject" },
  { "user.mail.from", get_field, "From" },
  { "user.mail.to", get_field, "To" },
  { "user.mail.date", get_field, "Date" },
  { "user.mail.message-id", get_field, "Message-ID" },
  { "user.mailfs.state", get_state },
  { NULL },
};

static const Attribute folder_attributes[] = {
  { "user.imap.mailbox", get_mailbox },
  { "user.imap.uidvalidity", get_uidvalidity },
  { "user.imap.uidnext", get_uidnext },
  { "user.imap.messages", get_messages },
  { "user.imap.unseen", get_unseen },
  { "user.imap.special-use", get_special_use },
  { "user.imap.subscribed", get_subscribed },
  { "user.imap.quota", get_quota },
  { NULL },
};

static const Attribute no_attributes[] = { { NULL } };

/* The attributes that @node may have, or NULL on error. */
static const Attribute *
load (const MfMount *mount, fuse_ino_t node, Subject *out_subject, GError **error)
{
  MfInode inode = mf_inode_from_node (node);
  const Attribute *attributes = folder_attributes;
  MfFolderId folder = inode.id;

  out_subject->mount = mount;
  if (!mf_inode_is_message (inode) && inode.kind != MF_INODE_FOLDER)
    return no_attributes;
  if (mf_inode_is_message (inode))
    {
      if (!mf_cache_message (mount->cache, inode.id, &out_subject->message, error))
        return NULL;
      folder = out_subject->message.folder;
      attributes = message_attributes;
    }
  if (!mf_cache_folder (mount->cache, folder, &out_subject->folder, error))
    return NULL;
  return attributes;
}

/* ---- requests --------------------------------------------------------- */

/* @size 0 asks how much there is. */
static void
reply_value (fuse_req_t req, const char *value, gsize n, size_t size)
{
  if (size == 0)
    fuse_reply_xattr (req, n);
  else if (n > size)
    fuse_reply_err (req, ERANGE);
  else
    fuse_reply_buf (req, value, n);
}

static char *
get_value (const Attribute *attributes, Subject *subject, const char *name)
{
  for (const Attribute *a = attributes; a->name != NULL; a++)
    if (g_str_equal (a->name, name))
      return a->value (subject, a->argument);
  return NULL;
}

void
mf_xattr_get (fuse_req_t req, fuse_ino_t node, const char *name, size_t size)
{
  g_auto (Subject) subject = { 0 };
  g_autoptr (GError) error = NULL;
  const Attribute *attributes;
  g_autofree char *value = NULL;

  /* With this answer ls(1) does not ask again for each file. */
  if (!g_str_has_prefix (name, "user."))
    {
      fuse_reply_err (req, EOPNOTSUPP);
      return;
    }
  attributes = load (mf_mount_of (req), node, &subject, &error);
  if (attributes == NULL)
    {
      fuse_reply_err (req, mf_errmap_report (error, "getxattr"));
      return;
    }
  value = get_value (attributes, &subject, name);
  if (value != NULL)
    reply_value (req, value, strlen (value), size);
  else
    fuse_reply_err (req, ENODATA);
}

void
mf_xattr_list (fuse_req_t req, fuse_ino_t node, size_t size)
{
  g_auto (Subject) subject = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  const Attribute *attributes = load (mf_mount_of (req), node, &subject, &error);

  if (attributes == NULL)
    {
      fuse_reply_err (req, mf_errmap_report (error, "listxattr"));
      return;
    }
  for (const Attribute *a = attributes; a->name != NULL; a++)
    {
      g_autofree char *value = a->value (&subject, a->argument);

      if (value != NULL)
        g_string_append_len (names, a->name, (gssize)strlen (a->name) + 1);
    }
  reply_value (req, names->str, names->len, size);
}
