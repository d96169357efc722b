# shellcheck shell=sh
# What `etcdctl endpoint status -w fields` says of several members. Its short table has other columns since 3.6.

# etcd_leaders: how many of them lead.
etcd_leaders() {
    # As text: member ids don't fit into awk's numbers.
    awk '$1 == "\"MemberID\"" { id = $3 "" } $1 == "\"Leader\"" && $3 "" == id { leaders++ } END { print leaders + 0 }'
}

# etcd_releases: the releases that they run, each once.
etcd_releases() {
    sed -n 's/^"Version" : "\(.*\)"$/\1/p' | sort -u
}
