/* check.h - what must succeed, and tells why it does not, or must do so soon. */
#pragma once

#include <glib.h>

/* @call fills @error. */
#define mf_check(call, error)                                                                     \
  do                                                                                              \
    {                                                                                             \
      gboolean ok_ = (call);                                                                      \
      g_assert_no_error (error);                                                                  \
      g_assert_true (ok_);                                                                        \
    }                                                                                             \
  while (0)

/* @condition holds within 20 s.  For what can only be asked again: what can be waited for is. */
#define mf_check_soon(condition)                                                                  \
  do                                                                                              \
    {                                                                                             \
      gint64 until_us_ = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;                           \
      while (!(condition))                                                                        \
        {                                                                                         \
          if (g_get_monotonic_time () >= until_us_)                                               \
            g_assertion_message_expr (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, #condition);   \
          g_usleep (1000);                                                                        \
        }                                                                                         \
    }                                                                                             \
  while (0)
