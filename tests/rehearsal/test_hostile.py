"""Hosts that mean harm waste their own branch only: time, memory and attention of others stay."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path

import pytest

from haui.errors import ConnectError, StepError
from haui.events import Event, TaskOutput
from haui.execution.executor import RunResult
from haui.host import Script, TaskId, TaskRequest
from haui.rehearsal.faults import Fault
from haui.transport.credentials import Credentials
from haui.transport.fleet import Fleet
from haui.transport.remote import RemoteHost
from tests.rehearsal.conftest import STEPS, Rehearsal, Starter, cluster
from tests.rehearsal.test_install import Install

MIB = 1 << 20
JOIN = "workers.join"


class Watched(Install):
    """Counts how often the event loop came round while the hostile host had its say."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, cluster(1, 2))
        self.beats = 0
        self.without_a_beat = 0
        self.most_without_a_beat = 0

    async def watched(self, *faults: str) -> RunResult:
        beating = asyncio.ensure_future(self._beat())
        try:
            return await self.go(*faults)
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            self.beats += 1
            self.without_a_beat = 0
            await asyncio.sleep(0.001)

    def _seen(self, event: Event) -> None:
        super()._seen(event)
        if isinstance(event, TaskOutput):
            self.without_a_beat += 1
            self.most_without_a_beat = max(self.most_without_a_beat, self.without_a_beat)


@pytest.mark.parametrize(
    ("fault", "outcome", "what"),
    [
        (f"wk2:{JOIN}:endless", "unreachable", "sends more than"),
        pytest.param(f"wk2:{JOIN}:garbage", "failed", "makes no sense", marks=pytest.mark.thorough),
        pytest.param(
            f"wk2:{JOIN}:forged-status", "failed", "makes no sense", marks=pytest.mark.thorough
        ),
    ],
)
async def test_the_others_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, outcome: str, what: str
) -> None:
    monkeypatch.setattr("haui.transport.remote.OUTPUT_LIMIT", MIB)
    monkeypatch.setattr("haui.transport.remote.FLOOD_LIMIT", 3 * MIB)
    install = Watched(tmp_path)
    result = await install.watched(fault)
    assert result.outcome == outcome
    (failed,) = install.finished("failed")
    assert (failed.host, failed.step) == ("wk2", JOIN)
    assert failed.problem is not None
    assert what in failed.problem.what
    assert failed.problem.fix
    assert install.outcome("wk1", JOIN) == "ok"
    assert install.outcome("cp1", "control_plane.init") == "ok"
    assert install.most_without_a_beat < 20, "output kept the others from running"
    texts = [line for event in install.events if isinstance(event, TaskOutput)
             for line in event.lines]  # fmt: skip
    assert not any("\x1b" in line or "\0" in line for line in texts)
    assert sum(map(len, texts)) < 3 * MIB


@pytest.mark.parametrize("kind", ["endless", "garbage", "forged-status"])
async def test_a_look_at_it_is_a_finding_and_not_a_crash(tmp_path: Path, kind: str) -> None:
    install = Install(tmp_path, cluster(1, 2))
    result = await install.go(f"wk2:preflight.facts:{kind}")
    assert result.outcome == "preflight"
    assert {event.host for event in install.finished("failed")} == {"wk2"}
    assert all(len(repr(event)) < 2 * MIB for event in install.events)


@pytest.mark.parametrize("kind", ["endless", "garbage", "forged-status"])
async def test_one_that_says_nothing_else_is_left_out_at_once(tmp_path: Path, kind: str) -> None:
    install = Install(tmp_path, cluster(1, 2))
    result = await install.go(f"wk2:*:{kind}")  # it is asked first what it knows of the run
    assert result.outcome in ("unreachable", "preflight")
    failed = {event.host: event.problem for event in install.finished("failed")}
    assert set(failed) == {"wk2"}
    assert {event.outcome for event in install.finished() if event.host == "wk1"} <= {
        "unchanged",
        "skipped",
    }


async def test_what_it_sends_without_an_end_is_not_kept(
    rehearsal: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haui.transport.remote.OUTPUT_LIMIT", MIB)
    monkeypatch.setattr("haui.transport.remote.FLOOD_LIMIT", 8 * MIB)
    kept = 0

    async def count(lines: tuple[str, ...]) -> None:
        nonlocal kept
        kept += sum(map(len, lines))

    async with rehearsal(cluster(1, 1), faults=(Fault.parse(f"wk1:{JOIN}:endless"),)) as it:
        host = _host(it, tmp_path)
        task = TaskId(run="run1", step=JOIN, attempt=1)
        await host.start(TaskRequest(id=task, script=Script(name=JOIN, text=":\n")))
        tracemalloc.start()
        try:
            with pytest.raises(ConnectError, match="sends more than 8 MiB"):
                await host.follow(task, on_lines=count)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            await host.close()
    assert kept <= MIB
    assert peak < 6 * MIB, "both ends of the connection are in this process"


async def test_a_look_at_gigabytes_ends_at_the_limit(rehearsal: Starter, tmp_path: Path) -> None:
    assert any(step.id == "preflight.facts" for step in STEPS)
    async with rehearsal(cluster(1, 1), faults=(Fault.parse("wk1:preflight.facts:endless"),)) as it:
        host = _host(it, tmp_path)
        env = {"HAUI_STEP": "preflight.facts", "HAUI_PART": "probe"}
        with pytest.raises(StepError, match="printed more than"):
            await host.run(Script(name="preflight.facts.probe", text=":", env=env))
        # The connection is as good as before.
        assert await host.tasks("none") == ()
        await host.close()


def _host(it: Rehearsal, folder: Path) -> RemoteHost:
    fleet = Fleet(it.spec, Credentials(), folder / "known_hosts", other_known_hosts=())
    return fleet.host("wk1")
