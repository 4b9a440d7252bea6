#include "cache/readahead.h"

#define STEPS 3               /* in a row, from one open to the next, that make a walk */
#define NEAR 64               /* ids a step may skip */
#define STRAY 64              /* opens beside the walk that end it */
#define WINDOW_BYTES (32 * 1024 * 1024)
#define LEAST_BYTES 256       /* what a message counts for at least */
#define FIRST_BATCH_BYTES (64 * 1024)
#define MOST_BATCH_BYTES (1024 * 1024)
#define PLAN_ROWS_BY_ID 1024
#define PLAN_ROWS_BY_NAME 16384 /* each plan sorts the folder */

typedef enum
{
  BY_ID,
  BY_NAME, /* date, then UID */
  N_ORDERS,
} Order;

/* Where a reader is. */
typedef struct
{
  MfFolderId folder;
  MfPlace place;
  MfMsgId id;
  gint64 date;
  guint32 uid;
} Spot;

typedef struct
{
  MfWanted wanted;
  gint64 date;
  gboolean cached;
} Planned;

struct _MfReadahead
{
  Spot last;             /* the last open that made a step or started anew */
  guint steps[N_ORDERS]; /* in a row */
  gboolean walking;
  gboolean ended;        /* nothing left to plan */
  Order order;
  GArray *plan;          /* of Planned, in order, from the reader on */
  guint reader, asked;   /* indices: the reader is at, asked up to */
  guint64 ahead_bytes;   /* of reader..asked */
  guint64 batch_bytes;
  guint strays;
};

MfReadahead *
mf_readahead_new (void)
{
  MfReadahead *self = g_new0 (MfReadahead, 1);

  self->plan = g_array_new (FALSE, FALSE, sizeof (Planned));
  return self;
}

void
mf_readahead_free (MfReadahead *self)
{
  g_array_unref (self->plan);
  g_free (self);
}

/* ---- seeing a walk ---------------------------------------------------- */

static gboolean
is_step (const Spot *from, const Spot *to, Order order)
{
  if (from->folder != to->folder || from->place != to->place)
    return FALSE;
  if (order == BY_ID)
    return to->id > from->id && to->id <= from->id + NEAR;
  return to->date > from->date || (to->date == from->date && to->uid > from->uid);
}

static void
start_walk (MfReadahead *self, Order order)
{
  self->walking = TRUE;
  self->ended = FALSE;
  self->order = order;
  self->strays = 0;
  self->ahead_bytes = 0;
  self->batch_bytes = FIRST_BATCH_BYTES;
  self->reader = self->asked = 0;
  g_array_set_size (self->plan, 0);
}

static void
look_for_walk (MfReadahead *self, const Spot *spot)
{
  for (Order order = BY_ID; order < N_ORDERS; order++)
    self->steps[order] = is_step (&self->last, spot, order) ? self->steps[order] + 1 : 0;
  self->last = *spot;

  if (self->steps[BY_ID] >= STEPS)
    start_walk (self, BY_ID);
  else if (self->steps[BY_NAME] >= 2 * STEPS) /* weaker evidence: any distance */
    start_walk (self, BY_NAME);
}

/* ---- following it ----------------------------------------------------- */

static gboolean
is_past (const MfReadahead *self, const Planned *planned, const Spot *spot)
{
  if (self->order == BY_ID)
    return planned->wanted.id > spot->id;
  return planned->date > spot->date
         || (planned->date == spot->date && planned->wanted.uid > spot->uid);
}

static guint64
cost (const Planned *planned)
{
  return MAX (planned->wanted.wire_size, LEAST_BYTES);
}

/* Moves the reader behind @spot; what it leaves is no longer ahead. */
static void
follow (MfReadahead *self, const Spot *spot)
{
  while (self->reader < self->plan->len)
    {
      Planned *planned = &g_array_index (self->plan, Planned, self->reader);
      if (is_past (self, planned, spot))
        break;
      if (self->reader < self->asked && !planned->cached)
        self->ahead_bytes -= cost (planned);
      self->reader++;
    }
  self->asked = MAX (self->asked, self->reader);
  self->last = *spot;
}

