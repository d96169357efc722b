"""Findings by host, from what a run has found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from haui.events import Finding, PreflightResult, Problem, Verdict
from haui.record.state import RunState, TaskView
from haui.wizard.preflight import (
    BASTION,
    COLUMNS,
    LOGIN,
    WEIGHTS,
    HostReport,
    Weight,
    check_of_finding,
    findings_text,
    judged_by,
    report_of,
    reports_of,
    tally,
)
from steps.checks import BY_ID, check
from tests.screens.findings import PORT, done, mixed
from tests.screens.findings import check as told

FACTS, LATER = "preflight.facts", "preflight.supply"
STEPS = (FACTS, LATER)


def result(host: str, check: str, verdict: Verdict = "ok", **parts: Any) -> PreflightResult:
    return PreflightResult(host=host, check=check, verdict=verdict, **parts)


def state_of(
    *results: PreflightResult, tasks: Mapping[str, Mapping[str, TaskView]] | None = None
) -> RunState:
    preflight: dict[str, dict[str, PreflightResult]] = {}
    views: dict[str, Mapping[str, TaskView]] = {}
    for each in results:
        preflight.setdefault(each.host, {})[each.check] = each
        views[each.host] = {step: TaskView(status="unchanged") for step in STEPS}
    return RunState(tasks={**views, **(tasks or {})}, preflight=preflight)


def failed(problem: Problem, **parts: Any) -> TaskView:
    return TaskView(status="failed", problem=problem, **parts)


def test_a_column_for_every_area_of_the_checks() -> None:
    assert get_args(check.Area) == COLUMNS
    assert get_args(Weight) == WEIGHTS


@pytest.mark.parametrize("each", BY_ID.values(), ids=lambda each: each.id)
def test_every_check_stands_in_the_column_of_its_area(each: check.Check) -> None:
    made = check_of_finding(Finding(verdict="ok", what=each.title, check=each.id), "cp1")
    assert made.column == each.area
    assert made.overridable == each.overridable


def test_a_check_of_no_area_is_not_lost() -> None:
    assert told("cp1", "swap").column in COLUMNS


@pytest.mark.parametrize(
    ("verdict", "parts", "weight"),
    [
        ("ok", {}, "ok"),
        ("blocked", {}, "blocks"),
        ("differs", {}, "blocks"),
        ("warning", {}, "warning"),
        ("warning", {"fix_kind": "haui"}, "haui will do"),
        ("info", {"fix_kind": "haui"}, "haui will do"),
        ("info", {}, "info"),
        ("warning", {"override": "known"}, "overridden"),
        ("skipped", {}, "skipped"),
    ],
)
def test_weight(verdict: Verdict, parts: dict[str, Any], weight: str) -> None:
    report = report_of(state_of(result("cp1", "clock.a", verdict, **parts)), "cp1", over=True)
    assert report.checks[-1].weight == weight
    finding = Finding(verdict=verdict, what="x", check="clock.a", **parts)
    assert check_of_finding(finding, "cp1").weight == weight


def test_a_login_that_failed_is_the_only_finding() -> None:
    problem = Problem(what="10.0.0.1 port 22 refuses connections", why="errno 111", fix="sshd?")
    views = {FACTS: failed(problem), LATER: TaskView(status="skipped", problem=Problem(what="no"))}
    report = report_of(state_of(tasks={"a": views}), "a", steps=STEPS)
    assert report.state == "done"
    (found,) = report.checks
    assert (found.id, found.weight, found.column, found.page) == (LOGIN, "blocks", "ssh", "access")
    assert (found.what, found.seen, found.fix) == (problem.what, problem.why, problem.fix)
    assert not found.overridable


def test_a_step_that_failed_without_a_finding_blocks() -> None:
    """What was lost in the middle must not look like a host on which all is well."""
    lost = failed(Problem(what="the connection was lost", why="reset"), title="Ask for packages")
    views = {FACTS: TaskView(status="unchanged"), LATER: lost}
    state = state_of(result("a", "system.os"), tasks={"a": views})
    report = report_of(state, "a", steps=STEPS)
    assert [(c.id, c.weight) for c in report.checks] == [
        (LOGIN, "ok"), ("system.os", "ok"), (f"ssh.{LATER}", "blocks"),
    ]  # fmt: skip
    assert report.checks[-1].expected == "Ask for packages: an answer"


def test_a_step_that_failed_by_a_finding_is_told_once() -> None:
    bad = Finding(verdict="blocked", what="Memory", check="sizes.memory")
    views = {FACTS: failed(Problem(what="Memory"), findings=(bad,))}
    state = state_of(result("a", "sizes.memory", "blocked", title="Memory"), tasks={"a": views})
    report = report_of(state, "a", over=True)
    assert [c.id for c in report.checks] == [LOGIN, "sizes.memory"]


def test_states_of_hosts_while_the_run_goes_on() -> None:
    running = {FACTS: TaskView(status="running")}
    half = {FACTS: TaskView(status="unchanged")}
    state = state_of(result("c", "system.os"), tasks={"b": running, "c": half})
    reports = [report_of(state, name, steps=STEPS) for name in "abc"]
    assert [r.state for r in reports] == ["waiting", "checking", "checking"]
    assert len(reports[2].checks) == 2, "what is known is shown at once"
    whole = state_of(result("c", "system.os"))
    assert report_of(whole, "c", steps=STEPS).state == "done"


def test_a_run_that_was_cut_off_has_no_result() -> None:
    half = {FACTS: TaskView(status="unchanged")}
    cut = {FACTS: TaskView(status="unchanged"), LATER: TaskView(status="cancelled")}
    state = state_of(
        result("b", "system.os"), result("c", "system.os"), tasks={"b": half, "c": cut}
    )
    reports = [report_of(state, name, over=True, steps=STEPS) for name in "abc"]
    assert [r.state for r in reports] == ["not done"] * 3


def test_this_machine_has_a_row_when_it_was_looked_at() -> None:
    state = state_of(result("cp1", "system.os"), result(BASTION, "clock.bastion"))
    reports = reports_of(state, ("cp1", "cp2"), over=True)
    assert [report.host for report in reports] == ["cp1", "cp2", BASTION]
    assert [check.id for check in reports[-1].checks] == ["clock.bastion"], "nobody logs in to it"


def test_only_steps_of_the_preflight_count() -> None:
    """Of an install the same state holds all that came after it."""
    views = {FACTS: TaskView(status="unchanged"), "etcd.join": failed(Problem(what="no quorum"))}
    here = {"verify.bastion": failed(Problem(what="no answer"))}
    state = state_of(result("a", "system.os"), tasks={"a": views, BASTION: here})
    (report,) = reports_of(state, ("a",), over=True)
    assert [check.id for check in report.checks] == [LOGIN, "system.os"]


def test_this_machine_that_could_not_be_looked_at_blocks() -> None:
    state = state_of(tasks={BASTION: {"preflight.bastion": failed(Problem(what="no room"))}})
    (report,) = reports_of(state, (), over=True)
    (found,) = report.checks
    assert (report.host, found.id, found.weight) == (BASTION, "ssh.preflight.bastion", "blocks")
    assert found.page is None


def test_the_matrix_shows_the_heaviest_of_a_column() -> None:
    report = done("cp1", told("cp1", "ports.free", "blocks"), told("cp1", "ports.b", "warning"))
    assert report.heaviest("ports") == "blocks"
    assert report.heaviest("ssh") == "ok"
    assert report.heaviest("disks") == "ok", "what was skipped weighs least"
    assert HostReport(host="a").heaviest("clock") is None


def test_tally_counts_every_check() -> None:
    counts = tally(mixed())
    assert counts["blocks"] == 4
    assert [counts[w] for w in ("warning", "overridden", "haui will do", "info")] == [1] * 4
    assert sum(counts.values()) == sum(len(report.checks) for report in mixed())


def test_what_is_let_pass_follows_the_answers() -> None:
    report = done("cp3", told("cp3", "ports.free", "blocks", **PORT))
    passed = judged_by(report, {"ports.free@cp3": "known"}, "ops")
    assert [(c.weight, c.override, c.by) for c in passed.checks if c.id == "ports.free"] == [
        ("overridden", "known", "ops")
    ]
    assert judged_by(passed, {}, "ops") == report
    assert judged_by(report, {"ports.free": "everywhere"}, "").checks[-1].weight == "overridden"
    for other in ({"ports.free@cp1": "known"}, {"ports": "known"}, {"sizes.memory": "known"}):
        assert judged_by(report, other, "ops") is report


def test_who_has_let_it_pass_stays() -> None:
    passed = done("a", told("a", "x.y", "overridden", override="why", by="eva", overridable=True))
    assert judged_by(passed, {"x.y": "why"}, "ops").checks[-1].by == "eva"
    assert judged_by(passed, {"x.y": "other"}, "ops").checks[-1].by == "ops"


def test_what_can_not_be_let_pass_is_not() -> None:
    report = done("a", told("a", "ssh.facts", "blocks"))
    assert judged_by(report, {"ssh.facts": "please"}, "ops") is report


def test_findings_as_text() -> None:
    bad = told("cp1", "ports.free", "blocks", **{**PORT, "fix": "Stop it.\nThen r."})
    text = findings_text((done("cp1", bad), HostReport(host="cp2")), "haui preflight")
    assert text.startswith("# haui preflight\n\ncp1")
    assert "  blocks       Free ports  (ports.free)\n               seen: 6443: held by k3s" in text
    assert "               fix: Stop it. · Then r.\n" in text
    assert "               run: systemctl disable --now k3s\n" in text
    assert "  skipped " in text
    assert "cp2: no result" in text
