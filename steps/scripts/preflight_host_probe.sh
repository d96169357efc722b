# shellcheck shell=sh
# haui: include osfamily_lib modules_lib time_lib interface_lib
# Everything about one host that has to be right before the first change. Only reads.

ROOT=${HAUI_ROOT:-}

# strict WHAT EXPECTED SEEN FIX: what stops a production cluster and is merely said for a test one.
strict() {
    if [ "$HAUI_PROFILE" = production ]; then
        finding blocked "$1" "$4" "$3"
    else
        finding info "$1" "$2" "$3"
    fi
}

check_system() {
    name=$(os_release PRETTY_NAME)
    case $(os_family) in
        debian) finding ok "operating system" "Debian or Ubuntu" "$name" ;;
        redhat) finding blocked "operating system" "The RHEL family is not supported yet; use Debian or Ubuntu." "$name" ;;
        *) finding blocked "operating system" "Use Debian or Ubuntu." "${name:-unknown}" ;;
    esac
    case $(uname -m) in
        x86_64 | aarch64) finding ok "architecture" "x86_64 or aarch64" "$(uname -m)" ;;
        *) finding blocked "architecture" "Kubernetes images exist for x86_64 and aarch64; use such a host." "$(uname -m)" ;;
    esac
    if [ -d "$ROOT/run/systemd/system" ]; then
        finding ok "init" systemd systemd
    else
        finding blocked "init" "Boot the host with systemd." "not systemd"
    fi
    if [ "$(id -u)" = 0 ]; then
        finding ok "privilege" root root
    else
        finding blocked "privilege" "Log in as root or allow sudo (ssh.sudo in the cluster file)." "uid $(id -u)"
    fi
}

# kubeadm refuses less on a control plane, whatever the profile, unless it was told to ignore it.
check_size() {
    cpus=$(nproc)
    memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "$ROOT/proc/meminfo")
    if [ "$cpus" -lt "$HAUI_FLOOR_CPUS" ]; then
        finding blocked "processors" "kubeadm needs $HAUI_FLOOR_CPUS on a control plane; add some, or put NumCPU into advanced.ignore_preflight_errors." "$cpus"
    elif [ "$cpus" -lt "$HAUI_CPUS" ]; then
        strict "processors" "at least $HAUI_CPUS" "$cpus" "Give the host $HAUI_CPUS processors, or choose profile: test."
    else
        finding ok "processors" "at least $HAUI_CPUS" "$cpus"
    fi
    if [ "$memory" -lt "$HAUI_FLOOR_MEMORY_MB" ]; then
        finding blocked "memory" "kubeadm needs $HAUI_FLOOR_MEMORY_MB MB on a control plane; add some, or put Mem into advanced.ignore_preflight_errors." "$memory MB"
    elif [ "$memory" -lt $((HAUI_MEMORY_MB * 9 / 10)) ]; then
        # Firmware and kernel keep a part of the nominal size.
        strict "memory" "about $HAUI_MEMORY_MB MB" "$memory MB" "Give the host $HAUI_MEMORY_MB MB of memory, or choose profile: test."
    else
        finding ok "memory" "about $HAUI_MEMORY_MB MB" "$memory MB"
    fi
    disk=$(df -Pk "$ROOT/var/lib" | awk 'NR == 2 { print int($2 / 1048576) }')
    if [ "$disk" -lt $((HAUI_DISK_GB * 9 / 10)) ]; then
        strict "disk of /var/lib" "about $HAUI_DISK_GB GB" "$disk GB" "Give it $HAUI_DISK_GB GB, or choose profile: test."
    else
        finding ok "disk of /var/lib" "about $HAUI_DISK_GB GB" "$disk GB"
    fi
}

check_kernel() {
    for module in $HAUI_MODULES; do
        if module_works "$module" || module_loadable "$module" || module_unknowable "$module"; then
            finding ok "kernel module $module" "usable" "usable"
        else
            finding blocked "kernel module $module" "Install the modules of the running kernel ($(uname -r)); on Ubuntu linux-modules-extra-$(uname -r). After a kernel update: reboot." "not found"
        fi
    done
    cgroup=$(stat -fc %T "$ROOT/sys/fs/cgroup")
    if [ "$cgroup" = cgroup2fs ]; then
        finding ok "cgroups" "version 2" "version 2"
    elif [ "$HAUI_CGROUP_V1" = refused ]; then
        finding blocked "cgroups" "Kubernetes 1.35 and later refuse cgroup v1; boot with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in advanced.kubeadm.KubeletConfiguration." "version 1"
    else
        finding info "cgroups" "version 2" "version 1"
    fi
}

# kubeconfig_server FILE: the API server that it names.
kubeconfig_server() {
    [ -f "$1" ] && sed -n 's/^ *server: *//p' "$1" | head -n 1
}

