#include "proto/date.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days from 1970-01-01 in the Gregorian calendar.  The year is taken to begin
 * in March, so that the leap day comes last. */
static gint64
days_from_civil (gint64 year, guint month, guint day)
{
  gint64 y = month <= 2 ? year - 1 : year;
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  guint of_era = (guint)(y - era * 400);
  guint of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Two digits; the first may be a space. */
static gint
two (const char *p)
{
  if (!g_ascii_isdigit (p[1]) || !(g_ascii_isdigit (p[0]) || p[0] == ' '))
    return -1;
  return (p[0] == ' ' ? 0 : p[0] - '0') * 10 + (p[1] - '0');
}

static gint
month_number (const char *p)
{
  for (gint i = 0; i < 12; i++)
    if (g_ascii_strncasecmp (p, months + 3 * i, 3) == 0)
      return i + 1;
  return -1;
}

gboolean
mf_date_parse (const char *text, gsize size, gint64 *out)
{
  g_autofree char *padded = NULL;
  gint day, month, century, year, hour, minute, second, zone_h, zone_m;
  gint64 zone;

  /* Servers that do not pad the day. */
  if (size == 25 && g_ascii_isdigit (text[0]) && text[1] == '-')
    {
      padded = g_strdup_printf (" %.25s", text);
      text = padded;
      size++;
    }
  if (size != 26 || text[2] != '-' || text[6] != '-' || text[11] != ' ' || text[14] != ':'
      || text[17] != ':' || text[20] != ' ' || (text[21] != '+' && text[21] != '-'))
    return FALSE;
  day = two (text);
  month = month_number (text + 3);
  century = two (text + 7);
  year = two (text + 9);
  hour = two (text + 12);
  minute = two (text + 15);
  second = two (text + 18);
  zone_h = two (text + 22);
  zone_m = two (text + 24);
  if (day < 1 || day > 31 || month < 1 || century < 0 || year < 0 || hour < 0 || hour > 23
      || minute < 0 || minute > 59 || second < 0 || second > 60 || zone_h < 0 || zone_m < 0)
    return FALSE;
  zone = (zone_h * 60 + zone_m) * (text[21] == '-' ? -60 : 60);
  *out = days_from_civil (century * 100 + year, (guint)month, (guint)day) * 86400 + hour * 3600
         + minute * 60 + second - zone;
  return TRUE;
}

void
mf_date_append (GString *out, gint64 seconds)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (seconds);

  if (when == NULL) /* beyond the year 9999 */
    when = g_date_time_new_from_unix_utc (0);
  g_string_append_printf (
      out, "\"%02d-%.3s-%04d %02d:%02d:%02d +0000\"", g_date_time_get_day_of_month (when),
      months + 3 * (g_date_time_get_month (when) - 1), g_date_time_get_year (when),
      g_date_time_get_hour (when), g_date_time_get_minute (when), g_date_time_get_second (when));
}
