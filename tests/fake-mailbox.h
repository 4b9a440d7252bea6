/* fake-mailbox.h - one mailbox of the server in memory.
 *
 * Shape:   messages ascending by UID, and what was expunged.
 * Threads: the caller's lock guards it.
 */
#pragma once

#include "tests/fake-remote.h"

typedef struct
{
  guint32 uid;
  MfFlags flags;
  char *keywords; /* sorted, separated by one space; "" */
  gint64 internaldate;
  GBytes *body;
  guint64 modseq;
  guint64 size; /* as claimed */
  MfFakeBody how;
  char *emailid;
  char *labels; /* (nullable) */
} MfFakeMessage;

typedef struct
{
  guint32 uid;
  guint64 modseq;
} MfFakeVanished;

typedef struct
{
  char *name;
  gboolean selectable, subscribed;
  MfSpecialUse use;
  MfFlags fixed; /* those that no STORE changes */
  guint32 uidvalidity, uidnext;
  guint64 modseq;       /* counts expunges as well */
  guint64 flags_modseq; /* the same without them: all that CONDSTORE promises */
  guint changes;        /* for those who idle */
  GPtrArray *messages;  /* of MfFakeMessage */
  GArray *vanished;     /* of MfFakeVanished */
} MfFakeMailbox;

MfFakeMailbox *mf_fake_mailbox_new (const char *name, guint32 uidvalidity);
void mf_fake_mailbox_free (MfFakeMailbox *self);

MfFakeMessage *mf_fake_mailbox_find (MfFakeMailbox *self, guint32 uid);
/* A new message at the end.  @body is borrowed, @keywords, @emailid (nullable). */
MfFakeMessage *mf_fake_mailbox_append (MfFakeMailbox *self, GBytes *body, MfFlags flags,
                                       const char *keywords, const char *emailid);
/* To be called when something of @message has been changed. */
void mf_fake_mailbox_touch (MfFakeMailbox *self, MfFakeMessage *message);
gboolean mf_fake_mailbox_expunge (MfFakeMailbox *self, guint32 uid);
/* The same without a trace, */
gboolean mf_fake_mailbox_lose (MfFakeMailbox *self, guint32 uid);
/* and its opposite: as if it had always been there. */
void mf_fake_mailbox_put_back (MfFakeMailbox *self, guint32 uid, GBytes *body);
void mf_fake_mailbox_renumber (MfFakeMailbox *self, guint32 uidvalidity);
void mf_fake_mailbox_status (MfFakeMailbox *self, MfCaps caps, MfMailboxStatus *out);

MfFakeMessage *mf_fake_message_copy (const MfFakeMessage *self);
void mf_fake_message_free (MfFakeMessage *self);
void mf_fake_message_set_keywords (MfFakeMessage *self, const char *keywords);
/* Those of @keywords (nullable) come or go.  Returns whether that changed anything. */
gboolean mf_fake_message_change_keywords (MfFakeMessage *self, const char *keywords,
                                          gboolean add);
