"""`haui attach` as lines: what was, what comes, and how it ends."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from haui.cli.attach import watch
from haui.cli.output import Output
from haui.errors import InterruptedRunError, JournalError, UsageError
from haui.events import (
    Event,
    Problem,
    RunFinished,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskStarted,
)
from haui.record.reducer import replay
from haui.record.store import ClusterStore
from tests.unit.command_line import caller
from tests.unit.other_haui import BEGUN, STEP, Run
from tests.unit.sample_run import START, run_started

Deed = Callable[[], object]

INTENT = TaskIntent(host="cp1", step=STEP, attempt=1)
SAID = TaskOutput(host="cp1", step=STEP, lines=("[init] hello",))
DONE = TaskFinished(host="cp1", step=STEP, outcome="ok", seconds=35.2, attempt=1)
OVER = RunFinished(outcome="ok", seconds=101.0, counts={"ok": 1})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


class Screen:
    """A terminal that is watched with; `deeds` happen between two looks, the last one for ever."""

    def __init__(self, run: Run, **options: bool) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self._run = run
        self._output = Output(**options)

    def watch(self, *deeds: Deed) -> int:
        left = list(deeds)

        def pause() -> None:
            assert left, "it waits for ever"
            left.pop(0)()

        return watch(
            self._run.store,
            self._output,
            again="haui resume atlas",
            pause=pause,
            out=self.out,
            err=self.err,
        )

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()


def nothing() -> None:
    """Time goes on."""


def written(run: Run, *events: Event) -> Deed:
    return lambda: finish(run.write(*events))


def ended(run: Run, *events: Event) -> Deed:
    return lambda: finish(run.end(*events))


def finish(writing: Awaitable[None]) -> None:
    """Run a coroutine beside the loop of this test, in a thread of its own."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    async def awaited() -> None:
        await writing

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(awaited())).result()


def test_a_summary_then_what_comes_then_the_runs_exit_code(run: Run) -> None:
    run.take()
    finish(run.write(*BEGUN, INTENT))
    screen = Screen(run, verbose=True)
    code = screen.watch(written(run, SAID), written(run, DONE), nothing, ended(run, OVER))
    assert code == 0
    head, told, doing, *live = screen.lines
    assert head.startswith("atlas: watching the install r1 of haui apply atlas.yaml, process ")
    assert told == "  0 of 4 tasks are done; only watched: Ctrl-C leaves it"
    assert doing.startswith("  cp1 control_plane.init: running since ")
    assert "cp1 | [init] hello" in live
    assert any("cp1 control_plane.init … ok 35.2 s" in line for line in live)
    assert live[-1] == "✓ atlas is done · 1 m 41 s · next: haui verify atlas"
    assert not [line for line in live if "begins" in line], "what was is not told again"


@pytest.mark.parametrize(
    ("outcome", "code"), [("failed", 6), ("preflight", 4), ("cancelled", 130), ("unreachable", 5)]
)
def test_the_exit_code_is_the_runs(run: Run, outcome: str, code: int) -> None:
    run.take()
    finish(run.write(*BEGUN))
    over = RunFinished(outcome=outcome, seconds=1.0)  # type: ignore[arg-type]
    assert Screen(run, plain=True).watch(ended(run, over)) == code


def test_what_failed_before_is_in_the_summary_and_in_the_one_at_the_end(run: Run) -> None:
    run.take()
    failed = TaskFinished(
        host="cp1", step=STEP, outcome="failed", seconds=1.0, problem=Problem(what="no room")
    )
    finish(run.write(*BEGUN, failed))
    screen = Screen(run, plain=True)
    worker = TaskStarted(host="wk1", step="worker.join")
    second = TaskFinished(
        host="wk1", step="worker.join", outcome="failed", seconds=1.0, problem=Problem(what="gone")
    )
    over = RunFinished(outcome="failed", seconds=9.0, counts={"failed": 2})
    assert screen.watch(written(run, worker, second), ended(run, over)) == 6
    assert "  cp1 control_plane.init: failed since" in screen.out.getvalue()
    assert screen.out.getvalue().partition("\nfailed:\n")[2].count("no room") == 1


