/* cache.h - the door of cache/: what we know of an account and owe to it.
 *
 * Shape:   folders (a tree, the root is MF_FOLDER_ROOT), messages in them, bodies
 *          of messages.  Everything that is known is answered from disk; what is
 *          not is asked for with mf_cache_want_*() and announced to a callback.
 * Units:   times in seconds since the epoch, or _ns; sizes in bytes as the reader
 *          sees them (LF line ends unless eol=crlf).
 * Threads: any.  No call waits for the network but mf_cache_start(),
 *          mf_cache_stop() and those that say so.  Callbacks come from worker
 *          threads with no lock held.
 * Errors:  MF_CACHE_ERROR.
 * Source:  docs/design.md, invariants I1 to I7.
 */
#pragma once

#include <gio/gio.h>

#include "proto/remote.h"

#define MF_CACHE_ERROR (mf_cache_error_quark ())
GQuark mf_cache_error_quark (void);

typedef enum
{
  MF_CACHE_ERROR_OFFLINE,     /* needs the server, and it is away */
  MF_CACHE_ERROR_AUTH,        /* mf_cache_start() only: TLS or login refused */
  MF_CACHE_ERROR_NOT_FOUND,
  MF_CACHE_ERROR_EXISTS,
  MF_CACHE_ERROR_NOT_EMPTY,
  MF_CACHE_ERROR_DENIED,      /* the server refuses: ACL */
  MF_CACHE_ERROR_READ_ONLY,
  MF_CACHE_ERROR_QUOTA,
  MF_CACHE_ERROR_FULL,        /* local disk */
  MF_CACHE_ERROR_INVALID,     /* not a message, not a name */
  MF_CACHE_ERROR_UNSUPPORTED, /* cannot be expressed in IMAP */
  MF_CACHE_ERROR_BUSY,        /* another process has this account's state, a program has a
                               * file open that is to be sent, the guard holds a removal */
  MF_CACHE_ERROR_CORRUPT,     /* the server's or the disk's data make no sense */
} MfCacheError;

typedef gint64 MfFolderId;
typedef gint64 MfMsgId; /* I6: ours, never reused; the inode number derives from it */

#define MF_FOLDER_ROOT ((MfFolderId) 1)
/* Not in the tree: messages that exist only here and have no place any more. */
#define MF_FOLDER_LOST ((MfFolderId) 2)

typedef enum
{
  MF_PLACE_CUR,
  MF_PLACE_NEW,
  MF_PLACE_TMP,  /* being written here, not a message yet */
  MF_PLACE_GONE, /* removed here, the server does not know yet; shown nowhere */
} MfPlace;
#define MF_N_PLACES 3 /* that are shown */

typedef struct
{
  MfFolderId id, parent;
  char *name;    /* one component, UTF-8 or what the server said; may be "" */
  char *mailbox; /* (nullable) the server's spelling; NULL for the root */
  gboolean selectable;
  gboolean subscribed;
  MfSpecialUse special_use;
  guint32 uidvalidity, uidnext;
  guint32 messages, unseen; /* by the index, or the last STATUS before it is known */
  guint64 highestmodseq;
  gboolean known;           /* listed completely at least once */
  gboolean renumbered;      /* made anew on the server, and not listed completely since */
  char *tag;                /* (nullable) what generated names of its messages carry */
  gint64 changed_ns[MF_N_PLACES]; /* last change of each place's entries */
  gint64 tree_changed_ns;   /* of the directory itself: child folders */
} MfFolder;

/* Bytes of a base, so that a file name has room for flags. */
#define MF_BASE_MAX 246

typedef struct
{
  MfMsgId id;
  MfFolderId folder;
  MfPlace place;
  MfFolderId home; /* where the server has it: @folder unless a move is pending; 0: nowhere */
  guint32 uid;     /* in @home; 0: the server has not told yet */
  char *base;      /* (nullable) a name that the user gave; NULL: generated */
  MfFlags flags;
  char *keywords;  /* (nullable) sorted, separated by one space */
  gint64 internaldate;
  guint64 size;
  gboolean exact;  /* @size is what a reader gets, not the server's hint */
  guint64 wire_size; /* RFC822.SIZE, as the server claims */
  gboolean cached; /* its body is here */
  gboolean draft;  /* its content is in a file of its own: new, or rewritten */
  guint version;   /* of that file */
  guint64 modseq;
  char *emailid, *threadid, *labels; /* (nullable) */
} MfMessage;

void mf_folder_clear (MfFolder *folder);
void mf_folder_free (MfFolder *folder);
void mf_message_clear (MfMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfFolder, mf_folder_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfFolder, mf_folder_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfMessage, mf_message_clear)

