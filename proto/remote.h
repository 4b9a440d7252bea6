/* remote.h - the door of proto/: sessions with one mail account.
 *
 * Shape:   a table of blocking operations (MfRemoteOps).  An MfRemote is one
 *          session, that is one connection, logged in.  Another kind of server
 *          is another table.
 * Units:   times in seconds since the epoch unless the name says _ms; sizes in
 *          bytes as on the wire (CRLF); mailbox names as the server spells them
 *          (modified UTF-7), see utf7.h.
 * Threads: any, but one thread at a time for one MfRemote.  Callbacks run in
 *          the calling thread, inside the operation, and must not call back in.
 * Errors:  MF_REMOTE_ERROR, message in the server's own words where it has any.
 *          After OFFLINE, PROTOCOL or TLS the session is dead: close it and open
 *          another.  What a change that ended so has done is unknown.
 *          A cancelled operation ends with OFFLINE as well, session dead.
 * Source:  RFC 9051 and the extensions named at each operation.
 */
#pragma once

#include <gio/gio.h>

#include "proto/uidset.h"
#include "proto/utf7.h"

#define MF_REMOTE_ERROR (mf_remote_error_quark ())
GQuark mf_remote_error_quark (void);

typedef enum
{
  MF_REMOTE_ERROR_OFFLINE,     /* no connection, lost, silent too long, BYE */
  MF_REMOTE_ERROR_BUSY,        /* told to come back later: THROTTLED, UNAVAILABLE, too many connections */
  MF_REMOTE_ERROR_TLS,         /* certificate, host name or protocol version refused */
  MF_REMOTE_ERROR_AUTH,        /* credentials refused, or none to be had */
  MF_REMOTE_ERROR_NOT_FOUND,   /* no such mailbox or message: NONEXISTENT, TRYCREATE */
  MF_REMOTE_ERROR_EXISTS,      /* ALREADYEXISTS */
  MF_REMOTE_ERROR_DENIED,      /* NOPERM, CANNOT */
  MF_REMOTE_ERROR_READ_ONLY,   /* mailbox open read-only */
  MF_REMOTE_ERROR_QUOTA,       /* OVERQUOTA, LIMIT, TOOBIG */
  MF_REMOTE_ERROR_INVALID,     /* cannot be written in a command: CR, LF, NUL */
  MF_REMOTE_ERROR_REFUSED,     /* NO or BAD for any other reason */
  MF_REMOTE_ERROR_UNSUPPORTED, /* the server lacks the extension this needs */
  MF_REMOTE_ERROR_PROTOCOL,    /* the server's answer makes no sense */
} MfRemoteError;

/* How long the server wants to be left alone after BUSY, 0 when it did not
 * say ("Suggested Backoff Time: 29000 milliseconds"). */
guint mf_remote_error_backoff_ms (const GError *error);

/* ---- the account ------------------------------------------------------ */

typedef enum
{
  MF_TLS_IMPLICIT, /* TLS from the first byte */
  MF_TLS_STARTTLS, /* required: no login without it */
  MF_TLS_NONE,     /* clear text */
} MfTls;

typedef enum
{
  MF_AUTH_AUTO, /* the strongest both sides know: SCRAM, PLAIN, LOGIN */
  MF_AUTH_PLAIN,
  MF_AUTH_LOGIN,
  MF_AUTH_SCRAM,
  MF_AUTH_GSSAPI,
  MF_AUTH_XOAUTH2,
  MF_AUTH_OAUTHBEARER,
} MfAuth;

/* Returns the password or token (transfer full), to be freed with
 * mf_secret_free().  @refused (nullable): the one that the server has refused; what
 * comes then is another, or an error that says why there is none. */
typedef char *(*MfSecretFunc) (const char *refused, gpointer user_data,
                               GCancellable *cancellable, GError **error);

/* What has passed in all sessions together; changed atomically (g_atomic_pointer). */
typedef struct
{
  gsize received_bytes, sent_bytes;
  gsize mailboxes; /* in listings */
} MfTraffic;

/* Where and as whom.  All strings borrowed, valid as long as the account is
 * used; the struct is read only once the first session is opened. */
typedef struct
{
  const char *host;
  guint16 port;
  MfTls tls;
  MfAuth auth;
  gboolean allow_cleartext; /* MF_TLS_NONE beyond loopback */
  const char *tls_name; /* (nullable) what the certificate must be for; NULL: @host */
  const char *user;
  MfSecretFunc secret;
  gpointer secret_data;
  const char *ca_file;     /* (nullable) PEM; NULL means the system's */
  const char *client_cert; /* (nullable) PEM with certificate and, without client_key, key */
  const char *client_key;  /* (nullable) PEM */
  guint timeout_ms;        /* the longest silence of the server */
  MfTraffic *traffic;      /* (nullable) */
} MfAccount;

