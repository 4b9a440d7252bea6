# fish completion of mailfs

function __mailfs_accounts
    set -q XDG_CONFIG_HOME; or set -l XDG_CONFIG_HOME ~/.config
    string match -rg '^\[(.*)\]$' <$XDG_CONFIG_HOME/mailfs/mailfs.conf 2>/dev/null | string match -v defaults
    printf '%s\n' imaps:// imap://
end

# Settings parted by commas: what is typed so far stays in front.
function __mailfs_settings
    set -l typed (commandline -ct | string replace -r '^-o' '' | string replace -r '[^,]*$' '')
    printf '%s\n' $typed{user=,password_command=,token_command=,ca_file=,client_cert=,client_key=,state_dir=,cache_dir=,cache_size=,connections=,folders=,exclude=,poll=,timeout=,drain=,delete_guard=}
    printf '%s\n' $typed{allow_cleartext,subscribed,sync,ro,allow_other,auto_unmount,nodev,nosuid,noexec}
    printf '%s\n' $typed{auth={auto,plain,login,scram,gssapi,xoauth2,oauthbearer},tls={verify,none}}
    printf '%s\n' $typed{prefetch={none,headers,all},delete={trash,expunge},eol={lf,crlf}}
end

complete -c mailfs -f
complete -c mailfs -s d -d 'Tell what happens, in the foreground'
complete -c mailfs -s f -d 'Stay in the foreground'
complete -c mailfs -s o -x -a '(__mailfs_settings)' -d Setting
complete -c mailfs -l all -d 'Mount all accounts'
complete -c mailfs -l help -d 'Print a summary'
complete -c mailfs -l version -d 'Print the version'
complete -c mailfs -n '__fish_is_nth_token 1' -a '(__mailfs_accounts)' -d Account
complete -c mailfs -n '__fish_is_nth_token 1' -a 'status queue sync unmount' -d Command
complete -c mailfs -n 'not __fish_is_nth_token 1' -a '(__fish_complete_directories)'
