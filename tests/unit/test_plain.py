"""The run as lines for people: complete, append-only, and ending with what to do next."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from datetime import UTC

import pytest

from haui.cli.lines import LineStream, flat, table
from haui.cli.plain import PlainPrinter
from haui.documents.phases import duration
from haui.events import (
    Event,
    Finding,
    HostConnected,
    HostLost,
    Outcome,
    Problem,
    RunFinished,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    TaskWaiting,
)
from tests.unit.sample_run import numbered, run_started, sample

PHASES = {"control_plane.init": "control-plane", "worker.join": "workers", "nodes.ready": "verify"}


class Time:
    """A clock that the test moves, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def printed(*events: Event, verbose: bool = False) -> list[str]:
    out = io.StringIO()
    printer = PlainPrinter(out, phases=PHASES, verbose=verbose, zone=UTC, monotonic=Time())
    for event in events:
        printer(event)
    return out.getvalue().splitlines()


def verified(host: str, *findings: Finding, outcome: Outcome = "ok") -> TaskFinished:
    return TaskFinished(
        host=host, step="nodes.ready", outcome=outcome, seconds=1, findings=findings
    )


def ended(outcome: str, **counts: int) -> RunFinished:
    return RunFinished(outcome=outcome, seconds=700.4, counts=counts)  # type: ignore[arg-type]


def test_the_sample_run() -> None:
    assert printed(*sample()) == [
        "[12:03:05] atlas: run r1 begins, 4 tasks on 2 hosts",
        "",
        "preflight: 1 blocks · 1 passed",
        "  BLOCKS: swap (swap) on cp1",
        "      seen: on: /swap, asked for: off",
        "",
        "== control-plane",
        "[12:03:13] cp1 control_plane.init: attempt 2 of 3 in 15 s: a server is busy",
        "      503 Service Unavailable",
        "[12:03:15] cp1 control_plane.init … ok 35.2 s",
        "[12:03:16] wk1 connection lost (no answer for 20 s), dialling again",
        "",
        "== workers",
        "[12:03:17] wk1 worker.join was done and is not any more:",
        "    kubelet: expected on, found off",
        "[12:03:18] wk1 worker.join is still running there, following it",
        "[12:03:19] wk1 worker.join … failed 1 m 04 s",
        "    kubelet did not start",
        "    on wk1",
        '      line "one"',
        "      tab [31m",
        "      ♥ 𝄞",
        "    → free /var",
        "",
        "tasks: 1 ok · 1 failed · 2 skipped",
        "✗ atlas: 1 task failed · 1 m 41 s · next: haui resume atlas",
    ]


def test_output_only_with_verbose() -> None:
    events = numbered(
        run_started(),
        TaskStarted(host="cp1", step="control_plane.init"),
        TaskWaiting(host="cp1", step="control_plane.init", reason="one at a\ntime"),
        TaskOutput(host="cp1", step="control_plane.init", lines=("[init]\x1b[0m a", "b")),
    )
    assert printed(*events, verbose=True)[3:] == [
        "[12:03:07] cp1 control_plane.init: one at a time",
        "cp1 | [init] [0m a",
        "cp1 | b",
    ]
    assert not any("[init]" in line for line in printed(*events))


def test_verification_ends_with_a_table() -> None:
    lines = printed(
        *numbered(
            run_started(),
            verified("cp1", Finding(verdict="ok", what="node Ready", expected="True", seen="True")),
            verified(
                "wk1",
                Finding(verdict="differs", what="version", expected="v1.36.4", seen="v1.36.1"),
                Finding(verdict="info", what="kernel", seen="6.1"),
                outcome="failed",
            ),
            ended("verification", ok=1, failed=1),
        )
    )
    assert lines[-13:] == [
        "",
        "failed:",
        "  wk1 nodes.ready",
        "    no reason was given",
        "",
        "check      | host | expected | seen    | result",
        "-----------+------+----------+---------+-------",
        "node Ready | cp1  | True     | True    | ok",
        "version    | wk1  | v1.36.4  | v1.36.1 | FAILED",
        "kernel     | wk1  |          | 6.1     | info",
        "",
        "tasks: 1 ok · 1 failed",
        "✗ atlas is installed, but not as it must be · 11 m 40 s · next: haui verify atlas",
    ]


def test_findings_of_other_steps_are_no_verification() -> None:
    lines = printed(*sample())
    assert not any(line.startswith("check ") for line in lines)


def test_a_step_of_no_phase_is_verification_by_its_name() -> None:
    finding = Finding(verdict="ok", what="API from here", expected="200", seen="200")
    check = TaskFinished(
        host="bastion", step="verify.api", outcome="unchanged", seconds=0, findings=(finding,)
    )
    assert "API from here | bastion | 200      | 200  | ok" in printed(
        run_started(), check, ended("ok")
    )


