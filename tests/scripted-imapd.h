/* scripted-imapd.h - a server for tests that says what it is told to say.
 *
 * Shape:   a thread with a listening loopback socket.  It plays one script, mostly for
 *          one connection, and then hangs up.  A script is an array of steps:
 *            "S: text"  send the text and CRLF
 *            "R: text"  send the text as it is
 *            "C: glob"  read a line, which must match
 *            "B: text"  read exactly these bytes
 *            "H"        say nothing until the client hangs up
 *            "N"        hang up, and go on with the next one who calls
 *          A step that fails hangs up, and mf_scripted_end() reports it.
 * Threads: any.
 */
#pragma once

#include "proto/remote.h"

typedef struct _MfScripted MfScripted;

/* @script NULL-terminated; copied. */
MfScripted *mf_scripted_new (const char *const *script);
/* Sends @bytes whatever the client says, and hangs up; as often as it calls. */
MfScripted *mf_scripted_new_bytes (const char *bytes, gsize size);
guint16 mf_scripted_port (MfScripted *self);
/* Waits for the script's end.  NULL: all went as written; else (transfer full) what
 * did not. */
char *mf_scripted_end (MfScripted *self);
/* The same, as an assertion. */
void mf_scripted_assert (MfScripted *self);

/* A session with a server that has greeted and accepted a LOGIN, offers @caps, and
 * then plays @script; tags go on from A2.  Fills @account. */
MfRemote *mf_scripted_open (const char *caps, const char *const *script, MfAccount *account,
                            MfScripted **out_server);
/* An account on that server: clear text, LOGIN as "u" with "pw", patient for 5 s. */
MfAccount mf_scripted_account (MfScripted *self);

#define assert_remote_error(error, which) g_assert_error (error, MF_REMOTE_ERROR, (int) (which))
