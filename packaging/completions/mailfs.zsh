#compdef mailfs
# zsh completion of mailfs

_mailfs_account() {
  local -a names
  names=(${(f)"$(sed -n 's/^\[\(.*\)\]$/\1/p' "${XDG_CONFIG_HOME:-$HOME/.config}/mailfs/mailfs.conf" 2>/dev/null)"})
  _alternative \
    'accounts:account:(${names:#defaults})' \
    'addresses:address:compadd -S "" imaps:// imap://' \
    'commands:command:(status queue sync unmount)'
}

_mailfs_settings() {
  _values -s , setting \
    'user[log-in name]:name:' \
    'auth[how to log in]:mechanism:(auto plain login scram gssapi xoauth2 oauthbearer)' \
    'password_command[prints the password]:command:' \
    'token_command[prints an OAuth2 token]:command:' \
    'tls[encryption]:tls:(verify none)' \
    'allow_cleartext[clear text beyond this host]' \
    'ca_file[certificates to trust]:file:_files' \
    'client_cert[certificate of the user]:file:_files' \
    'client_key[its key]:file:_files' \
    'state_dir[index, unsent changes, private files]:directory:_files -/' \
    'cache_dir[bodies of messages]:directory:_files -/' \
    'cache_size[how much of them to keep]:size:' \
    'prefetch[fetch before anybody asks]:what:(none headers all)' \
    'connections[to the server, at most]:number:' \
    '*folders[show these alone]:glob:' \
    '*exclude[show all but these]:glob:' \
    'subscribed[show subscribed folders alone]' \
    'poll[how often to look at the folders]:seconds:' \
    'timeout[how long a server may be silent]:seconds:' \
    'drain[how long to send at the end]:seconds:' \
    'delete[what removing does]:what:(trash expunge)' \
    'delete_guard[removals in a minute before they are held]:number:' \
    'eol[line ends]:ends:(lf crlf)' \
    'sync[wait for the server]' \
    'ro[change nothing]' \
    'allow_other[other users may look]' \
    'auto_unmount[unmount when the program ends]' \
    'nodev[no device files]' \
    'nosuid[no set-user-ID programs]' \
    'noexec[no programs]'
}

_arguments -s \
  '-d[tell what happens, in the foreground]' \
  '-f[stay in the foreground]' \
  '*-o[setting]:setting:_mailfs_settings' \
  '(1)--all[mount all accounts]' \
  '(- *)--help[print a summary]' \
  '(- *)--version[print the version]' \
  '1:account:_mailfs_account' \
  '2:mountpoint:_files -/'
