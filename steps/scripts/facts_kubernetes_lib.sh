# shellcheck shell=sh
# haui: include facts_units_lib facts_firewall_lib
# Facts: container runtimes, what is left of another Kubernetes, balancers. Services: `unit` of facts_units_lib.
#   kubernetes.server    the API server in admin.conf, else in kubelet.conf, e.g. https://api.example:6443
#   kubernetes.file      files of kubeadm: static pods, *.conf of /etc/kubernetes, pki/ca.crt, kubelet's config.yaml
#   kubernetes.other     NAME PATH: another distribution of Kubernetes (k3s, rke2, k0s, microk8s)
#   kubernetes.process   names of processes of Kubernetes that run: told by facts_programs of facts_system_lib
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
    kubernetes_configurations
    kubernetes_files
    kubernetes_runtimes
    kubernetes_chains
    kubernetes_balancers
}

# Newer kubelets of control planes talk to their own API server, so admin.conf comes first.
kubernetes_configurations() {
    look_at kubernetes "$ROOT"/etc/kubernetes/admin.conf "$ROOT"/etc/kubernetes/kubelet.conf \
        "$ROOT"/etc/containerd/config.toml
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
KUBERNETES_READ='
    function kubernetes_read() {
        if (own ~ /\/config\.toml$/) {
            if (!sub(/^[ \t]*disabled_plugins[ \t]*=[ \t]*/, "")) return 0
            if ($0 != "") tell("containerd.disabled", $0)
            return 1
        }
        if (kubernetes_server != "") return 1
        if (!sub(/^ *server: */, "")) return 0
        gsub(/["\047]/, "")
        sub(/:\/\/[^\/@]*@/, "://")
        kubernetes_server = $0
        if ($0 != "") tell("kubernetes.server", $0)
        return 0
    }'

kubernetes_files() {
    haui_count=0
    for haui_file in "$ROOT"/etc/kubernetes/manifests/*.yaml "$ROOT"/etc/kubernetes/*.conf \
        "$ROOT"/etc/kubernetes/pki/ca.crt "$ROOT"/var/lib/kubelet/config.yaml; do
        [ -f "$haui_file" ] || continue
        fact kubernetes.file "${haui_file#"$ROOT"}"
        haui_count=$((haui_count + 1))
        [ "$haui_count" -lt 50 ] || break
    done
    for haui_other in k3s:/etc/rancher/k3s k3s:/var/lib/rancher/k3s rke2:/etc/rancher/rke2 \
        rke2:/var/lib/rancher/rke2 k0s:/var/lib/k0s k0s:/etc/k0s microk8s:/var/snap/microk8s; do
        [ ! -e "$ROOT${haui_other#*:}" ] || printf 'kubernetes.other\t%s %s\n' "${haui_other%%:*}" "${haui_other#*:}"
    done
    haui_count=0
    for haui_file in "$ROOT"/etc/cni/net.d/*.conf "$ROOT"/etc/cni/net.d/*.conflist "$ROOT"/etc/cni/net.d/*.json; do
        [ -e "$haui_file" ] || continue
        fact cni.config "${haui_file#"$ROOT"}"
        haui_count=$((haui_count + 1))
        [ "$haui_count" -lt 50 ] || break
    done
    for haui_file in /var/lib/calico /var/lib/cilium /var/lib/weave /run/flannel \
        /var/lib/cni/networks/cbr0 /var/lib/cni/networks/k8s-pod-network /var/lib/cni/networks/haui-bridge; do
        [ ! -e "$ROOT$haui_file" ] || printf 'leftover\t%s\n' "$haui_file"
    done
}

kubernetes_runtimes() {
    if have containerd; then
        # "containerd github.com/containerd/containerd v1.7.1~ds1 …"
        become_bounded 5 containerd --version | LC_ALL=C awk '
            { sub(/^v/, "", $3); sub(/[~+-].*/, "", $3) }
            $3 ~ /^[0-9.]+$/ { print "containerd.version\t" $3; exit }'
    fi
    config_owner "$ROOT/etc/containerd/config.toml"
    fact containerd.config "$haui_owner"
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

# config_owner FILE: sets haui_owner, whether haui has written it.
config_owner() {
    haui_line=
    { read -r haui_line <"$1"; } 2>/dev/null || :
    case $haui_line in
        "# Written by haui"*) haui_owner=haui ;;
        *) if [ -s "$1" ]; then haui_owner=foreign; else haui_owner=absent; fi ;;
    esac
}

# Chains without their rules: a node may have ten thousands of those.
kubernetes_chains() {
    nft_ask
    haui_legacy=
    for haui_family in ip ip6; do
        if [ -s "$ROOT/proc/net/${haui_family}_tables_names" ] && have "${haui_family}tables-legacy-save"; then
            haui_legacy="$haui_legacy ${haui_family}tables-legacy-save"
        fi
    done
    [ -n "$haui_chains$haui_legacy" ] || return 0
    {
        printf '%s\n' "$haui_chains"
        for haui_tool in $haui_legacy; do bounded 10 "$haui_tool"; done
    } | LC_ALL=C awk '
        $1 == "chain" { note($2) }
        $1 == "table" && $3 ~ /^(kube-proxy|cali|cilium)/ { note($3) }
        /^:/ { note(substr($1, 2)) }
        function note(name) {
            if (match(name, /^(KUBE-|CNI-|cali-|FLANNEL-|CILIUM_|WEAVE-|kube-proxy)/)) count[substr(name, 1, RLENGTH)]++
        }
        END {
            # In the order of their names.
            kinds = split("CILIUM_ CNI- FLANNEL- KUBE- WEAVE- cali- kube-proxy", kind, " ")
            for (i = 1; i <= kinds; i++) if (kind[i] in count) printf "netfilter.chains\t%s %d\n", kind[i], count[kind[i]]
        }'
}

kubernetes_balancers() {
    for haui_name in haproxy:/etc/haproxy/haproxy.cfg nginx:/etc/nginx/nginx.conf keepalived:/etc/keepalived/keepalived.conf; do
        config_owner "$ROOT${haui_name#*:}"
        fact balancer.config "${haui_name%%:*} $haui_owner"
    done
}
