# shellcheck shell=sh
# haui: include facts_units_lib facts_firewall_lib
# Facts: container runtimes, what is left of another Kubernetes, balancers. Services: `unit` of facts_units_lib.
#   kubernetes.server    the API server in admin.conf, else in kubelet.conf, e.g. https://api.example:6443
#   kubernetes.file      files of kubeadm: static pods, *.conf of /etc/kubernetes, pki/ca.crt, kubelet's config.yaml
#   kubernetes.other     NAME PATH: another distribution of Kubernetes (k3s, rke2, k0s, microk8s)
#   kubernetes.process   names of processes of Kubernetes that run
#   containerd.version   e.g. 1.6.20
#   containerd.config    haui|foreign|absent: whose /etc/containerd/config.toml is
#   containerd.disabled  its disabled_plugins, as written there
#   runtime.containers   RUNTIME NAMESPACE COUNT: running containers, where there are some
#   cni.config           files in /etc/cni/net.d that a runtime reads
#   leftover             paths that a removed cluster leaves
#   netfilter.chains     NAME COUNT: chains of Kubernetes' and of pod networks by how their names begin
#   balancer.config      PROGRAM haui|foreign|absent: whose configuration haproxy, nginx, keepalived have

facts_kubernetes() {
    facts_units
    kubernetes_server
    kubernetes_files
    kubernetes_processes
    kubernetes_runtimes
    kubernetes_chains
    kubernetes_balancers
}

# kubeconfig_server FILE: the API server that it names.
kubeconfig_server() {
    [ -f "$1" ] && sed -n 's/^ *server: *//p' "$1" | head -n 1
}

kubernetes_server() {
    # Newer kubelets of control planes talk to their own API server, so admin.conf is asked first.
    for haui_file in admin kubelet; do
        haui_server=$(kubeconfig_server "$ROOT/etc/kubernetes/$haui_file.conf" || :)
        [ -n "$haui_server" ] || continue
        printf '%s\n' "$haui_server" | tr -d "\"'" | sed 's#://[^/@]*@#://#' | fact_lines kubernetes.server
        return
    done
}

kubernetes_files() {
    for haui_file in "$ROOT"/etc/kubernetes/manifests/*.yaml "$ROOT"/etc/kubernetes/*.conf \
        "$ROOT"/etc/kubernetes/pki/ca.crt "$ROOT"/var/lib/kubelet/config.yaml; do
        [ ! -f "$haui_file" ] || printf 'kubernetes.file\t%s\n' "${haui_file#"$ROOT"}"
    done | head -n 50
    for haui_other in k3s:/etc/rancher/k3s k3s:/var/lib/rancher/k3s rke2:/etc/rancher/rke2 \
        rke2:/var/lib/rancher/rke2 k0s:/var/lib/k0s k0s:/etc/k0s microk8s:/var/snap/microk8s; do
        [ ! -e "$ROOT${haui_other#*:}" ] || printf 'kubernetes.other\t%s %s\n' "${haui_other%%:*}" "${haui_other#*:}"
    done
    for haui_file in "$ROOT"/etc/cni/net.d/*.conf "$ROOT"/etc/cni/net.d/*.conflist "$ROOT"/etc/cni/net.d/*.json; do
        [ ! -e "$haui_file" ] || printf 'cni.config\t%s\n' "${haui_file#"$ROOT"}"
    done | head -n 50
    for haui_file in /var/lib/calico /var/lib/cilium /var/lib/weave /run/flannel \
        /var/lib/cni/networks/cbr0 /var/lib/cni/networks/k8s-pod-network /var/lib/cni/networks/haui-bridge; do
        [ ! -e "$ROOT$haui_file" ] || printf 'leftover\t%s\n' "$haui_file"
    done
}

# Without a command for each process, nor ps, which may be missing.
kubernetes_processes() {
    for haui_file in "$ROOT"/proc/[0-9]*/comm; do
        haui_name=
        { read -r haui_name <"$haui_file"; } 2>/dev/null || continue
        case $haui_name in
            kubelet | kube-apiserver | kube-controller | kube-scheduler | kube-proxy | k3s | k3s-server | k3s-agent | \
                rke2 | k0s | kubelite | conmon | dockerd | crio)
                printf 'kubernetes.process\t%s\n' "$haui_name" ;;
        esac
    done | sort -u
}

kubernetes_runtimes() {
    if have containerd; then
        # "containerd github.com/containerd/containerd v1.7.1~ds1 …"
        bounded 5 containerd --version |
            awk '{ sub(/^v/, "", $3); sub(/[~+-].*/, "", $3) } $3 ~ /^[0-9.]+$/ { print "containerd.version\t" $3; exit }'
    fi
    haui_file=$ROOT/etc/containerd/config.toml
    printf 'containerd.config\t%s\n' "$(config_owner "$haui_file")"
    [ ! -r "$haui_file" ] || sed -n 's/^[ 	]*disabled_plugins[ 	]*=[ 	]*//p' "$haui_file" | head -n 1 | fact_lines containerd.disabled
    if have ctr && [ -S "$ROOT/run/containerd/containerd.sock" ]; then
        for haui_space in $(bounded 5 ctr --address "$ROOT/run/containerd/containerd.sock" namespaces list -q | head -n 10); do
            haui_count=$(bounded 5 ctr --address "$ROOT/run/containerd/containerd.sock" -n "$haui_space" tasks list |
                awk '$3 == "RUNNING" { n++ } END { print n + 0 }')
            [ "$haui_count" = 0 ] || printf 'runtime.containers\tcontainerd %s %s\n' "$haui_space" "$haui_count"
        done
    fi
    if have docker && [ -S "$ROOT/var/run/docker.sock" ]; then
        haui_count=$(bounded 5 docker ps -q | awk 'END { print NR }')
        [ "$haui_count" = 0 ] || printf 'runtime.containers\tdocker - %s\n' "$haui_count"
    fi
}

# config_owner FILE: whether haui has written it.
config_owner() {
    haui_line=
    { read -r haui_line <"$1"; } 2>/dev/null || :
    case $haui_line in
        "# Written by haui"*) echo haui ;;
        *) if [ -s "$1" ]; then echo foreign; else echo absent; fi ;;
    esac
}

# Chains without their rules: a node may have ten thousands of those.
kubernetes_chains() {
    {
        if have nft && ! nft_idle; then
            bounded 10 nft list chains | awk '$1 == "chain" { print $2 } $1 == "table" && $3 ~ /^(kube-proxy|cali|cilium)/ { print $3 }'
        fi
        for haui_family in ip ip6; do
            if [ ! -s "$ROOT/proc/net/${haui_family}_tables_names" ] || ! have "${haui_family}tables-legacy-save"; then
                continue
            fi
            bounded 10 "${haui_family}tables-legacy-save" | sed -n 's/^:\([^ ]*\) .*/\1/p'
        done
    } | LC_ALL=C awk '
        match($0, /^(KUBE-|CNI-|cali-|FLANNEL-|CILIUM_|WEAVE-|kube-proxy)/) { count[substr($0, 1, RLENGTH)]++ }
        END { for (name in count) printf "netfilter.chains\t%s %d\n", name, count[name] }' | sort
}

kubernetes_balancers() {
    for haui_name in haproxy:/etc/haproxy/haproxy.cfg nginx:/etc/nginx/nginx.conf keepalived:/etc/keepalived/keepalived.conf; do
        printf 'balancer.config\t%s %s\n' "${haui_name%%:*}" "$(config_owner "$ROOT${haui_name#*:}")"
    done
}
