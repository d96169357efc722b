"""The documents that kubeadm reads, built as dicts for each version of its configuration API.

One place decides what haui writes: `init_documents` for the first control plane, `join_document`
for every other node. What the admin adds under `advanced.kubeadm` is merged into the document of
that kind last, so that it wins. Which fields exist in which API version is listed in
haui.clusterfile.kubeadm_fields; tests hold the two against each other.

kubeadm hands HTTP_PROXY and its like from its own environment on to the static pods and kube-proxy.
haui runs kubeadm without them: the control plane talks to its own hosts only, and images are pulled
by containerd, which has the proxy in its unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haui.clusterfile.kubeadm_fields import Api, api_version
from haui.spec import ClusterSpec, HostSpec
from steps.kubeadm_merge import adapted, merge
from steps.yaml_stream import yaml_stream

Document = dict[str, Any]

API_PORT = 6443
"""Where every kube-apiserver listens on its own host; the endpoint may use another port."""

CONTROL_PLANE_TIMEOUT = "6m0s"
"""How long kubeadm waits for the control plane: more than its own 4 minutes, for slow disks."""

INIT_TOKEN_DESCRIPTION = "haui init"
"""Marks the bootstrap token that `kubeadm init` always makes, so that it can be taken away."""

FROZEN_REGISTRY_MINOR = 24
"""Up to this minor kubeadm's default registry is k8s.gcr.io, which is frozen and going away."""

JOIN_PHASES = {
    **dict.fromkeys(("preflight", "kubelet-start"), 0),
    "wait-control-plane": 30,
    **dict.fromkeys(("control-plane-prepare", "check-etcd", "control-plane-join"), 0),
    **dict.fromkeys(("etcd-join", "kubelet-wait-bootstrap"), 31),
}
"""Top-level phases of `kubeadm join` and the minor that they came with; naming one that a command
does not know is an error."""

_OF_JOIN_ALONE = frozenset(JOIN_PHASES) - {"preflight", "kubelet-start", "wait-control-plane"}


def endpoint(spec: ClusterSpec) -> str:
    """The control plane's endpoint as `name:port`."""
    return f"{spec.endpoint.name}:{spec.endpoint.port}"


def cri_socket(minor: int) -> str:
    """containerd's socket in the form that this minor wants (a URL since 1.24)."""
    path = "/run/containerd/containerd.sock"
    return path if minor < 24 else f"unix://{path}"


def image_repository(spec: ClusterSpec) -> str | None:
    """The registry path of the control plane's images; None leaves it to kubeadm."""
    if spec.supply.images.repository:
        return spec.supply.images.repository
    return "registry.k8s.io" if spec.kubernetes.minor <= FROZEN_REGISTRY_MINOR else None


def cert_sans(spec: ClusterSpec) -> list[str]:
    """Every name and address under which an API server is reached, without repetition."""
    wanted = [spec.endpoint.name, spec.endpoint.vip, "localhost", "127.0.0.1"]
    for host in spec.control_planes:
        wanted += [host.name, host.address]
    return list(dict.fromkeys(name for name in wanted if name))


def skipped_phases(spec: ClusterSpec) -> tuple[str, ...]:
    """The phases of `kubeadm init` that are left out, the admin's own and those that follow."""
    skipped = [p for p in spec.advanced.skip_phases if p.partition("/")[0] not in _OF_JOIN_ALONE]
    if spec.network.kube_proxy == "none" and api_version(spec.kubernetes.minor) != "v1beta4":
        skipped.append("addon/kube-proxy")
    return tuple(dict.fromkeys(skipped))


def join_skipped_phases(spec: ClusterSpec) -> tuple[str, ...]:
    """Those of the admin's phases that `kubeadm join` knows."""
    known = {name for name, since in JOIN_PHASES.items() if spec.kubernetes.minor >= since}
    return tuple(p for p in spec.advanced.skip_phases if p.partition("/")[0] in known)


def init_documents(spec: ClusterSpec) -> list[Document]:
    """What `kubeadm init` reads on the first control plane. Holds no secret."""
    documents = [_init(spec), _cluster(spec), _kubelet()]
    if spec.network.kube_proxy != "none":
        documents.append(_kube_proxy(spec))
    return [_with_advanced(spec, document) for document in documents]


def join_document(
    spec: ClusterSpec, host: HostSpec, *, token: str, ca_hash: str, certificate_key: str = ""
) -> Document:
    """What `kubeadm join` reads on `host`; a control plane where the host has that role.

    `ca_hash` is "sha256:<64 hex>". `token` and `certificate_key` are secrets: the document goes
    into a tmpfs and nowhere else.
    """
    api = api_version(spec.kubernetes.minor)
    document: Document = {
        **_head(api, "JoinConfiguration"),
        "discovery": {
            "bootstrapToken": {
                "apiServerEndpoint": endpoint(spec),
                "token": token,
                "caCertHashes": [ca_hash],
            }
        },
        "nodeRegistration": _node_registration(spec, host, joining=True),
    }
    control_plane = "control-plane" in host.roles
    if control_plane:
        document["controlPlane"] = {
            "certificateKey": certificate_key,
            "localAPIEndpoint": {"advertiseAddress": host.address, "bindPort": API_PORT},
        }
    if api != "v1beta2" and join_skipped_phases(spec):
        document["skipPhases"] = list(join_skipped_phases(spec))
    if api == "v1beta4":
        document["timeouts"] = {"controlPlaneComponentHealthCheck": CONTROL_PLANE_TIMEOUT}
    merged = _with_advanced(spec, document)
    if not control_plane:
        # Its mere presence would turn a worker into a control plane.
        merged.pop("controlPlane", None)
    return merged


