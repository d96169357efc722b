"""Another haui as it is seen from outside: its journal, its lock and its logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from haui.events import Event, HostConnected, TaskStarted
from haui.record.journal import Journal
from haui.record.lock import Lock
from haui.record.logs import HostLogs
from haui.record.records import to_record
from haui.record.store import ClusterStore
from tests.unit.sample_run import START, at, run_started

STEP = "control_plane.init"
BEGUN = (run_started(), HostConnected(host="cp1"), TaskStarted(host="cp1", step=STEP, title="Init"))


class Run:
    """What another haui would write: the same journal, lock and logs."""

    def __init__(self, root: Path) -> None:
        self.store = ClusterStore("atlas", root)
        self.store.create()
        self.lock: Lock | None = None
        self.journal: Journal | None = None
        self.logs = HostLogs(self.store.logs)
        self.seq = 0

    def take(self, command: str = "haui apply atlas.yaml") -> None:
        self.lock = self.store.lock(command, now=lambda: START)

    async def write(self, *events: Event, logged: bool = True) -> None:
        self.journal = self.journal or self.store.open_journal()
        self.seq = max(self.seq, self.journal.last_seq)
        for event in events:
            self.seq += 1
            event = replace(event, seq=self.seq, at=at(self.seq))
            if event.on_record:
                await self.journal.append(to_record(event), durable=True)
            if logged:
                self.logs(event)

    async def end(self, *events: Event) -> None:
        """The last words, then the process is gone."""
        await self.write(*events)
        assert self.journal is not None
        assert self.lock is not None
        await self.journal.close()
        self.journal = None
        self.lock.close()
