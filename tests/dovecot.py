"""A private Dovecot on a loopback port.

It runs whole as one unprivileged user: the one who runs the tests, or the
package's own user when that is root.  All it has is in a directory of its own.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import leftovers
from ports import free_port
from referee import Referee
from waiting import wait_for

CONFIG = """
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
listen = 127.0.0.1
protocols = imap
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_home = {root}/home/%u
mail_location = {location}
mail_fsync = never
mail_max_userip_connections = 100
mail_plugins = {plugins}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
login_greeting = {greeting}
ssl = {ssl}
ssl_cert = <{cert}
ssl_key = <{cert}
namespace inbox {{
  inbox = yes
  separator = {separator}
  mailbox Drafts {{
    auto = {auto}
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = {auto}
    special_use = \\Sent
  }}
  mailbox {trash} {{
    auto = {auto}
    special_use = \\Trash
  }}
  mailbox Junk {{
    auto = {auto}
    special_use = \\Junk
  }}
}}
passdb {{
  driver = passwd-file
  args = {root}/users/%u
}}
userdb {{
  driver = passwd-file
  args = {root}/users/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap {{
  process_limit = 200
}}
protocol imap {{
  mail_plugins = $mail_plugins {imap_plugins}
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  acl = vfile
}}
{more}
"""

# What this Dovecot offers after login, from which Dovecot(without=...) takes away.
CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS "
    "THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED "
    "I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE "
    "SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE QUOTA"
)


class Account:
    """A user of a test server, with the eyes and hands of another client."""

    def __init__(self, server, user, password):
        self.server, self.user, self.password = server, user, password
        self._referee = None

    @property
    def referee(self):
        if not self._referee:
            self._referee = Referee(self.server.port, self.user, self.password)
        return self._referee

    def close(self):
        if self._referee:
            self._referee.close()


class Dovecot:
    def __init__(self, certs, cert="good", location="mdbox:~/mail:LAYOUT=index", separator="/", auto="subscribe", trash="Trash",
                 mechanisms="plain login scram-sha-256", greeting="Dovecot ready.", ssl="yes", without=(),
                 acl=False, plugins="", more=""):
        self.directory = tempfile.TemporaryDirectory(prefix=leftovers.prefix("dovecot"), ignore_cleanup_errors=True)
        self.root = Path(self.directory.name)
        self.run_as = {}
        user = getpass.getuser()
        if os.getuid() == 0:
            user = "dovecot"
            self.run_as = {"user": user, "group": user, "extra_groups": []}
        self.port, self.tls_port = free_port(), free_port()
        (self.root / "home").mkdir()
        (self.root / "users").mkdir()
        shutil.copy(certs.path(cert), self.root / "cert.pem")
        if without:
            left = [name for name in CAPABILITIES.split() if name not in without]
            more += f"\nimap_capability = {' '.join(left)}\n"
        group = subprocess.run(["id", "-gn", user], check=True, capture_output=True, text=True).stdout.strip()
        self.config = self.root / "dovecot.conf"
        self.config.write_text(CONFIG.format(
            root=self.root, user=user, group=group, location=location, mechanisms=mechanisms, greeting=greeting,
            ssl=ssl, cert=self.root / "cert.pem", separator=separator, auto=auto, trash=trash, port=self.port,
            tls_port=self.tls_port, plugins=("quota acl " if acl else "quota ") + plugins,
            imap_plugins="imap_quota imap_acl" if acl else "imap_quota", more=more))
        self.owner = user
        if self.run_as:
            for path in (self.root, *self.root.rglob("*")):
                shutil.chown(path, user, group)
        self.process = None
        self.start()

    def start(self):
        assert not self.process
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.config], cwd=self.root,
                                        start_new_session=True, stdin=subprocess.DEVNULL, **self.run_as)
        try:
            wait_for(self._greets, what="Dovecot's greeting")
        except BaseException:  # ^C as well
            self.kill()
            raise

    def _greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False

    def log(self):
        path = self.root / "log"
        return path.read_text() if path.exists() else ""

    def add_account(self, user, password="correct horse", quota=None):
        """Makes the user; @quota as in "storage=100M"."""
        extra = f" userdb_quota_rule=*:{quota}" if quota else ""
        home = self.root / "home" / user
        # A file each, since the server reads one file again only after a second.
        (self.root / "users" / user).write_text(f"{user}:{{PLAIN}}{password}:::::: {extra}\n")
        home.mkdir(mode=0o700)
        if self.run_as:
            shutil.chown(home, self.owner, self.owner)
        return Account(self, user, password)

    def doveadm(self, *arguments):
        return subprocess.run(["doveadm", "-c", self.config, *arguments], check=True, capture_output=True, text=True,
                              **self.run_as).stdout

    def freeze(self):
        """Every process of the server stops where it is; connections stay up."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self):
        """Dies without a word; start() brings it back on the same ports."""
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)

    def _end(self, how):
        if not self.process:
            return
        os.killpg(self.process.pid, signal.SIGCONT)
        os.killpg(self.process.pid, how)
        self.process.wait(10)
        self.process = None
        wait_for(lambda: not self._greets(), what="Dovecot to let go of its port")

    def close(self):
        self.kill()
        self.directory.cleanup()
