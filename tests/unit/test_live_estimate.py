"""The time that is left: from earlier runs or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haui.events import Event, RunFinished, RunStarted, TaskFinished, TaskStarted
from haui.live.estimate import Timings, remaining
from haui.plan import build_plan
from haui.record.bus import EventBus
from haui.record.reducer import replay
from haui.record.stamp import stamp
from haui.record.state import RunState
from haui.record.store import ClusterStore
from tests.unit.scripted_run import cluster, install, step

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PLAN = build_plan(cluster(), install())
ALL = {
    "sys.prepare": (10.0, 20.0),
    "cp.init": (30.0, 60.0),
    "cp.join": (40.0, 80.0),
    "w.join": (15.0, 15.0),
}
KNOWN = Timings(changed=ALL, looked={"pre.check": (1.0, 1.0), "verify.nodes": (2.0, 2.0)})


def begun(run: str = "r1", *, resumed: bool = False) -> RunStarted:
    return RunStarted(
        run=run,
        cluster="atlas",
        haui="1",
        spec_sha="",
        plan_sha="",
        tasks=len(PLAN.tasks),
        hosts=(),
        resumed=resumed,
    )


def done(step: str, host: str, seconds: float = 1.0, outcome: str = "ok") -> TaskFinished:
    return TaskFinished(host=host, step=step, outcome=outcome, seconds=seconds)  # type: ignore[arg-type]


def started(step: str, host: str, ago_s: float) -> TaskStarted:
    return TaskStarted(host=host, step=step, at=stamp(NOW - timedelta(seconds=ago_s)))


def state(*events: Event) -> RunState:
    return replay([begun(), *events])


async def written(root: Path, name: str, events: Iterable[Event]) -> ClusterStore:
    """A cluster with a journal of these events."""
    store = ClusterStore(name, root)
    store.create()
    async with store.open_journal() as journal:
        bus = EventBus(journal=journal)
        for event in events:
            await bus.emit(event)
    return store


def test_a_whole_install_is_the_critical_path_with_joins_one_after_the_other() -> None:
    # look, prepare, init, two joins in one lane, a worker's join, the proof
    assert remaining(PLAN, RunState(), KNOWN, NOW) == (
        1 + 10 + 30 + 2 * 40 + 15 + 2,
        1 + 20 + 60 + 2 * 80 + 15 + 2,
    )


def test_what_only_comes_after_others_takes_its_time_after_them() -> None:
    compare = step("pre.compare", "preflight", reads=True, after=("pre.check",))
    plan = build_plan(cluster(), [install()[0], compare])
    known = Timings(looked={"pre.check": (5.0, 5.0), "pre.compare": (2.0, 2.0)})
    assert remaining(plan, RunState(), known, NOW) == (7, 7)
    late = [done("pre.check", host.name) for host in cluster().hosts[1:]]
    running = started("pre.check", cluster().hosts[0].name, 1)
    assert remaining(plan, state(*late, running), known, NOW) == (4 + 2, 4 + 2)


def test_what_is_done_takes_no_time_and_what_runs_only_the_rest() -> None:
    names = [host.name for host in cluster().hosts]
    earlier = [done(step, name) for step in ("pre.check", "sys.prepare") for name in names]
    left = remaining(PLAN, state(*earlier, started("cp.init", "cp1", 20)), KNOWN, NOW)
    assert left == (10 + 2 * 40 + 15 + 2, 40 + 2 * 80 + 15 + 2)


def test_a_step_that_is_late_is_not_late_by_an_invented_time() -> None:
    names = [host.name for host in cluster().hosts]
    earlier = [done(step, name) for step in ("pre.check", "sys.prepare") for name in names]
    joined = [done("cp.init", "cp1"), done("cp.join", "cp2"), done("cp.join", "cp3")]
    late = [started("w.join", "w1", 500), done("w.join", "w2")]
    assert remaining(PLAN, state(*earlier, *joined, *late), KNOWN, NOW) == (2, 2)


def test_a_join_that_runs_has_the_lane_before_the_one_that_stands_first_in_the_plan() -> None:
    names = [host.name for host in cluster().hosts]
    earlier = [done(step, name) for step in ("pre.check", "sys.prepare") for name in names]
    running = started("cp.join", "cp3", 10)
    left = remaining(PLAN, state(*earlier, done("cp.init", "cp1"), running), KNOWN, NOW)
    assert left == (30 + 40 + 15 + 2, 70 + 80 + 15 + 2)


def test_nothing_is_left_of_what_was_skipped_or_failed() -> None:
    failed = [done("pre.check", host.name, outcome="failed") for host in cluster().hosts]
    rest = [
        done(task.step.id, task.host.name, outcome="skipped")
        for task in PLAN.tasks
        if task.step.id != "pre.check"
    ]
    assert remaining(PLAN, state(*failed, *rest), KNOWN, NOW) == (0, 0)


@pytest.mark.parametrize("missing", ["sys.prepare", "cp.join"])
def test_too_little_known_gives_no_number(missing: str) -> None:
    some = Timings(changed={k: v for k, v in ALL.items() if k != missing}, looked=KNOWN.looked)
    assert remaining(PLAN, RunState(), some, NOW) is None
    assert remaining(PLAN, RunState(), Timings(), NOW) is None


def test_one_unknown_step_among_many_does_not_matter() -> None:
    some = Timings(changed=ALL, looked={"pre.check": (1.0,)})
    assert remaining(PLAN, RunState(), some, NOW) is not None


def test_of_many_turns_the_middle_half_counts() -> None:
    many = Timings(changed=dict.fromkeys(ALL, (0.0, 10.0, 20.0, 30.0, 1000.0)), looked=KNOWN.looked)
    left = remaining(PLAN, RunState(), many, NOW)
    assert left == (1 + 5 * 10 + 2, 1 + 5 * 30 + 2)


async def test_timings_come_from_runs_that_ended_well(tmp_path: Path) -> None:
    good = [
        begun(),
        done("cp.init", "cp1", 30),
        begun(resumed=True),
        done("cp.init", "cp1", 1, "unchanged"),
        done("w.join", "w1", 9, "failed"),
        done("w.join", "w1", 15),
        RunFinished(outcome="ok", seconds=60),
    ]
    bad = [
        begun("r2"),
        done("cp.init", "cp1", 999),
        RunFinished(outcome="failed", seconds=1),
        begun("r3"),
        done("cp.init", "cp1", 32),
        RunFinished(outcome="ok", seconds=60),
    ]
    stores = [
        await written(tmp_path, "one", good),
        await written(tmp_path, "two", bad),
        ClusterStore("three", tmp_path),
    ]
    timings = Timings.from_journals(stores)
    assert timings.of("cp.init") == (30.0, 32.0)
    assert timings.of("w.join") == (15.0,)
    assert timings.looked == {"cp.init": (1.0,)}
    assert timings.of("other") == ()


async def test_a_damaged_journal_tells_nothing(tmp_path: Path) -> None:
    store = await written(tmp_path, "one", [begun()])
    store.journal_path.write_text("damaged\nfrom\nthe start\n")
    assert Timings.from_journals([store]) == Timings()