/* The base of a message that was given none: DATE.UID.TAG, INTERNALDATE in seconds (10
 * digits at least), UID in 8 hexadecimal digits; @tag (nullable) is its folder's.
 * Returns as snprintf(3). */
int mf_message_generate_base (const MfMessage *message, const char *tag, char *buffer, gsize size);

/* ---- news ------------------------------------------------------------- */

typedef enum
{
  MF_EVENT_MESSAGE_ADDED,   /* after */
  MF_EVENT_MESSAGE_CHANGED, /* before and after: flags, place or folder */
  MF_EVENT_MESSAGE_REMOVED, /* before */
  MF_EVENT_MESSAGE_SIZE,    /* after: the size became exact and differs */
  MF_EVENT_FOLDER_CHANGED,  /* so much that single events were left out */
  MF_EVENT_FOLDER_LISTED,   /* for the first time: nobody has seen a name in it yet */
  MF_EVENT_TREE_CHANGED,    /* child folders of @folder came, went or moved */
  MF_EVENT_STATE,           /* connection or queue: see mf_cache_status() */
  MF_EVENT_TROUBLE,         /* text: for the log */
} MfEventType;

typedef struct
{
  MfEventType type;
  MfFolderId folder;
  const MfMessage *before, *after; /* (nullable) borrowed for the call */
  const char *text;                /* (nullable) likewise */
} MfEvent;

/* Changes that came from the server; what a caller of this door did itself is
 * not announced to it. */
typedef void (*MfEventFunc) (const MfEvent *event, gpointer user_data);

/* ---- opening and closing ---------------------------------------------- */

typedef struct _MfCache MfCache;

typedef enum
{
  MF_PREFETCH_NONE,
  MF_PREFETCH_HEADERS,
  MF_PREFETCH_ALL,
} MfPrefetch;

/* The struct is copied, what it points to is borrowed until mf_cache_close(). */
typedef struct
{
  const char *state_dir; /* of this account alone; made 0700 */
  const char *cache_dir; /* likewise */
  guint64 cache_size;    /* bytes of bodies to keep */
  MfPrefetch prefetch;
  const char *const *folders; /* (nullable) globs over UTF-8 names with '/' */
  const char *const *exclude; /* (nullable) */
  gboolean subscribed;        /* only subscribed folders */
  guint connections;   /* sessions at once; 0: one for each worker, for itself alone */
  guint poll_s;
  guint drain_s;
  gboolean expunge;    /* rm expunges, no Trash */
  guint delete_guard;
  gboolean crlf;       /* bodies as on the wire */
  gboolean sync;
  gboolean read_only;  /* EXAMINE, no change ever queued */
} MfCacheOptions;

/* Takes the account's lock (BUSY when another process has it), opens index and
 * bodies.  No thread yet, no network.  @ops, @account outlive the cache. */
MfCache *mf_cache_open (const MfCacheOptions *options, const MfRemoteOps *ops,
                        const MfAccount *account, MfEventFunc func, gpointer user_data,
                        GError **error);

/* Connects, logs in, lists the folders, starts the workers.  With a server that
 * cannot be reached but an index from before it succeeds, @out_online FALSE and
 * *@out_why (transfer full) a line of why.  Waits for the network. */
gboolean mf_cache_start (MfCache *self, gboolean *out_online, char **out_why,
                         GCancellable *cancellable, GError **error);

/* Drains pending changes for up to drain_s, ends the workers; every callback
 * still owed comes with OFFLINE.  Returns how many changes are still pending. */
guint mf_cache_stop (MfCache *self);
void mf_cache_close (MfCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfCache, mf_cache_close)

/* ---- folders ---------------------------------------------------------- */

gboolean mf_cache_folder (MfCache *self, MfFolderId id, MfFolder *out, GError **error);
gboolean mf_cache_folder_child (MfCache *self, MfFolderId parent, const char *name,
                                MfFolder *out, GError **error);
/* (transfer full) (element-type MfFolder), ascending by id. */
GPtrArray *mf_cache_folder_children (MfCache *self, MfFolderId parent, GError **error);

typedef void (*MfDone) (const GError *error, gpointer user_data);

/* FALSE: the folder's messages are known, @done is not called.  TRUE: @done will
 * be called exactly once, possibly before this returns, within the account's time limits. */
gboolean mf_cache_want_folder (MfCache *self, MfFolderId id, MfDone done, gpointer user_data);

/* ---- messages --------------------------------------------------------- */

gboolean mf_cache_message (MfCache *self, MfMsgId id, MfMessage *out, GError **error);
/* A message with a generated name, by the UID in it. */
gboolean mf_cache_message_by_uid (MfCache *self, MfFolderId folder, guint32 uid, MfMessage *out,
                                  GError **error);
