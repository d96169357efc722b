"""A run of another process, followed from its journal and its logs; nothing is ever written.

The journal has what was begun and how it ended; the logs add what steps print and what they wait
for. Both are looked at by size, a few times a second. A log line may be on disk before the record
that came before it (ordinary records wait up to 50 ms for company), so log lines are handed out one
look later, in the order of their stamps.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from haui.events import (
    Event,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskStarted,
    TaskWaiting,
)
from haui.live.logtail import Logged, LogTail
from haui.record.journal_tail import JournalTail
from haui.record.lock import Owner
from haui.record.store import ClusterStore

POLL_S = 0.2
"""The pause between two looks."""

Stage = Literal["nothing", "waiting", "running", "ended", "interrupted"]
"""nothing: nobody works on the cluster, and nothing was ever run · waiting: a haui holds the
cluster and has put nothing on record yet · running · ended: the run said how it ended, or the one
before it did and nobody works on the cluster · interrupted: haui has ended and the run has not."""

_WAITS = "waits: "


@dataclass(frozen=True, slots=True)
class News:
    """What one look has found: `old` was on record before the watching began (or the journal was
    replaced), `live` came since. `seeds` are the ends of the logs of hosts that are met for the
    first time. `more` says that the next look should not wait."""

    old: tuple[Event, ...] = ()
    live: tuple[Event, ...] = ()
    seeds: Mapping[str, tuple[Logged, ...]] = field(default_factory=dict)
    more: bool = False


class Follower:
    """One run. `look` again and again, then `close`.

    `stage` and `owner` are as they were at the last look, `last_owner` who was the last one known.
    """

    def __init__(self, store: ClusterStore) -> None:
        self.stage: Stage = "waiting"
        self.owner: Owner | None = None
        self.last_owner: Owner | None = None
        self.caught_up = False
        """Whether all that was on record at first has been handed out."""
        self._store = store
        self._journal = JournalTail(store.journal_path)
        self._anew = 0
        self._logs: dict[str, LogTail] = {}
        self._held: list[Event] = []
        """Of the logs, for the next look."""
        self._unmet: set[str] = set()
        """Hosts whose log has not been looked at."""
        self._going: dict[tuple[str, str], str] = {}
        """Since when tasks go on."""
        self._started_at = ""
        self._ended = False
        self._mine = False
        """Whether the owner has put something on record while it was watched."""

    def look(self) -> News:
        """Look once. Raises JournalError for a journal that can't be followed."""
        owner = self._store.owner()  # before the journal: a run's last record comes before its end
        events = self._journal.poll()
        if self._journal.begun_anew != self._anew:
            self._anew, self.caught_up = self._journal.begun_anew, False
        for event in events:
            self._note(event)
        if owner != self.owner:
            self._mine = False
        self.owner, self.last_owner = owner, owner or self.last_owner
        if not self.caught_up:
            self.caught_up = not self._journal.more
            self._judge()
            seeds = self._meet() if self.caught_up else {}
            return News(old=events, seeds=seeds, more=self._journal.more)
        self._mine = self._mine or bool(events)
        seeds = self._meet()
        said, self._held = self._held, self._read_logs()
        merged = heapq.merge(events, said, key=lambda event: event.at)
        live = tuple(event for event in merged if self._fits(event))
        self._judge()
        return News(live=live, seeds=seeds, more=self._journal.more)

    def close(self) -> None:
        """Closes all files."""
        self._journal.close()
        for tail in self._logs.values():
            tail.close()

    def _note(self, event: Event) -> None:
        match event:
            case RunStarted(hosts=hosts):
                self._started_at, self._ended = event.at, False
                self._going.clear()
                for host in set(hosts) - self._logs.keys():
                    self._logs[host] = LogTail(self._store.log(host))
                    self._unmet.add(host)
            case RunFinished():
                self._ended = True
                self._going.clear()
            case TaskStarted(host=host, step=step) | TaskIntent(host=host, step=step):
                self._going[host, step] = event.at
            case TaskFinished(host=host, step=step):
                self._going.pop((host, step), None)

    def _judge(self) -> None:
        if self.owner is None:
            over: Stage = "ended" if self._ended else "interrupted"
            self.stage = over if self._started_at else "nothing"
        elif self._started_at and (self._mine or self._started_at >= self.owner.since):
            self.stage = "ended" if self._ended else "running"
        else:
            self.stage = "waiting"

    def _meet(self) -> dict[str, tuple[Logged, ...]]:
        """The logs of new hosts as far as they were written before. What such a host waits for now
        is news all the same."""
        seeds = {host: self._logs[host].poll() for host in self._unmet}
        self._unmet.clear()
        for host, lines in seeds.items():
            said = (_event_of(host, line) for line in lines)
            waits = {event.step: event for event in said if isinstance(event, TaskWaiting)}
            self._held += waits.values()
        return seeds

    def _read_logs(self) -> list[Event]:
        """What the logs say beyond the journal, in the order of its stamps."""
        each = [
            [event for line in tail.poll() if (event := _event_of(host, line)) is not None]
            for host, tail in self._logs.items()
        ]
        return list(heapq.merge(*each, key=lambda event: event.at))

    def _fits(self, event: Event) -> bool:
        """Whether it is still true: a wait counts only while its task goes on."""
        if not isinstance(event, TaskWaiting):
            return True
        since = self._going.get((event.host, event.step))
        return since is not None and since <= event.at


def _event_of(host: str, line: Logged) -> Event | None:
    """The event of which a log line tells, if the journal does not."""
    if line.kind == "output":
        if not line.step:
            return None
        return TaskOutput(at=line.at, host=host, step=line.step, lines=(line.text,))
    if line.step and line.text.startswith(_WAITS):
        reason = line.text.removeprefix(_WAITS)
        return TaskWaiting(at=line.at, host=host, step=line.step, reason=reason)
    return None
