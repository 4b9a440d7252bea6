#!/bin/sh
# archive-old.sh FOLDER ARCHIVE DAYS: moves mail that is older than DAYS days and
# was seen to ARCHIVE/YEAR, by the year in which it came; flagged mail stays.
#
#     archive-old.sh ~/mail/INBOX ~/mail/Archive 365
set -eu
[ $# -eq 3 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
folder=$1
archive=$2
days=$3

find "$folder/cur" -type f -name '*:2,*S*' ! -name '*:2,*F*' -mtime "+$days" -printf '%TY %p\n' |
  while read -r year message; do
    [ -d "$archive/$year" ] || mkdir -p "$archive/$year"
    mv -n "$message" "$archive/$year/cur/"
  done
