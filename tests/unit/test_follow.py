"""A run of another process, followed: its journal, its logs, and who runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from haui.events import (
    Event,
    RunFinished,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskStarted,
    TaskWaiting,
)
from haui.live import logtail
from haui.live.follow import Follower, News
from haui.live.logtail import LogTail
from haui.record.logs import HostLogs
from haui.record.reducer import replay
from tests.unit.other_haui import BEGUN, STEP, Run
from tests.unit.sample_run import START, at, run_started


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def kinds(news: News) -> list[str]:
    return [event.kind for event in news.live]


async def test_what_is_on_record_is_old_and_what_comes_is_live(run: Run) -> None:
    run.take()
    await run.write(*BEGUN)
    follower = Follower(run.store)
    news = follower.look()
    assert [event.kind for event in news.old] == ["run_started", "host_connected", "task_started"]
    assert (news.live, news.more, follower.caught_up) == ((), False, True)
    assert (follower.stage, str(follower.owner)[:21]) == ("running", "haui apply atlas.yaml")
    assert [line.text for line in news.seeds["cp1"]] == ["connected", "Init"]
    await run.write(
        TaskIntent(host="cp1", step=STEP, attempt=1),
        TaskOutput(host="cp1", step=STEP, lines=("one", "two")),
    )
    assert kinds(follower.look()) == ["task_intent"]
    await run.write(TaskFinished(host="cp1", step=STEP, outcome="ok", seconds=1.0))
    # Lines come a look later, in the order of their stamps.
    assert kinds(follower.look()) == ["task_output", "task_output", "task_finished"]
    assert follower.look() == News()
    await run.end(RunFinished(outcome="ok", seconds=9.0))
    assert kinds(follower.look()) == ["run_finished"]
    assert (follower.stage, follower.owner) == ("ended", None)
    follower.close()


async def test_a_wait_is_told_as_long_as_its_task_goes_on(run: Run) -> None:
    run.take()
    wait = TaskWaiting(host="cp1", step=STEP, reason="waits for its turn: 5 at once")
    await run.write(*BEGUN, wait)
    follower = Follower(run.store)
    follower.look()
    (told,) = follower.look().live
    assert isinstance(told, TaskWaiting)
    assert (told.reason, told.step) == (wait.reason, STEP), "what is waited for now is news, too"
    await run.write(wait)
    await run.write(TaskFinished(host="cp1", step=STEP, outcome="ok", seconds=1.0))
    assert [kinds(follower.look()) for _ in range(2)] == [["task_finished"], []]


async def test_a_wait_that_was_over_before_is_not_told(run: Run) -> None:
    run.take()
    wait = TaskWaiting(host="cp1", step=STEP, reason="its turn")
    await run.write(*BEGUN, wait, TaskIntent(host="cp1", step=STEP, attempt=1))
    follower = Follower(run.store)
    assert [kinds(follower.look()) for _ in range(3)] == [[], [], []]


async def test_an_owner_that_dies_has_interrupted_its_run_and_a_resume_goes_on(run: Run) -> None:
    run.take()
    await run.write(*BEGUN)
    follower = Follower(run.store)
    follower.look()
    await run.end()
    assert kinds(follower.look()) == []
    assert str(follower.stage) == "interrupted"
    assert "haui apply atlas.yaml" in str(follower.last_owner)
    run.lock = run.store.lock("haui resume", now=lambda: START.replace(year=2027))
    follower.look()
    assert str(follower.stage) == "waiting", "it has put nothing on record yet"
    await run.write(run_started(resumed=True))
    assert kinds(follower.look()) == ["run_started"]
    assert (follower.stage, str(follower.owner)[:11]) == ("running", "haui resume")


async def test_who_works_without_a_record_is_waited_for(run: Run) -> None:
    run.take()
    await run.end(run_started(), RunFinished(outcome="failed", seconds=1.0))
    follower = Follower(run.store)
    follower.look()
    assert str(follower.stage) == "ended"
    run.lock = run.store.lock("haui verify", now=lambda: START.replace(year=2027))
    follower.look()
    assert str(follower.stage) == "waiting"
    run.lock.close()
    follower.look()
    assert str(follower.stage) == "ended"


def test_nothing_at_all_is_told_apart(run: Run) -> None:
    follower = Follower(run.store)
    follower.look()
    assert str(follower.stage) == "nothing"
    run.take()
    follower.look()
    assert str(follower.stage) == "waiting"


async def test_the_state_is_that_of_the_journal_at_every_moment(run: Run) -> None:
    """However looks and writes fall together, no event is lost, doubled or out of order."""
    run.take()
    steps = [f"system.s{number}" for number in range(40)]
    events: list[Event] = [run_started(tasks=40)]
    for step in steps:
        events += [
            TaskStarted(host="cp1", step=step),
            TaskIntent(host="cp1", step=step, attempt=1),
            TaskOutput(host="cp1", step=step, lines=(f"{step} says",)),
            TaskFinished(host="cp1", step=step, outcome="ok", seconds=1.0),
        ]
    follower, state_events, outputs = Follower(run.store), [], []
    for index, event in enumerate(events):
        await run.write(event)
        if index % 7 in (0, 3):
            news = follower.look()
            state_events += [e for e in (*news.old, *news.live) if e.kind != "task_output"]
            outputs += [e for e in news.live if isinstance(e, TaskOutput)]
    for _ in range(2):
        news = follower.look()
        state_events += [e for e in news.live if e.kind != "task_output"]
        outputs += [e for e in news.live if isinstance(e, TaskOutput)]
    assert replay(state_events) == run.store.read_state()
    assert [event.lines for event in outputs] == [(f"{step} says",) for step in steps]


def test_a_log_is_read_from_near_its_end_and_then_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "cp1.log"
    path.write_text("".join(f"{at(1)}  s.x | line {n} {'x' * 80}\n" for n in range(3000)))
    tail = LogTail(path)
    seed = tail.poll()
    assert 400 < len(seed) < 1500
    assert seed[-1].text.startswith("line 2999 ")
    assert tail.poll() == ()
    with path.open("a") as file:
        file.write(f"{at(2)}  s.x | half")
        file.flush()
        assert tail.poll() == ()
        file.write(" a line\nrubbish\n")
        file.flush()
        assert [line.text for line in tail.poll()] == ["half a line"]
    tail.close()


def test_a_log_that_is_rotated_loses_no_line(tmp_path: Path) -> None:
    logs = HostLogs(tmp_path, limit_bytes=500)
    tail = LogTail(tmp_path / "cp1.log")
    assert tail.poll() == ()
    seen = []
    for number in range(60):
        logs(TaskOutput(at=at(1), host="cp1", step="s.x", lines=(f"line {number}",)))
        if number % 3 == 0:
            seen += [line.text for line in tail.poll()]
    seen += [line.text for line in tail.poll()]
    logs.close()
    assert (tmp_path / "cp1.log.1").exists()
    assert seen == [f"line {number}" for number in range(60)]


def test_a_log_that_is_cut_taken_away_or_no_file_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "cp1.log"
    tail = LogTail(path)
    path.write_text(f"{at(1)}  s.x | a\n" * 5)
    assert len(tail.poll()) == 5
    path.write_text(f"{at(1)}  s.x | b\n")
    assert [line.text for line in tail.poll()] == ["b"]
    path.unlink()
    assert tail.poll() == ()
    os.mkfifo(path)
    assert tail.poll() == ()
    path.unlink()
    path.mkdir()
    assert tail.poll() == ()
    path.rmdir()
    path.write_text(f"{at(1)}  s.x | c\n")
    assert [line.text for line in tail.poll()] == ["c"]


def test_a_log_that_grows_faster_than_it_is_read_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cp1.log"
    path.touch()
    tail = LogTail(path)
    tail.poll()
    monkeypatch.setattr(logtail, "BEHIND_BYTES", 10_000)
    monkeypatch.setattr(logtail, "SEED_BYTES", 2_000)
    with path.open("a") as file:
        for number in range(1000):
            file.write(f"{at(1)}  s.x | line {number}\n")
    lines = tail.poll()
    assert len(lines) < 200
    assert lines[-1].text == "line 999"


def test_what_a_log_says_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "cp1.log"
    path.write_bytes(f"{at(1)}  s.x | \x1b[31mred\x1b[0m \x1b]0;t\x07".encode() + b"\xff\n" * 2)
    (line,) = LogTail(path).poll()
    assert line.text.isprintable()


def test_who_runs_it_is_only_told_while_that_process_lives(run: Run) -> None:
    run.take()
    follower = Follower(run.store)
    follower.look()
    said = json.loads(run.store.lock_path.read_text())
    run.store.lock_path.write_text(json.dumps(said | {"ticks": said["ticks"] + 1}))
    follower.look()
    assert follower.owner is None
    assert str(follower.stage) == "nothing"
