#include "fs/secret.h"

#include "fs/command.h"
#include "fs/credfile.h"
#include "fs/prompt.h"

#include <sys/mman.h>
#include <string.h>

#define PROMPTS_MAX 3
#define COMMAND_LIMIT_S 60 /* a person may have to unlock something */

struct _MfSecret
{
  GMutex mutex; /* held while a source is asked, so that it is asked once */
  const MfConfig *config;
  char *secrets_path, *netrc_path;
  char *known;        /* (nullable); guarded by mutex */
  const char *source; /* of what was given last, for people; guarded by mutex */
  guint n_prompts; /* guarded by mutex */
};

MfSecret *
mf_secret_new (const MfConfig *config, const char *config_dir)
{
  MfSecret *self = g_new0 (MfSecret, 1);
  const char *netrc = g_getenv ("NETRC");

  g_mutex_init (&self->mutex);
  self->config = config;
  self->secrets_path = g_build_filename (config_dir, "secrets", NULL);
  self->netrc_path
      = netrc != NULL ? g_strdup (netrc) : g_build_filename (g_get_home_dir (), ".netrc", NULL);
  return self;
}

static void
forget (MfSecret *self)
{
  mf_secret_free (g_steal_pointer (&self->known));
}

void
mf_secret_close (MfSecret *self)
{
  forget (self);
  g_free (self->secrets_path);
  g_free (self->netrc_path);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* TRUE with *@out_password NULL: no file has one. */
static gboolean
look_in_files (MfSecret *self, char **out_password, GError **error)
{
  const MfConfig *config = self->config;
  g_autofree char *login = g_strconcat (config->user, "@", config->address.host, NULL);
  const char *groups[] = { config->account, login, NULL };

  self->source = self->secrets_path;
  if (!mf_credfile_secrets (self->secrets_path, groups, out_password, error))
    return FALSE;
  if (*out_password != NULL)
    return TRUE;
  self->source = self->netrc_path;
  return mf_credfile_netrc (self->netrc_path, config->address.host, config->user, out_password,
                            error);
}

static char *
ask_person (MfSecret *self, GCancellable *cancellable, GError **error)
{
  const MfConfig *config = self->config;
  g_autofree char *question
      = g_strdup_printf ("Password of %s at %s: ", config->user, config->address.host);

  self->source = "the terminal";
  if (self->n_prompts++ < PROMPTS_MAX)
    return mf_prompt_ask (question, cancellable, error);
  g_set_error_literal (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH,
                       "the password was refused too often");
  return NULL;
}

static char *
run_command (MfSecret *self, const char *name, const char *command, GCancellable *cancellable,
             GError **error)
{
  self->source = name;
  return mf_command_run (name, command, COMMAND_LIMIT_S, cancellable, error);
}

static char *
find_password (MfSecret *self, GCancellable *cancellable, GError **error)
{
  char *password = NULL;

  if (self->config->password_command != NULL)
    return run_command (self, "password_command", self->config->password_command, cancellable,
                        error);
  if (!look_in_files (self, &password, error))
    return NULL;
  return password != NULL ? password : ask_person (self, cancellable, error);
}

static char *
find_password_again (MfSecret *self, GCancellable *cancellable, GError **error)
{
  if (mf_prompt_is_possible ())
    return ask_person (self, cancellable, error);
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH,
               "check user %s and the password that %s gives", self->config->user, self->source);
  return NULL;
}

static gboolean
has_token (const MfSecret *self)
{
  return self->config->auth == MF_AUTH_XOAUTH2 || self->config->auth == MF_AUTH_OAUTHBEARER;
}

static char *
find_secret (MfSecret *self, gboolean again, GCancellable *cancellable, GError **error)
{
  if (has_token (self))
    return run_command (self, "token_command", self->config->token_command, cancellable, error);
  if (again)
    return find_password_again (self, cancellable, error);
  return find_password (self, cancellable, error);
}

/* Another session may have got a fresh one meanwhile, which then serves this one. */
char *
mf_secret_get (const char *refused, gpointer data, GCancellable *cancellable, GError **error)
{
  MfSecret *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (refused != NULL && g_strcmp0 (self->known, refused) == 0)
    forget (self);
  if (self->known == NULL)
    self->known = find_secret (self, refused != NULL, cancellable, error);
  if (self->known == NULL)
    return NULL;
  mlock (self->known, strlen (self->known));
  if (g_strcmp0 (self->known, refused) != 0)
    return g_strdup (self->known);
  forget (self);
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, "%s gives the same again",
               self->source);
  return NULL;
}
