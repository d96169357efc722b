"""Findings by fix and by host, from what a run has found out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.events import PreflightResult, Problem, Verdict
from haui.record.state import RunState, TaskView
from haui.wizard.preflight import (
    COLUMNS,
    KINDS,
    UNKNOWN,
    WEIGHTS,
    HostReport,
    findings_text,
    groups_of,
    kind_of,
    report_of,
    tally,
)

STEP = "preflight.host"
FIX = "Stop nginx on this host or move it to another port."


def result(
    host: str, check: str, verdict: Verdict = "ok", expected: str = "", seen: str = ""
) -> PreflightResult:
    return PreflightResult(host=host, check=check, verdict=verdict, expected=expected, seen=seen)


def state_of(*results: PreflightResult, failed: Mapping[str, Problem] | None = None) -> RunState:
    preflight: dict[str, dict[str, PreflightResult]] = {}
    tasks: dict[str, dict[str, TaskView]] = {}
    for each in results:
        preflight.setdefault(each.host, {})[each.check] = each
        tasks[each.host] = {STEP: TaskView(status="unchanged")}
    for host, problem in (failed or {}).items():
        tasks[host] = {STEP: TaskView(status="failed", problem=problem)}
    return RunState(tasks=tasks, preflight=preflight)


def reports_of(state: RunState, *hosts: str, **options: Any) -> tuple[HostReport, ...]:
    options = {"production": True, "over": True} | options
    return tuple(report_of(state, host, **options) for host in hosts)


def names_in_the_script() -> list[str]:
    """The names of all checks of the probe, with their variables replaced by a word."""
    text = (files("steps") / "scripts" / "preflight_host_probe.sh").read_text(encoding="utf-8")
    found = re.findall(r'finding (?:ok|blocked|info|differs) "([^"]+)"', text)
    found += re.findall(r'^\s*strict "([^"]+)"', text, re.MULTILINE)
    return sorted(
        {re.sub(r"\$\w+", "10.0.0.1", name) for name in found if not name.startswith("$")}
    )


@pytest.mark.parametrize("name", names_in_the_script())
def test_every_check_of_the_probe_has_a_column(name: str) -> None:
    assert kind_of(name) is not UNKNOWN
    assert kind_of(name).column in COLUMNS


def test_the_probe_has_checks_and_every_column_has_some() -> None:
    names = names_in_the_script()
    assert len(names) >= 15
    assert {kind_of(name).column for name in names} == set(COLUMNS)


def test_no_kind_hides_a_later_one() -> None:
    """`address ` must not swallow `virtual address `, nor the like."""
    for index, (name, kind) in enumerate(KINDS):
        assert kind_of(name + ("x" if name.endswith(" ") else "")) == kind, (index, name)


@pytest.mark.parametrize(
    ("verdict", "seen", "production", "weight"),
    [
        ("ok", "x", True, "ok"),
        ("blocked", "x", True, "blocks"),
        ("differs", "exit status 1", True, "blocks"),
        ("info", "4", True, "warning"),
        ("info", "no time service yet; haui installs chrony", True, "haui will do"),
        ("info", "no time service yet; haui installs chrony", False, "warning"),
        ("info", "the clock is the machine's, this is a container", True, "ok"),
    ],
)
def test_weight(verdict: Verdict, seen: str, production: bool, weight: str) -> None:
    state = state_of(result("cp1", "time", verdict, "synchronised", seen))
    (report,) = reports_of(state, "cp1", production=production)
    assert report.checks[-1].weight == weight


def test_only_what_blocks_has_a_fix_which_is_not_an_expectation() -> None:
    state = state_of(
        result("cp1", "port 6443", "blocked", FIX, "held by nginx"),
        result("cp1", "memory", "info", "about 8192 MB", "6900 MB"),
        result("cp1", "the check itself ran", "differs", "exit status 0", "exit status 1"),
    )
    (report,) = reports_of(state, "cp1")
    assert [(c.expected, c.fix) for c in report.checks[1:]] == [
        ("", FIX),
        ("about 8192 MB", ""),
        ("exit status 0", ""),
    ]


def test_what_one_thing_mends_is_one_group_and_the_heaviest_come_first() -> None:
    state = state_of(
        result("cp1", "memory", "info", "about 8192 MB", "6900 MB"),
        result("cp2", "memory", "info", "about 8192 MB", "7000 MB"),
        result("cp1", "init"),
        result("cp2", "port 6443", "blocked", FIX, "held by nginx"),
    )
    found = groups_of(reports_of(state, "cp1", "cp2"))
    assert [(g.what, g.weight, g.hosts) for g in found] == [
        ("port 6443", "blocks", ("cp2",)),
        ("memory", "warning", ("cp1", "cp2")),
        ("login", "ok", ("cp1", "cp2")),
        ("init", "ok", ("cp1",)),
    ]
    assert found[0].evidence == "held by nginx"
    assert found[0].page is None
    assert found[1].evidence == "cp1: 6900 MB · cp2: 7000 MB, asked for: about 8192 MB"
    assert found[1].page == "topology"


def test_evidence_of_many_hosts_is_cut() -> None:
    names = [f"wk{n}" for n in range(9)]
    state = state_of(*(result(n, "memory", "info", "8 GB", f"{i} GB") for i, n in enumerate(names)))
    (group,) = [g for g in groups_of(reports_of(state, *names)) if g.what == "memory"]
    assert group.evidence.startswith("wk0: 0 GB · wk1: 1 GB · wk2: 2 GB · and 6 more")


def test_logins_that_fail_alike_are_one_group_without_a_place() -> None:
    def problem(n: int) -> Problem:
        return Problem(what=f"10.0.0.{n} port 22 refuses connections", why="errno 111", fix="sshd?")

    one = groups_of(reports_of(state_of(failed={"a": problem(1)}), "a"))
    assert (one[0].what, one[0].page) == ("10.0.0.1 port 22 refuses connections", "access")
    two = groups_of(reports_of(state_of(failed={"a": problem(1), "b": problem(2)}), "a", "b"))
    assert [(g.what, g.hosts, g.fix) for g in two] == [
        ("the host refuses connections", ("a", "b"), "sshd?")
    ]
    assert two[0].column == "ssh"


def test_a_host_key_that_is_not_known_is_another_group_than_one_that_has_changed() -> None:
    unknown = Problem(what="the host key of 10.0.0.1:22 is not known", fix="compare it")
    changed = Problem(what="the host key of 10.0.0.2:22 has changed; nothing was sent", fix="ask")
    found = groups_of(reports_of(state_of(failed={"a": unknown, "b": changed}), "a", "b"))
    assert len(found) == 2


def test_states_of_hosts() -> None:
    state = RunState(tasks={"b": {STEP: TaskView(status="running")}})
    assert [r.state for r in reports_of(state, "a", "b", over=False)] == ["waiting", "checking"]
    assert [r.state for r in reports_of(state, "a", "b", over=True)] == ["not done", "not done"]


def test_the_matrix_shows_the_heaviest_of_a_column() -> None:
    state = state_of(
        result("cp1", "port 6443"), result("cp1", "port 2379", "blocked", FIX, "held by nginx")
    )
    (report,) = reports_of(state, "cp1")
    assert report.heaviest("ports") == "blocks"
    assert report.heaviest("ssh") == "ok"
    assert report.heaviest("clock") is None


def test_findings_as_text() -> None:
    state = state_of(result("cp1", "port 6443", "blocked", "Stop it.\nThen r.", "held by nginx"))
    text = findings_text(reports_of(state, "cp1", "cp2"), "haui preflight")
    assert text.startswith("# haui preflight\n\ncp1")
    assert "  blocks       port 6443\n               seen: held by nginx\n" in text
    assert "               fix: Stop it. · Then r.\n" in text
    assert "cp2: no result" in text


names = st.sampled_from([name.strip() + "1" for name, _ in KINDS] + ["memory", "else"])
verdicts: st.SearchStrategy[Any] = st.sampled_from(["ok", "blocked", "info", "differs"])


@given(st.lists(st.tuples(st.sampled_from("abc"), names, verdicts, st.text(max_size=9))))
def test_no_finding_is_lost_by_grouping(rows: list[tuple[str, str, Verdict, str]]) -> None:
    state = state_of(
        *(result(host, name, verdict, "x", seen) for host, name, verdict, seen in rows)
    )
    reports = reports_of(state, "a", "b", "c")
    counts = tally(reports)
    groups = groups_of(reports)
    assert sum(counts.values()) == sum(len(report.checks) for report in reports)
    assert sum(len(group.hosts) for group in groups) == sum(counts.values())
    order = [WEIGHTS.index(group.weight) for group in groups]
    assert order == sorted(order)
