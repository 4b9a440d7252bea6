#include "fs/errmap.h"

#include "cache/cache.h"

#include <errno.h>

static int
errno_of_cache (MfCacheError code)
{
  switch (code)
    {
    case MF_CACHE_ERROR_OFFLINE:
      return EHOSTDOWN;
    case MF_CACHE_ERROR_AUTH:
    case MF_CACHE_ERROR_DENIED:
      return EACCES;
    case MF_CACHE_ERROR_NOT_FOUND:
      return ENOENT;
    case MF_CACHE_ERROR_EXISTS:
      return EEXIST;
    case MF_CACHE_ERROR_NOT_EMPTY:
      return ENOTEMPTY;
    case MF_CACHE_ERROR_READ_ONLY:
      return EROFS;
    case MF_CACHE_ERROR_QUOTA:
      return EDQUOT;
    case MF_CACHE_ERROR_FULL:
      return ENOSPC;
    case MF_CACHE_ERROR_INVALID:
      return EINVAL;
    case MF_CACHE_ERROR_UNSUPPORTED:
      return EPERM;
    case MF_CACHE_ERROR_BUSY:
      return EBUSY;
    case MF_CACHE_ERROR_CORRUPT:
      return EIO;
    }
  return EIO;
}

int
mf_errmap_errno (const GError *error)
{
  if (error->domain == MF_CACHE_ERROR)
    return errno_of_cache ((MfCacheError)error->code);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return EINTR;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG))
    return ENAMETOOLONG;
  return EIO;
}

int
mf_errmap_report (const GError *error, const char *what)
{
  int number = mf_errmap_errno (error);

  if (number == ENOENT || number == EINTR || number == EEXIST || number == ENOTEMPTY)
    return number;
  /* That the server is away has been logged once; each file need not repeat it. */
  if (number == EHOSTDOWN)
    g_debug ("%s: %s", what, error->message);
  else
    g_warning ("%s: %s", what, error->message);
  return number;
}
