/* libetpan would read from the stream itself, and lose its place in it at the
 * first response that its grammar does not have.  Here it gets responses that
 * are complete, as memory without a stream, and nothing depends on how far it
 * comes.  Its string type is only a view of ours; with no stream behind it, the
 * parser does not write to it. */

#include "proto/etpan.h"

#include <libetpan/libetpan.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Exported by the library, declared in none of its installed headers. */
int mailimap_response_data_parse (mailstream *fd, MMAPString *buffer,
                                  struct mailimap_parser_context *context, size_t *index,
                                  struct mailimap_response_data **result, size_t rate,
                                  progress_function *progress);
void mailsasl_ref (void);

/* ---- what the library gets to see ------------------------------------- */

/* The items that it is trusted with.  It crashes on some malformed values of
 * others, recurses in BODYSTRUCTURE as deep as the server likes, and stumbles over
 * what it does not know. */
static const char *const known_items[]
    = { "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "MODSEQ", "BODY[]" };

/* The name of a FETCH item, which may contain a list in brackets. */
static gboolean
scan_item_name (MfScan *s, MfScan *out)
{
  const char *start = s->at;
  gboolean bracket = FALSE;

  for (; s->at < s->end && (bracket || strchr (" ()\r\n", *s->at) == NULL); s->at++)
    if (*s->at == '[')
      bracket = TRUE;
    else if (*s->at == ']')
      bracket = FALSE;
  *out = (MfScan){ start, s->at };
  return s->at > start;
}

/* Whether the library has a grammar for this item. */
static gboolean
is_known (const MfScan *name, const MfScan *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_items); i++)
    if (mf_scan_is (name, known_items[i]))
      return !mf_scan_is (value, "NIL") || mf_scan_is (name, "BODY[]");
  return FALSE;
}

/* "* 1 FETCH (...)" CRLF with nothing but known items of the list @args.  NULL when
 * it is no list of items. */
static GString *
sift (MfScan s)
{
  g_autoptr (GString) line = g_string_sized_new (256);

  g_string_append (line, "* 1 FETCH (");
  if (!mf_scan_char (&s, '('))
    return NULL;
  while (!mf_scan_char (&s, ')'))
    {
      MfScan name, value;

      if (!scan_item_name (&s, &name) || !mf_scan_char (&s, ' '))
        return NULL;
      value.at = s.at;
      if (!mf_scan_skip (&s))
        return NULL;
      value.end = s.at;
      mf_scan_spaces (&s);
      if (!is_known (&name, &value))
        continue;
      if (line->str[line->len - 1] != '(')
        g_string_append_c (line, ' ');
      g_string_append_len (line, name.at, value.end - name.at);
    }
  g_string_append (line, ")\r\n");
  return g_steal_pointer (&line);
}

static struct mailimap_response_data *
parse_response (const GString *text)
{
  MMAPString view = { .str = text->str, .len = text->len, .allocated_len = text->allocated_len };
  struct mailimap_parser_context context = { 0 };
  struct mailimap_response_data *data = NULL;
  size_t index = 0;

  if (mailimap_response_data_parse (NULL, &view, &context, &index, &data, 0, NULL)
      != MAILIMAP_NO_ERROR)
    return NULL;
  return data;
}

/* An empty list may be none at all. */
static clistiter *
first_of (const clist *list)
{
  return list != NULL ? clist_begin (list) : NULL;
}

/* ---- FETCH ------------------------------------------------------------ */

static const char *
flag_name (const struct mailimap_flag *flag)
{
  switch (flag->fl_type)
    {
    case MAILIMAP_FLAG_ANSWERED:
      return "\\Answered";
    case MAILIMAP_FLAG_FLAGGED:
      return "\\Flagged";
    case MAILIMAP_FLAG_DELETED:
      return "\\Deleted";
    case MAILIMAP_FLAG_SEEN:
      return "\\Seen";
    case MAILIMAP_FLAG_DRAFT:
      return "\\Draft";
    case MAILIMAP_FLAG_KEYWORD:
      return flag->fl_data.fl_keyword;
    default:
      return NULL;
    }
}

