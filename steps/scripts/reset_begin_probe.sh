# shellcheck shell=sh
# haui: include reset_begin_lib
# Does something of haui still change this host?

left=$(running_tasks | sed 's|.*/||' | tr '\n' ' ')
want "tasks of haui that run here" none "${left:-none}"
exit 0
