"""The whole install over the simulated fleet: real catalogue, executor, journal and SSH client."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import steps
from haui.events import AnyEvent, Event, TaskFinished, TaskIntent, TaskOutput
from haui.execution.controls import Controls
from haui.execution.executor import RunResult, run
from haui.plan import build_plan
from haui.preset import rehearsal_spec
from haui.record.bus import EventBus
from haui.rehearsal.faults import Fault
from haui.rehearsal.fleet import SimulatedFleet
from haui.secret import Secret
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.transport.fleet import Fleet
from steps.load import script
from tests.rehearsal.conftest import ManualClock, cluster

RUN = "r1"
INIT = "control_plane.init"
JOIN = "control_plane.join"


class ImpatientClock:
    """Pauses of the engine take no time; everything else is real."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


class Install:
    """One cluster that is installed, perhaps in several runs, on one folder."""

    def __init__(self, folder: Path, spec: ClusterSpec | None = None, **options: Any) -> None:
        self.folder = folder
        self.spec = spec or cluster()
        self.options = {"speed": 0, "steps": steps.CATALOGUE, **options}
        self.events: list[AnyEvent] = []
        self.stored: dict[str, bytes] = {}
        self.fleet: SimulatedFleet | None = None
        self.controls = Controls()

    async def go(self, *faults: str, secrets: dict[str, Secret] | None = None) -> RunResult:
        """One run to its end; what it emitted is in `events` (of this run alone)."""
        self.events = []
        self.controls = Controls()
        self.fleet = SimulatedFleet(
            self.spec,
            state_dir=self.folder,
            faults=[Fault.parse(text) for text in faults],
            **self.options,
        )
        reach = await self.fleet.start()
        clock = ImpatientClock()
        credentials = Credentials(secrets or {})  # type: ignore[arg-type]
        remote = Fleet(
            reach, credentials, self.folder / "known_hosts", other_known_hosts=(), clock=clock
        )
        try:
            return await run(
                build_plan(self.spec, steps.CATALOGUE),
                run_id=RUN,
                hosts=remote.host,
                bus=EventBus(subscribers=[self._seen]),
                load_script=script,
                store=self.stored.__setitem__,
                controls=self.controls,
                clock=clock,
            )
        finally:
            await remote.close()
            await self.fleet.stop()

    def _seen(self, event: Event) -> None:
        self.events.append(event)  # type: ignore[arg-type]

    def finished(self, *outcomes: str) -> list[TaskFinished]:
        return [
            event
            for event in self.events
            if isinstance(event, TaskFinished) and (not outcomes or event.outcome in outcomes)
        ]

    def outcome(self, host: str, step: str) -> str:
        return next(e.outcome for e in self.finished() if (e.host, e.step) == (host, step))

    def intents(self, host: str, step: str) -> list[TaskIntent]:
        return [
            event
            for event in self.events
            if isinstance(event, TaskIntent) and (event.host, event.step) == (host, step)
        ]

    def lines(self, host: str, step: str) -> Sequence[str]:
        return [
            line
            for event in self.events
            if isinstance(event, TaskOutput) and (event.host, event.step) == (host, step)
            for line in event.lines
        ]


async def test_a_cluster_is_installed_verified_and_left_alone_the_second_time(
    tmp_path: Path,
) -> None:
    install = Install(tmp_path)
    first = await install.go()
    assert first.outcome == "ok", _problems(install)
    rows = [row for event in install.finished() if event.step.startswith("verify.")
            for row in event.findings]  # fmt: skip
    assert {row.verdict for row in rows} == {"ok"}
    assert {row.what for row in rows} >= {"node cp1", "node wk2", "etcd of cp3", "nodes with a pod"}
    assert b"rehearsal" in install.stored["admin.conf"]
    assert any(line.startswith("[certs]") for line in install.lines("cp1", INIT))

    second = await install.go()
    assert second.outcome == "ok", _problems(install)
    changed = [e for e in install.finished("ok") if e.step != "verify.workload"]
    assert changed == []


@pytest.mark.parametrize(
    "attempts",
    [
        {
            f"cp1:{INIT}:slow": 1,
            f"cp2:{JOIN}:drop-connection": 1,
            "wk1:workers.join:noisy": 1,
            "cp3:preflight.facts:drop-connection": 0,
        },
        {f"cp2:{JOIN}:reboot": 2, "*:runtime.containerd:drop-connection": 1},
    ],
    ids=["four", "two"],
)
async def test_an_install_gets_over_it(tmp_path: Path, attempts: dict[str, int]) -> None:
    """Each fault costs so many attempts at its step, whatever else happens elsewhere."""
    install = Install(tmp_path)
    result = await install.go(*attempts)
    assert result.outcome == "ok", _problems(install)
    for fault, wanted in attempts.items():
        asked = Fault.parse(fault)
        host = "cp1" if asked.host == "*" else asked.host
        assert len(install.intents(host, asked.step)) == wanted, fault
        lines = install.lines(host, asked.step)
        if wanted == 1 and asked.kind != "noisy":
            assert len(lines) == len(set(lines)), f"{fault}: a line twice after a reconnect"
        assert not any("\x1b" in line for line in lines), fault