static void
take_flags (const struct mailimap_msg_att_dynamic *item, MfMeta *meta)
{
  meta->message.has_flags = TRUE;
  for (clistiter *i = first_of (item->att_list); i != NULL; i = clist_next (i))
    {
      const struct mailimap_flag_fetch *flag = clist_content (i);
      const char *name = flag->fl_flag != NULL ? flag_name (flag->fl_flag) : NULL;

      if (name != NULL)
        mf_meta_add_flag (meta, name, strlen (name));
    }
}

static gint64
seconds_of (const struct mailimap_date_time *date)
{
  struct tm tm = { .tm_year = date->dt_year - 1900,
                   .tm_mon = date->dt_month - 1,
                   .tm_mday = date->dt_day,
                   .tm_hour = date->dt_hour,
                   .tm_min = date->dt_min,
                   .tm_sec = date->dt_sec };
  gint64 zone = date->dt_zone / 100 * 60 + date->dt_zone % 100;

  return (gint64)timegm (&tm) - zone * 60;
}

static void
take_section (const struct mailimap_msg_att_body_section *section, MfMeta *meta)
{
  if (meta->has_body)
    return;
  meta->has_body = TRUE;
  meta->body_nil = section->sec_body_part == NULL;
  if (!meta->body_nil)
    g_string_append_len (meta->body, section->sec_body_part, (gssize)section->sec_length);
}

static void
take_static (const struct mailimap_msg_att_static *item, MfMeta *meta)
{
  switch (item->att_type)
    {
    case MAILIMAP_MSG_ATT_UID:
      meta->message.uid = item->att_data.att_uid;
      break;
    case MAILIMAP_MSG_ATT_RFC822_SIZE:
      meta->message.size = item->att_data.att_rfc822_size;
      break;
    case MAILIMAP_MSG_ATT_INTERNALDATE:
      meta->message.internaldate = seconds_of (item->att_data.att_internal_date);
      break;
    case MAILIMAP_MSG_ATT_BODY_SECTION:
      take_section (item->att_data.att_body_section, meta);
      break;
    }
}

static void
take_extension (const struct mailimap_extension_data *data, MfMeta *meta)
{
  if (data->ext_extension->ext_id == MAILIMAP_EXTENSION_CONDSTORE
      && data->ext_type == MAILIMAP_CONDSTORE_TYPE_FETCH_DATA)
    {
      const struct mailimap_condstore_fetch_mod_resp *modseq = data->ext_data;

      meta->message.modseq = modseq->cs_modseq_value;
    }
}

static void
take_items (const struct mailimap_msg_att *list, MfMeta *meta)
{
  for (clistiter *i = first_of (list->att_list); i != NULL; i = clist_next (i))
    {
      const struct mailimap_msg_att_item *item = clist_content (i);

      switch (item->att_type)
        {
        case MAILIMAP_MSG_ATT_ITEM_DYNAMIC:
          take_flags (item->att_data.att_dyn, meta);
          break;
        case MAILIMAP_MSG_ATT_ITEM_STATIC:
          take_static (item->att_data.att_static, meta);
          break;
        case MAILIMAP_MSG_ATT_ITEM_EXTENSION:
          take_extension (item->att_data.att_extension_data, meta);
          break;
        }
    }
}

gboolean
mf_etpan_fetch (MfScan args, MfMeta *meta)
{
  g_autoptr (GString) line = sift (args);
  struct mailimap_response_data *data = line != NULL ? parse_response (line) : NULL;
  struct mailimap_message_data *message = NULL;

  mf_meta_reset (meta);
  if (data == NULL)
    return FALSE;
  if (data->rsp_type == MAILIMAP_RESP_DATA_TYPE_MESSAGE_DATA)
    message = data->rsp_data.rsp_message_data;
  if (message != NULL && message->mdt_msg_att != NULL)
    {
      take_items (message->mdt_msg_att, meta);
      mf_meta_finish (meta);
    }
  mailimap_response_data_free (data);
  return message != NULL;
}

