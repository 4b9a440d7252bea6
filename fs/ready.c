#include "fs/ready.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* address_size 0: nobody wants to know. */
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_size;

/* "@" begins a name in the abstract namespace. */
void
mf_ready_init (void)
{
  const char *name = g_getenv ("NOTIFY_SOCKET");
  gsize n = name != NULL ? strlen (name) : 0;

  if (n >= 2 && n < sizeof address.sun_path && (name[0] == '/' || name[0] == '@'))
    {
      memcpy (address.sun_path, name, n);
      if (name[0] == '@')
        address.sun_path[0] = '\0';
      address_size = (socklen_t)(offsetof (struct sockaddr_un, sun_path) + n);
    }
  g_unsetenv ("NOTIFY_SOCKET");
}

void
mf_ready_tell (const char *state)
{
  int fd;

  if (address_size == 0)
    return;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0
      || sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *)&address, address_size)
             < 0)
    g_info ("the service manager cannot be told: %s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

void
mf_ready_forget (void)
{
  address_size = 0;
}
