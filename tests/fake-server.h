/* fake-server.h - what the sessions of fake-remote.c share. */
#pragma once

#include "tests/fake-mailbox.h"

typedef struct
{
  MfFakeOp op;
  char *mailbox; /* (nullable) any */
  MfRemoteError code;
  guint n;
} MfFakeFailure;

struct _MfFake
{
  MfAccount account;
  GMutex lock; /* guards all that follows */
  GCond changed;
  MfCaps caps;
  GPtrArray *mailboxes; /* of MfFakeMailbox, in the order they were made */
  guint32 next_validity;
  guint next_emailid;
  guint n_sessions;
  guint epoch; /* sessions of another one are dead */
  gboolean online;
  guint64 quota_limit_bytes;
  gsize piece;

  guint counts[MF_FAKE_N_OPS];
  guint n_rows;
  GString *bodies_sent;

  MfFakeStep (*step) (gpointer user_data); /* (nullable) */
  gpointer step_data;
  GArray *failures; /* of MfFakeFailure */
  guint lose[MF_FAKE_N_OPS];
  gint rows_to_live; /* -1: no limit */
  guint32 die_uid;
  gsize die_bytes;
  guint refuse_batches;
  MfRemoteError refuse_code;
  gboolean hold[MF_FAKE_N_OPS];
  gboolean hold_one[MF_FAKE_N_OPS];
  gboolean hold_answer[MF_FAKE_N_OPS];
  guint n_held[MF_FAKE_N_OPS];
};

/* With the lock.  NULL: there is none. */
MfFakeMailbox *mf_fake_find (MfFake *self, const char *mailbox);
MfFakeMailbox *mf_fake_add (MfFake *self, const char *mailbox);
/* Children stay; then it stays as well, without messages. */
void mf_fake_drop (MfFake *self, MfFakeMailbox *mailbox);
gboolean mf_fake_has_children (MfFake *self, const char *mailbox);
MfFakeMessage *mf_fake_put (MfFake *self, MfFakeMailbox *mailbox, GBytes *body, MfFlags flags,
                            const char *keywords);
guint64 mf_fake_used_bytes (MfFake *self);
/* FALSE: no session is alive now. */
gboolean mf_fake_take_step (MfFake *self);
/* With the lock from here on.  It must be there. */
MfFakeMailbox *mf_fake_lock_mailbox (MfFake *self, const char *mailbox);
MfFakeMessage *mf_fake_lock_message (MfFake *self, const char *mailbox, guint32 uid);
/* Whoever waits looks again. */
void mf_fake_unlock (MfFake *self);
