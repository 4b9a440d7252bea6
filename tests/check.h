/* check.h - what must succeed, and tells why it does not. */
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
