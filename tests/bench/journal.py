"""5,000 records appended durably and replayed; prints ratios, which carry over between machines.

    python -m tests.bench.journal [--records N] [--folder DIR]

The folder should be on the disk that the state lives on; a tmpfs makes syncing free. The naive
writer appends the same lines and calls fdatasync after each. What is compared takes turns in short
stretches, so that a busy disk slows both alike; reading is measured in CPU time for that reason.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from haui.events import Event, Finding, RunStarted, TaskFinished, TaskIntent
from haui.record.bus import EventBus
from haui.record.journal import Journal, read
from haui.record.records import encode, to_record
from haui.record.reducer import replay

STRETCH = 100
EDGE = 500
GATE_REPLAY_S = 0.2


def main() -> None:
    """Runs it and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        asyncio.run(_bench(Path(folder), args.records))


def events(count: int) -> list[Event]:
    """A run of 100 hosts: for each task an intent and a result with evidence."""
    hosts = tuple(f"node-{number:03}" for number in range(100))
    out: list[Event] = [
        RunStarted(
            run="bench",
            cluster="bench",
            haui="0",
            spec_sha="0" * 64,
            plan_sha="0" * 64,
            tasks=count // 2,
            hosts=hosts,
        )
    ]
    evidence = (
        Finding(verdict="ok", what="containerd active", expected="active", seen="active"),
        Finding(verdict="ok", what="/etc/containerd/config.toml", expected="0644", seen="0644"),
    )
    for number in range((count + 1) // 2):
        host, step = hosts[number % 100], f"step-{number // 100:02}.apply"
        out.append(TaskIntent(host=host, step=step, attempt=1))
        out.append(
            TaskFinished(
                host=host, step=step, outcome="ok", seconds=3.214, attempt=1, findings=evidence
            )
        )
    return out[:count]


async def _bench(folder: Path, count: int) -> None:
    path = folder / "journal.yaml"
    todo = events(count)
    journal_s: list[float] = []
    naive_s: list[float] = []
    with Naive(folder / "naive") as naive:
        async with Journal.create(path) as journal:
            bus = EventBus(journal=journal)
            for start in range(0, count, STRETCH):
                stretch = todo[start : start + STRETCH]
                journal_s += [await _emit(bus, event) for event in stretch]
                naive_s += [naive.append(event) for event in stretch]
    grouped_s = await _grouped(folder / "grouped.yaml", todo)
    _print(path, journal_s, naive_s, grouped_s)
    await _long_against_empty(path, folder / "empty.yaml", todo[1 : EDGE + 1])


class Naive:
    """Appends a line and syncs, on the caller's thread."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._crc = 0

    def append(self, event: Event) -> float:
        """The seconds it took."""
        began = time.perf_counter()
        line, self._crc = encode(to_record(event), self._crc)
        os.write(self._fd, line)
        os.fdatasync(self._fd)
        return time.perf_counter() - began

    def __enter__(self) -> Naive:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


async def _emit(bus: EventBus, event: Event) -> float:
    began = time.perf_counter()
    await bus.emit(event)
    return time.perf_counter() - began


async def _long_against_empty(long: Path, empty: Path, todo: list[Event]) -> None:
    """The cost of an append to the long journal, by that of one to a new journal."""
    async with Journal.open(long) as full, Journal.create(empty) as fresh:
        buses = EventBus(journal=full), EventBus(journal=fresh)
        pairs = [[await _emit(bus, event) for bus in buses] for event in todo]
    last, first = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"append to the long / to an empty journal, {len(pairs)} in turns {last / first:5.2f}")


async def _grouped(path: Path, todo: list[Event]) -> float:
    """Seconds for the same events from 100 hosts at once: durable ones share a sync."""
    async with Journal.create(path) as journal:
        bus = EventBus(journal=journal)
        began = time.perf_counter()
        for start in range(0, len(todo), STRETCH):
            await asyncio.gather(*(bus.emit(event) for event in todo[start : start + STRETCH]))
        return time.perf_counter() - began


def _print(path: Path, journal_s: list[float], naive_s: list[float], grouped_s: float) -> None:
    count = len(journal_s)
    edge = min(EDGE, count // 2)
    first, last = statistics.median(journal_s[:edge]), statistics.median(journal_s[-edge:])
    n_first, n_last = statistics.median(naive_s[:edge]), statistics.median(naive_s[-edge:])
    total, naive_total = sum(journal_s), sum(naive_s)
    read_s = min(_timed(lambda: read(path)) for _ in range(3))
    replay_s = min(_timed(lambda: replay(read(path).events())) for _ in range(3))
    assert replay(read(path).events()).last_seq == count
    size = path.stat().st_size
    print(f"{count} durable records, {size / 1e6:.2f} MB, {size / count:.0f} bytes each")
    print(f"one at a time              {total:7.2f} s   {total / count * 1e6:6.0f} us each")
    print(f"naive write + fdatasync    {naive_total:7.2f} s   ratio {total / naive_total:5.2f}")
    print(f"100 at once, shared syncs  {grouped_s:7.2f} s   ratio {grouped_s / naive_total:5.2f}")
    print(f"last {edge} / first {edge} appends (medians)  {last / first:5.2f}")
    print(f"  the same for naive, i.e. the disk itself   {n_last / n_first:5.2f}")
    print(f"read and check             {read_s * 1e3:7.1f} ms CPU")
    print(f"read, check and replay     {replay_s * 1e3:7.1f} ms CPU, {_gate(replay_s)}")
    print(f"replay / durable appends   {replay_s / total:7.3f}")


def _gate(replay_s: float) -> str:
    return f"{replay_s / GATE_REPLAY_S:.2f} of the {GATE_REPLAY_S} s allowed"


def _timed(work: Callable[[], object]) -> float:
    """CPU seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
