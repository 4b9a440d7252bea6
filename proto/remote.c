#include "proto/remote.h"

#include <string.h>

#include "proto/announce.h"
#include "proto/append.h"
#include "proto/body.h"
#include "proto/fetch.h"
#include "proto/idle.h"
#include "proto/list.h"
#include "proto/login.h"
#include "proto/mailbox.h"
#include "proto/search.h"
#include "proto/select.h"
#include "proto/session.h"
#include "proto/status.h"
#include "proto/store.h"

G_DEFINE_QUARK (mf - remote - error - quark, mf_remote_error)

guint
mf_remote_error_backoff_ms (const GError *error)
{
  static const char phrase[] = "suggested backoff time:";
  g_autofree char *folded = NULL;
  const char *at;
  guint64 ms;

  if (!g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY))
    return 0;
  folded = g_ascii_strdown (error->message, -1);
  at = strstr (folded, phrase);
  if (at == NULL)
    return 0;
  ms = g_ascii_strtoull (at + strlen (phrase), NULL, 10);
  return (guint)MIN (ms, G_MAXUINT);
}

void
mf_secret_free (char *secret)
{
  if (secret == NULL)
    return;
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
mf_copied_clear (MfCopied *copied)
{
  g_clear_pointer (&copied->pairs, g_array_unref);
  copied->uidvalidity = 0;
}

void
mf_heard_clear (MfHeard *heard)
{
  g_clear_pointer (&heard->mailboxes, g_hash_table_unref);
  heard->here = heard->tree = FALSE;
}

static MfCaps
get_caps (MfRemote *self)
{
  static const struct
  {
    const char *name;
    MfCaps cap;
  } names[] = {
    { "MOVE", MF_CAP_MOVE },
    { "UIDPLUS", MF_CAP_UIDPLUS },
    { "CONDSTORE", MF_CAP_CONDSTORE },
    { "IDLE", MF_CAP_IDLE },
    { "QUOTA", MF_CAP_QUOTA },
    { "LIST-STATUS", MF_CAP_LIST_STATUS },
    { "MULTIAPPEND", MF_CAP_MULTIAPPEND },
    { "X-GM-EXT-1", MF_CAP_GMAIL },
    { "OBJECTID", MF_CAP_OBJECTID },
    { "CREATE-SPECIAL-USE", MF_CAP_CREATE_SPECIAL_USE },
    { "NOTIFY", MF_CAP_NOTIFY },
  };
  MfCaps caps = self->qresync ? MF_CAP_QRESYNC | MF_CAP_CONDSTORE : 0;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (mf_session_can (self, names[i].name))
      caps |= names[i].cap;
  return caps;
}

static const char *
get_keywords (MfRemote *self)
{
  return self->keywords->str;
}

static gboolean
noop (MfRemote *self, GCancellable *cancellable, GError **error)
{
  return mf_session_enter (self, cancellable, error) && mf_session_run (self, "NOOP", error);
}

const MfRemoteOps mf_remote_imap = {
  .open = mf_login_open,
  .close = mf_session_free,
  .caps = get_caps,
  .list = mf_list_run,
  .status = mf_status_run,
  .select = mf_select_run,
  .keywords = get_keywords,
  .fetch = mf_fetch_run,
  .uids = mf_search_all,
  .bodies = mf_body_run,
  .search = mf_search_run,
  .store = mf_store_flags,
  .store_labels = mf_store_labels,
  .copy = mf_store_copy,
  .move = mf_store_move,
  .expunge = mf_store_expunge,
  .append = mf_append_run,
  .create = mf_mailbox_create,
  .delete = mf_mailbox_delete,
  .rename = mf_mailbox_rename,
  .subscribe = mf_mailbox_subscribe,
  .quota = mf_mailbox_quota,
  .announce = mf_announce_run,
  .idle = mf_idle_run,
  .noop = noop,
};
