"""Installs and resets of a small cluster on scripted machines, through whole sessions: journal,
plan, executor. The steps are synthetic; what they do is told by which facts they make true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

from haui.events import EtcdData, Event, RunStarted
from haui.execution.controls import Controls
from haui.execution.tally import RunResult
from haui.host import Host
from haui.record.records import Record, from_record
from haui.record.reducer import replay
from haui.record.stamp import Now, utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.session.job import Job, Kind
from haui.session.perform import perform
from haui.spec import ClusterSpec
from haui.step import Step
from haui.transport.credentials import Credentials
from tests.unit.mortal import NEVER, KilledError, Life, MortalHost
from tests.unit.scripted import Attempt, ScriptedFleet
from tests.unit.scripted_run import cluster, control_planes, everywhere, install, prepared, step
from tests.unit.scripted_run import first as first_control_plane
from tests.unit.scripted_run import workers as only_workers


def undoing() -> tuple[Step, ...]:
    """The shape of a real reset: workers, joined control planes, the first one, then each host."""

    def joined(spec: ClusterSpec, host: object) -> bool:
        return host in spec.control_planes[1:]

    return (
        step("reset.stop", "reset", everywhere),
        step("reset.worker", "reset", only_workers, needs=("reset.stop",)),
        step("reset.joined", "reset", joined, needs=("reset.worker",)),
        step("reset.first", "reset", first_control_plane, needs=("reset.joined",)),
        step("reset.data", "reset", control_planes, needs=("reset.first",)),
        step("reset.files", "reset", everywhere),
    )


class Paper:
    """A journal in memory: what was on record when haui was killed is all that the next one has."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.kill_at = NEVER
        self.kept = True
        self.life = Life()

    @property
    def last_seq(self) -> int:
        return int(self.records[-1]["seq"]) if self.records else 0

    @property
    def events(self) -> list[Event]:
        return [from_record(record) for record in self.records]

    def submit(self, record: Record, *, durable: bool = False) -> asyncio.Future[None]:
        self.life.check()
        last = len(self.records) + 1 == self.kill_at
        if not last or self.kept:
            self.records.append(record)
        if last:
            self.life.alive = False
            raise KilledError
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        written.set_result(None)
        return written

    async def close(self) -> None:
        pass


class Folder(ClusterStore):
    """A cluster's folder whose journal is in memory."""

    paper: Paper

    def open_journal(self, *, now: Now = utc_now) -> Any:
        return self.paper

    def read_state(self) -> RunState:
        return replay(self.paper.events)


class World:
    """A cluster's folder and its machines, over several sessions."""

    def __init__(self, root: Path) -> None:
        self.spec = cluster()
        self.store = Folder(self.spec.name, root)
        self.paper = Paper()
        object.__setattr__(self.store, "paper", self.paper)
        self.store.create()
        self.fleet: ScriptedFleet = prepared([host.name for host in self.spec.hosts])
        for seconds, machine in zip((3, 7, 11, 13, 17), self.fleet.machines.values(), strict=True):
            machine.usual = Attempt(seconds=seconds)

    def installed(self, other: World) -> None:
        """Let it stand as the other one did after its install."""
        self.paper.records = list(other.paper.records)
        for name, machine in self.fleet.machines.items():
            machine.true = set(other.fleet[name].true)

    @property
    def state(self) -> RunState:
        return self.store.read_state()

    @property
    def last(self) -> list[Event]:
        """The events on record since the last RunStarted, that one included."""
        events = self.paper.events
        begun = max(i for i, event in enumerate(events) if isinstance(event, RunStarted))
        return events[begun:]

    def session(
        self,
        kind: Kind,
        *,
        hosts: Collection[str] | None = None,
        etcd_data: EtcdData = "keep",
        spec: ClusterSpec | None = None,
        kill_at: int = NEVER,
        kept: bool = True,
    ) -> RunResult:
        """One session to its end, in virtual time. Raises what `perform` raises.

        It is killed at the `kill_at`-th record of the journal, before or after that is `kept`.
        """
        life = Life()
        self.paper.life, self.paper.kill_at, self.paper.kept = life, kill_at, kept
        made = self.fleet.hosts()
        mortal = {name: MortalHost(made(name), life) for name in self.fleet.machines}

        class Connected:
            def host(self, name: str) -> Host:
                return mortal[name]

            async def close(self) -> None:
                pass

        spec = spec or self.spec
        job = Job(
            kind=kind,
            spec=spec,
            reach=spec,
            store=self.store,
            open_fleet=lambda _reach, _emit: Connected(),
            credentials=Credentials({}),
            controls=Controls(),
            bastion=False,
            hosts=None if hosts is None else frozenset(hosts),
            catalogue=undoing() if kind == "reset" else install(),
            etcd_data=etcd_data,
        )
        return self.fleet.play(perform(job, self.state))

    def forget_install(self) -> None:
        """What the reset of a real host does away with."""
        for machine in self.fleet.machines.values():
            machine.true &= {"pre.check", "verify.nodes"}

    def bodies(self, prefix: str = "") -> dict[str, list[str]]:
        """What was run on each machine, in order."""
        return {
            name: [body for body in machine.bodies if body.startswith(prefix)]
            for name, machine in self.fleet.machines.items()
        }
