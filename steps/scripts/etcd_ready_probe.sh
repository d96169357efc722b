# shellcheck shell=sh
# haui: include etcd_health_lib
# Is every member a healthy voter?

health_rows
exit 0
