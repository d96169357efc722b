"""The rules of `advanced`: it adds to what haui writes, it never says again what a key says, and it
names only fields that kubeadm has."""

from __future__ import annotations

from collections.abc import Iterator

from haui.clusterfile.kubeadm_fields import unknown_additions
from haui.clusterfile.problem import Loc, SpecProblem
from haui.spec import ClusterSpec

OWNED = {
    ("ClusterConfiguration", "kubernetesVersion"): "kubernetes.version",
    ("ClusterConfiguration", "clusterName"): "name",
    ("ClusterConfiguration", "controlPlaneEndpoint"): "endpoint.name and endpoint.port",
    ("ClusterConfiguration", "imageRepository"): "supply.images.repository",
    ("ClusterConfiguration", "networking", "podSubnet"): "network.pods",
    ("ClusterConfiguration", "networking", "serviceSubnet"): "network.services",
    ("ClusterConfiguration", "networking", "dnsDomain"): "network.dns_domain",
    ("KubeProxyConfiguration", "mode"): "network.kube_proxy",
}
"""Parts of kubeadm documents that another key of the cluster file says."""
SECRET = (
    ("InitConfiguration", "certificateKey"),
    ("InitConfiguration", "bootstrapTokens"),
    ("JoinConfiguration", "discovery"),
    ("JoinConfiguration", "controlPlane", "certificateKey"),
)
"""Parts of kubeadm documents that hold a secret; haui mints those itself."""

ALL_CHECKS_MINOR = 28
"""From this minor on kubeadm's own configuration may say that every check may fail."""


def _problem(loc: Loc, what: str) -> SpecProblem:
    return SpecProblem(loc=loc, what=what)


def advanced_problems(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """Additions that contradict another key, hold a secret, or that kubeadm would pass over."""
    for (kind, *path), key in OWNED.items():
        if _holds(spec, kind, path):
            yield _problem(("advanced", "kubeadm", kind, *path), f"is said by {key} already")
    for kind, *path in SECRET:
        if _holds(spec, kind, path):
            what = "is a secret that haui makes itself; it must not stand in this file"
            yield _problem(("advanced", "kubeadm", kind, *path), what)
    for kind, document in spec.advanced.kubeadm.items():
        for field in ("apiVersion", "kind"):
            if field in document:
                what = "follows from the Kubernetes version; leave it out"
                yield _problem(("advanced", "kubeadm", kind, field), what)
        for at, wrong in unknown_additions(kind, document, spec.kubernetes.minor):
            what = f"{wrong} ({kind} of Kubernetes 1.{spec.kubernetes.minor})"
            yield _problem(("advanced", "kubeadm", kind, *at), what)
    yield from _etcd(spec)
    yield from _all_checks(spec)


def _all_checks(spec: ClusterSpec) -> Iterator[SpecProblem]:
    names = [name.lower() for name in spec.advanced.ignore_preflight_errors]
    if "all" in names and spec.kubernetes.minor < ALL_CHECKS_MINOR:
        what = f"kubeadm before 1.{ALL_CHECKS_MINOR} takes no 'all' from a file; name the checks"
        at = ("advanced", "ignore_preflight_errors", names.index("all"))
        yield SpecProblem(loc=at, what=what, example="SystemVerification")


def _etcd(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """kubeadm refuses a document with both kinds of etcd."""
    other = "local" if spec.topology.kind == "external" else "external"
    if _holds(spec, "ClusterConfiguration", ["etcd", other]):
        what = f"does not go with topology.kind: {spec.topology.kind}"
        yield _problem(("advanced", "kubeadm", "ClusterConfiguration", "etcd", other), what)


def _holds(spec: ClusterSpec, kind: str, path: list[str]) -> bool:
    value: object = dict(spec.advanced.kubeadm).get(kind)  # type: ignore[call-overload]
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True
