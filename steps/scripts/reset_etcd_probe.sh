# shellcheck shell=sh
# haui: include reset_lib
# Has the member of this host been stopped, and what became of its data?

want_retired etcd
if [ ! -e "$ROOT/var/lib/etcd/member" ]; then
    finding ok "data of etcd" gone gone
    want_user etcd
elif ! noted unit etcd >/dev/null; then
    finding info "data of etcd" "not haui's" "in /var/lib/etcd"
elif removes_data; then
    finding differs "data of etcd" gone "in /var/lib/etcd"
    want_user etcd
else
    finding info "data of etcd" "kept, as nobody has agreed to lose it" "in /var/lib/etcd, of the account etcd"
fi
exit 0
