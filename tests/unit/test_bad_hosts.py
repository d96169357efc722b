"""Hosts that hang, die, or say rubbish while they are looked at: one trouble each, soon, and
nothing for the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

import steps
from haui.errors import ConnectError, NoAnswerError, StepError
from haui.events import PreflightResult, TaskFinished
from haui.evidence import Evidence, facts_text
from haui.host import Completed, Script
from haui.plan import build_plan, subset
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.transport.login import Target
from haui.transport.remote import RemoteHost
from haui.transport.targets import target_of
from steps.preflight import STEPS
from tests.unit.scripted import Machine, ScriptedFleet, answer, lost
from tests.unit.scripted_run import Ran
from tests.unit.specs import spec

BAD = "wk1"


def fleet(cluster: ClusterSpec) -> ScriptedFleet:
    """A healthy fleet of that cluster."""
    machines = ScriptedFleet([host.name for host in cluster.hosts])
    for host in cluster.hosts:
        for step in STEPS:
            told = facts.told(step.id, cluster, host, 1_000_000.0)
            machines[host.name].readings[step.id] = facts_text(told)
    return machines


def looked(cluster: ClusterSpec, machines: ScriptedFleet) -> Ran:
    """A preflight in virtual time."""
    ran = Ran(machines)
    plan = subset(build_plan(cluster, steps.CATALOGUE), ("preflight",))
    machines.play(ran.go(plan, new=True))
    return ran


def troubles(ran: Ran, host: str) -> list[str]:
    """What is said of a host: findings that block, and steps that failed without one."""
    found = [event.check for event in ran.bus.of(PreflightResult, host=host, verdict="blocked")]
    failed = ran.bus.of(TaskFinished, host=host, outcome="failed")
    return found + [event.step for event in failed if not event.findings]


Trouble = Callable[[Machine], None]


def says(*answers: Completed | Exception) -> Trouble:
    def make(machine: Machine) -> None:
        machine.probes["preflight.facts.probe"] = list(answers)

    return make


def never_there(machine: Machine) -> None:
    machine.connect_error = ConnectError("no route to host", host=machine.name)


def gone_in_between(machine: Machine) -> None:
    machine.probes["preflight.facts.probe"] = [lost(machine.name)]
    machine.connect_errors = [None, *[ConnectError("refused", host=machine.name)] * 20]


HANGS = NoAnswerError("the host no longer answers", host=BAD)
TOO_LONG = StepError("preflight.facts.probe did not end within 90 s", host=BAD)
ENDLESS = StepError("preflight.facts.probe printed more than 4194304 bytes", host=BAD)
HALF = facts_text([("os.id", "debian"), ("hostname", "x" * 300)]).removesuffix("end\tok\n")


@pytest.mark.parametrize(
    ("trouble", "told", "outcome"),
    [
        (never_there, ["preflight.facts"], "unreachable"),
        (gone_in_between, ["preflight.facts"], "unreachable"),
        (says(HANGS), ["preflight.facts"], "unreachable"),
        (says(TOO_LONG), ["ssh.facts"], "preflight"),
        (says(ENDLESS), ["ssh.facts"], "preflight"),
        (says(answer(HALF, status=137)), ["ssh.facts"], "preflight"),
        (says(answer("", status=1, stderr="sh: not found")), ["ssh.facts"], "preflight"),
        (says(answer("\x00\xff\x1b[2J" * 5000)), ["ssh.facts"], "preflight"),
        (says(answer("<html>\t\nyes\t\t\n" * 500)), ["ssh.facts"], "preflight"),
    ],
    ids=["away", "gone", "hangs", "slow", "endless", "died", "no shell", "bytes", "tabs"],
)
def test_one_trouble_for_one_host(trouble: Trouble, told: list[str], outcome: str) -> None:
    cluster = spec(profile="production")
    machines = fleet(cluster)
    trouble(machines[BAD])
    ran = looked(cluster, machines)
    assert troubles(ran, BAD) == told
    assert ran.result is not None
    assert ran.result.outcome == outcome
    others = [host.name for host in cluster.hosts if host.name != BAD]
    assert [troubles(ran, name) for name in others] == [[]] * len(others)
    assert machines.now < 60, "seconds"


def test_a_host_that_hangs_is_asked_once() -> None:
    cluster = spec()
    machines = fleet(cluster)
    machines[BAD].probes["preflight.facts.probe"] = [HANGS, HANGS, HANGS]
    looked(cluster, machines)
    asked = [name for host, kind, name in machines.calls if (host, kind) == (BAD, "run")]
    assert asked == ["preflight.facts.probe"]


def test_a_connection_that_breaks_once_is_no_trouble() -> None:
    cluster = spec()
    machines = fleet(cluster)
    machines[BAD].probes["preflight.facts.probe"] = [lost(BAD)]
    ran = looked(cluster, machines)
    assert troubles(ran, BAD) == []


@pytest.mark.parametrize("step", ["supply", "disk", "listen", "reach", "clear"])
@pytest.mark.parametrize("said", [TOO_LONG, answer("", status=2)], ids=["slow", "broken"])
def test_a_later_look_without_an_answer_is_told_once(
    step: str, said: Completed | StepError
) -> None:
    cluster = spec()
    machines = fleet(cluster)
    machines["cp2"].probes[f"preflight.{step}.probe"] = [said]
    ran = looked(cluster, machines)
    assert troubles(ran, "cp2") == [f"ssh.{step}"]


class Silent:
    """A channel of a host that never comes to its end; `noise` comes before the script begins."""

    def __init__(self, command: str, noise: bytes) -> None:
        self._queue = [] if noise else [command.rpartition(" ")[2].encode() + b"\n"]
        self._noise = noise

    async def receive(self) -> tuple[bool, bytes] | None:
        if self._queue:
            return False, self._queue.pop()
        await asyncio.sleep(0.01 if self._noise else 1e6)
        return False, self._noise

    async def send(self, data: bytes, *, last: bool = False) -> None:
        pass

    def status(self) -> int:
        raise AssertionError("it never ends")


class SilentLink:
    fingerprint = "SHA256:x"

    def __init__(self, noise: bytes) -> None:
        self.alive = True
        self._noise = noise

    def exec(self, command: str, /) -> AbstractAsyncContextManager[Silent]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Silent]:
            yield Silent(command, self._noise)

        return opened()

    async def close(self) -> None:
        self.alive = False


@pytest.mark.parametrize(
    ("noise", "what"),
    [(b"", "no longer answers"), (b"Welcome, wait a moment\n" * 40, "prints without an end")],
    ids=["hangs", "babbles"],
)
def test_the_transport_gives_up_a_host_that_does_not_end(noise: bytes, what: str) -> None:
    link = SilentLink(noise)

    async def dial(_target: Target) -> SilentLink:
        return link

    target = target_of(spec(), spec().hosts[0])
    host = RemoteHost(target, dial, Credentials())
    machines = ScriptedFleet([])
    with pytest.raises(ConnectError, match=what) as caught:
        machines.play(host.run(Script(name="preflight.facts.probe", text=":"), timeout_s=90))
    assert machines.now < 120, "seconds"
    assert isinstance(caught.value, NoAnswerError) == (not noise)
    assert link.alive == bool(noise), "a connection that is only loud is as good as before"


@pytest.mark.parametrize("read_before", [False, True])
def test_a_host_that_does_not_end_its_first_answer_is_asked_nothing_more(read_before: bool) -> None:
    """Also when it is looked at again, and much is known of it from before."""
    cluster = spec()
    machines = fleet(cluster)
    machines[BAD].probes["preflight.facts.probe"] = [TOO_LONG]
    evidence = facts.healthy(cluster, [step.id for step in STEPS]) if read_before else Evidence()
    ran = Ran(machines)
    plan = subset(build_plan(cluster, steps.CATALOGUE), ("preflight",))
    machines.play(ran.go(plan, new=True, evidence=evidence))
    asked = [name for host, kind, name in machines.calls if (host, kind) == (BAD, "run")]
    assert asked == ["preflight.facts.probe"]
    assert troubles(ran, BAD) == ["ssh.facts"]
