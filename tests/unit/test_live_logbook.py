"""The lines of each host in memory: what is new, what is let go, what an earlier session left."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from haui.events import (
    Event,
    HostConnected,
    HostLost,
    Problem,
    RunFinished,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)
from haui.live.logbook import KEPT_LINES, LogBook
from haui.record.logs import HostLogs

AT = "2026-11-21T10:51:02.000Z"


def output(*lines: str, host: str = "cp1", step: str = "sys.prepare") -> TaskOutput:
    return TaskOutput(at=AT, host=host, step=step, lines=lines)


def book(*events: Event) -> LogBook:
    made = LogBook()
    for event in events:
        made(event)
    return made


def texts(made: LogBook, host: str = "cp1", since: int = 0) -> list[str]:
    return [line.text for line in made.lines_since(host, since)]


def test_lines_have_numbers_times_and_steps() -> None:
    made = book(output("a", "b"), output("c", step="cp.init"))
    lines = made.lines_since("cp1", 0)
    assert [(line.number, line.step, line.text) for line in lines] == [
        (1, "sys.prepare", "a"),
        (2, "sys.prepare", "b"),
        (3, "cp.init", "c"),
    ]
    assert {(line.at, line.kind) for line in lines} == {(AT, "output")}


def test_only_what_is_new_is_given() -> None:
    made = book(output("a", "b", "c"), output("d"))
    assert texts(made, since=1) == ["b", "c", "d"]
    assert texts(made, since=3) == ["d"]
    assert texts(made, since=4) == []
    assert texts(made, since=99) == []
    assert texts(made, "cp2") == []
    assert [line.text for line in made.lines_since("cp1", 0, 2)] == ["c", "d"]
    assert made.lines_since("cp1", 0, 0) == ()
    assert (made.total("cp1"), made.total("cp2")) == (4, 0)


def test_the_last_lines_stay_and_their_numbers_go_on() -> None:
    made = LogBook()
    for index in range(700):
        made(output(*(f"{index}.{part}" for part in range(10))))
    lines = made.lines_since("cp1", 0)
    assert made.total("cp1") == 7000
    assert len(lines) == KEPT_LINES
    assert (lines[0].number, lines[-1].text) == (7000 - KEPT_LINES + 1, "699.9")
    assert [line.number for line in lines] == list(range(lines[0].number, 7001))


def test_one_event_with_more_than_is_kept() -> None:
    made = book(output(*map(str, range(3 * KEPT_LINES))))
    assert len(made.lines_since("cp1", 0)) == KEPT_LINES
    assert texts(made)[-1] == str(3 * KEPT_LINES - 1)


def test_memory_stays_flat_with_a_hundred_hosts() -> None:
    made = LogBook()
    tracemalloc.start()
    try:
        sizes = []
        for second in range(40):
            for host in range(100):
                lines = (f"{second} {host} " + "x" * 60,) * 20
                made(output(*lines, host=f"h{host}"))
            sizes.append(len(made._rings["h0"].chunks))
        made2 = LogBook()
        for _ in range(3000):
            made2(output(*(("y" * 4000 + str(_),) * 5)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes[-1] == 40
    assert peak < 60 << 20
    assert len(made2.lines_since("cp1", 0)) < 300


def test_steps_mark_their_beginning_and_end() -> None:
    made = book(
        TaskStarted(at=AT, host="cp1", step="cp.init", title="First control plane"),
        TaskIntent(at=AT, host="cp1", step="cp.init", attempt=1),
        output("line", step="cp.init"),
        TaskFinished(at=AT, host="cp1", step="cp.init", outcome="ok", seconds=35.25),
    )
    assert [(line.kind, line.text) for line in made.lines_since("cp1", 0)] == [
        ("mark", "First control plane"),
        ("output", "line"),
        ("mark", "ok after 35.2 s"),
    ]


def test_the_last_line_of_a_step_is_of_now(tmp_path: Path) -> None:
    earlier, now = AT, "2026-11-21T11:00:00.000Z"
    logs = HostLogs(tmp_path)
    logs(output("left behind", step="cp.init"))
    logs.close()
    made = LogBook()
    made.seed("cp1", tmp_path / "cp1.log")
    assert texts(made) == ["left behind"]
    assert made.last("cp1", "cp.init", now) == "", "an earlier session's"
    assert made.last("cp1", "cp.init", earlier) == "left behind", "still the same turn"
    made(TaskOutput(at=now, host="cp1", step="sys.prepare", lines=("a", "b")))
    assert made.last("cp1", "cp.init", now) == "", "another step's"
    assert made.last("cp1", "sys.prepare", now) == "b"
    made(TaskWaiting(at=now, host="cp1", step="sys.prepare", reason="waits for its turn"))
    assert made.last("cp1", "sys.prepare", now) == "b"
    assert made.last("cp2", "sys.prepare", now) == ""


def test_what_else_is_told() -> None:
    wait = TaskWaiting(at=AT, host="cp1", step="cp.join", reason="waits for its turn")
    failed = TaskFinished(
        at=AT,
        host="cp1",
        step="cp.join",
        outcome="failed",
        seconds=1,
        problem=Problem(what="no\nway"),
    )
    made = book(
        HostConnected(at=AT, host="cp1", fingerprint="SHA256:x"),
        wait,
        wait,
        TaskRetrying(at=AT, host="cp1", step="cp.join", number=2, of=3, reason="etcd", pause_s=5.0),
        TaskIntent(at=AT, host="cp1", step="cp.join", attempt=2),
        TaskIntent(at=AT, host="cp1", step="cp.join", attempt=2, reattached=True),
        HostLost(at=AT, host="cp1", reason="timed out"),
        failed,
        RunFinished(at=AT, outcome="failed", seconds=1),
    )
    assert texts(made) == [
        "connected",
        "waits for its turn",
        "attempt 2 of 3 in 5 s: etcd",
        "attempt 2",
        "follows attempt 2, which is still running",
        "connection lost: timed out",
        "failed after 1.0 s: no�way",
    ]


def test_an_earlier_session_is_read_from_its_log(tmp_path: Path) -> None:
    logs = HostLogs(tmp_path)
    for event in (
        TaskStarted(at=AT, host="cp1", step="sys.prepare", title="Prepare"),
        output("one", "two | three"),
        TaskFinished(at=AT, host="cp1", step="sys.prepare", outcome="ok", seconds=2),
        HostLost(at=AT, host="cp1", reason="gone"),
    ):
        logs(event)
    logs.close()
    made = LogBook()
    made.seed("cp1", tmp_path / "cp1.log")
    made(output("new"))
    assert [(line.kind, line.step, line.text) for line in made.lines_since("cp1", 0)] == [
        ("mark", "sys.prepare", "Prepare"),
        ("output", "sys.prepare", "one"),
        ("output", "sys.prepare", "two | three"),
        ("mark", "sys.prepare", "ok after 2.0 s"),
        ("mark", "", "connection lost: gone"),
        ("output", "sys.prepare", "new"),
    ]
    assert made.lines_since("cp1", 0)[1].at == AT


def test_only_the_end_of_a_long_log_is_read_and_it_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "cp1.log"
    line = f"{AT}  sys.prepare | \x1b[31mred\x1b[0m \x07{'x' * 80}\n"
    path.write_text(line * 5000 + "not a line of a log\n")
    made = LogBook()
    made.seed("cp1", path)
    assert 100 < made.total("cp1") < 1000
    assert set(texts(made)) == {f"red �{'x' * 80}"}


def test_a_log_that_is_missing_or_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    made = book(output("live"))
    made.seed("cp2", tmp_path / "missing.log")
    (tmp_path / "cp1.log").write_text(f"{AT}  sys.prepare | old\n")
    made.seed("cp1", tmp_path / "cp1.log")
    assert (texts(made), made.total("cp2")) == (["live"], 0)