def test_json_is_the_whole_session_and_then_what_comes(run: Run) -> None:
    run.take()
    finish(run.write(*BEGUN, INTENT))
    screen = Screen(run, as_json=True)
    assert screen.watch(written(run, SAID), written(run, DONE), nothing, ended(run, OVER)) == 0
    events = [json.loads(line) for line in screen.lines]
    assert [(event["kind"], event["seq"]) for event in events] == [
        ("run_started", 1),
        ("task_started", 3),
        ("task_output", 0),
        ("task_finished", 6),
        ("run_finished", 7),
    ]
    assert screen.err.getvalue().startswith("atlas: watching the install r1 of ")


def test_a_haui_that_dies_has_interrupted_it(run: Run) -> None:
    run.take()
    finish(run.write(*BEGUN))
    with pytest.raises(InterruptedRunError, match="has gone without an end") as caught:
        Screen(run, plain=True).watch(ended(run))
    assert caught.value.exit_code == 130
    assert "haui apply atlas.yaml, process" in caught.value.why
    assert "`haui resume atlas` continues it" in caught.value.fix


def test_a_haui_that_puts_nothing_on_record_is_waited_for(run: Run) -> None:
    run.take("haui verify")
    screen, lock = Screen(run, plain=True), run.lock
    assert lock is not None
    with pytest.raises(UsageError, match="no haui works on atlas any more") as caught:
        screen.watch(nothing, nothing, lock.close)
    assert caught.value.exit_code == 2
    assert len(screen.lines) == 1
    assert "has put nothing on record yet; waiting for it" in screen.lines[0]


def test_a_resume_that_begins_is_told_from_its_beginning(run: Run) -> None:
    run.take()
    finish(run.end(*BEGUN))
    run.lock = run.store.lock("haui resume", now=lambda: START.replace(year=2027))
    screen = Screen(run, plain=True)
    code = screen.watch(nothing, written(run, run_started(resumed=True)), ended(run, OVER))
    assert code == 0
    assert "waiting for it" in screen.lines[0]
    assert screen.lines[1].endswith("atlas: run r1 goes on, 4 tasks on 2 hosts")


def test_a_journal_that_is_damaged_meanwhile_is_told(run: Run) -> None:
    run.take()
    finish(run.write(*BEGUN))

    def damage() -> None:
        data = run.store.journal_path.read_bytes()
        run.store.journal_path.write_bytes(data + b"- {rubbish}\n- {more}\n")

    with pytest.raises(JournalError, match="damaged in line"):
        Screen(run, plain=True).watch(damage)


def test_nobody_reads_any_more(run: Run) -> None:
    run.take()
    finish(run.write(*BEGUN))
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as out:  # noqa: PTH123 - a descriptor
        output = Output(plain=True)
        assert watch(run.store, output, again="", pause=nothing, out=out, err=io.StringIO()) == 0
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def test_when_nothing_runs_it_says_how_the_last_run_went(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAUI_STATE_DIR", str(run.store.root))
    call = caller(monkeypatch, capsys)
    run.take()
    finish(run.end(*BEGUN, DONE))
    done = call("attach", "atlas", "--plain")
    assert (done.code, done.out) == (2, "")
    assert "no haui works on atlas now, so there is nothing to watch" in done.err
    assert "its last run, r1: interrupted, 1 of 4 tasks done" in done.err
    assert "`haui resume atlas` continues it" in done.err
    absent = call("attach", "borea", "--plain")
    assert absent.code == 2
    assert "there is no cluster borea" in absent.err


def test_which_cluster_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path))
    watched: list[ClusterStore] = []

    def seen(store: ClusterStore, *_: object, **__: object) -> int:
        watched.append(store)
        return 0

    monkeypatch.setattr("haui.cli.attach.watch", seen)
    call = caller(monkeypatch, capsys)
    none = call("attach", "--plain")
    assert (none.code, "no haui works on a cluster now" in none.err) == (2, True)
    stores = [ClusterStore(n, tmp_path) for n in ("atlas", "borea")]
    stores.append(ClusterStore("atlas", tmp_path / "rehearsals"))
    for store in stores:
        store.create()
        store.write_private("cluster.yaml", b"")
    idle = call("attach", "--plain")
    assert (idle.code, "no haui works on a cluster now" in idle.err) == (2, True)
    with stores[2].lock("haui rehearse"):
        for arguments in ([], ["atlas"], ["atlas", "--rehearsal"]):
            assert call("attach", "--plain", *arguments).code == 0
        assert [store.root.name for store in watched] == ["rehearsals"] * 3
        with stores[0].lock("haui apply"):
            several = call("attach", "--plain")
            assert (several.code, "say which cluster to watch" in several.err) == (2, True)
            assert "atlas --rehearsal  haui rehearse, process" in several.err
            assert call("attach", "--plain", "atlas").code == 0
            assert watched[-1] == stores[0]
    assert call("attach", "--plain", "borea").code == 2


