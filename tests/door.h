/* door.h - a cache as those see it who use it, and its server in memory, for one test.
 *
 * Threads: one; the account's workers run beside, and readers may call what only looks.
 */
#pragma once

#include "cache/cache.h"
#include "tests/event-log.h"
#include "tests/fake-remote.h"

#define MF_DOOR_OK (-1) /* no error's code */
/* What servers can do: sync well; and change well besides. */
#define MF_DOOR_SYNC (MF_CAP_CONDSTORE | MF_CAP_QRESYNC | MF_CAP_IDLE)
#define MF_DOOR_FULL (MF_DOOR_SYNC | MF_CAP_UIDPLUS | MF_CAP_MOVE)

typedef struct
{
  char *dir, *state_dir, *cache_dir;
  MfCaps caps;
  MfFake *fake;
  MfEventLog *log;
  MfRemoteOps ops;        /* of fake; a test may put others in their place */
  MfCacheOptions options; /* for the next opening */
  MfCache *cache;         /* (nullable) closed */
  MfFolderId inbox, other; /* of mf_door_set_up_known() */
} MfDoor;

/* Closed, with options that never poll. */
void mf_door_init (MfDoor *self, MfCaps caps);
void mf_door_clear (MfDoor *self);
/* For g_test_add(): MF_DOOR_FULL, with mailboxes "other" and "plain/child"; @data is the test's. */
void mf_door_set_up (MfDoor *self, gconstpointer data);
/* The same, the caps GUINT_TO_POINTER() in @data: INBOX, with five messages, and "other"
 * are listed, and what is removed is expunged. */
void mf_door_set_up_known (MfDoor *self, gconstpointer data);
void mf_door_tear_down (MfDoor *self, gconstpointer data);
/* Adds @path with mf_door_set_up_known() for each step of what servers can change:
 * with MOVE, with UIDPLUS alone, and plain. */
void mf_door_add_each (const char *path, void (*func) (MfDoor *, gconstpointer));

MfCache *mf_door_try_open (MfDoor *self, GError **error);
/* All that follows must succeed, but for what returns a code. */
void mf_door_open (MfDoor *self);
gboolean mf_door_try_start (MfDoor *self, GCancellable *cancellable, GError **error);
/* Opens it as well. */
void mf_door_start (MfDoor *self);
/* Closes it as well. */
void mf_door_stop (MfDoor *self);

/* A mailbox on top. */
MfFolderId mf_door_find (MfDoor *self, const char *mailbox);
MfMsgId mf_door_find_uid (MfDoor *self, const char *mailbox, guint32 uid);
/* The same, and its body is here. */
MfMsgId mf_door_fetch_uid (MfDoor *self, const char *mailbox, guint32 uid);
/* Lists it, unless it is known. */
MfFolderId mf_door_list (MfDoor *self, const char *mailbox);

/* Into "other" of mf_door_set_up_known(), which is empty; its body is here. */
MfMsgId mf_door_fill_other (MfDoor *self, const char *wire);

/* Until it is there; the error's code or MF_DOOR_OK. */
int mf_door_want_folder (MfDoor *self, MfFolderId id);
int mf_door_want_body (MfDoor *self, MfMsgId id);
/* What is there already.  (transfer full) */
char *mf_door_read_body (MfDoor *self, MfMsgId id);

/* Until the server has answered every change; the first refusal's code. */
int mf_door_push (MfDoor *self);
int mf_door_push_own (MfDoor *self, MfMsgId message);
/* Until nothing is left to be told, through losses of the connection: what comes of
 * an answer may have to be sent as well. */
void mf_door_push_at_last (MfDoor *self);

/* What the server is asked to do for a move. */
MfFakeOp mf_door_moving (const MfDoor *self);
gboolean mf_door_is_online (MfDoor *self);
void mf_door_wait_online (MfDoor *self, gboolean online);
/* As in mf_event_log_wait(). */
void mf_door_wait_event (MfDoor *self, const char *words);
/* Until @op was begun so often. */
void mf_door_wait_count (MfDoor *self, MfFakeOp op, guint n);
/* Until the push worker has taken up what was changed. */
void mf_door_wait_taken_up (MfDoor *self);
/* Until the server has a message there. */
void mf_door_wait_arrival (MfDoor *self, const char *mailbox);
/* The server's folders are listed until @folder is none of them, or has that name. */
void mf_door_wait_gone (MfDoor *self, MfFolderId folder);
void mf_door_wait_name (MfDoor *self, MfFolderId folder, const char *name);
/* Until the watch, or so many sessions, wait for the server's news. */
void mf_door_wait_idle (MfDoor *self, guint n);

/* What the server has: @expected as in mf_fake_messages(), the wire's bytes. */
void mf_door_assert_server (MfDoor *self, const char *mailbox, const char *expected);
void mf_door_assert_body (MfDoor *self, const char *mailbox, guint32 uid, const char *wire);
/* Of INBOX.  Without UIDPLUS what is removed can only be marked, lest others' marks are
 * acted upon: @rest is without it, @marked with its mark. */
void mf_door_assert_removed (MfDoor *self, const char *rest, const char *marked);
/* What is read here, or comes. */
void mf_door_assert_text (MfDoor *self, MfMsgId id, const char *expected);
/* It is seen in @folder. */
void mf_door_assert_at (MfDoor *self, MfMsgId id, MfFolderId folder);
/* It is in lost+found. */
void mf_door_assert_lost (MfDoor *self, MfMsgId id);
/* Nothing is to be sent, and nothing was refused. */
void mf_door_assert_nothing_pending (MfDoor *self);