/* A message in cur/ or new/ with a given name. */
gboolean mf_cache_message_by_base (MfCache *self, MfFolderId folder, const char *base,
                                   MfMessage *out, GError **error);
/* A file in tmp/, whose base is its whole name. */
gboolean mf_cache_message_in_tmp (MfCache *self, MfFolderId folder, const char *name,
                                  MfMessage *out, GError **error);

/* Messages of one place with an id above @after, ascending by id, until @func
 * returns FALSE.  Borrowed for the call; @func must not call the cache, and
 * @cached, @emailid, @threadid and @labels are left out. */
gboolean mf_cache_list (MfCache *self, MfFolderId folder, MfPlace place, MfMsgId after,
                        gboolean (*func) (const MfMessage *message, gpointer user_data),
                        gpointer user_data, GError **error);

/* ---- bodies ----------------------------------------------------------- */

/* An open body: stays readable when the message is removed or evicted. */
typedef struct _MfBody MfBody;

/* FALSE: the body is here.  TRUE: as mf_cache_want_folder(); when @done comes
 * without error the body can be opened and the size is exact.  Tells the
 * read-ahead that a reader is here: call it at each open, cached or not. */
gboolean mf_cache_want_body (MfCache *self, MfMsgId id, MfDone done, gpointer user_data);

/* NOT_FOUND when the body is not here (evicted since): want it again. */
MfBody *mf_cache_body_open (MfCache *self, MfMsgId id, GError **error);
void mf_body_close (MfBody *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfBody, mf_body_close)
guint64 mf_body_size (const MfBody *self);
/* Up to @size bytes from @offset; 0 at the end, -1 on error. */
gssize mf_body_read (MfBody *self, guint64 offset, char *buffer, gsize size, GError **error);

/* ---- changes ---------------------------------------------------------- */

/* Each is in the journal when it returns TRUE (I4), and reaches the server later.
 * READ_ONLY on a read-only mount. */

/* Where a message shall be, and as what. */
typedef struct
{
  MfFolderId folder;
  MfPlace place;
  const char *base; /* (nullable) a name to be given; NULL keeps the present one, which
                     * only a change within the folder may */
  MfFlags flags, seen; /* @flags instead of @seen, which a message that is there was seen
                        * to have: what differs is done to those that it has */
} MfSpot;

/* A new file, empty, to be written as a draft. */
gboolean mf_cache_create (MfCache *self, const MfSpot *spot, MfMessage *out, GError **error);
/* Flags, name or folder; from tmp/ it is a delivery.  @replaced (0: none) has the name, or
 * had it before it was removed: it goes from the server once @id is there. */
gboolean mf_cache_rename (MfCache *self, MfMsgId id, const MfSpot *to, MfMsgId replaced,
                          GError **error);
/* A second message with the same content. */
gboolean mf_cache_copy (MfCache *self, MfMsgId id, const MfSpot *to, MfMessage *out,
                        GError **error);
/* To the Trash under the name @base, or away when it is there, in Junk or in tmp/. */
gboolean mf_cache_remove (MfCache *self, MfMsgId id, const char *base, GError **error);
/* The flags and keywords (nullable) that the message shall have instead of those of
 * @seen, which may be old: what differs is done to those that it has. */
gboolean mf_cache_set_flags (MfCache *self, const MfMessage *seen, MfFlags flags,
                             const char *keywords, GError **error);
/* Likewise labels, as in MfRemoteMessage.  UNSUPPORTED where the server has told none. */
gboolean mf_cache_set_labels (MfCache *self, const MfMessage *seen, const char *labels,
                              GError **error);
/* INTERNALDATE of what is not on the server yet; UNSUPPORTED afterwards. */
gboolean mf_cache_set_date (MfCache *self, MfMsgId id, gint64 date, GError **error);

/* A message's content being written: new, or a message that is rewritten. */
typedef struct _MfDraft MfDraft;

/* A message on the server must have its body here (NOT_FOUND: want it).  @base
 * (nullable): its visible name when that was generated, to be kept. */
MfDraft *mf_cache_draft_open (MfCache *self, MfMsgId id, const char *base, GError **error);
gssize mf_draft_read (MfDraft *self, guint64 offset, char *buffer, gsize size, GError **error);
gboolean mf_draft_write (MfDraft *self, guint64 offset, const char *bytes, gsize size,
                         GError **error);
gboolean mf_draft_truncate (MfDraft *self, guint64 size, GError **error);
/* It is the new text of @old, which was removed a moment ago: flushed, it has its
 * keywords, and @old goes from the server, or from the Trash, once this is there. */