@pytest.mark.parametrize(
    ("outcome", "says", "command"),
    [
        ("ok", "✓ atlas is done", "haui verify atlas"),
        ("failed", "✗ atlas: 2 tasks failed", "haui resume atlas"),
        ("preflight", "preflight", "haui resume atlas"),
        ("unreachable", "can't be reached", "haui resume atlas"),
        ("verification", "not as it must be", "haui verify atlas"),
        ("cancelled", "was stopped", "haui resume atlas"),
    ],
)
def test_the_last_line_says_the_result_and_the_next_command(
    outcome: str, says: str, command: str
) -> None:
    last = printed(run_started(), ended(outcome, ok=1, failed=2))[-1]
    assert says in last
    assert last.endswith(f" · 11 m 40 s · next: {command}")


def test_a_run_that_changed_nothing_says_so() -> None:
    assert "nothing was changed" in printed(run_started(), ended("ok", unchanged=143))[-1]
    assert "nothing was changed" not in printed(run_started(), ended("ok", unchanged=1, ok=1))[-1]


def test_the_next_command_may_be_given() -> None:
    out = io.StringIO()
    printer = PlainPrinter(out, next_commands={"ok": "export KUBECONFIG=/x"})
    printer(run_started())
    printer(ended("ok"))
    assert out.getvalue().endswith("next: export KUBECONFIG=/x\n")


def test_skipped_tasks_are_counted_not_listed() -> None:
    skipped = TaskFinished(host="wk1", step="worker.join", outcome="skipped", seconds=0)
    assert not any("skipped" in line for line in printed(skipped))
    assert any(line.endswith("worker.join … skipped") for line in printed(skipped, verbose=True))


def test_only_a_lost_connection_makes_a_new_one_news() -> None:
    events = numbered(
        HostConnected(host="a"), HostLost(host="a", reason="r"), HostConnected(host="a")
    )
    assert [line[11:] for line in printed(*events)] == [
        "a connection lost (r), dialling again",
        "a connected again",
    ]


def test_several_failures_are_repeated_at_the_end() -> None:
    failed = [
        TaskFinished(
            host=host,
            step="worker.join",
            outcome="failed",
            seconds=1,
            problem=Problem(what=f"broken {host}"),
        )
        for host in ("a", "b")
    ]
    lines = printed(run_started(), *failed, ended("failed", failed=2))
    assert lines.count("    broken a") == lines.count("    broken b") == 2


def test_a_heartbeat_only_while_nothing_is_printed() -> None:
    out, clock = io.StringIO(), Time()
    printer = PlainPrinter(out, zone=UTC, monotonic=clock)
    clock.now = 100
    printer.tick()
    assert out.getvalue() == "", "nothing is going on"
    for number in range(7):
        printer(TaskStarted(host=f"h{number}", step="s"))
    printer(TaskWaiting(host="h1", step="s", reason="gate"))
    out.truncate(0)
    ticks: list[tuple[float, Callable[[], None]]] = [
        (moment, printer.tick) for moment in (110.0, 129.0, 131.0, 150.0, 161.0)
    ]
    printer(HostLost(host="h3", reason="r"))
    lines = out.getvalue().count("\n")
    for clock.now, tick in ticks:
        tick()
    beats = out.getvalue().splitlines()[lines:]
    assert len(beats) == 2
    assert beats[0] == (
        "… 7 still going on: h0 s 31.0 s, h1 s 31.0 s (gate), h2 s 31.0 s,"
        " h3 s 31.0 s (connection lost, dialling again), h4 s 31.0 s, and 2 more"
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_stream_that_can_not_show_it_gets_stand_ins(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    printer = PlainPrinter(out, phases=PHASES, zone=UTC, monotonic=Time())
    for event in sample():
        printer(event)
    text = raw.getvalue().decode(encoding)
    assert "cp1 control_plane.init ... ok 35.2 s" in text
    assert text.endswith("X atlas: 1 task failed - 1 m 41 s - next: haui resume atlas\n")
    assert "\\u2665" in text


class Pipe(io.StringIO):
    """A stream whose reader has gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error
        self.writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        raise self.error


def test_a_reader_that_has_gone_ends_the_output_quietly() -> None:
    pipe = Pipe(BrokenPipeError())
    printer = PlainPrinter(pipe)
    for event in sample():
        printer(event)
    assert pipe.writes == 1


def test_a_full_disk_behind_the_stream_is_raised() -> None:
    with pytest.raises(OSError, match="full"):
        PlainPrinter(Pipe(OSError("full")))(run_started())


def test_standard_output_is_quiet_at_the_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    stream = os.fdopen(write_end, "w", encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    LineStream(stream).write(["x"])
    monkeypatch.undo()
    stream.close()  # would raise BrokenPipeError if the descriptor still were the pipe


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"), (35.2, "35.2 s"), (59.94, "59.9 s"), (59.96, "1 m 00 s"), (64.4, "1 m 04 s"),
        (3599.6, "1 h 00 m"), (7500, "2 h 05 m"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_table_lines_up_wide_characters_and_cuts_long_cells() -> None:
    lines = table(("a", "b"), [("日本", "x" * 99), ("y", "z\n1")], widest=5)
    assert lines == ["a    | b", "-----+------", "日本 | xxxx…", "y    | z 1"]


def test_flat_text_has_no_control_characters() -> None:
    assert flat(" a\tb\r\n\x1b[1mc\u2028d\x9b ") == "a b [1mc d"
