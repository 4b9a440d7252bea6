/* tempdir.h - a folder for one test. */
#pragma once

#include <glib.h>

/* (transfer full): its path. */
char *mf_tempdir_new (void);
/* Removes it with all that is in it.  (nullable) (transfer full) */
void mf_tempdir_free (char *path);
/* Removes what is in it. */
void mf_tempdir_clear (const char *path);
