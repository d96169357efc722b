"""The images of the plan as far as they are known before kubeadm is on any host, and where
containerd will ask for them.

kubeadm alone knows which etcd and CoreDNS belong to it; `ETCD_TAGS` and `DNS_TAGS` hold what is
known of them, and such an image is not `certain`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haui.spec import ClusterSpec, HostSpec
from steps import containerd, endpoint_kube_vip, etcd, kubeadm, runtime, verify
from steps.cni.kinds import cni_images
from steps.mirrors import DOCKER_HUB, mirrors
from steps.where import is_control_plane, is_node

UPSTREAM = "registry.k8s.io"

Tags = dict[int, tuple[tuple[int, str], ...]]
"""By minor: the first patch and the tag from then on."""

ETCD_TAGS: Tags = {
    20: ((0, "3.4.13-0"),),
    21: ((0, "3.4.13-0"),),
    28: ((0, "3.5.9-0"), (6, "3.5.10-0"), (8, "3.5.12-0"), (14, "3.5.15-0")),
    29: ((0, "3.5.10-0"), (3, "3.5.12-0"), (9, "3.5.15-0"), (11, "3.5.16-0")),
    30: ((0, "3.5.12-0"), (5, "3.5.15-0")),
    31: ((0, "3.5.15-0"), (14, "3.5.24-0")),
    32: ((0, "3.5.16-0"), (10, "3.5.24-0")),
    33: ((0, "3.5.21-0"), (6, "3.5.24-0")),
    34: ((0, "3.6.4-0"), (2, "3.6.5-0")),
    35: ((0, "3.6.6-0"),),
    36: ((0, "3.6.8-0"),),
}
DNS_TAGS: Tags = {
    20: ((0, "1.7.0"),),
    21: ((0, "v1.8.0"),),
    22: ((0, "v1.8.4"),),
    23: ((0, "v1.8.6"),),
    24: ((0, "v1.8.6"),),
    25: ((0, "v1.9.3"),),
    26: ((0, "v1.9.3"),),
    27: ((0, "v1.10.1"),),
    28: ((0, "v1.10.1"),),
    29: ((0, "v1.11.1"),),
    30: ((0, "v1.11.1"), (5, "v1.11.3")),
    31: ((0, "v1.11.1"), (1, "v1.11.3")),
    32: ((0, "v1.11.3"),),
    33: ((0, "v1.12.0"),),
    34: ((0, "v1.12.1"),),
    35: ((0, "v1.13.1"),),
    36: ((0, "v1.14.2"),),
}


@dataclass(frozen=True, slots=True)
class Image:
    """An image that a host will pull. `certain`: whether it is sure to be this very one.
    `optional`: the cluster works without it."""

    reference: str
    certain: bool = True
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """Who is asked for images. `own`: a registry of the cluster file, to which its CA and login
    belong. `built`: haui sets it up in this install, so it can't be asked before."""

    origin: str
    own: bool
    built: bool = False

    @property
    def ping(self) -> str:
        return f"{self.origin}/v2/"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image's manifest is."""

    registry: Registry
    url: str

    @property
    def method(self) -> str:
        return "HEAD" if self.registry.origin == DOCKER_HUB else "GET"


def images(spec: ClusterSpec, host: HostSpec) -> tuple[Image, ...]:
    """What `host` will pull, as far as it is known, each once."""
    return tuple({image.reference: image for image in _images(spec, host)}.values())


def unknown(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """The names of the images that only kubeadm knows."""
    names = [*_names(spec, host)]
    return tuple(name for name in ("etcd", "coredns") if name in names and not _tagged(spec, name))


def place(spec: ClusterSpec, reference: str) -> Place:
    """Where containerd asks for an image first, with the mirrors of the cluster file."""
    registry, path, version = parts(reference)
    asked = mirrors(spec).get(registry)
    if asked is None:
        origin = DOCKER_HUB if registry == "docker.io" else f"https://{registry}"
        return Place(Registry(origin, own=False), f"{origin}/v2/{path}/manifests/{version}")
    first = asked[0]
    # Mirrors are told whose images they are asked for.
    url = f"{first.api.rstrip('/')}/{path}/manifests/{version}?ns={registry}"
    return Place(Registry(first.origin, own=True, built=first.built), url)


def asked_now(spec: ClusterSpec, host: HostSpec) -> tuple[Image, ...]:
    """Those of `images` that can be asked for before the install: not those that come from the
    registry that haui sets up."""
    return tuple(i for i in images(spec, host) if not place(spec, i.reference).registry.built)


def parts(reference: str) -> tuple[str, str, str]:
    """Registry, path, and tag or digest of an image."""
    name, _, digest = reference.partition("@")
    tag = ""
    if ":" in name.rpartition("/")[2]:
        name, _, tag = name.rpartition(":")
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "docker.io", name if slash else f"library/{name}"
    return first, rest, digest or tag or "latest"


def _names(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    names = runtime.image_names(spec, host) if is_node(spec, host) else ()
    return (*names, "etcd") if etcd.is_member(spec, host) else names


def _cluster(spec: ClusterSpec) -> kubeadm.Document:
    """kubeadm's ClusterConfiguration, with what the admin has merged into it."""
    documents = kubeadm.init_documents(spec)
    return next(doc for doc in documents if doc["kind"] == "ClusterConfiguration")


def _images(spec: ClusterSpec, host: HostSpec) -> Iterator[Image]:
    cluster = _cluster(spec)
    repository = str(cluster.get("imageRepository") or UPSTREAM)
    version = str(cluster.get("kubernetesVersion") or f"v{spec.kubernetes.version}")
    for name in _names(spec, host):
        if name == "pause":
            yield Image(containerd.pause_image(spec))
        elif name in ("etcd", "coredns"):
            if reference := _tagged(spec, name):
                yield Image(reference, certain=False)
        else:
            yield Image(f"{repository}/{name}:{version}")
    if not is_node(spec, host):
        return
    for reference in cni_images(spec):
        yield Image(reference)
    if endpoint_kube_vip.uses_kube_vip(spec) and is_control_plane(spec, host):
        yield Image(endpoint_kube_vip.image(spec))
    yield Image(spec.supply.images.verify_image or verify.DEFAULT_IMAGE, optional=True)


def _tagged(spec: ClusterSpec, name: str) -> str:
    """The reference of etcd or coredns; empty when it is not known."""
    cluster = _cluster(spec)
    repository = str(cluster.get("imageRepository") or UPSTREAM)
    settings = cluster.get("etcd", {}).get("local") if name == "etcd" else cluster.get("dns")
    own = settings if isinstance(settings, dict) else {}
    tag = own.get("imageTag") or _tag(spec, ETCD_TAGS if name == "etcd" else DNS_TAGS)
    if not tag:
        return ""
    where = str(own.get("imageRepository") or repository)
    if name == "coredns" and where == UPSTREAM and spec.kubernetes.minor > 20:
        if spec.kubernetes.minor < 25:
            # Whether this is the default registry, with its other path, depends on the patch.
            return ""
        where = f"{where}/coredns"
    return f"{where}/{name}:{tag}"


def _tag(spec: ClusterSpec, tags: Tags) -> str:
    patch = int(spec.kubernetes.version.split(".")[2])
    known = [tag for first, tag in tags.get(spec.kubernetes.minor, ()) if patch >= first]
    return known[-1] if known else ""
