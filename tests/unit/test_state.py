"""The state of a run is a fold over its events."""

from __future__ import annotations

import tracemalloc
from copy import deepcopy
from pathlib import Path

import pytest

from haui.events import (
    Event,
    HostConnected,
    Outcome,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskStarted,
    TaskWaiting,
)
from haui.record.journal import Journal, read
from haui.record.records import Note, to_record
from haui.record.reducer import reduce, replay
from haui.record.state import RunState, TaskView
from tests.unit.sample_run import FAILED, at, numbered, run_started, sample

CP1 = ("cp1", "control_plane.init")


def started(host: str = "cp1", step: str = "s") -> TaskStarted:
    return TaskStarted(host=host, step=step, title="Title")


def intent(attempt: int, host: str = "cp1", step: str = "s") -> TaskIntent:
    return TaskIntent(host=host, step=step, attempt=attempt)


def finished(
    outcome: Outcome, host: str = "cp1", step: str = "s", attempt: int = 0
) -> TaskFinished:
    return TaskFinished(host=host, step=step, outcome=outcome, seconds=2.5, attempt=attempt)


def after(*events: Event) -> RunState:
    return replay(numbered(run_started(), *events))


def test_nothing_has_happened_yet() -> None:
    state = RunState()
    assert not state.unfinished
    assert state.task("cp1", "s") == TaskView(status="pending")


def test_the_sample_run_as_it_ended() -> None:
    state = replay(sample())
    assert (state.run, state.cluster, state.total, state.hosts) == (
        "r1",
        "atlas",
        4,
        ("cp1", "wk1"),
    )
    assert (state.spec_sha, state.plan_sha, state.haui) == ("5e", "9a", "0.1.0")
    assert (state.outcome, state.seconds, state.last_seq) == ("failed", 101.25, 16)
    assert state.counts == {"ok": 1, "failed": 1, "skipped": 2}
    assert (state.started_at, state.last_at) == (at(1), at(16))
    assert state.task(*CP1) == TaskView(
        status="ok",
        attempt=2,
        seconds=35.2,
        title="Start the control plane",
        proved=True,
        since=at(11),
        retries=("a server is busy",),
    )
    worker = state.task("wk1", "worker.join")
    assert (worker.status, worker.attempt, worker.problem) == ("failed", 2, FAILED.problem)
    assert worker.findings == FAILED.findings
    assert state.preflight["cp1"]["swap"].seen == "on: /swap"
    assert state.connections["cp1"].fingerprint == "SHA256:abc"
    assert (state.connections["wk1"].up, state.connections["wk1"].reason) == (
        False,
        "no answer for 20 s",
    )
    assert state.settled() == {"control_plane.init@cp1"}
    assert state.settled_count == 1
    assert state.timings() == {"control_plane.init": (35.2,)}
    assert state.unfinished
    assert state.ended


async def test_a_replayed_journal_is_the_live_state(tmp_path: Path) -> None:
    path = tmp_path / "journal.yaml"
    live = RunState()
    async with Journal.create(path) as journal:
        for event in sample():
            live = reduce(live, event)
            if event.journalled:
                await journal.append(to_record(event))
    assert replay(read(path).events()) == live


def test_reduce_changes_nothing_in_place() -> None:
    state = RunState()
    for event in sample():
        before = deepcopy(state)
        after_event = reduce(state, event)
        assert state == before
        state = after_event


@pytest.mark.parametrize("outcome", ["ok", "unchanged"])
def test_what_a_probe_found_done_is_settled(outcome: Outcome) -> None:
    state = after(started(), finished(outcome))
    assert state.settled() == {"s@cp1"}
    assert state.task("cp1", "s").done


@pytest.mark.parametrize("outcome", ["skipped", "cancelled"])
def test_a_proof_outlives_a_turn_that_did_not_touch_the_host(outcome: Outcome) -> None:
    state = after(started(), finished("ok"), started(), finished(outcome))
    assert state.settled() == {"s@cp1"}
    assert not state.task("cp1", "s").done


