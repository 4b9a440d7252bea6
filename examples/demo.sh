#!/bin/bash
# demo.sh shows mailfs on sample mail: it installs what is missing (Debian 12; as
# root, or with sudo), builds, starts a mail server for this demo alone, mounts a
# mailbox of it and looks around.  On a terminal it then waits, so that you can do
# so too.  All it makes is in one temporary directory, gone at the end.
set -euo pipefail
if [ $# -gt 0 ]; then
  sed -n '2,5s/^# //p' "$0"
  [[ $1 == --help ]] && exit 0
  exit 2
fi
cd "$(dirname "$0")/.."

tests/install.sh build demo
mailfs=${MAILFS_BINARY-}
if [ -z "$mailfs" ]; then
  [ -f build/build.ninja ] || /usr/bin/meson setup build
  /usr/bin/meson compile -C build mailfs
  mailfs=$PWD/build/fs/mailfs
fi

work=$(mktemp -d /tmp/mailfs-demo-XXXXXX)
server=

clean_up() {
  fusermount3 -q -u -z "$work/mail" || true
  if [ -n "$server" ]; then
    kill "$server" || true
    wait "$server" || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# ---- sample mail: a Maildir that the server will offer ----

box=$work/home/alice/mail

# letter FOLDER FLAGS DATE FROM SUBJECT, the text on standard input.
letters=0
letter() {
  letters=$((letters + 1))
  mkdir -p "$box/$1"/{cur,new,tmp}
  local file=$box/$1/cur/$letters:2,$2
  [ -n "$2" ] || file=$box/$1/new/$letters
  printf 'From: %s\nTo: alice@example.com\nSubject: %s\nDate: %s\nMessage-ID: <%s@example.com>\n\n%s\n' \
    "$4" "$5" "$(LC_ALL=C date -R -d "$3")" "$letters" "$(cat)" > "$file"
  touch -d "$3" "$file"
}

letter . ""  "2026-03-02 08:15" "Bob <bob@example.com>" "Lunch on Thursday?" <<< "The new place by the river. Are you in?"
letter . ""  "2026-03-02 09:40" "Carol <carol@example.org>" "Minutes of the garden meeting" <<< "Beans go where the peas were. Seeds by April."
letter . S   "2026-02-27 17:03" "Billing <billing@example.net>" "Invoice 1042" <<< "Invoice 1042 over 18.50 is attached in spirit."
letter . FS  "2026-02-26 11:30" "Dan <dan@example.com>" "Key to the shed" <<< "Under the third flower pot. Burn this mail."
letter . RS  "2026-02-20 20:11" "Erin <erin@example.org>" "Photos" <<< "Which of them may I print?"
letter Archive S   "2025-06-01 10:00" "Bob <bob@example.com>" "Boat trip" <<< "Bring a hat, the sun is fierce."
letter Archive RS  "2025-07-14 12:00" "Frank <frank@example.net>" "Recipe" <<< "Two onions, one pepper, patience."
letter Archive/2024 S "2024-12-24 18:00" "Grace <grace@example.org>" "Season's greetings" <<< "All the best from all of us."
letter Archive/2024 S "2024-11-03 07:45" "Billing <billing@example.net>" "Invoice 977" <<< "Invoice 977 over 12.00, paid."
letter Lists/garden S "2026-02-11 06:20" "Heidi <heidi@example.com>" "[garden] Compost" <<< "Is it warm enough to turn it?"
letter Lists/garden "" "2026-03-01 21:57" "Ivan <ivan@example.net>" "[garden] Seed swap" <<< "I have too many tomatoes."
letter Sent S "2026-02-20 20:30" "Alice <alice@example.com>" "Re: Photos" <<< "All but the one with the hat."

# ---- a server on a loopback port, as an unprivileged user ----

user=$(id -un) as_user=()
if [ "$(id -u)" -eq 0 ]; then
  user=dovecot
  as_user=(setpriv --reuid="$user" --regid="$(id -gn "$user")" --clear-groups)
fi
port=$(shuf -i 20000-32000 -n 1)
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')

echo "alice:{PLAIN}$password::::::" > "$work/users"
cat > "$work/dovecot.conf" <<CONF
base_dir = $work/run
state_dir = $work/run
log_path = $work/server.log
listen = 127.0.0.1
protocols = imap
ssl = no
default_internal_user = $user
default_internal_group = $(id -gn "$user")
default_login_user = $user
mail_home = $work/home/%u
mail_location = maildir:~/mail:LAYOUT=fs
passdb {
  driver = passwd-file
  args = $work/users
}
userdb {
  driver = passwd-file
  args = $work/users
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \\Sent
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $port
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
CONF
[ "$(id -u)" -ne 0 ] || chown -R "$user:" "$work"

"${as_user[@]}" /usr/sbin/dovecot -F -c "$work/dovecot.conf" &
server=$!
for _ in {1..100}; do
  if { true <> "/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then break; fi
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.1
done

# ---- the mount ----

mkdir "$work/mail" "$work/own"
(umask 077; echo "$password" > "$work/own/password")
export XDG_STATE_HOME=$work/own/state XDG_CACHE_HOME=$work/own/cache XDG_CONFIG_HOME=$work/own/config
"$mailfs" -o tls=none -o "password_command=cat $work/own/password" "imap://alice@127.0.0.1:$port" "$work/mail"

show() {
  printf '\n$ %s\n' "$1"
  (cd "$work" && eval "$1")
}

echo
echo "A mailbox with $letters messages is mounted on $work/mail."
show "ls mail"
show "ls -l mail/INBOX/new mail/INBOX/cur"
show "find mail -name '*:2,*F*'            # flagged"
show "find mail -path '*/new/*' | wc -l    # new"
show "grep -r '^Subject:.*Invoice' mail"
show "cat \"\$(grep -rl 'flower pot' mail)\""
show "cat mail/.mailfs/status"

echo
echo "Your own mail:  mkdir -p ~/mail && $mailfs you@example.com ~/mail"
if [ -t 0 ] && [ -t 1 ]; then
  echo "Look around in another terminal:  cd $work/mail"
  echo "Stop the demo:                    press Enter here"
  read -r || true
fi
