# shellcheck shell=sh
# haui: include etcd_lib
# Does this host run with another CA of etcd? (The file itself is looked at as all placed files are.)

if [ "$HAUI_KIND" = member ]; then
    here=$ETCD_PKI/ca.crt
    in_use=$ETCD_DATA/member
else
    here=${HAUI_ROOT:-}/etc/kubernetes/pki/etcd/ca.crt
    in_use=${HAUI_ROOT:-}/etc/kubernetes/manifests/kube-apiserver.yaml
fi
if [ -e "$here" ] && [ -e "$in_use" ] && ! cmp -s "$here" "$HAUI_INPUTS/ca.crt"; then
    finding blocked "CA of etcd on this host" \
        "put the host with the CA that the members use first among those with the role etcd; if this host is left from another cluster, clear it" \
        "it runs with another CA than that of the first etcd host"
else
    finding ok "CA of etcd on this host" "that of the first etcd host, or none in use" "no other one in use"
fi
