/* fake-remote.h - a mail server in memory, behind the table of remote.h.
 *
 * Shape:   mailboxes with messages, as many sessions as are opened.  Besides, the
 *          test plays another client (mf_fake_append() and so on), breaks things,
 *          holds operations back and counts them.
 * Units:   as in remote.h; bodies are wire bytes.
 * Threads: any.  Sinks are called with no lock held.
 * Source:  proto/remote.h.
 */
#pragma once

#include "proto/remote.h"

typedef struct _MfFake MfFake;

extern const MfRemoteOps mf_fake_ops;

typedef enum
{
  MF_FAKE_OPEN,
  MF_FAKE_LIST,
  MF_FAKE_STATUS,
  MF_FAKE_SELECT,
  MF_FAKE_FETCH,
  MF_FAKE_UIDS,
  MF_FAKE_BODIES,
  MF_FAKE_SEARCH,
  MF_FAKE_STORE,
  MF_FAKE_COPY,
  MF_FAKE_MOVE,
  MF_FAKE_EXPUNGE,
  MF_FAKE_APPEND,
  MF_FAKE_CREATE,
  MF_FAKE_DELETE,
  MF_FAKE_RENAME,
  MF_FAKE_SUBSCRIBE,
  MF_FAKE_QUOTA,
  MF_FAKE_ANNOUNCE,
  MF_FAKE_IDLE,
  MF_FAKE_NOOP,
  MF_FAKE_N_OPS,
} MfFakeOp;

/* All sessions must be closed before it is freed.  It has an empty INBOX. */
MfFake *mf_fake_new (MfCaps caps);
void mf_fake_free (MfFake *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfFake, mf_fake_free)
/* What sessions of this server are opened with.  Its timeout is 2 s. */
const MfAccount *mf_fake_account (MfFake *self);
void mf_fake_set_caps (MfFake *self, MfCaps caps); /* of sessions opened from now on */

/* ---- another client --------------------------------------------------- */

/* With '/' between components; no parent is made. */
void mf_fake_create (MfFake *self, const char *mailbox);
void mf_fake_create_plain (MfFake *self, const char *mailbox); /* \NoSelect */
void mf_fake_remove (MfFake *self, const char *mailbox);
void mf_fake_set_selectable (MfFake *self, const char *mailbox, gboolean selectable);
void mf_fake_subscribe (MfFake *self, const char *mailbox, gboolean on);
void mf_fake_set_use (MfFake *self, const char *mailbox, MfSpecialUse use);
/* PERMANENTFLAGS is without them: a STORE is answered yes, and changes none. */
void mf_fake_set_fixed (MfFake *self, const char *mailbox, MfFlags flags);
/* New UIDVALIDITY: the same messages with UIDs from 1. */
void mf_fake_renumber (MfFake *self, const char *mailbox);

/* Returns the UID.  @keywords (nullable).  INTERNALDATE is the UID, in minutes
 * after the epoch's first day. */
guint32 mf_fake_append (MfFake *self, const char *mailbox, const char *body, MfFlags flags,
                        const char *keywords);
guint32 mf_fake_append_bytes (MfFake *self, const char *mailbox, GBytes *body, MfFlags flags,
                              const char *keywords);
/* @n short messages, one like the other but for a number. */
void mf_fake_fill (MfFake *self, const char *mailbox, guint n);
void mf_fake_set_flags (MfFake *self, const char *mailbox, guint32 uid, MfFlags flags,
                        const char *keywords);
void mf_fake_set_date (MfFake *self, const char *mailbox, guint32 uid, gint64 internaldate);
void mf_fake_set_labels (MfFake *self, const char *mailbox, guint32 uid, const char *labels);
void mf_fake_expunge (MfFake *self, const char *mailbox, guint32 uid);
/* As after a crash of the server, without a word to whom only changes are told: one that
 * was expunged is there again, another is not. */
void mf_fake_put_back (MfFake *self, const char *mailbox, guint32 uid, const char *body);
void mf_fake_lose (MfFake *self, const char *mailbox, guint32 uid);

/* ---- looking at the server -------------------------------------------- */

