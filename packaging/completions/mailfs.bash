# bash completion of mailfs

_mailfs_accounts() {
  sed -n 's/^\[\(.*\)\]$/\1/p' "${XDG_CONFIG_HOME:-$HOME/.config}/mailfs/mailfs.conf" 2>/dev/null | grep -vx defaults
}

# Has ACCOUNT, --all or a command been typed already?
_mailfs_has_account() {
  local i
  for ((i = 1; i < cword; i++)); do
    [[ ${words[i]} == -[!-]* || ${words[i - 1]} == -o ]] || return 0
  done
  return 1
}

# Settings behind -o are parted by commas; this is the one that is being typed.
_mailfs_settings() {
  local last=$1
  case $last in
    auth=*) compgen -P auth= -W 'auto plain login scram gssapi xoauth2 oauthbearer' -- "${last#*=}" ;;
    tls=*) compgen -P tls= -W 'verify none' -- "${last#*=}" ;;
    prefetch=*) compgen -P prefetch= -W 'none headers all' -- "${last#*=}" ;;
    delete=*) compgen -P delete= -W 'trash expunge' -- "${last#*=}" ;;
    eol=*) compgen -P eol= -W 'lf crlf' -- "${last#*=}" ;;
    *_dir=*) compgen -P "${last%%=*}=" -d -- "${last#*=}" ;;
    ca_file=* | client_*=*) compgen -P "${last%%=*}=" -f -- "${last#*=}" ;;
    *=*) ;;
    *) compgen -W 'user= auth= password_command= token_command= tls= allow_cleartext ca_file= client_cert=
         client_key= state_dir= cache_dir= cache_size= prefetch= connections= folders= exclude= subscribed poll=
         timeout= drain= delete= delete_guard= eol= sync ro allow_other auto_unmount nodev nosuid noexec' -- "$last" ;;
  esac
}

_mailfs() {
  local cur prev words cword head broken
  _init_completion -n =: || return
  if [[ $prev == -o ]]; then
    head=${cur%"${cur##*,}"}
    mapfile -t COMPREPLY < <(_mailfs_settings "${cur##*,}")
    COMPREPLY=("${COMPREPLY[@]/#/$head}")
    compopt -o nospace
  elif [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '-d -f -o --all --help --version' -- "$cur")
  elif _mailfs_has_account; then
    _filedir -d
    return
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_mailfs_accounts) imaps:// imap:// status queue sync unmount" -- "$cur")
  fi
  # What stands before a colon or an equals sign is another word to readline.
  broken=${cur%"${cur##*[=:]}"}
  COMPREPLY=("${COMPREPLY[@]#"$broken"}")
}

complete -F _mailfs mailfs
