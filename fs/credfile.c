#include "fs/credfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (256 * 1024)

static gboolean
fail (GError **error, const char *path, const char *what)
{
  g_set_error (error, MF_REMOTE_ERROR, MF_REMOTE_ERROR_AUTH, "%s %s", path, what);
  return FALSE;
}

static gboolean
check (int fd, const char *path, GError **error)
{
  struct stat stat;

  if (fstat (fd, &stat) < 0 || !S_ISREG (stat.st_mode))
    return fail (error, path, "is not a file");
  if (stat.st_uid != geteuid ())
    return fail (error, path, "belongs to another user");
  if ((stat.st_mode & 077) != 0)
    return fail (error, path, "can be read by others: chmod 600 it");
  return TRUE;
}

static gboolean
read_all (int fd, const char *path, char *buffer, gsize size, GError **error)
{
  gsize used = 0;
  ssize_t n;

  while ((n = read (fd, buffer + used, size - 1 - used)) != 0)
    {
      if (n < 0 && errno != EINTR)
        return fail (error, path, g_strerror (errno));
      used += (gsize)MAX (n, 0);
    }
  buffer[used] = '\0';
  return used < size - 1 || fail (error, path, "is too long");
}

/* *@out_text stays NULL when there is no such file. */
static gboolean
load (const char *path, char **out_text, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  char *text;
  gboolean ok;

  if (fd < 0)
    return errno == ENOENT || fail (error, path, g_strerror (errno));
  text = g_malloc0 (FILE_MAX);
  ok = check (fd, path, error) && read_all (fd, path, text, FILE_MAX, error);
  close (fd);
  if (ok)
    *out_text = text;
  else
    mf_secret_free (text);
  return ok;
}

/* ---- secrets ---------------------------------------------------------- */

static gboolean
is_group (const char *line, gsize n, const char *group)
{
  return n == strlen (group) + 2 && line[0] == '[' && line[n - 1] == ']'
         && strncmp (line + 1, group, n - 2) == 0;
}

/* What follows "password", blanks and "=" in the line, or NULL. */
static const char *
match_password (const char *line)
{
  const char *p = line;

  if (!g_str_has_prefix (p, "password"))
    return NULL;
  p += strlen ("password");
  p += strspn (p, " \t");
  if (*p != '=')
    return NULL;
  p++;
  return p + strspn (p, " \t");
}

static char *
find_in_group (const char *text, const char *group)
{
  gboolean inside = FALSE;
  const char *line = text;

  while (*line != '\0')
    {
      gsize n = strcspn (line, "\n");
      gsize n_text = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
      const char *password = inside ? match_password (line) : NULL;

      if (password != NULL && password <= line + n_text)
        return g_strndup (password, line + n_text - password);
      if (line[0] == '[')
        inside = is_group (line, n_text, group);
      line += n + (line[n] == '\n');
    }
  return NULL;
}

char *
mf_credfile_parse_secrets (const char *text, const char *const *groups)
{
  for (; *groups != NULL; groups++)
    {
      char *password = find_in_group (text, *groups);

      if (password != NULL)
        return password;
    }
  return NULL;
}

gboolean
mf_credfile_secrets (const char *path, const char *const *groups, char **out_password,
                     GError **error)
{
  char *text = NULL;

  if (!load (path, &text, error))
    return FALSE;
  if (text != NULL)
    *out_password = mf_credfile_parse_secrets (text, groups);
  mf_secret_free (text);
  return TRUE;
}

/* ---- netrc ------------------------------------------------------------ */

/* The next word of *@p: between blanks, or in quotes with backslashes; NULL at
 * the end.  Free it with mf_secret_free(). */
static char *
next_word (const char **p)
{
  GString *word;
  gboolean quoted;

  *p += strspn (*p, " \t\r\n");
  if (**p == '\0')
    return NULL;
  quoted = **p == '"';
  *p += quoted;
  word = g_string_sized_new (strcspn (*p, "\n") + 1);
  while (**p != '\0' && (quoted ? **p != '"' : strchr (" \t\r\n", **p) == NULL))
    {
      if (quoted && **p == '\\' && (*p)[1] != '\0')
        (*p)++;
      g_string_append_c (word, *(*p)++);
    }
  *p += quoted && **p == '"';
  return g_string_free (word, FALSE);
}

/* A macro ends with an empty line, a comment with its line. */
static void
skip_to (const char **p, const char *end)
{
  const char *found = strstr (*p, end);

  *p = found != NULL ? found : *p + strlen (*p);
}

/* One "machine" or "default" and what it says. */
typedef struct
{
  gboolean fits_host, fits_user;
  char *password; /* (nullable) */
} Entry;

static char *
close_entry (Entry *entry)
{
  char *password = g_steal_pointer (&entry->password);
  gboolean fits = entry->fits_host && entry->fits_user;

  *entry = (Entry){ .fits_user = TRUE };
  if (fits)
    return password;
  mf_secret_free (password);
  return NULL;
}

/* Takes the words after @word that belong to it. */
static void
take_word (Entry *entry, const char *word, const char **p, const char *host, const char *user)
{
  char *value = NULL;

  if (g_str_equal (word, "default"))
    entry->fits_host = TRUE;
  else if (g_str_equal (word, "macdef"))
    skip_to (p, "\n\n");
  else if (word[0] == '#')
    skip_to (p, "\n");
  else
    value = next_word (p);
  if (value == NULL)
    return;

  if (g_str_equal (word, "machine"))
    entry->fits_host = g_ascii_strcasecmp (value, host) == 0;
  else if (g_str_equal (word, "login"))
    entry->fits_user = g_str_equal (value, user);
  else if (g_str_equal (word, "password"))
    {
      mf_secret_free (entry->password);
      entry->password = g_steal_pointer (&value);
    }
  mf_secret_free (value);
}

char *
mf_credfile_parse_netrc (const char *text, const char *host, const char *user)
{
  Entry entry = { .fits_user = TRUE };
  char *password = NULL, *word;

  while (password == NULL && (word = next_word (&text)) != NULL)
    {
      if (g_str_equal (word, "machine") || g_str_equal (word, "default"))
        password = close_entry (&entry);
      if (password == NULL)
        take_word (&entry, word, &text, host, user);
      mf_secret_free (word);
    }
  if (password == NULL)
    return close_entry (&entry);
  mf_secret_free (entry.password);
  return password;
}

gboolean
mf_credfile_netrc (const char *path, const char *host, const char *user, char **out_password,
                   GError **error)
{
  char *text = NULL;

  if (!load (path, &text, error))
    return FALSE;
  if (text != NULL)
    *out_password = mf_credfile_parse_netrc (text, host, user);
  mf_secret_free (text);
  return TRUE;
}
