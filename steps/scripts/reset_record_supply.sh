# shellcheck shell=sh
# haui: include reset_record_lib
# Says what is left of haui here. That something was asked for makes sure that the last call is made in the end.

printf 'left=%s\n' "$(own_remains | wc -l)"
