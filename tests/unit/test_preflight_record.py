"""What of a preflight is on record, who answers for it, and what a later look makes of it."""

from __future__ import annotations

import getpass
from dataclasses import replace
from pathlib import Path

import pytest

from haui.events import Event, PreflightResult, RunStarted, TaskStarted, Verdict
from haui.record.bus import EventBus
from haui.record.journal import Journal
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.session.job import whoami
from tests.unit.sample_run import run_started

FACTS, DISK = "preflight.facts", "preflight.disk"


def result(verdict: Verdict, check: str = "sizes.memory", step: str = FACTS) -> PreflightResult:
    return PreflightResult(
        host="cp1", check=check, step=step, verdict=verdict, title="Memory", seen="3 GB",
        expected="4 GB", why="It would swap.", fix="Add some.", fix_kind="answer", fix_with="hosts",
        override="a test machine" if verdict == "warning" else "",
        by="root (ops)" if verdict == "warning" else "",
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> ClusterStore:
    made = ClusterStore("atlas", tmp_path / "state")
    made.create()
    return made


async def journalled(store: ClusterStore, *events: Event) -> RunState:
    """The state that a later haui reads after these events; checks that watchers saw all."""
    journal: Journal = store.open_journal()
    seen: list[Event] = []
    bus = EventBus(subscribers=[seen.append], journal=journal)
    for event in events:
        await bus.emit(event)
    await journal.close()
    assert [event.kind for event in seen] == [event.kind for event in events]
    return store.read_state()


@pytest.mark.parametrize("verdict", ["blocked", "warning", "info", "differs"])
async def test_what_is_worth_knowing_is_on_record_whole(
    store: ClusterStore, verdict: Verdict
) -> None:
    said = result(verdict)
    state = await journalled(store, run_started(), said)
    kept = state.preflight["cp1"]["sizes.memory"]
    assert replace(kept, seq=0, at="") == said


@pytest.mark.parametrize("verdict", ["ok", "skipped"])
async def test_what_is_well_or_was_not_seen_is_not(store: ClusterStore, verdict: Verdict) -> None:
    state = await journalled(store, run_started(), result(verdict))
    assert state.preflight == {}
    assert b"sizes.memory" not in store.journal_path.read_bytes()


async def test_what_was_mended_is_no_finding_of_the_next_session(store: ClusterStore) -> None:
    """The looks that are not repeated keep what they have said."""
    begun: RunStarted = run_started()
    looks = TaskStarted(host="cp1", step=FACTS), TaskStarted(host="cp1", step=DISK)
    slow = result("warning", "disks.fsync", DISK)
    first = await journalled(store, begun, *looks, result("blocked"), slow)
    assert set(first.preflight["cp1"]) == {"sizes.memory", "disks.fsync"}
    again = run_started(resumed=True)
    second = await journalled(store, again, looks[0], result("ok"))
    assert set(second.preflight["cp1"]) == {"disks.fsync"}
    assert second.preflight["cp1"]["disks.fsync"].by == "root (ops)"


def test_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    assert whoami({}) == "root"
    assert whoami({"SUDO_USER": "ops"}) == "root (ops)"
    assert whoami({"SUDO_USER": "root"}) == "root"

    def nameless() -> str:
        raise KeyError("no such uid")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert whoami({}).startswith("uid ")