@pytest.mark.parametrize(
    "later", [(intent(2),), (intent(2), finished("cancelled")), (finished("failed"),)]
)
def test_a_proof_ends_with_a_change_or_a_failure(later: tuple[Event, ...]) -> None:
    state = after(started(), finished("ok"), started(), *later)
    assert state.settled() == frozenset()
    assert state.settled_count == 0


def test_a_task_on_its_way() -> None:
    events = (
        started(),
        TaskWaiting(host="cp1", step="s", reason="one at a time"),
        intent(1),
        finished("ok", attempt=1),
    )
    seen = []
    for count in range(1, 5):
        view = after(*events[:count]).task("cp1", "s")
        seen.append((view.status, view.reason, view.changing, view.attempt))
    assert seen == [
        ("running", "", False, 0),
        ("waiting", "one at a time", False, 0),
        ("running", "", True, 1),
        ("ok", "", False, 1),
    ]


def test_after_a_kill_the_journal_tells_what_is_open() -> None:
    state = after(started(), intent(3), started("wk1"), finished("ok", step="t"))
    assert state.unfinished
    assert not state.ended
    assert state.open_attempts() == (("cp1", "s", 3),)


def test_a_resumed_run_keeps_what_is_known_and_marks_open_ends() -> None:
    state = after(
        HostConnected(host="cp1"),
        started(), intent(3),
        started("wk1"),
        finished("ok", step="t"),
        run_started(resumed=True),
    )  # fmt: skip
    assert state.task("cp1", "s").status == "unknown"
    assert state.open_attempts() == (("cp1", "s", 3),)
    assert state.task("wk1", "s").status == "interrupted"
    assert state.task("cp1", "t").status == "ok"
    assert (state.sessions, state.started_at, state.connections) == (2, at(1), {})
    assert state.unfinished


def test_a_resumed_run_may_end_well() -> None:
    failed = RunFinished(outcome="failed", seconds=1, counts={"failed": 1})
    well = RunFinished(outcome="ok", seconds=2, counts={"ok": 1})
    state = after(finished("failed"), failed, run_started(resumed=True))
    assert (state.outcome, state.counts, state.unfinished) == ("", {}, True)
    state = after(finished("failed"), failed, run_started(resumed=True), finished("ok"), well)
    assert (state.outcome, state.unfinished) == ("ok", False)


def test_a_new_run_forgets_the_old_one() -> None:
    state = after(finished("ok"), run_started(run="r2"))
    assert (state.run, state.tasks, state.settled_count, state.sessions) == ("r2", {}, 0, 1)
    assert state.last_seq == 3


def test_a_run_that_ended_has_nothing_going_on() -> None:
    state = after(started(), RunFinished(outcome="cancelled", seconds=1))
    assert state.task("cp1", "s").status == "interrupted"


def test_unknown_events_only_move_the_position() -> None:
    state = after(finished("ok"))
    later = reduce(state, Note(seq=9, at="later", event="host_adopted"))
    assert (later.last_seq, later.last_at) == (9, "later")
    assert later.tasks == state.tasks


def test_an_event_costs_the_same_late_in_a_big_run() -> None:
    """Counted in bytes, which don't depend on the machine: one host's tasks, not all of them."""

    def cost(hosts: int) -> int:
        names = [f"h{number}" for number in range(hosts)]
        state = after(*(finished("ok", host, f"s{n}") for host in names for n in range(20)))
        tracemalloc.start()
        kept = reduce(state, finished("ok", "h0", "s0"))
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept.settled_count == state.settled_count
        return size

    assert cost(80) < cost(10) + 80 * 150


def test_a_check_of_this_machine_is_no_task_of_the_plan() -> None:
    """It is kept and shown, but 1 of 1 tasks are done, not 2."""
    begun = RunStarted(
        run="r1", cluster="a", haui="1", spec_sha="", plan_sha="", tasks=1, hosts=("cp1",)
    )
    done = [
        TaskFinished(host=host, step=step, outcome="unchanged", seconds=1)
        for host, step in (("cp1", "verify.nodes"), ("bastion", "verify.bastion"))
    ]
    state = replay([begun, *done])
    assert (state.settled_count, state.total) == (1, 1)
    assert state.task("bastion", "verify.bastion").done
