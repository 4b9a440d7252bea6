#include "fs/report.h"

#include <string.h>

#define MOST_FAILURES 20

static char *
format_bytes (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

char *
mf_report_line (const char *text)
{
  char *line = g_utf8_make_valid (text, -1);

  for (char *p = line, *next; *p != '\0'; p = next)
    {
      next = g_utf8_next_char (p);
      if (g_unichar_iscntrl (g_utf8_get_char (p)))
        memset (p, ' ', (gsize)(next - p));
    }
  return line;
}

static void
print_connection (const MfStatus *status, GString *out)
{
  g_autofree char *why = status->trouble != NULL ? mf_report_line (status->trouble) : NULL;

  g_string_append (out, status->online ? "connection: online\n" : "connection: offline");
  if (!status->online)
    g_string_append_printf (out, "%s%s\n", why != NULL ? ", " : "", why != NULL ? why : "");
}

static void
print_bodies (const MfStatus *status, GString *out)
{
  g_autofree char *held = format_bytes (status->cache_bytes);
  g_autofree char *limit = format_bytes (status->cache_limit_bytes);

  g_string_append_printf (out,
                          "bodies:     %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " here%s\n",
                          status->cached_messages, status->messages,
                          status->cached_messages == status->messages ? ", complete" : "");
  g_string_append_printf (out, "cache:      %s of %s\n", held, limit);
  g_string_append_printf (out, "fetching:   %u\n", status->fetching);
  if (status->prefetching > 0)
    g_string_append_printf (out, "prefetch:   %u bodies to come\n", status->prefetching);
}

/* The first of them: the queue has them all. */
static void
print_failures (const GPtrArray *failures, GString *out)
{
  guint n = failures != NULL ? failures->len : 0;

  for (guint i = 0; i < MIN (n, MOST_FAILURES); i++)
    {
      g_autofree char *line = mf_report_line (g_ptr_array_index (failures, i));
      g_string_append_printf (out, "            %s\n", line);
    }
  if (n > MOST_FAILURES)
    g_string_append_printf (out, "            and %u more, see .mailfs/queue\n",
                            n - MOST_FAILURES);
}

static void
print_changes (const MfStatus *status, GString *out)
{
  g_string_append_printf (out, "pending:    %u\n", status->pending);
  if (status->held > 0)
    g_string_append_printf (out, "held:       %u (echo release or restore > .mailfs/ctl)\n",
                            status->held);
  g_string_append_printf (out, "failed:     %u\n", status->failed);
  print_failures (status->failures, out);
  if (status->lost > 0)
    g_string_append_printf (out, "lost+found: %u (only here, in .mailfs/lost+found)\n",
                            status->lost);
}

static void
print_traffic (const MfStatus *status, GString *out)
{
  g_autofree char *received = format_bytes (status->received_bytes);
  g_autofree char *sent = format_bytes (status->sent_bytes);

  g_string_append_printf (out, "received:   %s\nsent:       %s\n", received, sent);
}

static void
print_quota (const MfQuota *quota, GString *out)
{
  g_autofree char *used = format_bytes (quota->used_bytes);
  g_autofree char *limit = format_bytes (quota->limit_bytes);

  if (quota->limit_bytes > 0)
    g_string_append_printf (out, "quota:      %s of %s\n", used, limit);
}

void
mf_report_print (const char *account, const MfStatus *status, GString *out)
{
  g_string_append_printf (out, "account:    %s\n", account);
  print_connection (status, out);
  g_string_append_printf (out, "folders:    %u, %u listed\n", status->folders,
                          status->known_folders);
  print_bodies (status, out);
  print_changes (status, out);
  print_traffic (status, out);
  print_quota (&status->quota, out);
}

/* ---- JSON ------------------------------------------------------------- */

static void
append_string (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_c (out, '"');
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '"' || c == '\\')
        g_string_append_c (out, '\\');
      if (g_unichar_iscntrl (c))
        g_string_append_printf (out, "\\u%04x", (guint)c);
      else
        g_string_append_unichar (out, c);
    }
  g_string_append_c (out, '"');
}

static void
append_number (GString *out, const char *key, guint64 number)
{
  g_string_append_printf (out, ",\n  \"%s\": %" G_GUINT64_FORMAT, key, number);
}

static void
append_failures (GString *out, const GPtrArray *failures)
{
  g_string_append (out, ",\n  \"failures\": [");
  for (guint i = 0; failures != NULL && i < failures->len; i++)
    {
      g_string_append (out, i > 0 ? ", " : "");
      append_string (out, g_ptr_array_index (failures, i));
    }
  g_string_append_c (out, ']');
}

void
mf_report_print_json (const char *account, guint pid, const MfStatus *status, GString *out)
{
  g_string_append (out, "{\n  \"account\": ");
  append_string (out, account);
  append_number (out, "pid", pid);
  g_string_append_printf (out, ",\n  \"online\": %s", status->online ? "true" : "false");
  g_string_append (out, ",\n  \"trouble\": ");
  if (status->trouble != NULL)
    append_string (out, status->trouble);
  else
    g_string_append (out, "null");

  append_number (out, "folders", status->folders);
  append_number (out, "known_folders", status->known_folders);
  append_number (out, "messages", status->messages);
  append_number (out, "cached_messages", status->cached_messages);
  append_number (out, "cache_bytes", status->cache_bytes);
  append_number (out, "cache_limit_bytes", status->cache_limit_bytes);
  append_number (out, "received_bytes", status->received_bytes);
  append_number (out, "sent_bytes", status->sent_bytes);
  append_number (out, "fetching", status->fetching);
  append_number (out, "prefetching", status->prefetching);
  append_number (out, "pending", status->pending);
  append_number (out, "held", status->held);
  append_number (out, "failed", status->failed);
  append_failures (out, status->failures);
  append_number (out, "lost", status->lost);
  append_number (out, "quota_used_bytes", status->quota.used_bytes);
  append_number (out, "quota_limit_bytes", status->quota.limit_bytes);
  g_string_append (out, "\n}\n");
}
