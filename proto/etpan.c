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

enum
{
  /* The library recurses on parentheses, on a stack that is not ours to spend. */
  MAX_PARENS = 500
};

/* ---- what the library does not know ----------------------------------- */

/* The name of a FETCH item, which may contain a section in brackets. */
static gboolean
skip_item_name (MfScan *s)
{
  const char *start = s->at;
  gboolean bracket = FALSE;

  for (; s->at < s->end && (bracket || strchr (" ()\r\n", *s->at) == NULL); s->at++)
    if (*s->at == '[')
      bracket = TRUE;
    else if (*s->at == ']')
      bracket = FALSE;
  return s->at > start;
}

static int parse_unknown (int caller, mailstream *fd, MMAPString *buffer,
                          struct mailimap_parser_context *context, size_t *index,
                          struct mailimap_extension_data **result, size_t rate,
                          progress_function *progress);

static void
free_unknown (struct mailimap_extension_data *data)
{
  free (data);
}

static struct mailimap_extension_api unknown_items = {
  .ext_name = (char *) "unknown items",
  .ext_id = -1,
  .ext_parser = parse_unknown,
  .ext_free = free_unknown,
};

/* Passes over a FETCH item that no other parser took. */
static int
parse_unknown (int caller, mailstream *fd, MMAPString *buffer,
               struct mailimap_parser_context *context, size_t *index,
               struct mailimap_extension_data **result, size_t rate, progress_function *progress)
{
  MfScan s = mf_scan (buffer->str + *index, buffer->len - *index);

  if (caller != MAILIMAP_EXTENDED_PARSER_FETCH_DATA)
    return MAILIMAP_ERROR_PARSE;
  mf_scan_spaces (&s);
  if (!skip_item_name (&s) || !mf_scan_char (&s, ' ') || !mf_scan_skip (&s))
    return MAILIMAP_ERROR_PARSE;
  *result = mailimap_extension_data_new (&unknown_items, 0, NULL);
  if (*result == NULL)
    return MAILIMAP_ERROR_MEMORY;
  *index = (size_t) (s.at - buffer->str);
  return MAILIMAP_NO_ERROR;
}

void
mf_etpan_init (void)
{
  mailimap_extension_register (&unknown_items);
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
  if (item->att_list == NULL)
    return;
  for (clistiter *i = clist_begin (item->att_list); i != NULL; i = clist_next (i))
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

  return (gint64) timegm (&tm) - zone * 60;
}

