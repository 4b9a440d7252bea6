#include "proto/change.h"

#include <string.h>

#include "proto/etpan.h"

gboolean
mf_change_parse_fetch (const MfReply *reply, MfMeta *meta)
{
  return mf_meta_parse (meta, reply->args) || mf_etpan_fetch (reply->args, meta);
}

MfUidSet *
mf_change_parse_vanished (const MfReply *reply, gboolean *out_is_earlier)
{
  static const char earlier[] = "(EARLIER)";
  MfScan s = reply->args;
  g_autofree char *text = NULL;

  *out_is_earlier = (gsize)(s.end - s.at) >= strlen (earlier)
                    && g_ascii_strncasecmp (s.at, earlier, strlen (earlier)) == 0;
  if (*out_is_earlier)
    s.at += strlen (earlier);
  mf_scan_spaces (&s);
  text = g_strndup (s.at, (gsize)(s.end - s.at));
  return mf_uidset_parse (g_strchomp (text));
}

void
mf_change_send_vanished (const MfUidSet *gone, const MfChangeSink *sink, gpointer user_data)
{
  const MfUidRange *ranges;
  guint n;

  if (sink == NULL || sink->vanished == NULL)
    return;
  ranges = mf_uidset_ranges (gone, &n);
  for (guint i = 0; i < n; i++)
    sink->vanished (ranges[i].first, ranges[i].last, user_data);
}