def test_another_process_is_watched_until_it_is_interrupted(run: Run) -> None:
    """Real processes; Ctrl-C leaves the run alone and the exit code is 130."""
    run.take()
    finish(run.write(*BEGUN))
    environment = {**os.environ, "HAUI_STATE_DIR": str(run.store.root)}
    command = [sys.executable, "-u", "-m", "haui", "attach", "--plain"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert "watching the install r1" in watching.stdout.readline()
        finish(run.write(DONE))
        while "control_plane.init … ok" not in watching.stdout.readline():
            pass
        before = run.store.journal_path.read_bytes(), run.store.lock_path.read_bytes()
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=30)
        assert watching.returncode == 130
        assert said.startswith("haui: left; the run of atlas goes on\n")
        assert before == (run.store.journal_path.read_bytes(), run.store.lock_path.read_bytes())
    finish(run.end(OVER))


WRITER = """
import asyncio, sys
from pathlib import Path
from haui.events import RunFinished, RunStarted, TaskFinished, TaskIntent, TaskStarted
from haui.record.bus import EventBus
from haui.record.store import ClusterStore

async def main():
    store = ClusterStore("atlas", Path(sys.argv[1]))
    with store.lock("haui apply"):
        async with store.open_journal() as journal:
            bus = EventBus(journal=journal)
            await bus.emit(RunStarted(run="r1", cluster="atlas", haui="1", spec_sha="", plan_sha="",
                                      tasks=300, hosts=("cp1",)))
            print("begun", flush=True)
            for number in range(300):
                step = f"s.{number}"
                await bus.emit(TaskStarted(host="cp1", step=step, title="x" * (number * 7 % 900)))
                await bus.emit(TaskIntent(host="cp1", step=step, attempt=1))
                await bus.emit(TaskFinished(host="cp1", step=step, outcome="ok", seconds=1.0))
            await bus.emit(RunFinished(outcome="ok", seconds=1.0, counts={"ok": 300}))

asyncio.run(main())
"""


def test_a_journal_is_read_while_another_process_writes_it(tmp_path: Path) -> None:
    """Whole records only, and never fewer than before; by `read`, as by who follows it."""
    from haui.live.follow import Follower
    from haui.record.journal import read

    store = ClusterStore("atlas", tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        follower, followed, counts, looks = Follower(store), [], [0], 0
        deadline = time.monotonic() + 60
        while follower.stage != "ended" and time.monotonic() < deadline:
            looks += 1
            news = follower.look()
            followed += [*news.old, *news.live]
            if looks % 5 == 0:  # reading all of it each time is what takes long
                contents = read(store.journal_path)
                assert [r["seq"] for r in contents.records] == list(range(1, contents.last_seq + 1))
                assert contents.last_seq >= counts[-1]
                counts.append(contents.last_seq)
    assert writer.returncode == 0
    assert counts == sorted(counts)
    assert len(set(counts)) > 3, "it was read while it grew"
    assert [event.seq for event in followed] == list(range(1, 903))
    assert replay(followed) == store.read_state()
