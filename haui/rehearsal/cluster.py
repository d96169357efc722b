"""What the simulated hosts are together: who has joined, and the answers that follow from it.

Pure: a cluster is given the hosts' state through `Member`, and every answer is computed from it, so
that a verification that runs before the joins says what is missing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Protocol

import yaml

from haui.rehearsal.text import dice
from haui.spec import ClusterSpec, HostSpec
from haui.step import Step

Row = tuple[str, str, str, str]
"""A probe's line: verdict, what, expected, seen."""

JOINS = re.compile(r"(?:^|[._-])(?:init|join)$")
"""Ids of steps that make a host a node of the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedStep:
    """What the fleet knows about a step. `read_only`: its probe is the result."""

    id: str
    title: str = ""
    phase: str = ""
    read_only: bool = False
    always: bool = False


def announce(steps: Iterable[Step | SimulatedStep], spec: ClusterSpec) -> tuple[SimulatedStep, ...]:
    """What the fleet has to know about the steps of a catalogue."""
    return tuple(
        step if isinstance(step, SimulatedStep) else _announced(step, spec) for step in steps
    )


def _announced(step: Step, spec: ClusterSpec) -> SimulatedStep:
    host = next((host for host in spec.hosts if step.on(spec, host)), None)
    work = step.work(spec, host, {}) if host is not None else None
    return SimulatedStep(
        id=step.id,
        title=step.title,
        phase=step.phase,
        read_only=work is not None and work.apply is None and not work.files,
        always=step.always,
    )


class Member(Protocol):
    """The part of a simulated host that the others can see."""

    @property
    def name(self) -> str: ...

    def joined(self, now: float) -> bool: ...

    def joining(self, now: float) -> bool: ...

    def done(self, step: str, now: float) -> bool: ...


class SimulatedCluster:
    """The shared truth of one fleet."""

    def __init__(
        self, spec: ClusterSpec, steps: Iterable[Step | SimulatedStep] = (), seed: int = 0
    ) -> None:
        self.spec = spec
        self.steps = {step.id: step for step in announce(steps, spec)}
        self.seed = seed
        self.members: dict[str, Member] = {}

    def step(self, step: str) -> SimulatedStep:
        """The step of that id; one that was never announced is guessed from its id."""
        known = self.steps.get(step)
        if known is not None:
            return known
        phase = step.split(".")[0]
        return SimulatedStep(id=step, phase=phase, read_only=phase in ("preflight", "verify"))

    def joined(self, now: float) -> frozenset[str]:
        """The names of hosts that are nodes of the cluster."""
        return frozenset(name for name, host in self.members.items() if host.joined(now))

    def gate(self, now: float) -> tuple[Row, ...]:
        """Whether a control plane may join: all voters healthy, and nobody is joining."""
        planes = {host.name for host in self.spec.control_planes}
        voters = len(planes & self.joined(now))
        busy = sorted(
            name for name in planes if name in self.members and self.members[name].joining(now)
        )
        rows: list[Row] = [_row(voters > 0, "etcd voters", "at least 1, all healthy", str(voters))]
        rows += [("differs", "etcd membership", "settled", f"{name} is joining") for name in busy]
        return tuple(rows)

    def supplied(self, step: str, via: str, now: float) -> Mapping[str, str]:
        """What the step's supply script prints on the host `via`: by the seed, and who joined."""
        if step.startswith("network"):
            return {"nodes": ";".join(self._parts(now))}
        if step.startswith("etcd"):
            return self._etcd_values(step)
        rng = dice(self.seed, "supply", self.spec.name)
        alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
        token = "".join(rng.choices(alphabet, k=6)) + "." + "".join(rng.choices(alphabet, k=16))
        key = rng.randbytes(32).hex()
        ca = hashlib.sha256(b"rehearsal" + rng.randbytes(16)).hexdigest()
        joining = {"token": token, "ca_hash": f"sha256:{ca}", "via": via}
        if step.startswith("workers"):
            return joining
        conf = base64.b64encode(self.kubeconfig()).decode()
        return {**joining, "certificate_key": key, "admin_conf": conf}

    def _etcd_values(self, step: str) -> Mapping[str, str]:
        """The image, the CA and the signed certificates of an external etcd; they open nothing."""
        if step == "etcd.install":
            return {"image": "registry.k8s.io/etcd:3.6.0-0"}
        files = {"etcd.trust": ("ca_crt",), "etcd.client": _pairs("apiserver_etcd_client")}
        names = files.get(step, _pairs("server", "peer", "healthcheck_client"))
        rng = dice(self.seed, "etcd", self.spec.name)
        return {name: base64.b64encode(rng.randbytes(48).hex().encode()).decode() for name in names}

    def _parts(self, now: float) -> list[str]:
        """Each node with its part of the pod network: name=address=cidr."""
        joined = self.joined(now)
        pods = ip_network(self.spec.network.pods)
        parts = pods.subnets(new_prefix=24 if pods.version == 4 else 64)
        return [
            f"{host.name}={host.address}={part}"
            for host, part in zip(self.spec.nodes, parts, strict=False)
            if host.name in joined
        ]

    def verification(
        self, step: SimulatedStep, host: str, now: float, asked: frozenset[str] = frozenset()
    ) -> tuple[Row, ...]:
        """The rows of a verification step on a host, by the words in its id; all when none fits.

        `asked` are the nodes that have to be there; empty means all.
        """
        parts: dict[str, Callable[[str, float], list[Row]]] = {
            "node|ready": lambda _, now: self._nodes(asked, now),
            "control_plane": self._control_plane,
            "etcd": lambda _, now: self._etcd(asked, now),
            "endpoint": self._endpoint,
            "workload": self._workload,
            "balancer": self._balancer,
        }
        name = "etcd" if step.phase == "etcd" else step.id.partition(".")[2]
        chosen = [rows for words, rows in parts.items() if re.search(words, name)]
        rows = [row for part in (chosen or parts.values()) for row in part(host, now)]
        return tuple(rows)

    def _nodes(self, asked: frozenset[str], now: float) -> list[Row]:
        joined = self.joined(now)
        rows = []
        for host in self.spec.nodes:
            if asked and host.name not in asked:
                continue
            want = f"Ready v{self.spec.kubernetes.version} {host.address}"
            rows.append(_row(host.name in joined, f"node {host.name}", want, "absent"))
        return rows

    def _control_plane(self, host: str, now: float) -> list[Row]:
        up = host in self.joined(now)
        parts = ("API server", "controller manager", "scheduler")
        return [_row(up, f"{part} of {host}", "ok", "no answer") for part in parts]

    def _etcd(self, asked: frozenset[str], now: float) -> list[Row]:
        members = self.spec.having("etcd")
        joined = frozenset(m.name for m in members if self.members[m.name].done("etcd.member", now))
        planes = tuple(h for h in self.spec.control_planes if not asked or h.name in asked)
        hosts: tuple[HostSpec, ...] = members or planes
        up = joined if members else self.joined(now)
        want = "healthy voter"
        return [_row(h.name in up, f"etcd of {h.name}", want, "no member") for h in hosts]

    def _endpoint(self, host: str, now: float) -> list[Row]:
        api = f"{self.spec.endpoint.name}:{self.spec.endpoint.port}"
        return [_row(host in self.joined(now), f"API at {api} from {host}", "ok", "no answer")]

    def _balancer(self, host: str, now: float) -> list[Row]:
        """What a host that may hold the virtual address says of itself; nothing on others."""
        joined = self.joined(now)
        if (
            self.spec.endpoint.kind == "kube-vip"
            and self.spec.host(host) in self.spec.control_planes
        ):
            return [
                _row(host in joined, f"kube-vip of {host}", "running", "absent"),
                _row(
                    host in joined, f"virtual address on {host}", "as the cluster agreed", "unknown"
                ),
            ]
        if self.spec.host(host) not in self.spec.balancers:
            return []
        up = any(plane.name in joined for plane in self.spec.control_planes)
        proxy = self.spec.endpoint.kind.removeprefix("keepalived-")
        return [
            _row(up, f"API server behind {proxy} of {host}", "one is up", "none is up"),
            _row(up, f"API at {self.spec.endpoint.vip} from {host}", "ok", "no answer"),
        ]

    def _workload(self, _: str, now: float) -> list[Row]:
        joined = self.joined(now)
        there = [host.name for host in self.spec.workers + self.spec.control_planes]
        there = [name for name in there if name in joined]
        up = len(there) >= min(2, len(self.spec.nodes))
        first, second = (*there, "nowhere", "nowhere")[:2]
        return [
            _row(up, "nodes with a pod", "2 or more", str(len(there))),
            _row(up, f"pod on {first} to pod on {second}", "one of the pods", "no answer"),
            _row(up, f"Service from {first}", "one of the pods", "no answer"),
            _row(up, f"Service by name from {first}", "one of the pods", "no answer"),
        ]

    def kubeconfig(self) -> bytes:
        """An admin.conf that is valid in form and opens nothing; it says that it is rehearsed."""
        name = f"rehearsal-{self.spec.name}"
        ca = base64.b64encode(b"rehearsal: no certificate of a real cluster\n").decode()
        server = f"https://{self.spec.endpoint.name}:{self.spec.endpoint.port}"
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": server, "certificate-authority-data": ca}}
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "rehearsal"}}],
            "current-context": name,
            "preferences": {},
            "users": [{"name": "rehearsal", "user": {"token": "rehearsal"}}],
        }
        head = "# Made by a rehearsal on simulated hosts; there is no such cluster.\n"
        return (head + yaml.safe_dump(config, sort_keys=False)).encode()


def _pairs(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{part}" for name in names for part in ("crt", "key"))


def _row(good: bool, what: str, expected: str, seen: str) -> Row:
    """A row that shows what was expected when it is good; counts are always shown as seen."""
    if good:
        return ("ok", what, expected, seen if seen.isdigit() else expected)
    return ("differs", what, expected, seen)