static void
take_section (const struct mailimap_msg_att_body_section *section, MfMeta *meta)
{
  if (section->sec_section != NULL && section->sec_section->sec_spec != NULL)
    return;
  meta->has_body = TRUE;
  meta->body_nil = section->sec_body_part == NULL;
  if (!meta->body_nil)
    g_string_append_len (meta->body, section->sec_body_part, (gssize) section->sec_length);
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
  for (clistiter *i = clist_begin (list->att_list); i != NULL; i = clist_next (i))
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

static gboolean
is_shallow (const GString *text)
{
  guint parens = 0;

  for (gsize i = 0; i < text->len && parens <= MAX_PARENS; i++)
    parens += text->str[i] == '(';
  return parens <= MAX_PARENS;
}

gboolean
mf_etpan_fetch (const GString *text, MfMeta *meta)
{
  struct mailimap_response_data *data = is_shallow (text) ? parse_response (text) : NULL;
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

/* ---- codes ------------------------------------------------------------ */

static GPtrArray *
words_of (const struct mailimap_capability_data *data)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (clistiter *i = clist_begin (data->cap_list); i != NULL; i = clist_next (i))
    {
      const struct mailimap_capability *one = clist_content (i);

      if (one->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE)
        g_ptr_array_add (words, g_strconcat ("AUTH=", one->cap_data.cap_auth_type, NULL));
      else
        g_ptr_array_add (words, g_strdup (one->cap_data.cap_name));
    }
  return words;
}

static gboolean
allows_keywords (clist *flags)
{
  if (flags == NULL)
    return FALSE;
  for (clistiter *i = clist_begin (flags); i != NULL; i = clist_next (i))
    {
      const struct mailimap_flag_perm *flag = clist_content (i);

      if (flag->fl_type == MAILIMAP_FLAG_PERM_ALL)
        return TRUE;
    }
  return FALSE;
}

static GArray *
ranges_of (const struct mailimap_set *set)
{
  GArray *ranges = g_array_new (FALSE, FALSE, sizeof (MfUidRange));

  for (clistiter *i = clist_begin (set->set_list); i != NULL; i = clist_next (i))
    {
      const struct mailimap_set_item *item = clist_content (i);
      MfUidRange range = { MIN (item->set_first, item->set_last),
                           MAX (item->set_first, item->set_last) };

      g_array_append_val (ranges, range);
    }
  return ranges;
}

static void
take_uidplus (const struct mailimap_extension_data *data, MfCode *out)
{
  if (data->ext_type == MAILIMAP_UIDPLUS_RESP_CODE_APND)
    {
      const struct mailimap_uidplus_resp_code_apnd *code = data->ext_data;

      out->kind = MF_CODE_APPENDUID;
      out->number = code->uid_uidvalidity;
      out->target = ranges_of (code->uid_set);
    }
  else if (data->ext_type == MAILIMAP_UIDPLUS_RESP_CODE_COPY)
    {
      const struct mailimap_uidplus_resp_code_copy *code = data->ext_data;

      out->kind = MF_CODE_COPYUID;
      out->number = code->uid_uidvalidity;
      out->source = ranges_of (code->uid_source_set);
      out->target = ranges_of (code->uid_dest_set);
    }
}

static void
take_condstore (const struct mailimap_extension_data *data, MfCode *out)
{
  const struct mailimap_condstore_resptextcode *code = data->ext_data;

  if (data->ext_type == MAILIMAP_CONDSTORE_TYPE_RESP_TEXT_CODE
      && code->cs_type == MAILIMAP_CONDSTORE_RESPTEXTCODE_HIGHESTMODSEQ)
    {
      out->kind = MF_CODE_HIGHESTMODSEQ;
      out->number = code->cs_data.cs_modseq_value;
    }
}

static void
take_code (const struct mailimap_resp_text_code *code, MfCode *out)
{
  switch (code->rc_type)
    {
    case MAILIMAP_RESP_TEXT_CODE_CAPABILITY_DATA:
      out->kind = MF_CODE_CAPABILITY;
      out->words = words_of (code->rc_data.rc_cap_data);
      break;
    case MAILIMAP_RESP_TEXT_CODE_PERMANENTFLAGS:
      out->kind = MF_CODE_PERMANENTFLAGS;
      out->keywords = allows_keywords (code->rc_data.rc_perm_flags);
      break;
    case MAILIMAP_RESP_TEXT_CODE_UIDVALIDITY:
      out->kind = MF_CODE_UIDVALIDITY;
      out->number = code->rc_data.rc_uidvalidity;
      break;
    case MAILIMAP_RESP_TEXT_CODE_UIDNEXT:
      out->kind = MF_CODE_UIDNEXT;
      out->number = code->rc_data.rc_uidnext;
      break;
    case MAILIMAP_RESP_TEXT_CODE_EXTENSION:
      if (code->rc_data.rc_ext_data->ext_extension->ext_id == MAILIMAP_EXTENSION_UIDPLUS)
        take_uidplus (code->rc_data.rc_ext_data, out);
      if (code->rc_data.rc_ext_data->ext_extension->ext_id == MAILIMAP_EXTENSION_CONDSTORE)
        take_condstore (code->rc_data.rc_ext_data, out);
      break;
    }
}

void
mf_etpan_code (MfScan text, MfCode *out)
{
  g_autoptr (GString) line = g_string_new ("* OK [");
  struct mailimap_response_data *data;
  struct mailimap_resp_text *words = NULL;

  memset (out, 0, sizeof *out);
  g_string_append_len (line, text.at, text.end - text.at);
  g_string_append (line, "] code\r\n");
  data = parse_response (line);
  if (data == NULL)
    return;
  if (data->rsp_type == MAILIMAP_RESP_DATA_TYPE_COND_STATE)
    words = data->rsp_data.rsp_cond_state->rsp_text;
  if (words != NULL && words->rsp_code != NULL)
    take_code (words->rsp_code, out);
  mailimap_response_data_free (data);
}

void
mf_code_clear (MfCode *self)
{
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_clear_pointer (&self->source, g_array_unref);
  g_clear_pointer (&self->target, g_array_unref);
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
      size -= (gsize) (space + 1 - line);
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

  g_string_append_len (relay->outgoing, bytes, (gssize) size);
  while ((end = strstr (relay->outgoing->str, "\r\n")) != NULL)
    {
      gsize length = (gsize) (end - relay->outgoing->str);

      if (!relay_line (relay, relay->outgoing->str, length))
        return -1;
      g_string_erase (relay->outgoing, 0, (gssize) length + 2);
    }
  return (ssize_t) size;
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
  g_string_erase (relay->incoming, 0, (gssize) size);
  return (ssize_t) size;
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
  memset (text->str, 0, text->allocated_len);
  g_string_free (text, TRUE);
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
