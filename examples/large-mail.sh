#!/bin/sh
# large-mail.sh FOLDER [SIZE]: lists the messages of FOLDER and the folders in it that
# are larger than SIZE (1M), the largest first, with the names of what is attached.
#
#     large-mail.sh ~/mail 10M
set -eu
[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# Sizes are known without the messages; only large ones are fetched.
find "$1" -type f -path '*/[cn][ue][rw]/*' -size "+${2-1M}" -printf '%s %TF %p\n' | sort -rn |
  while read -r size date message; do
    attached=$(sed -n 's/^.*filename="\{0,1\}\([^";]*\).*$/        \1/p' "$message")
    # The header is known once the message was read.
    subject=$(getfattr --only-values --absolute-names -n user.mail.subject "$message" 2>/dev/null) || subject=
    printf '%s  %s  %s\n    %s\n' "$(numfmt --to=iec "$size")" "$date" "$subject" "$message"
    [ -z "$attached" ] || printf '%s\n' "$attached"
  done
