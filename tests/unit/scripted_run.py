"""A small cluster, a catalogue of synthetic steps, and a way to run them on scripted machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from haui.clusterfile.endpoint import Endpoint
from haui.events import AnyEvent, Event, Finding
from haui.evidence import Evidence
from haui.execution.compose import Library
from haui.execution.controls import Controls
from haui.execution.executor import RunResult, run
from haui.host import Host
from haui.plan import build_plan
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Judge, Phase, Plan, Remote, Step, Values, Work, parse_findings
from tests.unit.scripted import ScriptedFleet

E = TypeVar("E", bound=Event)
RUN_ID = "r1"


def cluster(control_planes: int = 3, workers: int = 2) -> ClusterSpec:
    hosts = [
        HostSpec(name=f"cp{i}", address=f"10.0.0.{i}", roles=("control-plane",))
        for i in range(1, control_planes + 1)
    ]
    hosts += [
        HostSpec(name=f"w{i}", address=f"10.0.1.{i}", roles=("worker",))
        for i in range(1, workers + 1)
    ]
    return ClusterSpec(
        name="atlas", endpoint=Endpoint(kind="kube-vip", name="api"), hosts=tuple(hosts)
    )


def everywhere(_spec: ClusterSpec, _host: HostSpec) -> bool:
    return True


def control_planes(_spec: ClusterSpec, host: HostSpec) -> bool:
    return "control-plane" in host.roles


def first(spec: ClusterSpec, host: HostSpec) -> bool:
    return host.name == spec.first_control_plane.name


def joining(spec: ClusterSpec, host: HostSpec) -> bool:
    return control_planes(spec, host) and not first(spec, host)


def workers(spec: ClusterSpec, host: HostSpec) -> bool:
    return not control_planes(spec, host)


def step(
    id_: str,
    phase: Phase = "system",
    on: Callable[[ClusterSpec, HostSpec], bool] = everywhere,
    *,
    reads: bool = False,
    **more: Any,
) -> Step:
    """A step with a probe and, unless it only reads, an apply."""

    def work(_spec: ClusterSpec, _host: HostSpec, values: Values) -> Work:
        probe = Call(script=f"{id_}.probe")
        if reads:
            return Work(probe=probe)
        inputs = {name: value.encode() for name, value in values.items()}
        return Work(probe=probe, apply=Call(script=f"{id_}.apply", inputs=inputs))

    more.setdefault("work", work)
    return Step(id=id_, title=f"The {id_} step", phase=phase, on=on, **more)


def on_first(script: str, patience_s: int = 0) -> Remote:
    """A script on the control planes, the first one preferred."""
    return Remote(
        on=lambda spec, _host: tuple(host.name for host in spec.control_planes),
        call=lambda _spec, _host: Call(script=script),
        patience_s=patience_s,
    )


def by_lines(step_id: str) -> Judge:
    """Judges the findings that the step itself has printed; one that differs blocks."""

    def judge(_spec: ClusterSpec, host: HostSpec, evidence: Evidence) -> tuple[Finding, ...]:
        reading = evidence.reading(step_id, host.name)
        found = parse_findings(reading.text if reading is not None else "")
        return tuple(
            dataclasses.replace(f, verdict="blocked") if f.verdict == "differs" else f
            for f in found
        )

    return judge


def install() -> list[Step]:
    """The shape of a real install: preflight, preparation, init, joins, proof."""
    return [
        step("pre.check", "preflight", reads=True, judge=by_lines("pre.check")),
        step("sys.prepare"),
        step("cp.init", "control-plane", first),
        step("cp.join", "control-plane", joining, needs=("cp.init",), lane="control-plane-join"),
        step("w.join", "workers", workers, needs=("cp.join",), lane="worker-join"),
        step("verify.nodes", "verify", first, reads=True, needs=("w.join",)),
    ]


def prepared(names: Sequence[str]) -> ScriptedFleet:
    """Machines on which every read-only step of `install` is satisfied."""
    fleet = ScriptedFleet(names)
    for machine in fleet.machines.values():
        machine.true |= {"pre.check", "verify.nodes"}
    return fleet


class RecordingBus:
    """Numbers events and keeps them; `fail` is asked for an exception before each one is kept."""

    def __init__(self, fail: Callable[[AnyEvent, int], BaseException | None] | None = None) -> None:
        self.events: list[AnyEvent] = []
        self._fail = fail

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        if self._fail is not None:
            error = self._fail(event, len(self.events) + 1)
            if error is not None:
                raise error
        numbered = dataclasses.replace(event, seq=len(self.events) + 1)
        self.events.append(numbered)
        return numbered

    def of(self, kind: type[E], **parts: object) -> list[E]:
        return [
            event
            for event in self.events
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in parts.items())
        ]


class Ran:
    """One run: its result, events, the machines and what was stored."""

    def __init__(self, fleet: ScriptedFleet, bus: RecordingBus | None = None) -> None:
        self.fleet = fleet
        self.bus = bus or RecordingBus()
        self.stored: dict[str, bytes] = {}
        self.result: RunResult | None = None
        self.host: Callable[[str], Host] = fleet.hosts()

    async def go(
        self,
        plan: Plan,
        *,
        run_id: str = RUN_ID,
        secrets: Mapping[str, str] | None = None,
        controls: Controls | None = None,
        **more: Any,
    ) -> RunResult:
        self.result = await run(
            plan,
            run_id=run_id,
            hosts=self.host,
            bus=self.bus,
            load_script=lambda name: f"# {name}\n",
            store=self.stored.__setitem__,
            secrets=secrets or {},
            controls=controls,
            library=Library(functions="# library\n", files_probe="# files\n"),
            **more,
        )
        return self.result


def run_install(
    catalogue: Sequence[Step],
    fleet: ScriptedFleet | None = None,
    *,
    spec: ClusterSpec | None = None,
    bus: RecordingBus | None = None,
    **more: Any,
) -> Ran:
    """Run a catalogue in virtual time and return everything about it."""
    spec = spec or cluster()
    fleet = fleet or prepared([host.name for host in spec.hosts])
    ran = Ran(fleet, bus)
    fleet.play(ran.go(build_plan(spec, catalogue), **more))
    return ran
