#!/bin/sh
# unsubscribe.sh FOLDER: how to leave the lists and newsletters whose mail is in
# FOLDER: how many messages, who sends them, and what List-Unsubscribe says.
#
#     unsubscribe.sh ~/mail/INBOX
set -eu
[ $# -eq 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# A header field goes on in lines that begin with a blank; an empty line ends all.
find "$1/cur" "$1/new" -type f -exec awk '
  function tell() { if (way != "") print from "\t" way; from = way = field = "" }
  FNR == 1 { tell() }
  /^$/ { nextfile }
  /^[^ \t]/ { field = tolower($1); sub(/^[^ \t]*/, "") }
  field == "from:" { from = from $0 }
  field == "list-unsubscribe:" { way = way $0 }
  END { tell() }
' {} + |
  awk -F '\t *' '
    { sub(/^ */, ""); count[$1]++; way[$1] = $2 }
    END { for (from in count) printf "%5d  %s\n       %s\n", count[from], from, way[from] }
  '
