/* rig.h - an index, a server in memory and a link between them, for one test.
 *
 * Threads: one.
 */
#pragma once

#include "cache/cache.h"
#include "cache/db.h"
#include "cache/link.h"
#include "cache/pull.h"
#include "cache/settle.h"
#include "tests/event-log.h"
#include "tests/fake-remote.h"

typedef struct
{
  char *dir, *cache_dir;
  MfCaps caps;
  MfDb *db;
  MfFake *fake;
  MfLink *link;
  MfEventLog *log;
  MfNews *news; /* goes to log */
  MfDrafts *drafts;
  MfBodies *bodies;
  MfSettle settle; /* of all these */
} MfRig;

void mf_rig_init (MfRig *self, MfCaps caps);
void mf_rig_clear (MfRig *self);
/* The same for g_test_add(): the caps are GUINT_TO_POINTER() in @data. */
void mf_rig_set_up (MfRig *self, gconstpointer data);
void mf_rig_tear_down (MfRig *self, gconstpointer data);
/* The same with rows of INBOX and "other" that were never listed, and with "other" on the
 * server. */
void mf_rig_set_up_unlisted (MfRig *self, gconstpointer data);

/* What servers can do to tell of changes: nothing, CONDSTORE alone, QRESYNC. */
typedef struct
{
  const char *name;
  MfCaps caps;
} MfRigStep;
#define MF_RIG_N_STEPS 3
extern const MfRigStep mf_rig_steps[MF_RIG_N_STEPS];
/* Adds "@path, NAME" for each, with mf_rig_set_up_unlisted(). */
void mf_rig_add_each (const char *path, void (*func) (MfRig *, gconstpointer));

/* Closes the index and opens it anew. */
void mf_rig_reopen (MfRig *self);
/* A new link; the old one's session is closed. */
void mf_rig_relink (MfRig *self);

/* mf_pull_folder() and mf_pull_tree(); the link is opened, and checked when they
 * fail. */
gboolean mf_rig_try_pull_folder (MfRig *self, const char *mailbox, GError **error);
gboolean mf_rig_try_pull_tree (MfRig *self, const MfFolderFilter *filter, GArray *out_stale,
                               GArray *out_untold, GError **error);
/* Must succeed. */
void mf_rig_pull_folder (MfRig *self, const char *mailbox);

/* Rows made by hand.  @mailbox with '/' between components. */
MfFolderId mf_rig_put_folder (MfRig *self, const char *mailbox);
MfMsgId mf_rig_put_message (MfRig *self, MfFolderId folder, guint32 uid, guint64 size);
/* Must succeed. */
void mf_rig_sql (MfRig *self, const char *sql);
gint64 mf_rig_number (MfRig *self, const char *sql);

/* The row of a mailbox that must be there. */
MfFolderId mf_rig_find (MfRig *self, const char *mailbox);
/* What is seen in the folder, as "1:S 2: 3:FS$Junk", UIDs ascending.  (transfer full) */
char *mf_rig_messages (MfRig *self, const char *mailbox);
/* UIDs in cur/ or new/.  (transfer full) */
char *mf_rig_uids (MfRig *self, const char *mailbox, MfPlace place);
/* The same is seen on the server; the folder's counts are true.  For the only one that
 * has messages. */
void mf_rig_assert_same (MfRig *self, const char *mailbox);