@pytest.mark.parametrize("kind", ["fail", "fail-once"])
async def test_a_failed_step_stops_what_needs_it_and_a_resume_goes_on(
    tmp_path: Path, kind: str
) -> None:
    install = Install(tmp_path)
    result = await install.go(f"cp2:{JOIN}:{kind}")
    assert result.outcome == "failed"
    failed = install.finished("failed")
    assert [(event.host, event.step) for event in failed] == [("cp2", JOIN)]
    assert failed[0].problem is not None
    assert "on request of the rehearsal" in failed[0].problem.why
    assert install.outcome("cp1", "verify.nodes") == "skipped"

    result = await install.go(*([f"cp2:{JOIN}:fail-once"] if kind == "fail-once" else []))
    assert result.outcome == "ok", _problems(install)
    assert install.outcome("cp1", INIT) == "unchanged"
    assert install.outcome("cp2", JOIN) == "ok"


@pytest.mark.parametrize("kind", ["unreachable", "wrong-host-key"])
async def test_a_host_that_is_not_there_is_told_before_anything_is_changed(
    tmp_path: Path, kind: str
) -> None:
    install = Install(tmp_path)
    result = await install.go(f"wk2:*:{kind}")
    assert result.outcome == "unreachable"
    assert [event.host for event in install.finished("failed")] == ["wk2"]
    assert not any(isinstance(event, TaskIntent) for event in install.events)
    assert (await install.go()).outcome == "ok", _problems(install)


async def test_a_killed_run_is_picked_up_where_the_hosts_are(
    tmp_path: Path, clock: ManualClock
) -> None:
    """The client dies while kubeadm init runs: it is followed to its end, not begun again."""
    install = Install(tmp_path, speed=1, clock=clock)
    running = asyncio.ensure_future(install.go(f"cp1:{INIT}:slow"))
    while not running.done() and not install.lines("cp1", INIT):
        await _a_moment(clock)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    applied = {(event.host, event.step) for event in install.finished("ok")}
    assert ("cp1", "runtime.containerd") in applied

    running = asyncio.ensure_future(install.go())
    while not running.done():
        await _a_moment(clock)
    assert (await running).outcome == "ok", _problems(install)
    again = {(e.host, e.step) for e in install.events if isinstance(e, TaskIntent)}
    assert not applied & again
    assert [(i.attempt, i.reattached) for i in install.intents("cp1", INIT)] == [(1, True)]
    assert install.fleet is not None
    begun = [task for task in install.fleet.hosts["cp1"].state.attempts if task.step == INIT]
    assert [task.attempt for task in begun] == [1]


async def test_only_one_control_plane_joins_at_a_time(tmp_path: Path) -> None:
    install = Install(tmp_path, cluster(5, 1), speed=400)
    assert (await install.go()).outcome == "ok", _problems(install)
    assert install.fleet is not None
    joins = sorted(
        (task.started, task.ends)
        for host in install.fleet.hosts.values()
        for task in host.state.attempts
        if task.step == JOIN
    )
    assert len(joins) == 4
    for (_, ended), (began, _) in itertools.pairwise(joins):
        assert began >= ended


async def test_behind_sudo_with_a_password(tmp_path: Path) -> None:
    install = Install(tmp_path, cluster(1, 0), sudo_password="open-sesame")
    result = await install.go(secrets={"sudo_password": Secret("open-sesame")})
    assert result.outcome == "ok", _problems(install)
    assert not any("open-sesame" in repr(event) for event in install.events)


async def _a_moment(clock: ManualClock) -> None:
    """Time passes only for who waits for it: connecting takes none, however long it takes."""
    if clock.waited_for:
        clock.advance(0.1)
    await asyncio.sleep(0)


def _problems(install: Install) -> list[tuple[str, str, object]]:
    return [(event.host, event.step, event.problem) for event in install.finished("failed")]


async def test_external_etcd_is_verified_on_its_own_hosts(tmp_path: Path) -> None:
    install = Install(tmp_path, rehearsal_spec("external-etcd-3"))
    failed = await install.go("et2:etcd.member:fail", "cp2:control_plane.join:reboot")
    assert failed.outcome == "failed"
    assert install.outcome("et2", "etcd.member") == "failed"
    assert install.outcome("cp1", INIT) == "skipped"
    assert (await install.go("et1:etcd.certificates:reboot")).outcome == "ok", _problems(install)
    rows = [row for event in install.finished() if event.step == "verify.etcd"
            for row in event.findings]  # fmt: skip
    assert {row.what for row in rows} == {"etcd of et1", "etcd of et2", "etcd of et3"}
    assert {row.verdict for row in rows} == {"ok"}
