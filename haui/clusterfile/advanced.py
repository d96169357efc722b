"""The rules of `advanced`: it adds to what haui writes, it never says again what a key says, and it
names only fields that kubeadm has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic_core import PydanticCustomError

from haui.clusterfile import types as t
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

IMAGES = (("ClusterConfiguration", "dns"), ("ClusterConfiguration", "etcd", "local"))
"""Parts of kubeadm documents that say where an image is; haui looks for that, too."""
CRI_TABLES = (
    ("registry",),
    ("cni",),
    ("pinned_images",),
    ("containerd",),
    ("containerd", "runtimes"),
    ("containerd", "runtimes", "runc"),
    ("containerd", "runtimes", "runc", "options"),
)
"""Tables of containerd's CRI plugin that haui writes into; each stands behind those it is in."""

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
    yield from _images(spec)
    yield from _containerd(spec)
    yield from _all_checks(spec)


def _all_checks(spec: ClusterSpec) -> Iterator[SpecProblem]:
    names = [name.lower() for name in spec.advanced.ignore_preflight_errors]
    if "all" in names and spec.kubernetes.minor < ALL_CHECKS_MINOR:
        what = f"kubeadm before 1.{ALL_CHECKS_MINOR} takes no 'all' from a file; name the checks"
        at = ("advanced", "ignore_preflight_errors", names.index("all"))
        yield SpecProblem(loc=at, what=what, example="SystemVerification")


def _images(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """Where images are, which haui puts together as kubeadm does."""
    for kind, *path in IMAGES:
        for field, check in (("imageRepository", t.image_repository), ("imageTag", t.image_tag)):
            value = _value(spec, kind, [*path, field])
            if value is not None and (wrong := _broken(value, check)):
                yield _problem(("advanced", "kubeadm", kind, *path, field), wrong)
    pause = spec.advanced.containerd.get("sandbox_image")
    if pause is not None and (wrong := _broken(pause, t.image)):
        yield _problem(("advanced", "containerd", "sandbox_image"), wrong)


def _broken(value: object, check: Callable[[str], str]) -> str:
    """What a rule of the fields says of a free value; empty when it is right."""
    if not isinstance(value, str):
        return f"must be text, not {t.shown(value)}"
    try:
        check(value)
    except PydanticCustomError as error:
        return error.message()
    return ""


def _containerd(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """What takes the place of a table that haui has to write into."""
    for path in CRI_TABLES:
        part: object = spec.advanced.containerd
        for key in path:
            part = part.get(key, {}) if isinstance(part, dict) else {}
        if not isinstance(part, dict):
            yield _problem(("advanced", "containerd", *path), "must be a map")


def _etcd(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """kubeadm refuses a document with both kinds of etcd."""
    other = "local" if spec.topology.kind == "external" else "external"
    if _holds(spec, "ClusterConfiguration", ["etcd", other]):
        what = f"does not go with topology.kind: {spec.topology.kind}"
        yield _problem(("advanced", "kubeadm", "ClusterConfiguration", "etcd", other), what)


def _holds(spec: ClusterSpec, kind: str, path: list[str]) -> bool:
    return _value(spec, kind, path, _ABSENT) is not _ABSENT


def _value(spec: ClusterSpec, kind: str, path: list[str], default: object = None) -> object:
    """What stands there in the additions to a kubeadm document."""
    value: object = dict(spec.advanced.kubeadm).get(kind)  # type: ignore[call-overload]
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value


_ABSENT = object()
