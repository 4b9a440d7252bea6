#include "cache/error.h"

#include <errno.h>

G_DEFINE_QUARK (mf-cache-error-quark, mf_cache_error)

static MfCacheError
code_from_remote (int code)
{
  switch ((MfRemoteError) code)
    {
    case MF_REMOTE_ERROR_OFFLINE:
    case MF_REMOTE_ERROR_BUSY:
      return MF_CACHE_ERROR_OFFLINE;
    case MF_REMOTE_ERROR_TLS:
    case MF_REMOTE_ERROR_AUTH:
      return MF_CACHE_ERROR_AUTH;
    case MF_REMOTE_ERROR_NOT_FOUND:
      return MF_CACHE_ERROR_NOT_FOUND;
    case MF_REMOTE_ERROR_EXISTS:
      return MF_CACHE_ERROR_EXISTS;
    case MF_REMOTE_ERROR_DENIED:
    case MF_REMOTE_ERROR_REFUSED:
      return MF_CACHE_ERROR_DENIED;
    case MF_REMOTE_ERROR_READ_ONLY:
      return MF_CACHE_ERROR_READ_ONLY;
    case MF_REMOTE_ERROR_QUOTA:
      return MF_CACHE_ERROR_QUOTA;
    case MF_REMOTE_ERROR_INVALID:
      return MF_CACHE_ERROR_INVALID;
    case MF_REMOTE_ERROR_UNSUPPORTED:
      return MF_CACHE_ERROR_UNSUPPORTED;
    case MF_REMOTE_ERROR_PROTOCOL:
      return MF_CACHE_ERROR_CORRUPT;
    }
  return MF_CACHE_ERROR_CORRUPT;
}

void
mf_error_from_remote (GError **error)
{
  if (error == NULL || *error == NULL || (*error)->domain != MF_REMOTE_ERROR)
    return;

  int code = code_from_remote ((*error)->code);
  GError *mapped = g_error_new_literal (MF_CACHE_ERROR, code, (*error)->message);

  g_error_free (*error);
  *error = mapped;
}

gboolean
mf_error_is_passing (const GError *error)
{
  return g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE)
         || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY)
         || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS)
         || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH)
         || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_PROTOCOL);
}

gboolean
mf_error_refuse (GError **error, MfCacheError code, const char *why)
{
  g_set_error_literal (error, MF_CACHE_ERROR, code, why);
  return FALSE;
}

gboolean
mf_error_from_errno (GError **error, const char *what, ...)
{
  int number = errno;
  MfCacheError code
      = number == ENOSPC || number == EDQUOT ? MF_CACHE_ERROR_FULL : MF_CACHE_ERROR_CORRUPT;
  va_list values;

  va_start (values, what);
  g_autofree char *text = g_strdup_vprintf (what, values);
  va_end (values);
  g_set_error (error, MF_CACHE_ERROR, code, "%s: %s", text, g_strerror (number));
  return FALSE;
}