def dump(documents: list[Document]) -> bytes:
    """The documents as one YAML stream, block style, in the order in which they were built."""
    return yaml_stream(documents, allow_unicode=True)


def _head(api: Api, kind: str) -> Document:
    return {"apiVersion": f"kubeadm.k8s.io/{api}", "kind": kind}


def _arguments(values: Mapping[str, str], api: Api) -> dict[str, str] | list[dict[str, str]]:
    """Extra arguments of a component: a list of name and value since v1beta4, a map before."""
    if api != "v1beta4":
        return dict(values)
    return [{"name": name, "value": value} for name, value in values.items()]


def _node_registration(spec: ClusterSpec, host: HostSpec, *, joining: bool) -> Document:
    minor = spec.kubernetes.minor
    api = api_version(minor)
    node: Document = {
        "name": host.name,
        "criSocket": cri_socket(minor),
        # Always said: a kubelet that starts while the VIP sits on its interface may pick that.
        "kubeletExtraArgs": _arguments({"node-ip": host.address}, api),
    }
    if api != "v1beta2":
        node["imagePullPolicy"] = "IfNotPresent"
    if "control-plane" in host.roles and "worker" in host.roles:
        node["taints"] = []
    ignored = list(spec.advanced.ignore_preflight_errors)
    if joining and minor <= 22:
        # These minors refuse any file in the folder, even the packages' own placeholder.
        ignored.append("DirAvailable--etc-kubernetes-manifests")
    if any(name.lower() == "all" for name in ignored):
        # kubeadm refuses it beside the name of a check.
        ignored = ["all"]
    if ignored:
        node["ignorePreflightErrors"] = list(dict.fromkeys(ignored))
    return node


def _init(spec: ClusterSpec) -> Document:
    host = spec.first_control_plane
    api = api_version(spec.kubernetes.minor)
    document: Document = {
        **_head(api, "InitConfiguration"),
        # kubeadm makes a token whatever we say; this one is short-lived and known by its text.
        "bootstrapTokens": [{"description": INIT_TOKEN_DESCRIPTION, "ttl": "15m0s"}],
        "localAPIEndpoint": {"advertiseAddress": host.address, "bindPort": API_PORT},
        "nodeRegistration": _node_registration(spec, host, joining=False),
    }
    if api != "v1beta2" and skipped_phases(spec):
        document["skipPhases"] = list(skipped_phases(spec))
    if api == "v1beta4":
        document["timeouts"] = {"controlPlaneComponentHealthCheck": CONTROL_PLANE_TIMEOUT}
    return document


def _cluster(spec: ClusterSpec) -> Document:
    api = api_version(spec.kubernetes.minor)
    document: Document = {
        **_head(api, "ClusterConfiguration"),
        "clusterName": spec.name,
        "kubernetesVersion": f"v{spec.kubernetes.version}",
        "controlPlaneEndpoint": endpoint(spec),
    }
    if repository := image_repository(spec):
        document["imageRepository"] = repository
    document["networking"] = {
        "podSubnet": spec.network.pods,
        "serviceSubnet": spec.network.services,
        "dnsDomain": spec.network.dns_domain,
    }
    document["apiServer"] = {"certSANs": cert_sans(spec)}
    if api != "v1beta4":
        document["apiServer"]["timeoutForControlPlane"] = CONTROL_PLANE_TIMEOUT
    document["etcd"] = _etcd(spec)
    if api == "v1beta4" and spec.network.kube_proxy == "none":
        document["proxy"] = {"disabled": True}
    return document


def _etcd(spec: ClusterSpec) -> Document:
    if spec.topology.kind != "external":
        return {"local": {"dataDir": "/var/lib/etcd"}}
    pki = "/etc/kubernetes/pki"
    return {
        "external": {
            "endpoints": [f"https://{url_host(h.address)}:2379" for h in spec.having("etcd")],
            "caFile": f"{pki}/etcd/ca.crt",
            "certFile": f"{pki}/apiserver-etcd-client.crt",
            "keyFile": f"{pki}/apiserver-etcd-client.key",
        }
    }


def url_host(address: str) -> str:
    """An address as it stands in a URL: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def _kubelet() -> Document:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # kubeadm before 1.22 leaves the kubelet on cgroupfs, at odds with containerd.
        "cgroupDriver": "systemd",
    }


def _kube_proxy(spec: ClusterSpec) -> Document:
    document: Document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": spec.network.kube_proxy,
    }
    if spec.network.kube_proxy == "ipvs" and spec.endpoint.vip:
        # Otherwise every node may answer ARP for the virtual address.
        document["ipvs"] = {"strictARP": True}
    return document


def _with_advanced(spec: ClusterSpec, document: Document) -> Document:
    extra = next((e for k, e in spec.advanced.kubeadm.items() if k == document["kind"]), None)
    if not extra:
        return document
    return merge(document, adapted(extra, lists=api_version(spec.kubernetes.minor) == "v1beta4"))
