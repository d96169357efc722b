"""What a cluster file needs from outside: every package and every image, and what each is for.

For whoever fills mirrors before any host can be asked. The names are those that the install uses
and the preflight asks for; what haui can't know beforehand says so in its `note`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from haui.host import FAMILY_NAMES, OsFamily
from haui.spec import ClusterSpec, HostSpec
from steps import etcd, osfamily, preflight_images, preflight_plan, verify
from steps.checks.thresholds import CONTAINERD_1_MINOR, CONTAINERD_16_MINOR, TOOL_FLOORS
from steps.cni.kinds import cni_images
from steps.mirrors import mirrors, registry_hosts
from steps.purposes import IMAGE_PURPOSES, PURPOSES
from steps.where import has_containerd, is_node

KUBEADM_DECIDES = (
    "haui's own list; kubeadm's decides: kubeadm config images list --kubernetes-version v{version}"
)
UNKNOWN_TAG = (
    "its tag is not in haui's list: kubeadm config images list --kubernetes-version v{version} "
    "tells it, on any machine and without a network"
)
NOTES = (
    (
        "Packages bring others along: let the package manager fetch those, too, on a machine with "
        "the hosts' own release (apt-get install --download-only, dnf download --resolve)."
    ),
    "Where versions are any, the one of the hosts' own release is meant.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package for one family of operating systems. `version` is exact, or a floor, or any."""

    name: str
    version: str
    family: OsFamily
    source: str
    purpose: str
    hosts: tuple[str, ...]

    @property
    def shown(self) -> str:
        """`name=version`, as far as the version is known."""
        exact = self.version.replace(".", "").isdigit()
        return f"{self.name}={self.version}" if exact else f"{self.name} ({self.version})"

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict."""
        return {
            "name": self.name,
            "version": self.version,
            "family": self.family,
            "source": self.source,
            "purpose": self.purpose,
            "hosts": list(self.hosts),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image. `served_as` is where the hosts ask for it, when that is not what its name says;
    `sure`: it will be exactly this one."""

    reference: str
    purpose: str
    roles: tuple[str, ...]
    hosts: tuple[str, ...]
    served_as: tuple[str, ...] = ()
    sure: bool = True
    optional: bool = False
    note: str = field(default="")

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict."""
        return {
            "reference": self.reference,
            "purpose": self.purpose,
            "roles": list(self.roles),
            "hosts": list(self.hosts),
            "served_as": list(self.served_as),
            "sure": self.sure,
            "optional": self.optional,
            "note": self.note,
        }


def packages(spec: ClusterSpec) -> tuple[Package, ...]:
    """Every package, by family; in the order in which the install comes to them."""
    found: dict[tuple[OsFamily, str], list[str]] = {}
    for family in osfamily.FAMILIES:
        for host in spec.hosts:
            names = preflight_plan.KUBERNETES if is_node(spec, host) else ()
            wanted = (*names, *preflight_plan.needed(spec, host, family), *maybe(spec, host))
            for name in dict.fromkeys(wanted):
                found.setdefault((family.name, name), []).append(host.name)
    return tuple(
        Package(
            name=name,
            version=_version(spec, name),
            family=family,
            source=_source(spec, family, name),
            purpose=PURPOSES.get(name, ""),
            hosts=tuple(hosts),
        )
        for (family, name), hosts in found.items()
    )


def maybe(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """Packages that the install brings only where nothing else does the same."""
    signs = etcd.is_member(spec, host) or etcd.is_client(spec, host)
    return ("chrony", *(("openssl",) if signs else ()))


def images(spec: ClusterSpec) -> tuple[Image, ...]:
    """Every image, in the order in which the install comes to them."""
    known: dict[str, tuple[preflight_images.Image, list[HostSpec]]] = {}
    unknown: dict[str, list[HostSpec]] = {}
    for host in spec.hosts:
        if not has_containerd(spec, host):
            continue
        for image in preflight_images.images(spec, host):
            known.setdefault(image.reference, (image, []))[1].append(host)
        for name in preflight_images.unknown(spec, host):
            unknown.setdefault(name, []).append(host)
    return (*_known(spec, known), *_unknown(spec, unknown))


def to_json(spec: ClusterSpec) -> dict[str, Any]:
    """Everything as JSON-ready data, for `haui bundle list --json`."""
    return {
        "cluster": spec.name,
        "kubernetes": spec.kubernetes.version,
        "packages": [package.to_json() for package in packages(spec)],
        "images": [image.to_json() for image in images(spec)],
        "notes": list(notes(spec)),
    }


def lines(spec: ClusterSpec) -> Iterator[str]:
    """The same in lines for people."""
    wanted, pulled = packages(spec), images(spec)
    yield f"{spec.name}: Kubernetes {spec.kubernetes.version}"
    for family in osfamily.FAMILIES:
        own = [package for package in wanted if package.family == family.name]
        yield f"\n{len(own)} packages ({FAMILY_NAMES[family.name]})"
        for package in own:
            where = _where(spec, package.hosts)
            yield f"  {package.shown:34} {package.purpose} · {where} · {package.source}"
    yield f"\n{len(pulled)} images"
    for image in pulled:
        yield f"  {image.reference}"
        yield f"      {image.purpose} · {', '.join(image.roles)}"
        for name in image.served_as:
            yield f"      asked for as {name}"
        if image.note:
            yield f"      ! {image.note}"
    yield ""
    yield from notes(spec)


def notes(spec: ClusterSpec) -> tuple[str, ...]:
    """What else whoever fills the mirrors should know."""
    if not registry_hosts(spec):
        return NOTES
    program = spec.registry.program
    if program and "://" in program:
        return (*NOTES, f"The registry's program is fetched from {program}.")
    if program:
        return (*NOTES, f"The registry's program is {program}, which you put there yourself.")
    return (
        *NOTES,
        "The RHEL family has no package of a registry; there it takes registry.program.",
    )


def _where(spec: ClusterSpec, names: tuple[str, ...]) -> str:
    if len(names) == len(spec.hosts):
        return "all hosts"
    return ", ".join(names) if len(names) <= 6 else f"{len(names)} hosts"


def _version(spec: ClusterSpec, name: str) -> str:
    minor = spec.kubernetes.minor
    if name in preflight_plan.KUBERNETES:
        return spec.kubernetes.version
    if name in TOOL_FLOORS:
        return f"{'.'.join(map(str, TOOL_FLOORS[name]))} or newer"
    if name in ("containerd", "containerd.io"):
        if minor <= CONTAINERD_1_MINOR:
            return "1.x"
        return "1.6 or newer" if minor >= CONTAINERD_16_MINOR else "any version"
    return "any version"


def _source(spec: ClusterSpec, family: OsFamily, name: str) -> str:
    if name in (*preflight_plan.KUBERNETES, *preflight_plan.OURS):
        return osfamily.named(family).source_url(spec)
    if name == "containerd.io":
        return "Docker's repository, or your mirror"
    return (
        "the hosts' own sources, or your mirror"
        if spec.supply.packages.mirror
        else ("the hosts' own sources")
    )


def _known(
    spec: ClusterSpec, found: Mapping[str, tuple[preflight_images.Image, list[HostSpec]]]
) -> Iterator[Image]:
    for reference, (image, hosts) in found.items():
        note = "" if image.certain else KUBEADM_DECIDES.format(version=spec.kubernetes.version)
        yield Image(
            reference=reference,
            purpose=_purpose(spec, reference),
            roles=_roles(hosts),
            hosts=tuple(host.name for host in hosts),
            served_as=_served_as(spec, reference),
            sure=image.certain,
            optional=image.optional,
            note=note,
        )


def _unknown(spec: ClusterSpec, found: Mapping[str, list[HostSpec]]) -> Iterator[Image]:
    repository = spec.supply.images.repository or preflight_images.UPSTREAM
    for name, hosts in found.items():
        below = "coredns/" if name == "coredns" and repository == preflight_images.UPSTREAM else ""
        yield Image(
            reference=f"{repository}/{below}{name}:?",
            purpose=_purpose(spec, f"{name}:?"),
            roles=_roles(hosts),
            hosts=tuple(host.name for host in hosts),
            sure=False,
            note=UNKNOWN_TAG.format(version=spec.kubernetes.version),
        )


def _roles(hosts: list[HostSpec]) -> tuple[str, ...]:
    pulling = ("control-plane", "worker", "etcd")
    return tuple(role for role in pulling if any(role in host.roles for host in hosts))


def _served_as(spec: ClusterSpec, reference: str) -> tuple[str, ...]:
    registry, path, version = preflight_images.parts(reference)
    mark = "@" if version.startswith("sha256:") else ":"
    names = []
    for mirror in mirrors(spec).get(registry, ()):
        base = mirror.api.partition("://")[2].replace("/v2", "", 1).rstrip("/")
        names.append(f"{base}/{path}{mark}{version}")
    return tuple(name for name in names if name != reference)


def _purpose(spec: ClusterSpec, reference: str) -> str:
    if reference == (spec.supply.images.verify_image or verify.DEFAULT_IMAGE):
        return "the workload of the verification"
    if reference in cni_images(spec):
        return f"the pod network, {spec.network.cni.kind}"
    name = reference.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return IMAGE_PURPOSES.get(name, "")