check_foreign_kubernetes() {
    for other in k3s:/etc/rancher/k3s rke2:/etc/rancher/rke2 k0s:/var/lib/k0s microk8s:/var/snap/microk8s; do
        if [ -e "$ROOT${other#*:}" ]; then
            finding blocked "other Kubernetes" "Uninstall ${other%%:*} from this host, or take the host out of the cluster file." "${other%%:*} (${other#*:})"
            return
        fi
    done
    # Newer kubelets of control planes talk to their own API server, so admin.conf is asked first.
    server=$(kubeconfig_server "$ROOT/etc/kubernetes/admin.conf" || kubeconfig_server "$ROOT/etc/kubernetes/kubelet.conf" || :)
    case $server in
        '') finding ok "other Kubernetes" none none ;;
        "https://$HAUI_ENDPOINT" | "https://$HAUI_ADDRESS:6443" | "https://[$HAUI_ADDRESS]:6443")
            finding ok "other Kubernetes" "none, or this cluster" "this cluster" ;;
        *) finding blocked "other Kubernetes" "This host is a node of another cluster ($server). Drain it there and run 'kubeadm reset' on it, or take it out of the cluster file." "$server" ;;
    esac
}

check_address() {
    device=$(interface_of "$HAUI_ADDRESS")
    if [ -n "$device" ]; then
        finding ok "address $HAUI_ADDRESS" "on an interface" "$device"
    else
        finding blocked "address $HAUI_ADDRESS" "Correct hosts[].address in the cluster file; it must be an address of the host itself." "the host has $(ip -o addr show scope global | awk '{ printf "%s ", $4 }')"
    fi
}

check_virtual_address() {
    [ -n "$HAUI_VIP" ] || return 0
    wanted=${HAUI_INTERFACE:-$device}
    route=$(ip -o route get "$HAUI_VIP" 2>&1 | head -n 1)
    case $route in
        local*) finding ok "virtual address $HAUI_VIP" "in the host's subnet" "on this host" && return ;;
        *" via "* | *[Ee]rror* | *nreachable*) on_link= ;;
        *) on_link=$(printf '%s' "$route" | sed -n 's/.* dev \([^ ]*\).*/\1/p') ;;
    esac
    if [ -z "$on_link" ] || { [ -n "$wanted" ] && [ "$on_link" != "$wanted" ]; }; then
        finding blocked "virtual address $HAUI_VIP" "Choose endpoint.vip in the subnet of this host's address, or another endpoint kind." "$route"
        return
    fi
    finding ok "virtual address $HAUI_VIP" "in the host's subnet" "on $on_link"
    check_virtual_address_free
}

# neighbour ADDRESS: the link-layer address that answers for it.
neighbour() {
    ping -c 1 -W 1 "$1" >/dev/null 2>&1 || :
    ip neigh show "$1" 2>/dev/null | sed -n 's/.* lladdr \([^ ]*\).*/\1/p' | head -n 1
}

# Held by a balancer of this cluster is fine: the install is being continued, or is over.
check_virtual_address_free() {
    holder=$(neighbour "$HAUI_VIP")
    if [ -z "$holder" ]; then
        finding ok "virtual address in use" "no" "no answer"
        return
    fi
    for peer in $HAUI_PEERS; do
        if [ "$(neighbour "$peer")" = "$holder" ]; then
            finding ok "virtual address in use" "no, or by this cluster" "by $peer"
            return
        fi
    done
    finding blocked "virtual address in use" "Choose a free endpoint.vip; $HAUI_VIP is taken." "answered by $holder"
}

check_time() {
    if time_synchronised; then
        finding ok "time" synchronised synchronised
    elif clock_is_foreign; then
        finding info "time" synchronised "the clock is the machine's, this is a container"
    elif time_service >/dev/null; then
        strict "time" synchronised "not synchronised" "Give $(time_service) a time server that it reaches; certificates need right clocks."
    else
        finding info "time" synchronised "no time service yet; haui installs chrony for profile production"
    fi
}

# Ports of Kubernetes and the balancer. Who holds one under its own name is a running cluster of ours.
check_ports() {
    listeners=$(ss -Hltnp 2>/dev/null)
    for port in $HAUI_PORTS; do
        holders=$(printf '%s\n' "$listeners" | awk -v port="$port" '
            { n = split($4, part, ":") }
            part[n] == port { if (match($0, /\(\("[^"]*"/)) print substr($0, RSTART + 3, RLENGTH - 4); else print "unknown" }' | sort -u)
        strange=$(printf '%s\n' "$holders" | grep -vxE "kube-apiserver|kube-controller(-manager)?|kube-scheduler|etcd|kubelet|${HAUI_OURS:-haproxy}|" | head -n 1)
        if [ -z "$strange" ]; then
            finding ok "port $port" "free or ours" "${holders:-free}"
        else
            finding blocked "port $port" "Stop $strange on this host or move it to another port." "held by $strange"
        fi
    done
}

device=
check_system
check_size
check_kernel
check_foreign_kubernetes
check_address
check_virtual_address
check_time
check_ports
exit 0
