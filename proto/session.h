/* session.h - commands out, replies in: the engine under every operation.
 *
 * Shape:   one connection.  Commands are queued, go out together, and are answered
 *          in any order; meanwhile untagged replies go to the one handler that the
 *          operation under way has set.  An operation is: enter, handle, queue
 *          and wait, leave.
 * Threads: any, one at a time.  The handler runs inside wait and must not queue.
 * Errors:  MF_REMOTE_ERROR.  OFFLINE, PROTOCOL and TLS kill the session: it says
 *          the same at each later enter.
 * Source:  RFC 9051 sections 2.2, 5.5 (pipelining), 7; RFC 7888 (literals).
 */
#pragma once

#include "proto/remote.h"
#include "proto/reply.h"
#include "proto/stream.h"

enum
{
  /* Commands in flight for sets too long for one line. */
  MF_SESSION_WINDOW = 4,
  /* Of a UID set on one command line. */
  MF_SESSION_SET_BYTES = 8000
};

/* Gets untagged replies, BYE excepted, and the tagged ones as well. */
typedef void (*MfReplyFunc) (const MfReply *reply, gpointer user_data);

struct _MfRemote
{
  const MfAccount *account;
  MfStream *stream;
  MfReply reply;
  GCancellable *cancellable; /* (nullable) of the operation under way */
  GError *death;             /* (nullable) why the session is dead */
  guint last_tag;
  GArray *open_tags; /* guint: commands without an answer yet */
  GArray *aside;     /* guint: those of them whose answers nobody waits for */

  GHashTable *capabilities; /* (nullable) upper case; NULL: not known */
  gboolean qresync;         /* the server has said ENABLED */
  gboolean is_login;        /* refusals are about credentials */
  gboolean is_traced;       /* somebody reads debugging output */

  /* The mailbox that is open. */
  gboolean selected, read_only;
  gboolean has_modseq;
  GString *keywords;      /* that PERMANENTFLAGS has named, each with a space before it */
  guint32 exists;
  gboolean news;          /* something was announced that no operation has passed on */
  gboolean takes_fetches; /* the operation under way cares for FETCH itself */
  char *ahead;            /* (nullable) a UID FETCH sent with SELECT, for the operation that */
  guint ahead_tag;        /* will ask for it */

  /* All others, see announce.h. */
  gboolean announces;      /* the server tells of them */
  gboolean takes_statuses; /* the operation under way cares for STATUS and LIST itself */
  gboolean tree_news;
  GHashTable *announced;   /* (nullable) names */

  MfReplyFunc handler; /* (nullable) */
  gpointer handler_data;
  const MfBodySink *sink; /* (nullable) for bodies */
  gpointer sink_data;
};

MfRemote *mf_session_new (const MfAccount *account, MfStream *stream);
/* Says LOGOUT if the session is alive; waits for nothing. */
void mf_session_free (MfRemote *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfRemote, mf_session_free)

/* @name in upper case; FALSE while the capabilities are not known. */
gboolean mf_session_can (const MfRemote *self, const char *name);

/* FALSE on a dead session. */
gboolean mf_session_enter (MfRemote *self, GCancellable *cancellable, GError **error);
/* The same in the midst of an operation, with the reason as it was. */
gboolean mf_session_is_alive (MfRemote *self, GError **error);
void mf_session_handle (MfRemote *self, MfReplyFunc handler, gpointer user_data);
/* Marks the session dead with a copy of @cause. */
void mf_session_kill (MfRemote *self, const GError *cause);
gboolean mf_session_protocol_error (MfRemote *self, const char *words, GError **error);

/* Begins a command and returns its tag; it goes on with put and ends with end.
 * Errors come at the next wait. */
guint mf_session_begin (MfRemote *self, const char *text);
void mf_session_put (MfRemote *self, const char *bytes, gsize size);
void mf_session_end (MfRemote *self);
/* Announces a literal of @size bytes, which the caller then puts.  Waits for the
 * server's go-ahead if it wants to be asked.  FALSE with @out_refusal: the
 * server has answered the command instead; with @error: dead. */
gboolean mf_session_put_literal (MfRemote *self, gsize size, GError **out_refusal, GError **error);

/* A whole command. */
guint mf_session_queue (MfRemote *self, const char *command);
/* One whose answer nobody waits for; what it says by the way is learnt all the same. */
void mf_session_queue_aside (MfRemote *self, const char *command);
/* Until all of those are answered. */
gboolean mf_session_settle (MfRemote *self, GError **error);
/* One that the operation after this one will queue; until then it is in flight. */
void mf_session_queue_ahead (MfRemote *self, const char *command);
/* Before enter: whether @command is in flight already. */
gboolean mf_session_take_ahead (MfRemote *self, const char *command);
/* Sends what is queued and waits for the answer to any open command.
 * @out_refusal (nullable): the server's NO or BAD.  FALSE: dead. */
gboolean mf_session_wait (MfRemote *self, guint *out_tag, GError **out_refusal, GError **error);
/* Until "+": TRUE, with @out_words (transfer full) (nullable).  FALSE as for
 * mf_session_put_literal(); FALSE without any error: the answer was OK. */
gboolean mf_session_wait_continue (MfRemote *self, char **out_words, GError **out_refusal,
                                   GError **error);
/* One reply, of any kind, to the handler. */
gboolean mf_session_read (MfRemote *self, GError **error);

/* Queue and wait; NO and BAD are errors.  @command (nullable): NULL if it is in flight. */
gboolean mf_session_run (MfRemote *self, const char *command, GError **error);
/* The same for "@before set @after" with @uids in as many lines as they need,
 * MF_SESSION_WINDOW of them in flight.  All are tried; the first refusal is the
 * error. */
gboolean mf_session_run_set (MfRemote *self, const char *before, const MfUidSet *uids,
                             const char *after, GError **error);
