#include "cache/link.h"

MfLink *
mf_link_new (const MfRemoteOps *ops, const MfAccount *account)
{
  MfLink *self = g_new0 (MfLink, 1);

  self->ops = ops;
  self->account = account;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->given);
  return self;
}

void
mf_link_free (MfLink *self)
{
  mf_link_drop (self);
  g_object_unref (self->cancellable);
  g_cond_clear (&self->given);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mf_link_take (MfLink *self)
{
  g_mutex_lock (&self->lock);
  guint mine = self->turns++;
  while (self->turn != mine)
    g_cond_wait (&self->given, &self->lock);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_link_try_take (MfLink *self)
{
  g_mutex_lock (&self->lock);
  gboolean is_free = self->turn == self->turns;
  if (is_free)
    self->turns++;
  g_mutex_unlock (&self->lock);
  return is_free;
}

void
mf_link_give (MfLink *self)
{
  g_mutex_lock (&self->lock);
  self->turn++;
  g_cond_broadcast (&self->given);
  g_mutex_unlock (&self->lock);
}

gboolean
mf_link_is_awaited (MfLink *self)
{
  g_mutex_lock (&self->lock);
  gboolean is_awaited = self->turns - self->turn > 1;
  g_mutex_unlock (&self->lock);
  return is_awaited;
}

gboolean
mf_link_is_open (const MfLink *self)
{
  return self->remote != NULL;
}

gboolean
mf_link_open (MfLink *self, GError **error)
{
  if (self->remote != NULL)
    return TRUE;
  self->remote = self->ops->open (self->account, self->cancellable, error);
  self->opened_us = g_get_monotonic_time ();
  return self->remote != NULL;
}

void
mf_link_drop (MfLink *self)
{
  g_clear_pointer (&self->mailbox, g_free);
  if (self->remote != NULL)
    self->ops->close (self->remote);
  self->remote = NULL;
}

void
mf_link_check (MfLink *self, const GError *error)
{
  /* What was refused may be so because the mailbox is not what it was. */
  mf_link_deselect (self);
  if (g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_OFFLINE)
      || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_BUSY)
      || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_TLS)
      || g_error_matches (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_PROTOCOL))
    mf_link_drop (self);
}

gboolean
mf_link_has_selected (const MfLink *self, const char *mailbox)
{
  return g_strcmp0 (self->mailbox, mailbox) == 0;
}

gboolean
mf_link_take_current (MfLink *self, const char *mailbox)
{
  gboolean current = self->is_current && mf_link_has_selected (self, mailbox);

  self->is_current = FALSE;
  return current;
}

static gboolean
select_anew (MfLink *self, const char *mailbox, gboolean read_only, const MfMailboxStatus *known,
             const MfChangeSink *sink, gpointer user_data, gboolean *out_resynced, GError **error)
{
  /* A SELECT that fails leaves nothing selected. */
  g_clear_pointer (&self->mailbox, g_free);
  self->selected = (MfMailboxStatus){ 0 };
  self->told_modseq = 0;
  if (!self->ops->select (self->remote, mailbox, read_only, known, sink, user_data,
                          &self->selected, out_resynced, self->cancellable, error))
    return FALSE;
  self->mailbox = g_strdup (mailbox);
  self->read_only = read_only;
  return TRUE;
}

gboolean
mf_link_resync (MfLink *self, const char *mailbox, const MfMailboxStatus *known,
                const MfChangeSink *sink, gpointer user_data, gboolean *out_resynced,
                GError **error)
{
  return select_anew (self, mailbox, TRUE, known, sink, user_data, out_resynced, error);
}

gboolean
mf_link_select (MfLink *self, const char *mailbox, gboolean read_only, GError **error)
{
  static const MfChangeSink nothing = { NULL, NULL };

  if (mf_link_has_selected (self, mailbox) && (read_only || !self->read_only))
    return TRUE;
  return select_anew (self, mailbox, read_only, NULL, &nothing, NULL, NULL, error);
}

gboolean
mf_link_select_for (MfLink *self, const char *mailbox, guint32 uid, GError **error)
{
  if (mf_link_has_selected (self, mailbox) && self->selected.uidnext <= uid)
    mf_link_deselect (self);
  return mf_link_select (self, mailbox, FALSE, error);
}

void
mf_link_deselect (MfLink *self)
{
  g_clear_pointer (&self->mailbox, g_free);
}

gboolean
mf_link_reselect (MfLink *self, GError **error)
{
  static const MfChangeSink nothing = { NULL, NULL };
  g_autofree char *mailbox = g_strdup (self->mailbox);

  return select_anew (self, mailbox, self->read_only, NULL, &nothing, NULL, NULL, error);
}