/* Those that can be selected, (transfer full). */
char **mf_fake_mailboxes (MfFake *self);
gboolean mf_fake_has_mailbox (MfFake *self, const char *mailbox);
gboolean mf_fake_is_subscribed (MfFake *self, const char *mailbox);
/* UIDs as in mf_uidset_to_string(), (transfer full). */
char *mf_fake_uids (MfFake *self, const char *mailbox);
/* As "1:S 2: 3:FS$Junk".  (transfer full) */
char *mf_fake_messages (MfFake *self, const char *mailbox);
guint32 mf_fake_uidvalidity (MfFake *self, const char *mailbox);
/* FALSE: no such message.  @out_keywords, @out_body (optional) (transfer full). */
gboolean mf_fake_message (MfFake *self, const char *mailbox, guint32 uid, MfFlags *out_flags,
                          char **out_keywords, GBytes **out_body);
gint64 mf_fake_date (MfFake *self, const char *mailbox, guint32 uid);

/* How often an operation was begun, refused or not; how many FETCH lines were sent. */
guint mf_fake_count (MfFake *self, MfFakeOp op);
guint mf_fake_n_rows (MfFake *self);
/* Bodies in the order in which they were sent or were NIL, as "mailbox:uid "...;
 * (transfer full). */
char *mf_fake_bodies_sent (MfFake *self);
void mf_fake_reset_counts (MfFake *self);
guint mf_fake_n_sessions (MfFake *self);

/* ---- trouble ---------------------------------------------------------- */

typedef enum
{
  MF_FAKE_GO_ON,
  MF_FAKE_BE_CUT,   /* sessions die there, as by mf_fake_cut(), */
  MF_FAKE_GO_AWAY,  /* or the server, as by mf_fake_set_online() */
} MfFakeStep;

/* Called, with the server's lock held, before each operation that has a part in a
 * change, and when it is done on the server but not told; where it is about many
 * messages, before each. */
void mf_fake_set_step (MfFake *self, MfFakeStep (*func) (gpointer), gpointer user_data);
/* The same for what happens elsewhere. */
void mf_fake_step (MfFake *self);
/* FALSE: sessions die, whatever waits in one ends, none can be opened. */
void mf_fake_set_online (MfFake *self, gboolean online);
/* Sessions die, but new ones can be opened. */
void mf_fake_cut (MfFake *self);
/* The next @n of @op end with @code before they do anything; a code that kills a
 * session does so. */
void mf_fake_fail (MfFake *self, MfFakeOp op, MfRemoteError code, guint n);
/* Only where @mailbox is selected, or for SELECT is to be. */
void mf_fake_fail_in (MfFake *self, const char *mailbox, MfFakeOp op, MfRemoteError code,
                      guint n);
void mf_fake_forget_failures (MfFake *self);
/* The next @n of @op are done in full, then the session dies before it is told. */
void mf_fake_lose_answer (MfFake *self, MfFakeOp op, guint n);
/* The next FETCH dies after @n lines; (guint) -1: none does. */
void mf_fake_die_after_rows (MfFake *self, guint n);
/* The session dies once when it has sent @bytes of that body. */
void mf_fake_die_in_body (MfFake *self, guint32 uid, gsize bytes);
/* The next @n batches of bodies are answered NO, as @code, with nothing sent. */
void mf_fake_refuse_batches (MfFake *self, MfRemoteError code, guint n);

typedef enum
{
  MF_FAKE_BODY_SENT,
  MF_FAKE_BODY_NIL,
  MF_FAKE_BODY_MISSING, /* the answer is complete without it */
} MfFakeBody;
void mf_fake_set_body (MfFake *self, const char *mailbox, guint32 uid, MfFakeBody how);
/* RFC822.SIZE. */
void mf_fake_claim_size (MfFake *self, const char *mailbox, guint32 uid, guint64 size);
void mf_fake_set_quota (MfFake *self, guint64 limit_bytes);
/* Bodies come in pieces of at most so much. */
void mf_fake_set_piece (MfFake *self, gsize bytes);

/* Operations of that kind wait at their beginning until mf_fake_release(). */
void mf_fake_hold (MfFake *self, MfFakeOp op);
void mf_fake_hold_one (MfFake *self, MfFakeOp op); /* the next of them, alone */
/* They are done in full, but for BODIES and IDLE, and their answers wait until then; those
 * of a session that dies meanwhile are lost.  A refusal does not wait. */
void mf_fake_hold_answer (MfFake *self, MfFakeOp op);
void mf_fake_release (MfFake *self, MfFakeOp op);
/* Waits until @n of @op are held, or for IDLE: are waiting.  FALSE: not in time. */
gboolean mf_fake_wait_held (MfFake *self, MfFakeOp op, guint n);
