"""State folders as the welcome screen may find them: everything at once, made without a run."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from haui.clusterfile.text import dump
from haui.events import (
    Event,
    Problem,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskStarted,
)
from haui.preset import rehearsal_spec
from haui.record.journal_file import HEADER
from haui.record.records import FORMAT, encode, to_record
from haui.record.stamp import stamp
from haui.record.store import ClusterStore
from screens.world import World
from tests.screens.plans import short_plan
from tests.screens.worlds import HOSTILE, NOW, complete_answers

JOIN = "control_plane.join"


def fill(world: World) -> None:
    """Two installs, a rehearsal, a damaged journal, four drafts, three clusters, two presets."""
    install(world.root, "atlas", done=61, minutes=14, open_at=("cp2", JOIN))
    install(world.root, "borea", done=98, minutes=200, failed_at=("cp3", JOIN))
    install(world.root / "rehearsals", "rehearsal", done=12, minutes=90, outcome="cancelled")
    for name, days in (("edge-1", 40), ("edge-2", 3), ("edge-3", 0)):
        install(world.root, name, minutes=days * 1440 + 61)
    damage(world.root, "delta")
    drafts(world)
    presets(world.presets_folder)


def install(
    root: Path,
    name: str,
    *,
    done: int | None = None,
    minutes: float = 0,
    outcome: str = "",
    open_at: tuple[str, str] | None = None,
    failed_at: tuple[str, str] | None = None,
    hosts: int = 5,
) -> ClusterStore:
    """A cluster's folder. Its run ended so many minutes before NOW, with `done` of its tasks."""
    spec = rehearsal_spec(hosts=hosts).model_copy(update={"name": name})
    store = ClusterStore(name, root)
    store.create()
    store.write_private("cluster.yaml", dump(spec).encode())
    tasks = short_plan(spec).tasks
    events: list[Event] = [
        RunStarted(
            run="r1", cluster=name, haui="0.1.0", spec_sha="5e", plan_sha="9a",
            tasks=len(tasks), hosts=tuple(host.name for host in spec.hosts),
        )
    ]  # fmt: skip
    odd = {open_at, failed_at}
    ready = [task for task in tasks if (task.host.name, task.step.id) not in odd]
    for task in ready[:done]:
        host, step = task.host.name, task.step.id
        events.append(TaskStarted(host=host, step=step, title=task.step.title))
        events.append(TaskFinished(host=host, step=step, outcome="ok", seconds=2))
    events += _odd_ends(open_at, failed_at)
    if outcome or failed_at or done is None:
        ended = outcome or ("failed" if failed_at else "ok")
        events.append(RunFinished(outcome=ended, seconds=700))  # type: ignore[arg-type]
    write_journal(store, events, minutes)
    if done is None:
        store.write_private("report.md", f"# {name} is up\n\n{HOSTILE[4]}\n".encode())
    return store


def _odd_ends(open_at: tuple[str, str] | None, failed_at: tuple[str, str] | None) -> list[Event]:
    events: list[Event] = []
    if open_at:
        host, step = open_at
        events.append(TaskStarted(host=host, step=step, title="Join the control plane"))
        events.append(TaskIntent(host=host, step=step, attempt=1))
    if failed_at:
        host, step = failed_at
        problem = Problem(
            what=f"etcd on {host} was added but never came in sync with the leader",
            why="can only promote a learner member which is in sync with leader\n" + HOSTILE[0],
            fix=f"Let port 2380 through from cp1 to {host}.",
        )
        events.append(TaskStarted(host=host, step=step, title="Join the control plane"))
        events.append(
            TaskFinished(host=host, step=step, outcome="failed", seconds=124, problem=problem)
        )
    return events


def write_journal(store: ClusterStore, events: list[Event], minutes: float = 0) -> None:
    """The journal of these events, a millisecond apart, the last one so long before NOW."""
    end = NOW - timedelta(minutes=minutes, milliseconds=len(events))
    lines, crc = [HEADER], 0
    for number, event in enumerate(events, 1):
        at = stamp(end + timedelta(milliseconds=number))
        record = to_record(replace(event, seq=number, at=at))
        if number == 1:
            record = (
                {key: record[key] for key in ("seq", "at", "event")} | {"format": FORMAT} | record
            )
        line, crc = encode(record, crc)
        lines.append(line)
    store.write_private("journal.yaml", b"".join(lines))


def damage(root: Path, name: str) -> None:
    """An install whose journal has a changed byte in its fifth line."""
    store = install(root, name, done=30, minutes=2000)
    lines = store.journal_path.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(b"ok", b"no").replace(b"started", b"stopped")
    store.write_private("journal.yaml", b"\n".join(lines))


def drafts(world: World) -> None:
    """One draft half done, one without answers, one of hostile text, one that is broken."""
    desk = world.drafts.new(complete_answers() | {"name": "cedar"})
    desk.visit("endpoint")
    desk.visit("hosts")
    desk.close()
    world.drafts.new({}, rehearsal=True, origin="single").close()
    world.drafts.new({"name": "".join(HOSTILE), "hosts": "none"}, origin=HOSTILE[2]).close()
    (world.drafts.folder / "2026-11-20-broken.json").write_text('{"format": "haui-draft/1",\n oops')
    for number, path in enumerate(sorted(world.drafts.folder.glob("*.json"))):
        os.utime(path, (number, number))


def presets(folder: Path) -> None:
    """Two own presets, and two that can't be used."""
    folder.mkdir(parents=True)
    good = (
        "# The rack of the lab\nformat: haui/1\nprofile: test\ntopology:\n  kind: single\n"
        "endpoint:\n  kind: external\nhosts:\n  - name: one\n    roles: [control-plane, worker]\n"
    )
    (folder / "rack-7.yaml").write_text(good)
    (folder / "rack-8.yaml").write_text(good.replace("of the lab", HOSTILE[1]))
    (folder / "broken.yaml").write_text("format: haui/1\ntopology:\n  kind: ring\nport: 12\n")
    (folder / "torn.yaml").write_text("format: haui/1\n  topology: [\n")


def hold(store: ClusterStore) -> int:
    """A lock of another process, as it looks from here; a descriptor to close."""
    store.create()
    fd = os.open(store.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    owner = (
        '{"pid": 4711, "host": "other-bastion", "boot_id": "b", "ticks": 1, '
        '"since": "2026-11-21T10:40:00.000Z", "command": "haui apply"}\n'
    )
    os.pwrite(fd, owner.encode(), 0)
    return fd