/* ---- SASL ------------------------------------------------------------- */

/* A mailstream whose other end is not the server but a MfSaslPeer.  The library
 * sees challenges and a closing OK and nothing else; what the server really said
 * at the end is for the peer to know. */
typedef struct
{
  const MfSaslPeer *peer;
  GString *outgoing, *incoming;
  gboolean is_started;
} Relay;

static gboolean
relay_line (Relay *relay, const char *line, gsize size)
{
  const char *space = memchr (line, ' ', size);

  /* The first line bears the library's own tag. */
  if (!relay->is_started && space != NULL)
    {
      size -= (gsize)(space + 1 - line);
      line = space + 1;
    }
  relay->is_started = TRUE;
  return relay->peer->send (line, size, relay->peer->user_data);
}

static ssize_t
relay_write (mailstream_low *low, const void *bytes, size_t size)
{
  Relay *relay = low->data;
  const char *end;

  g_string_append_len (relay->outgoing, bytes, (gssize)size);
  while ((end = strstr (relay->outgoing->str, "\r\n")) != NULL)
    {
      gsize length = (gsize)(end - relay->outgoing->str);

      if (!relay_line (relay, relay->outgoing->str, length))
        return -1;
      g_string_erase (relay->outgoing, 0, (gssize)length + 2);
    }
  return (ssize_t)size;
}

static ssize_t
relay_read (mailstream_low *low, void *bytes, size_t size)
{
  Relay *relay = low->data;

  if (relay->incoming->len == 0)
    {
      g_autofree char *challenge = relay->peer->challenge (relay->peer->user_data);

      if (challenge != NULL)
        g_string_printf (relay->incoming, "+ %s\r\n", challenge);
      else
        g_string_assign (relay->incoming, "1 OK end\r\n");
    }
  size = MIN (size, relay->incoming->len);
  memcpy (bytes, relay->incoming->str, size);
  g_string_erase (relay->incoming, 0, (gssize)size);
  return (ssize_t)size;
}

static int
relay_close (mailstream_low *low)
{
  return 0;
}

static int
relay_get_fd (mailstream_low *low)
{
  return -1;
}

static void
relay_free (mailstream_low *low)
{
  free (low);
}

static mailstream_low_driver relay_driver = {
  .mailstream_read = relay_read,
  .mailstream_write = relay_write,
  .mailstream_close = relay_close,
  .mailstream_get_fd = relay_get_fd,
  .mailstream_free = relay_free,
};

static void
wipe (GString *text)
{
  explicit_bzero (text->str, text->allocated_len);
  g_string_free (text, TRUE);
}

/* Loading the plugins takes longer than what most mounts need of them, which is nothing; the
 * library does it without a lock. */
static void
load_plugins (void)
{
  static gsize once;

  if (!g_once_init_enter (&once))
    return;
  mailsasl_ref ();
  g_once_init_leave (&once, 1);
}

gboolean
mf_etpan_sasl (const char *mechanism, const char *host, const char *user, const char *secret,
               const MfSaslPeer *peer)
{
  Relay relay = { peer, g_string_new (NULL), g_string_new (NULL), FALSE };
  mailstream_low *low = mailstream_low_new (&relay, &relay_driver);
  mailimap *imap = mailimap_new (0, NULL);
  /* Whom to act as: only a ticket's holder may be another than the account. */
  const char *role = strcmp (mechanism, "GSSAPI") == 0 ? user : "";
  int result;

  load_plugins ();
  imap->imap_stream = mailstream_new (low, 4096);
  imap->imap_state = MAILIMAP_STATE_NON_AUTHENTICATED;
  result = mailimap_authenticate (imap, mechanism, host, NULL, NULL, role, user, secret, NULL);
  /* Closed by hand: freeing the session would say LOGOUT first. */
  mailstream_close (imap->imap_stream);
  imap->imap_stream = NULL;
  mailimap_free (imap);
  wipe (relay.outgoing);
  wipe (relay.incoming);
  return result == MAILIMAP_NO_ERROR;
}