/* Overwrites the memory before freeing it.  (nullable) */
void mf_secret_free (char *secret);

/* ---- records ---------------------------------------------------------- */

typedef enum
{
  MF_FLAG_DRAFT = 1 << 0,     /* D */
  MF_FLAG_FLAGGED = 1 << 1,   /* F */
  MF_FLAG_FORWARDED = 1 << 2, /* P, keyword $Forwarded */
  MF_FLAG_ANSWERED = 1 << 3,  /* R */
  MF_FLAG_SEEN = 1 << 4,      /* S */
  MF_FLAG_DELETED = 1 << 5,   /* T */
} MfFlags;
#define MF_FLAGS_ALL ((MfFlags) 0x3f)

typedef enum
{
  MF_CAP_MOVE = 1 << 0,
  MF_CAP_UIDPLUS = 1 << 1,
  MF_CAP_CONDSTORE = 1 << 2,
  MF_CAP_QRESYNC = 1 << 3, /* only once the server has answered ENABLED */
  MF_CAP_IDLE = 1 << 4,
  MF_CAP_QUOTA = 1 << 5,
  MF_CAP_LIST_STATUS = 1 << 6,
  MF_CAP_MULTIAPPEND = 1 << 7,
  MF_CAP_GMAIL = 1 << 8,    /* X-GM-EXT-1 */
  MF_CAP_OBJECTID = 1 << 9, /* EMAILID, THREADID */
  MF_CAP_CREATE_SPECIAL_USE = 1 << 10,
  MF_CAP_NOTIFY = 1 << 11,
} MfCaps;

typedef enum
{
  MF_USE_NONE,
  MF_USE_ALL,
  MF_USE_ARCHIVE,
  MF_USE_DRAFTS,
  MF_USE_FLAGGED,
  MF_USE_IMPORTANT,
  MF_USE_JUNK,
  MF_USE_SENT,
  MF_USE_TRASH,
} MfSpecialUse;

/* What a mailbox says of itself; a field the server did not send is 0. */
typedef struct
{
  guint32 uidvalidity, uidnext;
  guint32 messages, unseen;
  guint64 highestmodseq; /* 0 also when the mailbox has no MODSEQ */
  gboolean read_only;    /* SELECT only */
  MfFlags fixed;         /* SELECT only, by PERMANENTFLAGS: flags that stay as they are though
                          * a STORE may be answered yes, */
  gboolean fixed_keywords; /* and likewise all keywords but those of keywords() */
} MfMailboxStatus;

/* One line of LIST.  Strings are borrowed for the callback. */
typedef struct
{
  const char *mailbox;
  char delimiter; /* 0: flat */
  gboolean selectable;
  gboolean no_inferiors;
  gboolean subscribed;
  MfSpecialUse special_use;
  const MfMailboxStatus *status; /* (nullable) */
} MfRemoteFolder;

/* One message's metadata, as far as asked and answered. */
typedef struct
{
  guint32 uid;
  gboolean has_flags;
  MfFlags flags;
  const char *keywords; /* other keywords, sorted, separated by one space; "" */
  gint64 internaldate;  /* 0 when absent or unreadable */
  guint64 size;         /* RFC822.SIZE, a hint; 0 when absent */
  guint64 modseq;       /* 0 when absent */
  const char *emailid, *threadid; /* (nullable) OBJECTID or X-GM-MSGID, X-GM-THRID */
  const char *labels;   /* (nullable) X-GM-LABELS in UTF-8, space between, quoted unless one word */
  const char *message_id; /* (nullable) of the header, without blanks; "": it has none */
} MfRemoteMessage;

/* (nullable) members are skipped. */
typedef struct
{
  void (*message) (const MfRemoteMessage *message, gpointer user_data);
  void (*vanished) (guint32 first, guint32 last, gpointer user_data);
} MfChangeSink;

typedef enum
{
  MF_FETCH_FLAGS = 1 << 0,
  MF_FETCH_DATE = 1 << 1,
  MF_FETCH_SIZE = 1 << 2,
  MF_FETCH_IDS = 1 << 3, /* EMAILID, THREADID, labels, where offered */
  MF_FETCH_MESSAGE_ID = 1 << 4, /* a line of the header: dear, not in ALL */
} MfFetch;
#define MF_FETCH_ALL ((MfFetch) 0xf)

