"""Where images really come from: for each registry of an image's name, who is asked instead.

The one place that decides it, for containerd's hosts.toml and for the preflight alike. Three things
send a node elsewhere than the name of an image says: the mirrors of the cluster file, its CA or
login for the registry of `repository`, and the registry that haui itself sets up (role registry).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from haui.spec import ClusterSpec, HostSpec

DOCKER_HUB = "https://registry-1.docker.io"
"""Where images of docker.io are. Each manifest that is fetched there counts as a pull."""

CA_PATH = "/etc/haui/registry-ca.crt"
"""The CA of the admin's own registries (supply.images.ca), on every host that pulls."""
OWN_CA_PATH = "/etc/haui/registry/ca.crt"
"""The CA of the registry that haui sets up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """One server that is asked. `url` as people write it, without the API's /v2; `ca` a path on the
    host, empty for the system's own authorities; `built`: haui sets it up in this very install."""

    url: str
    ca: str = ""
    login: bool = False
    built: bool = False

    @property
    def api(self) -> str:
        """The URL of its API: `https://hub/k8s` -> `https://hub/v2/k8s`."""
        url = urlsplit(self.url)
        path = url.path.strip("/")
        if path != "v2" and not path.startswith("v2/"):
            path = f"v2/{path}".rstrip("/")
        return f"{url.scheme}://{url.netloc}/{path}"

    @property
    def origin(self) -> str:
        url = urlsplit(self.url)
        return f"{url.scheme}://{url.netloc}"


def mirrors(spec: ClusterSpec) -> Mapping[str, tuple[Mirror, ...]]:
    """By the registry of an image's name: who is asked, in this order, and nobody else.

    Several stand there for several hosts with the role registry, each of which has all images.
    """
    images = spec.supply.images
    found: dict[str, tuple[Mirror, ...]] = {
        upstream: (_given(spec, url),) for upstream, url in images.registries.items()
    }
    for name in _needing_access(spec):
        origin = DOCKER_HUB if name == "docker.io" else f"https://{name}"
        found.setdefault(name, (_given(spec, origin),))
    if built := _built(spec):
        for upstream in spec.registry.serves:
            found.setdefault(
                upstream, tuple(_own(spec, f"{origin}/{upstream}") for origin in built.values())
            )
        for name, origin in built.items():
            # Whoever names one of them in an image means it; the others have the same images.
            rest = (other for other in built.values() if other != origin)
            found[name] = tuple(_own(spec, url) for url in (origin, *rest))
    return found


def own_registries(spec: ClusterSpec) -> tuple[str, ...]:
    """The registries that haui sets up, as image names begin: `host:port`."""
    return tuple(f"{host.name}:{spec.registry.port}" for host in registry_hosts(spec))


def registry_hosts(spec: ClusterSpec) -> tuple[HostSpec, ...]:
    """The hosts with the role registry."""
    return spec.having("registry")


def _built(spec: ClusterSpec) -> dict[str, str]:
    return {name: f"https://{name}" for name in own_registries(spec)}


def _own(spec: ClusterSpec, url: str) -> Mirror:
    login = bool(spec.supply.images.username)
    return Mirror(url=url, ca=OWN_CA_PATH, login=login, built=True)


def _given(spec: ClusterSpec, url: str) -> Mirror:
    images = spec.supply.images
    ca = CA_PATH if images.ca_pem and url.startswith("https://") else ""
    return Mirror(url=url, ca=ca, login=bool(images.username))


def _needing_access(spec: ClusterSpec) -> tuple[str, ...]:
    """The registries of repositories of the cluster file, where it takes a CA or a login to get
    in."""
    images = spec.supply.images
    if not (images.ca_pem or images.username):
        return ()
    own = own_registries(spec)
    named = (images.repository, spec.network.cni.repository)
    registries = dict.fromkeys(path.partition("/")[0] for path in named if path)
    return tuple(name for name in registries if name not in own)
