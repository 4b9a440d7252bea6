#!/bin/sh
# backup.sh MOUNT DIRECTORY: copies all mail to DIRECTORY/DATE.  What has not changed
# since the last time is a hard link, so each day costs what came on it.
#
#     backup.sh ~/mail /backup/mail
#
# A folder comes back by:  rsync -a /backup/mail/DATE/Archive/ ~/mail/Archive/
set -eu
[ $# -eq 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
today=$2/$(date +%F)
mkdir -p "$today"
last=$(find "$2" -mindepth 1 -maxdepth 1 -type d -name '????-??-??' ! -path "$today" | sort | tail -1)

rsync -a --delete ${last:+--link-dest="$last"} "$1/" "$today/"