/* Where fetched bodies go.  Each body is begin, data*, end; they come in the
 * server's order.  Bytes are the wire's.  Memory is bounded by the data call. */
typedef struct
{
  /* Asked whenever the window has room: add the next UIDs to the empty @batch.
   * FALSE: no more now; the operation ends when what is under way has come. */
  gboolean (*next) (MfUidSet *batch, gpointer user_data);
  void (*begin) (gpointer user_data);
  void (*data) (const char *bytes, gsize size, gpointer user_data);
  /* @uid 0, or @complete FALSE (NIL, literal cut short): drop what came. */
  void (*end) (guint32 uid, gboolean complete, gpointer user_data);
  /* The tagged answer to one batch: what it asked for and did not get will
   * not come.  @error (nullable) the server's NO. */
  void (*answered) (const MfUidSet *batch, const GError *error, gpointer user_data);
} MfBodySink;

/* A message on its way to the server. */
typedef struct
{
  MfFlags flags;
  const char *keywords; /* (nullable) as in MfRemoteMessage */
  gint64 internaldate;
  guint64 size;          /* exactly what @read will give, as on the wire */
  /* Fills @buffer with up to @size wire bytes; 0 at the end, -1 on error. */
  gssize (*read) (char *buffer, gsize size, gpointer user_data);
  gpointer user_data;
  guint32 out_uid; /* APPENDUID, 0 when the server did not say */
} MfUpload;

/* One pair of COPYUID or, by position, of an APPEND. */
typedef struct
{
  guint32 source, target;
} MfUidPair;

typedef struct
{
  guint32 uidvalidity; /* of the target mailbox; 0: server did not say */
  GArray *pairs;       /* MfUidPair */
} MfCopied;

typedef struct
{
  guint64 used_bytes, limit_bytes; /* limit 0: none */
} MfQuota;

/* What a server has announced since the last time.  mf_heard_clear() it. */
typedef struct
{
  gboolean here;         /* something in the selected mailbox */
  gboolean tree;         /* mailboxes came, went or were renamed, or news were lost */
  GHashTable *mailboxes; /* (nullable) a set of names: something in those; few enough */
} MfHeard;

/* ---- operations ------------------------------------------------------- */

typedef struct _MfRemote MfRemote;

