"""The real catalogue on scripted machines: haui is killed whenever something was put on record."""

from __future__ import annotations

import base64
import functools

import pytest

from haui.events import Event, TaskFinished, TaskIntent, TaskOutput
from haui.evidence import facts_text
from haui.plan import build_plan
from haui.rehearsal import facts
from haui.step import Plan
from steps import CATALOGUE
from tests.unit.mortal import KilledError, MortalRun
from tests.unit.scripted import Attempt, ScriptedFleet, answer, ok
from tests.unit.scripted_run import Ran
from tests.unit.specs import shapes

SHAPES = ("stacked", "external-etcd")
AT = {"stacked": ("",), "external-etcd": ("etcd.", "control_plane.")}
"""Steps at which haui is killed, by their beginning: what the shapes share is tried with one."""

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


@functools.cache
def plan(shape: str) -> Plan:
    return build_plan(shapes()[shape], CATALOGUE)


@functools.cache
def only_looking(shape: str) -> frozenset[tuple[str, str]]:
    """The host and step of each task that changes nothing."""
    works = [(task, task.step.work(plan(shape).spec, task.host, {})) for task in plan(shape).tasks]
    return frozenset(
        (task.host.name, task.step.id)
        for task, work in works
        if work.apply is None and not work.files
    )


def machines(shape: str) -> ScriptedFleet:
    """Fresh hosts: what only looks is content, what measures says ok, bodies take their time."""
    fleet = ScriptedFleet([host.name for host in plan(shape).spec.hosts])
    printed = answer("".join(f"{name}={value}\n" for name, value in SUPPLIED.items()))
    for seconds, machine in enumerate(fleet.machines.values(), start=3):
        machine.files["/etc/kubernetes/admin.conf"] = b"conf"
        for step in CATALOGUE:
            machine.attempts[step.id] = [Attempt(seconds=seconds)]
            if step.always:
                said = ("ok\tpods\t2\t2",)
                machine.attempts[step.id] = [Attempt(lines=said, applies=False)] * 9
    for name, id_ in only_looking(shape):
        fleet[name].true.add(id_)
    for task in plan(shape).tasks:
        if task.step.judge is not None:
            told = facts.told(task.step.id, plan(shape).spec, task.host)
            fleet[task.host.name].readings[task.step.id] = facts_text(told)
    for step in CATALOGUE:
        fleet.remote_answers[f"{step.id}.gate"] = lambda _script: ok()
        fleet.remote_answers[f"{step.id}.supply"] = lambda _script: printed
        fleet.remote_answers[f"{step.id}.revoke"] = lambda _script: answer()
    return fleet


def state_of(fleet: ScriptedFleet) -> dict[str, tuple[list[str], set[str]]]:
    measures = {step.id for step in CATALOGUE if step.always}
    return {
        name: (sorted(b for b in machine.bodies if b not in measures), machine.true)
        for name, machine in fleet.machines.items()
    }


def installed(shape: str) -> tuple[ScriptedFleet, Ran]:
    fleet = machines(shape)
    ran = Ran(fleet)
    fleet.play(ran.go(plan(shape), secrets={"registry_password": "hunter2"}))
    return fleet, ran


@functools.cache
def undisturbed(shape: str) -> tuple[ScriptedFleet, Ran]:
    """An install without a kill, to be looked at only."""
    return installed(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_catalogue_runs_on_machines_that_do_as_they_are_told(shape: str) -> None:
    fleet, ran = installed(shape)
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert ran.stored == {"admin.conf": b"conf"}
    assert fleet.width["control_plane.join"] == 1
    assert fleet.width.get("etcd.member", 0) <= 1
    again = Ran(fleet)
    fleet.play(again.go(plan(shape)))
    assert again.result is not None
    assert (again.result.outcome, again.result.changed) == ("ok", 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_minted_or_known_that_an_event_tells(shape: str) -> None:
    _, ran = undisturbed(shape)
    told = repr([event.to_json() for event in ran.bus.events])
    assert not [name for name in SECRETS if SUPPLIED[name] in told]
    assert "MIIEvgIBADANBgkqhkiG9w0BAQEF" not in told
    assert "hunter2" not in told


KINDS = [(TaskIntent, 0.0), (TaskFinished, 0.0), (TaskOutput, 1000.0)]
"""Right before a change begins, right after it was proved, and while it is going on."""


def boundaries(kind: type[Event], shape: str) -> list[tuple[int, str]]:
    """The numbers of the events of that kind, and their steps, in their order."""
    _, whole = undisturbed(shape)
    found = [
        (event.seq, getattr(event, "step", ""))
        for event in whole.bus.events
        if isinstance(event, kind)
    ]
    return [(seq, step) for seq, step in found if step.startswith(AT[shape])]


def a_kill_leads_to_the_same_cluster(kill_at: int, pause_s: float, shape: str) -> None:
    expected, _ = undisturbed(shape)
    fleet = machines(shape)
    dying = MortalRun(fleet, kill_at)
    with pytest.raises(KilledError):
        fleet.play(dying.go(plan(shape)))
    fleet.now += pause_s
    ran = Ran(fleet)
    fleet.play(ran.go(plan(shape)))
    assert ran.result is not None
    assert ran.result.outcome == "ok", f"killed at event {kill_at}"
    assert state_of(fleet) == state_of(expected), f"killed at event {kill_at}"
    assert fleet.width["control_plane.join"] == 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "pause_s"), KINDS)
def test_a_kill_at_any_step_leads_to_the_same_cluster(
    kind: type[Event], pause_s: float, shape: str
) -> None:
    """At each step once: on the host that comes first with one step, second with the next."""
    hosts_of: dict[str, list[int]] = {}
    for seq, step in boundaries(kind, shape):
        hosts_of.setdefault(step, []).append(seq)
    assert hosts_of
    for turn, events in enumerate(hosts_of.values()):
        a_kill_leads_to_the_same_cluster(events[turn % len(events)], pause_s, shape)


@pytest.mark.thorough
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "pause_s"), KINDS)
def test_a_kill_at_any_step_of_any_host_leads_to_the_same_cluster(
    kind: type[Event], pause_s: float, shape: str
) -> None:
    for kill_at, _ in boundaries(kind, shape):
        a_kill_leads_to_the_same_cluster(kill_at, pause_s, shape)