gboolean
mf_readahead_note (MfReadahead *self, const MfMessage *message)
{
  Spot spot = { message->folder, message->place, message->id, message->internaldate,
                message->uid };

  if (message->folder == MF_FOLDER_LOST)
    return FALSE; /* the server has none of them */
  if (self->walking && is_step (&self->last, &spot, self->order))
    {
      self->strays = 0;
      follow (self, &spot);
    }
  else if (self->walking && !self->ended && ++self->strays < STRAY)
    return FALSE;
  else
    {
      self->walking = FALSE;
      look_for_walk (self, &spot);
    }
  return mf_readahead_folder (self) != 0;
}

MfFolderId
mf_readahead_folder (MfReadahead *self)
{
  gboolean room = self->walking && !self->ended && self->ahead_bytes < WINDOW_BYTES / 2;

  return room ? self->last.folder : 0;
}

void
mf_readahead_end (MfReadahead *self, MfFolderId folder)
{
  if (self->last.folder == folder)
    self->walking = FALSE;
}

/* ---- planning --------------------------------------------------------- */

static const char *const plan_sql[N_ORDERS] = {
  [BY_ID] = "SELECT id, uid, wire_size, internaldate,"
            " draft OR EXISTS (SELECT 1 FROM body WHERE body.message = message.id) FROM message"
            " INDEXED BY message_place WHERE folder = ?1 AND place = ?2 AND id > ?3"
            " AND uid IS NOT NULL AND home = folder ORDER BY id LIMIT ?6",
  [BY_NAME] = "SELECT id, uid, wire_size, internaldate,"
              " draft OR EXISTS (SELECT 1 FROM body WHERE body.message = message.id) FROM message"
              " WHERE folder = ?1 AND place = ?2 AND home = folder AND (internaldate, uid) > (?4, ?5)"
              " ORDER BY internaldate, uid LIMIT ?6",
};

static gboolean
plan_more (MfReadahead *self, MfDb *db, GError **error)
{
  g_auto (MfDbQuery) query = MF_DB_QUERY_INIT;
  Spot from = self->last;
  GError *local = NULL;

  if (self->plan->len > 0)
    {
      Planned *end = &g_array_index (self->plan, Planned, self->plan->len - 1);
      from.id = end->wanted.id;
      from.date = end->date;
      from.uid = end->wanted.uid;
    }
  g_array_remove_range (self->plan, 0, self->reader);
  self->asked -= self->reader;
  self->reader = 0;
  if (!mf_db_query (db, &query, error, plan_sql[self->order], "iiiiii", from.folder,
                    (gint64) from.place, from.id, from.date, (gint64) from.uid,
                    (gint64) (self->order == BY_ID ? PLAN_ROWS_BY_ID : PLAN_ROWS_BY_NAME)))
    return FALSE;
  guint before = self->plan->len;
  while (mf_db_next (&query, &local))
    {
      Planned planned = { { mf_db_int (&query, 0), (guint32) mf_db_int (&query, 1),
                            (guint64) mf_db_int (&query, 2) },
                          mf_db_int (&query, 3),
                          mf_db_int (&query, 4) != 0 };
      g_array_append_val (self->plan, planned);
    }
  self->ended = self->plan->len == before;
  if (local != NULL)
    g_propagate_error (error, local);
  return local == NULL;
}

gboolean
mf_readahead_next (MfReadahead *self, MfDb *db, GArray *out, GError **error)
{
  guint64 bytes = 0;

  if (!self->walking || self->ended || self->ahead_bytes >= WINDOW_BYTES)
    return FALSE;
  while (bytes < self->batch_bytes)
    {
      if (self->asked == self->plan->len)
        {
          if (!plan_more (self, db, error))
            return FALSE;
          if (self->ended)
            break;
        }
      Planned *planned = &g_array_index (self->plan, Planned, self->asked++);
      if (planned->cached)
        continue;
      g_array_append_val (out, planned->wanted);
      bytes += cost (planned);
    }
  self->ahead_bytes += bytes;
  self->batch_bytes = MIN (self->batch_bytes * 2, MOST_BATCH_BYTES);
  return out->len > 0;
}
