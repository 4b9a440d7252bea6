/* setting.h - the settings that -o and mailfs.conf share: names and values.
 *
 * Threads: one.
 * Errors:  G_OPTION_ERROR_BAD_VALUE; messages for the user.
 */
#pragma once

#include "fs/config.h"

gboolean mf_setting_exists (const char *key);
/* Does it take a list: may it be given more than once? */
gboolean mf_setting_is_list (const char *key);
/* @key exists.  @value (nullable): only the key was given, which switches on. */
gboolean mf_setting_apply (MfConfig *config, const char *key, const char *value, GError **error);

/* FUSE's and the kernel's own, to be handed on: @option is "KEY" or "KEY=VALUE". */
gboolean mf_setting_is_fuse (const char *option);
gboolean mf_setting_parse_switch (const char *key, const char *value, gboolean *out,
                                  GError **error);
