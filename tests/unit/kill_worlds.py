"""The clusters of the kill sweep: every topology with every endpoint, on scripted machines.

Which combinations there are is asked of the spec and its rules, so that a new kind of endpoint is
swept as soon as a cluster file may say it.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from haui.clusterfile.endpoint import Endpoint
from haui.clusterfile.rules import problems
from haui.events import Finding
from haui.evidence import Evidence, facts_text
from haui.host import Completed, Script
from haui.rehearsal import facts
from haui.rehearsal.cluster import SimulatedCluster
from haui.session.plans import plan_of
from haui.spec import ClusterSpec, HostSpec, Topology
from haui.step import Call, Judge, Plan, Remote, Step, Values, Work
from steps import CATALOGUE
from tests.unit.scripted import Attempt, ScriptedFleet, answer, ok
from tests.unit.specs import BALANCERS, BGP, ETCD, PLANES, WORKERS, spec

SECRETS = ("token", "certificate_key", "server_key", "apiserver_etcd_client_key")
KEY = base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEF\n").decode()
SUPPLIED = {
    "token": "abcdef.0123456789abcdef",
    "certificate_key": "0" * 64,
    "ca_hash": "sha256:" + "1" * 64,
    "admin_conf": base64.b64encode(b"conf").decode(),
    "via": "cp1",
    "image": "registry.k8s.io/etcd:3.6.0-0",
    "ca_crt": base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode(),
    **{
        f"{name}_{part}": KEY
        for name in ("server", "peer", "healthcheck_client", "apiserver_etcd_client")
        for part in ("crt", "key")
    },
}
"""What every supply script of the catalogue prints here."""

SECONDS = (3.0, 4.0)
"""How long a change takes on the hosts, in turns."""
LANE_SECONDS = 30.0
"""How long it takes in a lane: long enough that the next haui comes before it ends."""


def combinations() -> dict[str, ClusterSpec]:
    """Each topology with each endpoint that a cluster file may ask for: three control planes (or
    one), two workers, and three hosts for etcd or two for balancers where these stand apart."""
    choices = itertools.product(
        _choices(Topology, "kind"),
        _choices(Endpoint, "kind"),
        _choices(Endpoint, "mode"),
        _choices(Endpoint, "placement"),
    )
    found = {}
    for topology, kind, mode, placement in choices:
        asked = _combination(topology, kind, mode, placement)
        if not problems(asked):
            own = " on hosts of its own" if placement == "load-balancer" else ""
            mode = f" {mode}" if kind == "kube-vip" else ""
            found[f"{topology}, {kind}{mode}{own}"] = asked
    return found


def _choices(model: Any, field: str) -> tuple[str, ...]:
    return get_args(model.model_fields[field].annotation)


def _combination(topology: str, kind: str, mode: str, placement: str) -> ClusterSpec:
    hosts = [*(PLANES[:1] if topology == "single" else PLANES), *WORKERS]
    hosts += ETCD if topology == "external" else []
    hosts += BALANCERS if placement == "load-balancer" else []
    endpoint: dict[str, Any] = {"name": "api.atlas.lan", "kind": kind, "mode": mode}
    endpoint |= {"placement": placement, "vip": "10.30.0.100"}
    endpoint |= {"bgp": BGP} if mode == "bgp" else {}
    endpoint["port"] = 8443 if kind.startswith("keepalived") else 6443
    return spec(topology={"kind": topology}, endpoint=endpoint, hosts=hosts)


class World:
    """One cluster: its plans, and machines that do as they are told.

    The steps' pure functions are worked out once for each of their arguments: the sweep runs the
    same plan many hundred times.
    """

    def __init__(self, asked: ClusterSpec, seconds: Sequence[float] = SECONDS) -> None:
        """`seconds`: how long a change takes on the hosts, in turns."""
        self.spec = asked
        self._seconds = dict(zip((host.name for host in asked.hosts), itertools.cycle(seconds)))
        catalogue = tuple(_remembering(step) for step in CATALOGUE)
        self.plan = plan_of(asked, "apply", catalogue=catalogue)
        self.continued = plan_of(asked, "resume", continued=True, catalogue=catalogue)
        self.only_looking = frozenset(_only_looking(self.plan))
        measuring = [task for task in self.plan.tasks if task.step.always]
        self.measuring = frozenset((task.host.name, task.step.id) for task in measuring)
        self.measures = frozenset(id_ for _, id_ in self.measuring)
        used = {task.step.id for task in self.plan.tasks}
        self.names = {id_: str(i) for i, id_ in enumerate(s.id for s in CATALOGUE if s.id in used)}
        """The place of each step in the catalogue of this cluster, instead of its id."""
        self.lanes = {task.step.id: task.step.lane for task in self.plan.tasks if task.step.lane}
        self.admin_conf = SimulatedCluster(asked).kubeconfig()
        self._readings = _readings(self.plan)
        self.lending = frozenset(step.id for step in catalogue if step.revoke is not None)
        self._answers = _answers(catalogue)

    def fleet(self) -> ScriptedFleet:
        """Fresh hosts: what only looks is content, what measures says ok, changes take time."""
        fleet = ScriptedFleet([host.name for host in self.spec.hosts])
        for machine in fleet.machines.values():
            machine.files["/etc/kubernetes/admin.conf"] = self.admin_conf
            machine.usual = Attempt(seconds=self._seconds[machine.name])
            machine.readings = self._readings[machine.name]
            for id_ in self.lanes:
                machine.attempts[id_] = [Attempt(seconds=LANE_SECONDS)]
            for id_ in self.measures:
                said = ("ok\tpods\t2\t2",)
                machine.attempts[id_] = [Attempt(lines=said, applies=False)] * 9
        for name, id_ in self.only_looking:
            fleet[name].true.add(id_)
        fleet.remote_answers |= self._answers
        for id_ in self.lending:
            fleet.remote_answers[f"{id_}.supply"] = _lender(fleet, id_)
            fleet.remote_answers[f"{id_}.revoke"] = _taker(fleet, id_)
        return fleet


@functools.cache
def world(name: str) -> World:
    """The world of that combination."""
    return World(combinations()[name])


def _only_looking(plan: Plan) -> Iterator[tuple[str, str]]:
    """The host and step of each task that changes nothing."""
    for task in plan.tasks:
        work = task.step.work(plan.spec, task.host, {})
        if work.apply is None and not work.files:
            yield task.host.name, task.step.id


def _readings(plan: Plan) -> dict[str, dict[str, str]]:
    """What each host reads, by step: the facts of a healthy one."""
    found: dict[str, dict[str, str]] = {host.name: {} for host in plan.spec.hosts}
    for task in plan.tasks:
        if task.step.judge is not None:
            told = facts.told(task.step.id, plan.spec, task.host)
            found[task.host.name][task.step.id] = facts_text(told)
    return found


_PRINTED = answer("".join(f"{name}={value}\n" for name, value in SUPPLIED.items()))


def _answers(catalogue: Sequence[Step]) -> dict[str, Callable[[Script], Completed]]:
    """How gates and supplies are answered, by script name."""
    gates = {f"{step.id}.gate": lambda _: ok() for step in catalogue}
    return gates | {f"{step.id}.supply": lambda _: _PRINTED for step in catalogue}


def _lender(fleet: ScriptedFleet, id_: str) -> Callable[[Script], Completed]:
    def lend(script: Script) -> Completed:
        fleet.lent.add((id_, script.env["HAUI_HOST"]))
        return _PRINTED

    return lend


def _taker(fleet: ScriptedFleet, id_: str) -> Callable[[Script], Completed]:
    def take_back(script: Script) -> Completed:
        fleet.lent.discard((id_, script.env["HAUI_HOST"]))
        return answer()

    return take_back


def _remembering(step: Step) -> Step:
    """The same step, with its pure functions worked out once for each of their arguments."""
    return dataclasses.replace(
        step,
        work=_worked_out_once(step.work),
        judge=step.judge and _judged_once(step.judge),
        gate=step.gate and _called_once(step.gate),
        supply=step.supply and _called_once(step.supply),
        revoke=step.revoke and _called_once(step.revoke),
        refuse=step.refuse and functools.cache(step.refuse),
    )


def _called_once(remote: Remote) -> Remote:
    known: dict[str, Call] = {}

    def remembered(asked: ClusterSpec, host: HostSpec) -> Call:
        if host.name not in known:
            known[host.name] = remote.call(asked, host)
        return known[host.name]

    return dataclasses.replace(remote, call=remembered)


def _worked_out_once(
    work: Callable[[ClusterSpec, HostSpec, Values], Work],
) -> Callable[[ClusterSpec, HostSpec, Values], Work]:
    known: dict[tuple[str, frozenset[tuple[str, str]]], Work] = {}

    def remembered(asked: ClusterSpec, host: HostSpec, values: Values) -> Work:
        key = (host.name, frozenset(values.items()))
        if key not in known:
            known[key] = work(asked, host, values)
        return known[key]

    return remembered


def _judged_once(judge: Judge) -> Judge:
    """A host reads the same each time here, so what counts is who has read what."""
    known: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Finding, ...]] = {}

    def remembered(asked: ClusterSpec, host: HostSpec, evidence: Evidence) -> tuple[Finding, ...]:
        read: Mapping[str, Mapping[str, object]] = evidence.readings
        key = (host.name, frozenset((step, name) for step, by in read.items() for name in by))
        if key not in known:
            known[key] = judge(asked, host, evidence)
        return known[key]

    return remembered
