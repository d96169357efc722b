"""The lab's matrix: which clusters are installed for real, one after the other."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.lab import archive
from tests.lab.cluster_file import NO_BALANCER
from tests.lab.lab import Lab
from tests.lab.paths import GATEWAY, REGISTRY_PORT, VIP

Document = dict[str, Any]
FOREIGN = "x1"
"""The host that carries a balancer which haui doesn't manage, or the registry."""
ARCHIVE = "/srv/images.tar"
FOREIGN_ADDRESS = "10.77.0.41"

HAPROXY = """\
global
    maxconn 1000
    daemon
defaults
    mode tcp
    timeout connect 5s
    timeout client 35m
    timeout server 35m
    timeout check 5s
frontend api
    bind *:6443
    default_backend servers
backend servers
    option httpchk
    http-check connect ssl
    http-check send meth GET uri /readyz
    http-check expect status 200
    default-server check verify none inter 3s rise 2 fall 3 on-marked-down shutdown-sessions
"""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A topology and an endpoint. `endpoint` replaces keys of the cluster file's section.

    `lacks` says why it can't run with what is in the lab's cache, empty when it can; `prepare` does
    what the admin would have done before calling haui, and may change the cluster file.
    """

    name: str
    control_planes: int = 3
    workers: int = 1
    load_balancers: int = 0
    etcd: int = 0
    extra: int = 0
    endpoint: Document = field(default_factory=dict)
    address: str = VIP
    port: int = 8443
    lacks: Callable[[Lab], str] = lambda lab: ""
    prepare: Callable[[Lab, Document], None] = lambda lab, document: None

    @property
    def hosts(self) -> int:
        """How many hosts it takes."""
        return self.control_planes + self.workers + self.load_balancers + self.etcd + self.extra

    @property
    def available(self) -> bool:
        """Whether it promises to survive the loss of a host."""
        return self.control_planes > 1


def servers_of(addresses: dict[str, str]) -> str:
    """The lines of haproxy's backend."""
    return "".join(f"    server {name} {address}:6443\n" for name, address in addresses.items())


def foreign_balancer(kind: str) -> Callable[[Lab, Document], None]:
    """haproxy as somebody else would run it, in front of the hosts of that kind."""

    def prepare(lab: Lab, document: Document) -> None:
        behind = {h.name: h.address for h in lab.hosts.values() if h.kind == kind}
        _must(lab, "apt-get -q update && apt-get -q -y --no-install-recommends install haproxy")
        _must(lab, "cat >/etc/haproxy/haproxy.cfg", HAPROXY + servers_of(behind))
        _must(lab, "systemctl restart haproxy")

    return prepare


def _must(lab: Lab, script: str, input: str = "") -> None:
    done = lab.exec(FOREIGN, ["sh", "-ec", script], input=input)
    assert done.returncode == 0, done.stderr.decode()


def two_sites(lab: Lab, document: Document) -> None:
    """Every other host of a kind in the north, the rest in the south; a balancer before both."""
    for host in document["hosts"]:
        host["site"] = "north" if int(host["name"][-1]) % 2 else "south"
    foreign_balancer("lb")(lab, document)


def own_registry(lab: Lab, document: Document) -> None:
    """A host that haui makes the registry, with the images in an archive that lies there."""
    tar = lab.dir / "images.tar"
    archive.write(lab.cache.path("images") / "storage", tar)
    with tar.open("rb") as stream:
        command = lab.machine(FOREIGN).command(["sh", "-c", f"cat >{ARCHIVE}"])
        subprocess.run(command, stdin=stream, check=True)
    tar.unlink()
    document["hosts"].append({"name": FOREIGN, "address": FOREIGN_ADDRESS, "roles": ["registry"]})
    document["registry"] = {"archive": ARCHIVE}
    # Nobody else has an image.
    document["supply"]["images"] = {"verify_image": document["supply"]["images"]["verify_image"]}


def _image(name: str) -> Callable[[Lab], str]:
    def lacks(lab: Lab) -> str:
        brought = any(name in file.name for file in lab.cache.extra("images"))
        return "" if brought else f"no image of {name} in the lab's cache (extra/images)"

    return lacks


def _from_ghcr(lab: Lab, document: Document) -> None:
    mirror = f"https://{GATEWAY}:{REGISTRY_PORT}"
    document["supply"]["images"]["registries"]["ghcr.io"] = mirror


def _single(lab: Lab, document: Document) -> None:
    document["endpoint"] = dict(NO_BALANCER)


OWN = {"kind": "external", "vip": FOREIGN_ADDRESS, "port": 6443}

CELLS: tuple[Cell, ...] = (
    Cell(
        name="single", control_planes=1, workers=1, address="10.77.0.11", port=6443, prepare=_single
    ),
    Cell(name="stacked, keepalived + haproxy", workers=2),
    Cell(
        name="stacked, keepalived + haproxy on 2 hosts", load_balancers=2,
        endpoint={"port": 6443}, port=6443,
    ),
    Cell(name="stacked, keepalived + nginx", endpoint={"kind": "keepalived-nginx"}),
    Cell(
        name="stacked, external balancer", extra=1, prepare=foreign_balancer("cp"),
        endpoint={**OWN, "placement": "control-plane"}, address=FOREIGN_ADDRESS, port=6443,
    ),
    Cell(
        name="stacked, external balancer before 2 sites", load_balancers=2, extra=1,
        prepare=two_sites, endpoint=OWN, address=FOREIGN_ADDRESS, port=6443,
    ),
    Cell(
        name="stacked, kube-vip", endpoint={"kind": "kube-vip", "port": 6443}, port=6443,
        lacks=_image("kube-vip"), prepare=_from_ghcr,
    ),
    Cell(name="stacked, registry role", extra=1, prepare=own_registry),
    Cell(name="external etcd, keepalived + haproxy", etcd=3),
    Cell(
        name="external etcd, keepalived + haproxy on 2 hosts", etcd=3, load_balancers=2,
        endpoint={"port": 6443}, port=6443,
    ),
)  # fmt: skip
"""Each HA cell is broken on purpose after its install, see tests.lab.drill."""