void mf_draft_replace (MfDraft *self, const MfMessage *old);
/* What is written so far is to be sent once no draft of the message is open:
 * INVALID when it is no message.  In tmp/ it does nothing. */
gboolean mf_draft_flush (MfDraft *self, GError **error);
gboolean mf_draft_sync (MfDraft *self, GError **error);
/* The last one of a message that was written and is no message takes it back: to
 * what the server has, or away. */
void mf_draft_close (MfDraft *self);
/* At the end, while somebody is still writing it: what he has not flushed is as if
 * this process had died, for the next start to put into lost+found. */
void mf_draft_leave (MfDraft *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfDraft, mf_draft_close)

gboolean mf_cache_make_folder (MfCache *self, MfFolderId parent, const char *name,
                               MfFolderId *out_id, GError **error);
/* NOT_EMPTY when there is a message or a folder in it. */
gboolean mf_cache_remove_folder (MfCache *self, MfFolderId id, GError **error);
/* @replaced: the folder of that name, which must be empty; 0: there is none. */
gboolean mf_cache_rename_folder (MfCache *self, MfFolderId id, MfFolderId parent,
                                 const char *name, MfFolderId replaced, GError **error);
gboolean mf_cache_subscribe (MfCache *self, MfFolderId id, gboolean on, GError **error);

/* Every change so far survives a power cut when this returns TRUE. */
gboolean mf_cache_sync_disk (MfCache *self, GError **error);
/* FALSE: nothing is pending.  TRUE: @done is called once, when every change so far
 * has been answered by the server, with the first refusal; or with why some cannot be
 * sent: BUSY after the account's timeout, while a file is open. */
gboolean mf_cache_want_pushed (MfCache *self, MfDone done, gpointer user_data);
/* The same for who has changed @message (0: a folder), and is not concerned with files of
 * other messages that are open. */
gboolean mf_cache_want_own_pushed (MfCache *self, MfMsgId message, MfDone done,
                                   gpointer user_data);

/* ---- the queue -------------------------------------------------------- */

/* (transfer full) (element-type utf8): a change a line, "SEQ STATE: WHAT…". */
GPtrArray *mf_cache_queue (MfCache *self, GError **error);
/* (transfer full): "synced", "pending: …" or "failed: …". */
char *mf_cache_message_state (MfCache *self, MfMsgId id);
/* Makes all failed changes anew; the first that cannot be made any more is the error. */
gboolean mf_cache_retry (MfCache *self, GError **error);
/* Forgets the failed change @seq; NOT_FOUND when there is none. */
gboolean mf_cache_discard (MfCache *self, gint64 seq, GError **error);
/* Removals that the guard holds: go, or go back. */
gboolean mf_cache_release (MfCache *self, GError **error);
gboolean mf_cache_restore (MfCache *self, GError **error);
/* @done is called once: every change so far is on the server and every folder as it
 * is there, or the first thing that stands in the way. */
void mf_cache_sync (MfCache *self, MfDone done, gpointer user_data);
/* No session with the server until mf_cache_go_online() or the end of this mount. */
void mf_cache_go_offline (MfCache *self);
/* Tries to reach the server now. */
void mf_cache_go_online (MfCache *self);
/* Fetches every body of a folder in the background, as far as the cache has room. */
gboolean mf_cache_prefetch (MfCache *self, MfFolderId id, GError **error);

/* ---- state ------------------------------------------------------------ */

typedef struct
{
  gboolean online;
  char *trouble;            /* (nullable) why it is offline, in a line */
  guint folders, known_folders;
  guint64 messages, cached_messages;
  guint64 cache_bytes, cache_limit_bytes;
  guint64 received_bytes, sent_bytes;
  guint fetching;           /* bodies asked for and not here yet */
  guint prefetching;        /* bodies of an ordered folder that are not here yet */
  guint pending, held, failed; /* changes */
  GPtrArray *failures;      /* (nullable) (element-type utf8) a line for each that failed */
  guint lost;               /* messages in lost+found */
  MfQuota quota;            /* zeroes when unknown */
} MfStatus;

/* Counts all messages: for who looks at it, not for every request. */
void mf_cache_status (MfCache *self, MfStatus *out);
void mf_status_clear (MfStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfStatus, mf_status_clear)

/* Folders, and messages as they were when each folder was last looked at: costs nothing,
 * as the next ones. */
void mf_cache_count (MfCache *self, guint64 *out_folders, guint64 *out_messages);
/* @out_trouble (transfer full) (nullable). */
gboolean mf_cache_is_online (MfCache *self, char **out_trouble);
MfQuota mf_cache_quota (MfCache *self);
