"""What is placed on hosts, for each topology with each endpoint, kubeadm API and family of systems.

golden/rendered/<topology>.<endpoint>.txt lists step, host, path and the content's hash: completely
for the first variant, for the others only what is different there. golden/rendered/contents holds
each content once, under its hash, so that a change of one template is one difference to read.
`HAUI_UPDATE_GOLDEN=1 pytest tests/unit/test_rendered.py` writes what is rendered now.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import steps
from haui.clusterfile.kubeadm_fields import api_version
from haui.clusterfile.rules import problems, refusals
from haui.host import OsFamily
from haui.spec import ClusterSpec
from tests.unit.specs import BALANCERS, BGP, ETCD, PLANES, WORKERS, spec

GOLDEN = Path(__file__).parent / "golden" / "rendered"
CONTENTS = GOLDEN / "contents"
UPDATE = os.environ.get("HAUI_UPDATE_GOLDEN") == "1"

TOPOLOGIES: Mapping[str, dict[str, Any]] = {
    "single": {"topology": {"kind": "single"}, "hosts": [*PLANES[:1], *WORKERS[:1]]},
    "stacked": {"hosts": [*PLANES, *WORKERS[:1]]},
    "external-etcd": {"topology": {"kind": "external"}, "hosts": [*PLANES, *ETCD, *WORKERS[:1]]},
}
_NAME = {"name": "api.atlas.lan", "port": 6443}
_VIP = {**_NAME, "vip": "10.30.0.100"}
_DEDICATED = {**_VIP, "placement": "load-balancer"}
ENDPOINTS: Mapping[str, dict[str, Any]] = {
    "kube-vip": {**_VIP, "kind": "kube-vip"},
    "kube-vip-bgp": {**_VIP, "kind": "kube-vip", "mode": "bgp", "bgp": BGP},
    "haproxy": {**_VIP, "kind": "keepalived-haproxy", "port": 8443},
    "haproxy-dedicated": {**_DEDICATED, "kind": "keepalived-haproxy"},
    "nginx": {**_VIP, "kind": "keepalived-nginx", "port": 8443},
    "nginx-dedicated": {**_DEDICATED, "kind": "keepalived-nginx"},
    "own-balancer": {**_NAME, "kind": "external"},
    "own-balancer-sites": {**_NAME, "kind": "external", "placement": "load-balancer"},
}
VERSIONS = ("1.34.2", "1.30.4", "1.20.2")
"""One for each version of kubeadm's configuration API."""
FAMILIES: tuple[OsFamily, ...] = ("debian", "redhat")
CASES = [(topology, endpoint) for topology in TOPOLOGIES for endpoint in ENDPOINTS]


@dataclass(frozen=True)
class Placed:
    """A file, or what a script is given, on one host."""

    host: str
    step: str
    path: str
    content: bytes

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self.content).hexdigest()[:10]
        return f"{PurePosixPath(self.path).name}.{digest}"

    def __str__(self) -> str:
        return f"{self.step} {self.host} {self.path} {self.name}"


@cache
def cluster(topology: str, endpoint: str, version: str) -> ClusterSpec:
    shape = dict(TOPOLOGIES[topology])
    if ENDPOINTS[endpoint].get("placement") == "load-balancer":
        shape["hosts"] = [*shape["hosts"], *BALANCERS]
    if endpoint == "own-balancer-sites":
        shape["hosts"] = [
            {**host, "site": "north" if place % 2 else "south"}
            for place, host in enumerate(shape["hosts"])
        ]
    mirror = {"packages": {"mirror": "https://mirror.lan/haui"}} if version < "1.24" else {}
    return spec(
        **shape, endpoint=ENDPOINTS[endpoint], kubernetes={"version": version}, supply=mirror
    )


@cache
def placed(topology: str, endpoint: str, version: str, family: OsFamily) -> tuple[Placed, ...]:
    """Every file of every host, in the order of the steps, and the inputs of what is applied."""
    return tuple(_placed(cluster(topology, endpoint, version), family))


def _placed(spec: ClusterSpec, family: OsFamily) -> Iterator[Placed]:
    for step in steps.CATALOGUE:
        for host in spec.hosts:
            if step.phase == "preflight" or not step.on(spec, host):
                continue
            work = step.work(spec, host, {})
            for file in work.files:
                if file.family in ("", family):
                    yield Placed(host.name, step.id, file.path, file.content)
            for name, content in (work.apply.inputs if work.apply else {}).items():
                yield Placed(host.name, step.id, f"inputs/{name}", content)


