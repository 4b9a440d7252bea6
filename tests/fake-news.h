/* fake-news.h - what the server in memory tells unasked: NOTIFY and IDLE. */
#pragma once

#include "tests/fake-session.h"

gboolean mf_fake_announce (MfRemote *self, GCancellable *cancellable, GError **error);
gboolean mf_fake_idle (MfRemote *self, guint wait_ms, GCancellable *wake, MfHeard *out_heard,
                       GCancellable *cancellable, GError **error);
