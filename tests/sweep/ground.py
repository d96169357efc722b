"""Where a haui is killed: simulated hosts behind SSH, a cluster file, a state folder of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import steps
from haui.clusterfile.text import dump
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.rehearsal.fleet import SimulatedFleet
from haui.rehearsal.task import Attempt
from haui.spec import ClusterSpec
from haui.step import LANES
from tests.sweep.zygote import Order

SPEED = 40.0
"""How much faster than life the simulated hosts work. The slower, the more is going on there when
haui is killed."""
PATIENCE_S = 120.0
GLANCE_S = 0.02
MEASURES = frozenset(step.id for step in steps.CATALOGUE if step.always)
LANE_OF = {step.id: step.lane for step in steps.CATALOGUE if step.lane}


class Zygote:
    """The process that starts hauis, one after the other. Use as an async context manager."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Zygote:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.sweep.zygote",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()

    async def run(self, order: Order) -> int:
        """Run a haui; its exit code, or the negative number of the signal that ended it."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
        assert line, "the process that starts hauis has ended"
        return int(json.loads(line))


class HeldClock:
    """The wall clock of a fleet, which stands still while no haui is there."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._held: float | None = None

    def now(self) -> float:
        return (time.time() if self._held is None else self._held) - self._lost

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def hold(self) -> None:
        self._held = time.time()

    def go_on(self) -> None:
        assert self._held is not None
        self._lost += time.time() - self._held
        self._held = None


@dataclass(frozen=True)
class State:
    """What an install has made of the hosts: the files placed on each, with hash and mode, and the
    steps that were done there, each with the number of its attempts (measurements aside)."""

    files: dict[str, dict[str, list[str]]]
    done: dict[str, dict[str, int]]


@dataclass
class Ground:
    """One cluster of simulated hosts. Use as an async context manager."""

    spec: ClusterSpec
    folder: Path
    speed: float = SPEED
    clock: HeldClock = field(default_factory=HeldClock)

    async def __aenter__(self) -> Ground:
        self.fleet = SimulatedFleet(
            self.spec,
            state_dir=self.folder / "simulated",
            speed=self.speed,
            steps=steps.CATALOGUE,
            clock=self.clock,
        )
        self.reach = await self.fleet.start()
        self.store = ClusterStore(self.spec.name, self.folder / "state")
        self.file = self.folder / "cluster.yaml"
        self.file.write_text(dump(self.spec))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.fleet.stop()

    async def apply(self, zygote: Zygote, **kill: Any) -> int:
        """`haui apply` of the cluster, perhaps killed, as `Order` says; how it ended."""
        return await zygote.run(self._order(["apply", str(self.file)], **kill))

    async def go_on(self, zygote: Zygote, left: RunState, **kill: Any) -> int:
        """`haui resume` where there is something to resume, else `haui apply`; how it ended.

        The hosts' time goes on as soon as they have said what is still running there, so that
        this is the same as at the kill.
        """
        if not left.unfinished:
            self.clock.go_on()
            return await self.apply(zygote, **kill)
        before = self.store.journal_path.stat().st_size
        order = self._order(["resume", self.spec.name], **kill)
        resuming = asyncio.ensure_future(zygote.run(order))
        while not resuming.done() and not self._all_connected_since(before):  # noqa: ASYNC110
            await asyncio.sleep(GLANCE_S)  # it is another process that writes the journal
        self.clock.go_on()
        return await resuming

    def _all_connected_since(self, size: int) -> bool:
        """Whether the journal tells, behind that many bytes, of a connection to every host."""
        with self.store.journal_path.open("rb") as journal:
            journal.seek(size)
            return journal.read().count(b"host_connected") >= len(self.spec.hosts)

    def kinds(self) -> list[str]:
        """The kinds of the events of the last haui that was not killed, in their order."""
        kinds: list[str] = json.loads((self.folder / "kinds").read_text())
        return kinds

    @property
    def complaint(self) -> str:
        """What the last haui has said at its end."""
        return (self.folder / "err").read_text()[-2000:]

    def state(self) -> State:
        """What was made of the hosts until now."""
        hosts = self.fleet.hosts.values()
        return State(
            files={host.name: dict(host.state.files) for host in hosts},
            done={host.name: _counted(self.finished(host.name)) for host in hosts},
        )

    def finished(self, name: str) -> list[Attempt]:
        """The attempts that have ended well on that host, measurements aside."""
        now, host = self.clock.now(), self.fleet.hosts[name]
        return [
            attempt
            for attempt in host.state.attempts
            if attempt.step not in MEASURES and host.done(attempt.step, now)
        ]

    def crowded(self) -> Iterator[str]:
        """Where more was going on at once than may be: on a host, or in a lane."""
        by_lane: dict[str, list[Attempt]] = {}
        for host in self.fleet.hosts.values():
            if _widest(host.state.attempts) > 1:
                yield f"two attempts at once on {host.name}"
            for attempt in host.state.attempts:
                if lane := LANE_OF.get(attempt.step):
                    by_lane.setdefault(lane, []).append(attempt)
        for lane, attempts in by_lane.items():
            if _widest(attempts) > LANES[lane]:
                yield f"{_widest(attempts)} at once in the lane {lane}"

    def _order(self, arguments: list[str], **kill: Any) -> Order:
        return Order(
            arguments=[*arguments, "--yes", "--json", "--accept-new-host-keys"],
            state=str(self.folder / "state"),
            reach=self.reach.model_dump(mode="json"),
            out=str(self.folder / "out"),
            err=str(self.folder / "err"),
            kinds=str(self.folder / "kinds"),
            **kill,
        )


def _counted(attempts: list[Attempt]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for attempt in attempts:
        counts[attempt.step] = counts.get(attempt.step, 0) + 1
    return dict(sorted(counts.items()))


def _widest(attempts: list[Attempt]) -> int:
    """How many were going on at once, at most."""
    moments = [(attempt.started, 1) for attempt in attempts]
    moments += [(a.ends if a.ended is None else a.ended, -1) for a in attempts]
    widest = now = 0
    for _, change in sorted(moments):
        now += change
        widest = max(widest, now)
    return widest