def listed(topology: str, endpoint: str) -> str:
    """All variants of one case."""
    first: list[str] = []
    out: list[str] = []
    for version in VERSIONS:
        for family in FAMILIES:
            lines = [str(one) for one in placed(topology, endpoint, version, family)]
            api = api_version(int(version.split(".")[1]))
            if not first:
                first = lines
                out += [f"== {api} {family}", *lines]
                continue
            out += [f"== {api} {family}, as compared with the first"]
            out += [f"- {line}" for line in first if line not in lines]
            out += [f"+ {line}" for line in lines if line not in first]
    return "".join(f"{line}\n" for line in out)


@pytest.mark.parametrize(("topology", "endpoint"), CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_case_is_one_that_can_be_built(topology: str, endpoint: str, version: str) -> None:
    made = cluster(topology, endpoint, version)
    assert [*problems(made), *refusals(made)] == []


@pytest.mark.parametrize(("topology", "endpoint"), CASES)
def test_what_is_placed_is_as_agreed(topology: str, endpoint: str) -> None:
    now = listed(topology, endpoint)
    path = GOLDEN / f"{topology}.{endpoint}.txt"
    everything = {
        one.name: one.content
        for version in VERSIONS
        for family in FAMILIES
        for one in placed(topology, endpoint, version, family)
    }
    if UPDATE:
        CONTENTS.mkdir(parents=True, exist_ok=True)
        path.write_text(now, encoding="utf-8")
        for name, content in everything.items():
            (CONTENTS / name).write_bytes(content)
    assert now == path.read_text(encoding="utf-8")
    for name, content in everything.items():
        assert (CONTENTS / name).read_bytes() == content, name


def test_no_content_is_left_over() -> None:
    named = {
        line.split()[-1]
        for path in GOLDEN.glob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("==")
    }
    there = {path.name for path in CONTENTS.iterdir()}
    if UPDATE:
        for name in there - named:
            (CONTENTS / name).unlink()
        there &= named
    assert there == named


def contents(name: str) -> list[Path]:
    """The agreed contents of a file of that name."""
    return sorted(path for path in CONTENTS.iterdir() if path.name.rpartition(".")[0] == name)


def test_haproxy_accepts_every_configuration(tmp_path: Path) -> None:
    needs("haproxy")
    for path in contents("haproxy.cfg"):
        text = re.sub(
            r"^ *(user|group|stats socket|log /dev/log) .*\n", "", path.read_text(), flags=re.M
        )
        (tmp_path / path.name).write_text(text)
        accepted(["haproxy", "-c", "-f", str(tmp_path / path.name)])


def test_keepalived_accepts_every_configuration(tmp_path: Path) -> None:
    needs("keepalived")
    interface = next((name for _, name in socket.if_nameindex() if name != "lo"), None)
    if interface is None:
        pytest.skip("keepalived takes only an interface that is there, and not the loopback")
    for path in contents("keepalived.conf"):
        include = "include /etc/keepalived/haui-interface.conf"
        text = path.read_text().replace(include, f"$HAUI_INTERFACE={interface}")
        (tmp_path / path.name).write_text(text)
        accepted(["keepalived", "--config-test", "--use-file", str(tmp_path / path.name)])


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    needs("systemd-analyze")
    units = [p for p in CONTENTS.iterdir() if p.name.rpartition(".")[0].endswith(".service")]
    assert units
    for path in units:
        # The programs are on the hosts, not here.
        text = re.sub(r"^(Exec\w+=[-+!@:]*)/\S+", r"\1/bin/true", path.read_text(), flags=re.M)
        unit = tmp_path / path.name.rpartition(".")[0]
        unit.write_text(text)
        accepted(["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", str(unit)])


def needs(program: str) -> None:
    if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        pytest.skip(f"{program} is not installed")


def accepted(argv: list[str]) -> None:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    done = subprocess.run(
        argv, capture_output=True, text=True, env=environment, timeout=30, check=False
    )
    assert done.returncode == 0, f"{argv[-1]}: {done.stdout}{done.stderr}"
