# shellcheck shell=sh
# haui: include endpoint_kube_vip_lib
# Places kube-vip's manifest as it stays and waits until its pod runs from it. The kubelet replaces the pod; where this
# host holds the address, that is away for the seconds between the two.
set -u

[ -e "$K8S/admin.conf" ] || die "this host is no control plane yet: $K8S/admin.conf is missing"
put_vip_manifest kube-vip.yaml
retry 180 vip_pod_runs || {
    diagnose
    die "kube-vip does not run on this host; seen: $(vip_pod)" "the lines above say why; crictl logs of the container kube-vip says more"
}
retry 120 endpoint_ready || die "kube-vip runs, but nothing answers at the endpoint $HAUI_ENDPOINT" \
    "mode arp: is $HAUI_VIP free and in this host's subnet? mode bgp: do the routers know these hosts? See crictl logs of the container kube-vip"