typedef struct
{
  /* Connect, verify, log in, ENABLE.  @account outlives the session. */
  MfRemote *(*open) (const MfAccount *account, GCancellable *cancellable,
                     GError **error);
  /* LOGOUT without waiting for the answer, or nothing on a dead session. */
  void (*close) (MfRemote *self);
  MfCaps (*caps) (MfRemote *self);

  /* Every mailbox, with STATUS for each selectable one when @with_status.
   * RFC 5258, 5819, 6154; LSUB and pipelined STATUS where those are missing.
   * A mailbox whose STATUS fails comes without one. */
  gboolean (*list) (MfRemote *self, gboolean with_status,
                    void (*folder) (const MfRemoteFolder *, gpointer), gpointer user_data,
                    GCancellable *cancellable, GError **error);
  gboolean (*status) (MfRemote *self, const char *mailbox, MfMailboxStatus *out_status,
                      GCancellable *cancellable, GError **error);

  /* Opens @mailbox for the operations below; EXAMINE when @read_only.  With
   * @known (nullable; RFC 7162 3.2.5, needs MF_CAP_QRESYNC): if its UIDVALIDITY
   * still holds, what changed since its MODSEQ goes to @sink.  @out_resynced
   * (nullable) says whether the server did so.  With a @known that has no
   * UIDVALIDITY fetch() of everything in full should follow: it is sent along. */
  gboolean (*select) (MfRemote *self, const char *mailbox, gboolean read_only,
                      const MfMailboxStatus *known, const MfChangeSink *sink, gpointer user_data,
                      MfMailboxStatus *out_status, gboolean *out_resynced,
                      GCancellable *cancellable, GError **error);

  /* Separated by spaces, those that may be changed in the open mailbox where not all may;
   * borrowed until the next operation. */
  const char *(*keywords) (MfRemote *self);

  /* Metadata of the UIDs from @first to @last (0: the last there is), streamed.  @since
   * (0: everything): only what changed after that MODSEQ (CONDSTORE), and with
   * QRESYNC what vanished as well. */
  gboolean (*fetch) (MfRemote *self, guint32 first, guint32 last, MfFetch items, guint64 since,
                     const MfChangeSink *sink, gpointer user_data,
                     GCancellable *cancellable, GError **error);
  /* All UIDs there are: ESEARCH where offered. */
  gboolean (*uids) (MfRemote *self, MfUidSet *out_uids, GCancellable *cancellable, GError **error);
  /* BODY.PEEK[] of what sink->next asks for, pipelined in a bounded window. */
  gboolean (*bodies) (MfRemote *self, const MfBodySink *sink, gpointer user_data,
                      GCancellable *cancellable, GError **error);
  /* UID SEARCH with @criteria, RFC 9051 6.4.4 syntax in UTF-8, no line ends. */
  gboolean (*search) (MfRemote *self, const char *criteria, MfUidSet *out_uids,
                      GCancellable *cancellable, GError **error);

  /* UID STORE.  @keywords (nullable) as in MfRemoteMessage; @add or remove.
   * New MODSEQs and flags that the server tells go to @sink (nullable). */
  gboolean (*store) (MfRemote *self, const MfUidSet *uids, gboolean add, MfFlags flags,
                     const char *keywords, const MfChangeSink *sink, gpointer user_data,
                     GCancellable *cancellable, GError **error);
  /* UID STORE of X-GM-LABELS (needs MF_CAP_GMAIL).  @labels as in MfRemoteMessage. */
  gboolean (*store_labels) (MfRemote *self, const MfUidSet *uids, gboolean add,
                            const char *labels, GCancellable *cancellable, GError **error);
  /* UID COPY and UID MOVE (needs MF_CAP_MOVE).  @out_copied: RFC 4315 COPYUID,
   * filled also when an error follows; mf_copied_clear() it. */
  gboolean (*copy) (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                    MfCopied *out_copied, GCancellable *cancellable, GError **error);
  gboolean (*move) (MfRemote *self, const MfUidSet *uids, const char *mailbox,
                    MfCopied *out_copied, GCancellable *cancellable, GError **error);
  /* UID EXPUNGE (needs MF_CAP_UIDPLUS): removes those that are \Deleted.  DENIED also when
   * the server says yes and leaves some. */
  gboolean (*expunge) (MfRemote *self, const MfUidSet *uids, GCancellable *cancellable,
                       GError **error);
  /* APPEND of @n messages: MULTIAPPEND (RFC 3502, all or none), pipelined LITERAL+
   * (RFC 7888), or one by one.  @out_done: how many, from the first, the server
   * has confirmed; @out_uidvalidity that of their APPENDUIDs, 0 unknown.  Behind a
   * refused one others may have arrived: those have their out_uid.  An upload that
   * gives too few bytes is INVALID and kills the session. */
  gboolean (*append) (MfRemote *self, const char *mailbox, MfUpload *uploads, guint n,
                      guint *out_done, guint32 *out_uidvalidity,
                      GCancellable *cancellable, GError **error);

  /* @use: MF_USE_TRASH is told where MF_CAP_CREATE_SPECIAL_USE is offered (RFC 6154). */
  gboolean (*create) (MfRemote *self, const char *mailbox, MfSpecialUse use,
                      GCancellable *cancellable, GError **error);
  gboolean (*delete) (MfRemote *self, const char *mailbox, GCancellable *cancellable,
                      GError **error);
  gboolean (*rename) (MfRemote *self, const char *mailbox, const char *to,
                      GCancellable *cancellable, GError **error);
  gboolean (*subscribe) (MfRemote *self, const char *mailbox, gboolean on,
                         GCancellable *cancellable, GError **error);
  /* RFC 9208; UNSUPPORTED where not offered. */
  gboolean (*quota) (MfRemote *self, const char *mailbox, MfQuota *out_quota,
                     GCancellable *cancellable, GError **error);

  /* From now on the server tells of all mailboxes, by idle (RFC 5465; needs
   * MF_CAP_NOTIFY).  What it leaves out it leaves out: look from time to time. */
  gboolean (*announce) (MfRemote *self, GCancellable *cancellable, GError **error);
  /* Waits in the selected mailbox until something was announced, @wait_ms is
   * over or @wake is cancelled: all three return TRUE, session alive.  IDLE
   * (RFC 2177), renewed; without MF_CAP_IDLE it is UNSUPPORTED.  Announcements
   * go to no sink: ask for the delta of what was heard of. */
  gboolean (*idle) (MfRemote *self, guint wait_ms, GCancellable *wake, MfHeard *out_heard,
                    GCancellable *cancellable, GError **error);
  gboolean (*noop) (MfRemote *self, GCancellable *cancellable, GError **error);
} MfRemoteOps;

void mf_copied_clear (MfCopied *copied);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfCopied, mf_copied_clear)
void mf_heard_clear (MfHeard *heard);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfHeard, mf_heard_clear)

/* The IMAP table. */
extern const MfRemoteOps mf_remote_imap;
