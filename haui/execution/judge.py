"""What a script's answer means: findings, a verdict on them, and the problem to show."""

from __future__ import annotations

from collections.abc import Iterable

from haui.errors import HauiError
from haui.events import Finding, Problem
from haui.execution.transient import decisive
from haui.host import Completed
from haui.step import parse_findings

_GOOD = ("ok", "info", "warning", "skipped")


def findings_of(answer: Completed) -> tuple[Finding, ...]:
    """A probe's findings. One that failed or said nothing has proved nothing, and that is added."""
    found = parse_findings(answer.stdout)
    if answer.status != 0:
        seen = decisive(answer.stderr.splitlines(), 3).replace("\n", " · ")
        failed = Finding(
            verdict="differs",
            what="the check itself ran",
            expected="exit status 0",
            seen=f"exit status {answer.status}" + (f": {seen}" if seen else ""),
        )
        return (*found, failed)
    return found or said_nothing()


def said_nothing() -> tuple[Finding, ...]:
    """The finding for a check without any."""
    silent = Finding(
        verdict="differs", what="the check said something", expected="findings", seen="nothing"
    )
    return (silent,)


def satisfied(findings: Iterable[Finding]) -> bool:
    """Whether nothing is left to do."""
    return all(found.verdict in _GOOD for found in findings)


def worth_keeping(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Of a look's findings those that its result keeps: what blocks, and what may."""
    return tuple(found for found in findings if found.verdict in ("blocked", "warning"))


def blocked(findings: Iterable[Finding]) -> Problem | None:
    """What a person has to do before a change can help; None when nothing."""
    stuck = [found for found in findings if found.verdict == "blocked"]
    if not stuck:
        return None
    return Problem(
        what="; ".join(found.what for found in stuck),
        why="\n".join(found.seen for found in stuck if found.seen),
        fix="\n".join(
            dict.fromkeys(filter(None, (found.fix or found.expected for found in stuck)))
        ),
    )


def unsatisfied(what: str, findings: Iterable[Finding], fix: str) -> Problem:
    """The findings that are not ok, as a problem."""
    lines = [line_of(found) for found in findings if found.verdict not in _GOOD]
    return Problem(what=what, why="\n".join(lines), fix=fix)


def line_of(found: Finding) -> str:
    """A finding in one line: what, expected, seen."""
    expected = f"expected {found.expected}" if found.expected else ""
    seen = f"found {found.seen}" if found.seen else ""
    rest = ", ".join(part for part in (expected, seen) if part)
    return f"{found.what}: {rest}" if rest else found.what


def problem_of(error: HauiError) -> Problem:
    """The same parts as data."""
    return Problem(what=error.what, why=error.why, fix=error.fix)
