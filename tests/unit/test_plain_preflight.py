"""The preflight in lines: one for each host, then what is to be done, the heaviest first."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

from haui.cli.plain import PlainPrinter
from haui.events import (
    Event,
    Finding,
    PreflightResult,
    Problem,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskStarted,
)
from tests.unit.sample_run import run_started

STEPS = ("preflight.facts", "preflight.supply", "preflight.verdict")
PHASES = {**dict.fromkeys(STEPS, "preflight"), "system.swap": "system"}
PORTS = PreflightResult(
    host="", check="ports.free", verdict="blocked", title="Ports in use", seen="6443: nginx",
    why="The API would not start.", fix="Stop it.", fix_kind="command",
    fix_with="systemctl stop nginx",
)  # fmt: skip


def printed(*events: Event, verbose: bool = False) -> list[str]:
    out = io.StringIO()
    printer = PlainPrinter(out, phases=PHASES, verbose=verbose, zone=UTC)
    for event in events:
        printer(event)
    return out.getvalue().splitlines()


def begun(*hosts: str) -> RunStarted:
    return replace(run_started(), hosts=hosts)


def looked(host: str, *results: PreflightResult) -> Iterable[Event]:
    """A host's preflight, its results in the first step."""
    stuck = [result for result in results if result.verdict == "blocked"]
    for step in STEPS:
        yield TaskStarted(host=host, step=step)
        if step == STEPS[0]:
            yield from (replace(result, host=host) for result in results)
        failed = bool(stuck) and step == STEPS[0]
        what = "; ".join(result.title for result in stuck)
        yield TaskFinished(
            host=host,
            step=step,
            outcome="failed" if failed else "skipped" if stuck else "unchanged",
            seconds=1,
            findings=(Finding(verdict="blocked", what=what),) if failed else (),
            problem=Problem(what=what) if failed else None,
        )


def result(verdict: str, check: str = "a.b", **parts: str) -> PreflightResult:
    return PreflightResult(host="", check=check, title=check, verdict=verdict, **parts)  # type: ignore[arg-type]


def test_one_line_for_each_host_and_one_block_for_each_fix() -> None:
    many = [result("ok", f"ok.{n}") for n in range(100)]
    lines = printed(
        begun("a", "b", "c"),
        *looked("a", PORTS, *many),
        *looked("b", *many),
        *looked("c", replace(PORTS, seen="6443: caddy"), *many),
        RunFinished(outcome="preflight", seconds=2, counts={"unchanged": 3, "failed": 2}),
    )
    assert [line.partition("] ")[2] or line for line in lines[1:]] == [
        "",
        "== preflight",
        "a blocks: Ports in use",
        "b looked at: 101 passed",
        "c blocks: Ports in use",
        "",
        "preflight: 2 block · 303 passed",
        "  BLOCKS: Ports in use (ports.free) on a, c",
        "      seen: a: 6443: nginx · c: 6443: caddy",
        "      why: The API would not start.",
        "      → Stop it.",
        "      $ systemctl stop nginx",
        "",
        "tasks: 3 unchanged · 2 failed",
        "✗ atlas: preflight found what must be fixed first · 2.0 s · next: haui resume atlas",
    ]


def test_what_is_said_shortly_and_what_only_when_asked() -> None:
    results = (
        result("warning", "a.haui", fix="Turn swap off", fix_kind="haui", fix_with="system.swap"),
        result("info", "a.info", seen="a container"),
        result("skipped", "a.skip", seen="no tool said it"),
        result("warning", "a.pass", seen="small", override="a test machine"),
        result("warning", "a.warn", seen="half", fix="Give more"),
    )
    told = [replace(r, by="ops") if r.override else r for r in results]
    events = [begun("a", "b"), *looked("a", *told), *looked("b", *told)]
    events.append(RunFinished(outcome="ok", seconds=1, counts={"unchanged": 6}))
    short = printed(*events)
    at = next(n for n, line in enumerate(short) if line.startswith("preflight: "))
    assert short[at:-3] == [
        "preflight: 2 warnings · 2 let pass · 2 haui will mend · 2 info · 2 passed · 2 skipped",
        "  warning: a.warn (a.warn) on all 2 hosts",
        "      seen: half",
        "      → Give more",
        "  let pass: a.pass (a.pass) on all 2 hosts",
        "      seen: small",
        "      let pass because: a test machine (ops)",
        "  haui will mend: a.haui (a.haui) on all 2 hosts: Turn swap off",
    ]
    assert short[-1].startswith("✓ atlas: nothing is in the way")
    long = printed(*events, verbose=True)
    assert "  info: a.info (a.info) on all 2 hosts: a container" in long
    assert "  skipped: a.skip (a.skip) on all 2 hosts: no tool said it" in long
    assert sum("preflight.supply … unchanged" in line for line in long) == 2


def test_an_install_goes_on_after_the_findings() -> None:
    warned = result("warning", seen="half")
    lines = printed(
        begun("a"),
        *looked("a", warned),
        TaskStarted(host="a", step="system.swap"),
        TaskFinished(host="a", step="system.swap", outcome="ok", seconds=1),
        RunFinished(outcome="ok", seconds=9, counts={"ok": 1}),
    )
    assert lines.index("== system") > lines.index("  warning: a.b (a.b) on a")
    assert sum(line.startswith("preflight: ") for line in lines) == 1
    assert "✓ atlas is done" in lines[-1]


def test_a_host_that_is_away_is_said_once_in_full() -> None:
    problem = Problem(what="no route to a", why="errno 113", fix="look at the network")
    away = TaskFinished(host="a", step=STEPS[0], outcome="failed", seconds=0, problem=problem)
    rest = [TaskFinished(host="a", step=s, outcome="skipped", seconds=0) for s in STEPS[1:]]
    end = RunFinished(outcome="unreachable", seconds=1, counts={"failed": 1, "skipped": 2})
    lines = printed(begun("a"), away, *rest, end)
    assert sum("a blocks: no route to a" in line for line in lines) == 1
    assert "  BLOCKS: no route to a (ssh.login) on a" in lines
    assert lines.count("      → look at the network") == 1
    assert sum("errno 113" in line for line in lines) == 1


def test_texts_of_hosts_are_one_line_and_bounded() -> None:
    wild = result("warning", "a.b", seen="x\n\x1b[31m" + "y" * 9000, fix="fix\nmore")
    names = [f"h{number}" for number in range(30)] + ["n" * 300]
    events = [event for name in names for event in looked(name, wild)]
    lines = printed(begun(*names, "other"), *events, RunFinished(outcome="ok", seconds=1))
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert max(map(len, lines)) < 800
    assert "on h0, h1, h2, h3, h4, h5, h6, h7 and 23 more" in text
