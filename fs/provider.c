#include "fs/provider.h"

#include <glib.h>

/* Only domains that are the provider's own: a country's yahoo may be another's. */
static const struct
{
  const char *host;
  const char *domains;
} providers[] = {
  { "imap.gmail.com", "gmail.com googlemail.com" },
  { "outlook.office365.com",
    "outlook.com outlook.at outlook.be outlook.de outlook.dk outlook.es outlook.fr outlook.ie "
    "outlook.it outlook.jp outlook.pt outlook.com.ar outlook.com.au outlook.com.br "
    "hotmail.com hotmail.be hotmail.ca hotmail.ch hotmail.co.jp hotmail.co.uk hotmail.com.ar "
    "hotmail.com.br hotmail.com.tr hotmail.de hotmail.dk hotmail.es hotmail.fi hotmail.fr "
    "hotmail.it hotmail.nl hotmail.no hotmail.se "
    "live.com live.at live.be live.ca live.co.uk live.com.au live.com.mx live.com.pt live.de "
    "live.dk live.fr live.ie live.it live.jp live.nl live.no live.se "
    "msn.com" },
  { "imap.mail.me.com", "icloud.com me.com mac.com" },
  { "imap.fastmail.com", "fastmail.com fastmail.fm" },
  { "imap.mail.yahoo.com",
    "yahoo.com yahoo.ca yahoo.co.in yahoo.co.id yahoo.co.nz yahoo.co.uk yahoo.co.za "
    "yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.hk yahoo.com.mx yahoo.com.ph "
    "yahoo.com.sg yahoo.com.tw yahoo.com.vn yahoo.de yahoo.dk yahoo.es yahoo.fr yahoo.gr "
    "yahoo.ie yahoo.in yahoo.it yahoo.no yahoo.pl yahoo.ro yahoo.se "
    "ymail.com rocketmail.com" },
  { "imap.zoho.com", "zoho.com zohomail.com" },
  { "imap.zoho.eu", "zoho.eu zohomail.eu" },
  { "imap.zoho.in", "zoho.in zohomail.in" },
};

const char *
mf_provider_find (const char *domain)
{
  g_autofree char *lower = g_ascii_strdown (domain, -1);

  for (guint i = 0; i < G_N_ELEMENTS (providers); i++)
    {
      g_auto (GStrv) domains = g_strsplit (providers[i].domains, " ", -1);

      if (g_strv_contains ((const char *const *)domains, lower))
        return providers[i].host;
    }
  return NULL;
}
