"""What a preflight has found, as people read it: by host, and by what is to be done about it. Pure.

A check is one finding of one host. That haui got in at all counts as a check, too.

`reports_of` makes a report of each host from the state of a run, `tally` counts their checks, and
`groups_of` puts together what one thing would mend.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from haui.wizard.pages import PAGES, PageId

if TYPE_CHECKING:
    from haui.events import Finding, FixKind, PreflightResult
    from haui.record.state import RunState, TaskView

Weight = Literal["blocks", "warning", "overridden", "haui will do", "info", "ok", "skipped"]
"""blocks: no host is changed before it is mended · warning: allowed, and worth a second look ·
overridden: would block, and is let pass for a reason · info: worth knowing · skipped: could not be
looked at."""

Column = Literal[
    "ssh", "system", "sizes", "disks", "kernel", "kubernetes", "network", "clock", "ports",
    "supply", "fleet",
]  # fmt: skip
HostState = Literal["waiting", "checking", "done", "not done"]

COLUMNS: Final[tuple[Column, ...]] = (
    "ssh", "system", "sizes", "disks", "kernel", "kubernetes", "network", "clock", "ports",
    "supply", "fleet",
)  # fmt: skip
WEIGHTS: Final[tuple[Weight, ...]] = (
    "blocks", "warning", "overridden", "haui will do", "info", "ok", "skipped",
)  # fmt: skip
"""The heaviest first. What could not be looked at says least."""
FOLDED: Final[tuple[Weight, ...]] = ("ok", "skipped")
"""What nobody has to read."""

BASTION: Final = "bastion"
"""The name under which this machine itself is looked at."""
LOGIN: Final = "ssh.login"
_ELSEWHERE: Final[Column] = "system"
"""Where checks of no known area stand, so that none is lost."""
_OVER: Final = ("ok", "unchanged", "failed", "skipped", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of one host. `what` is its title or, of a login, what went wrong; texts come from
    hosts. `fix_with` is the step, the command or the page that mends it, as `fix_kind` says.
    `override` is the reason for which it is let pass, `by` who has said so. `page` is where answers
    may be changed for it; `overridable`: it may be let pass should it block."""

    host: str
    id: str
    what: str
    weight: Weight
    expected: str = ""
    seen: str = ""
    why: str = ""
    fix: str = ""
    fix_kind: FixKind = ""
    fix_with: str = ""
    override: str = ""
    by: str = ""
    page: PageId | None = None
    overridable: bool = False
    area: Column | None = None

    @property
    def column(self) -> Column:
        """Its area; of a check of which none is known, the beginning of its id."""
        area = self.area or self.id.partition(".")[0]
        return next((column for column in COLUMNS if column == area), _ELSEWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What is known of one host; while it is being looked at, what is known so far."""

    host: str
    state: HostState = "waiting"
    checks: tuple[Check, ...] = ()

    def heaviest(self, column: Column) -> Weight | None:
        """The weight that counts in that column; None when nothing was looked at there."""
        found = {check.weight for check in self.checks if check.column == column}
        return min(found, key=WEIGHTS.index, default=None)


def reports_of(
    state: RunState, hosts: Iterable[str], *, over: bool = False
) -> tuple[HostReport, ...]:
    """What a run has found out about these hosts and, when it was looked at, this machine."""
    named = tuple(hosts)
    others = (BASTION,) if BASTION not in named and was_looked_at(state, BASTION) else ()
    return tuple(report_of(state, name, over=over) for name in (*named, *others))


def was_looked_at(state: RunState, host: str) -> bool:
    """Whether anything of a preflight is known of that host."""
    return host in state.preflight or any(map(_looks, state.tasks.get(host, {})))


def report_of(
    state: RunState, host: str, *, over: bool = False, steps: Collection[str] | None = None
) -> HostReport:
    """What a run has found out about a host. `over`: the run has ended; until then the host is
    done when all of `steps` are over on it."""
    results = state.preflight.get(host, {})
    views = {
        step: view
        for step, view in state.tasks.get(host, {}).items()
        if _looks(step) and (steps is None or step in steps)
    }
    statuses = {view.status for view in views.values()}
    broken = tuple(_broken(host, step, view, results) for step, view in views.items())
    entered = (_entered(host),) if results and host != BASTION else ()
    checks = (*entered, *(_check(each) for each in results.values()), *filter(None, broken))
    known = steps is not None and all(step in views for step in steps)
    ended = all(view.status in _OVER for view in views.values())
    if (known and ended) if steps is not None else (over and bool(checks)):
        stands: HostState = "not done" if "cancelled" in statuses else "done"
    elif over:
        stands = "not done"
    else:
        stands = "checking" if checks or "running" in statuses else "waiting"
    return HostReport(host=host, state=stands, checks=checks)


def judged_by(report: HostReport, overrides: Mapping[str, str], by: str) -> HostReport:
    """The report as it is with these overrides; `by` is who answers for new ones."""
    checks = tuple(_judged(check, overrides, by) for check in report.checks)
    return report if checks == report.checks else replace(report, checks=checks)


def _judged(check: Check, overrides: Mapping[str, str], by: str) -> Check:
    if check.weight not in ("blocks", "overridden"):
        return check
    reason = overrides.get(f"{check.id}@{check.host}") or overrides.get(check.id) or ""
    if not reason or not check.overridable:
        return replace(check, weight="blocks", override="", by="")
    if check.override == reason:
        return check
    return replace(check, weight="overridden", override=reason, by=by)


def tally(reports: Iterable[HostReport]) -> Mapping[Weight, int]:
    """How many checks there are of each weight."""
    counts: dict[Weight, int] = dict.fromkeys(WEIGHTS, 0)
    for report in reports:
        for check in report.checks:
            counts[check.weight] += 1
    return counts


def findings_text(reports: Iterable[HostReport], head: str) -> str:
    """All findings as lines of text, to be kept or sent."""
    lines = [f"# {head}"]
    for report in reports:
        lines.append("")
        lines.append(f"{report.host}: {'no result' if not report.checks else ''}".rstrip(": "))
        for check in report.checks:
            lines.append(f"  {check.weight:<12} {one_line(check.what)}  ({check.id})")
            lines += [
                f"               {label}: {one_line(text)}" for label, text in parts_of(check)
            ]
    return "\n".join(lines) + "\n"


def parts_of(check: Check) -> tuple[tuple[str, str], ...]:
    """What is known of a check, label and text, without what is empty."""
    with_ = check.fix_with if check.fix_kind == "command" else ""
    reason = f"{check.override} ({check.by})" if check.by else check.override
    parts = (
        ("expected", check.expected),
        ("seen", check.seen),
        ("why", check.why),
        ("fix", check.fix),
        ("run", with_),
        ("let pass", reason),
    )
    return tuple((label, text) for label, text in parts if text.strip())


def _looks(step: str) -> bool:
    return step.startswith("preflight.")


def one_line(text: str) -> str:
    """A text of several lines in one."""
    return " · ".join(part.strip() for part in text.splitlines() if part.strip())


class _Known(TypedDict):
    page: PageId | None
    overridable: bool
    area: Column | None


def _known(check: str, fix_kind: FixKind, fix_with: str) -> _Known:
    """What the catalogue says of a check."""
    from steps.checks import BY_ID  # brings the whole catalogue with it

    known = BY_ID.get(check)
    said = fix_with if fix_kind == "answer" else known.page if known is not None else None
    return {
        "page": next((page.id for page in PAGES if page.id == said), None),
        "overridable": known is not None and known.overridable,
        "area": known.area if known is not None else None,
    }


def _entered(host: str) -> Check:
    return Check(
        host=host,
        id=LOGIN,
        what="login",
        weight="ok",
        expected="a login",
        seen="logged in",
        page="access",
    )


def _broken(
    host: str, step: str, view: TaskView, results: Mapping[str, PreflightResult]
) -> Check | None:
    """A step that failed without a finding: no login, a lost connection, a script without end."""
    if view.status != "failed" or view.problem is None or view.findings:
        return None
    entered = bool(results) or host == BASTION
    expected = f"{view.title}: an answer" if view.title else ""
    return Check(
        host=host,
        id=f"ssh.{step}" if entered else LOGIN,
        what=view.problem.what,
        weight="blocks",
        expected=expected if entered else "a login as root or with sudo",
        seen=view.problem.why,
        fix=view.problem.fix,
        page=None if entered else "access",
    )


def check_of_finding(found: Finding, host: str, by: str = "") -> Check:
    """A finding of that host, as people read it."""
    return Check(
        host=host, id=found.check or found.what, what=found.what, weight=_weight(found),
        expected=found.expected, seen=found.seen, why=found.why, fix=found.fix,
        fix_kind=found.fix_kind, fix_with=found.fix_with, override=found.override,
        by=by if found.override else "",
        **_known(found.check, found.fix_kind, found.fix_with),
    )  # fmt: skip


def _check(result: PreflightResult) -> Check:
    return Check(
        host=result.host, id=result.check, what=result.title or result.check,
        weight=_weight(result), expected=result.expected, seen=result.seen, why=result.why,
        fix=result.fix, fix_kind=result.fix_kind, fix_with=result.fix_with,
        override=result.override, by=result.by,
        **_known(result.check, result.fix_kind, result.fix_with),
    )  # fmt: skip


def _weight(found: PreflightResult | Finding) -> Weight:
    if found.verdict in ("blocked", "differs"):
        return "blocks"
    if found.override:
        return "overridden"
    if found.verdict in ("ok", "skipped"):
        return "ok" if found.verdict == "ok" else "skipped"
    if found.fix_kind == "haui":
        return "haui will do"
    return "warning" if found.verdict == "warning" else "info"
