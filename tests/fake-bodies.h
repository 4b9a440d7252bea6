/* fake-bodies.h - bodies of the server in memory, batch by batch, as remote.h wants them. */
#pragma once

#include "tests/fake-session.h"

gboolean mf_fake_send_bodies (MfRemote *self, const MfBodySink *sink, gpointer user_data,
                              GCancellable *cancellable, GError **error);
