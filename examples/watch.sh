#!/bin/sh
# watch.sh FOLDER [COMMAND...]: for each message that comes, runs COMMAND with its
# file, else prints sender and subject.
#
#     watch.sh ~/mail/INBOX
set -eu
[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
folder=$1
shift

tell() {
  head -c 1 "$1" > /dev/null # the header is known once the message was read
  getfattr --absolute-names --only-values -n user.mail.from "$1"
  printf ': '
  getfattr --absolute-names --only-values -n user.mail.subject "$1"
  echo
}
[ $# -gt 0 ] || set -- tell

inotifywait -q -m -e create -e moved_to --format '%w%f' "$folder/new" |
  while read -r message; do
    "$@" "$message"
  done
