"""What the pods of Cilium's agent and of its operator have in common."""

from __future__ import annotations

from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.spec import ClusterSpec
from steps.cni.objects import Document, env_field, env_value


def tag(spec: ClusterSpec) -> str:
    """The version of both images."""
    return spec.network.cni.version or POD_NETWORKS["cilium"].version


def api(spec: ClusterSpec) -> list[Document]:
    """Where the API server is, when no kube-proxy brings packets to the Service of that name."""
    if spec.network.kube_proxy != "none":
        return []
    return [
        env_value("KUBERNETES_SERVICE_HOST", spec.endpoint.name),
        env_value("KUBERNETES_SERVICE_PORT", str(spec.endpoint.port)),
    ]


def whereabouts() -> list[Document]:
    """The node and the namespace that the pod is in."""
    return [
        env_field("K8S_NODE_NAME", "spec.nodeName"),
        env_field("CILIUM_K8S_NAMESPACE", "metadata.namespace"),
    ]


def health(port: int | str, headers: dict[str, str], **fields: int) -> Document:
    """A probe of the pod's health port, on the node's own network."""
    request: Document = {"host": "127.0.0.1", "path": "/healthz", "port": port, "scheme": "HTTP"}
    if headers:
        request["httpHeaders"] = [env_value(name, value) for name, value in headers.items()]
    return {"httpGet": request, **fields}


def one_a_node(labels: dict[str, str]) -> Document:
    """At most one such pod on each node."""
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
