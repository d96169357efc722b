"""What a preflight has found, as people read it: by host, and by what is to be done about it. Pure.

A check is one finding of one host. That haui got in at all counts as a check, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from haui.wizard.pages import PageId

if TYPE_CHECKING:
    from haui.events import PreflightResult
    from haui.record.state import RunState

Weight = Literal["blocks", "warning", "haui will do", "ok"]
"""blocks: no host is changed before it is mended · warning: allowed, and worth a second look."""

Column = Literal["ssh", "system", "sizes", "kernel", "kubernetes", "network", "clock", "ports"]
HostState = Literal["waiting", "checking", "done", "not done"]

COLUMNS: Final[tuple[Column, ...]] = (
    "ssh", "system", "sizes", "kernel", "kubernetes", "network", "clock", "ports",
)  # fmt: skip
WEIGHTS: Final[tuple[Weight, ...]] = ("blocks", "warning", "haui will do", "ok")
"""The heaviest first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check: where it stands, and the page whose answers may be changed for it."""

    column: Column
    page: PageId | None = None


KINDS: Final[tuple[tuple[str, Kind], ...]] = (
    ("login", Kind("ssh", "access")),
    ("privilege", Kind("ssh", "access")),
    ("operating system", Kind("system", "hosts")),
    ("architecture", Kind("system", "hosts")),
    ("init", Kind("system")),
    ("the check itself ran", Kind("system")),
    ("the check said something", Kind("system")),
    ("processors", Kind("sizes", "topology")),
    ("memory", Kind("sizes", "topology")),
    ("disk of ", Kind("sizes", "topology")),
    ("kernel module ", Kind("kernel")),
    ("cgroups", Kind("kernel")),
    ("other Kubernetes", Kind("kubernetes", "hosts")),
    ("address ", Kind("network", "hosts")),
    ("virtual address ", Kind("network", "endpoint")),
    ("time", Kind("clock")),
    ("port ", Kind("ports")),
)
"""By the beginning of the check's name. That of names with a blank at the end goes on."""
UNKNOWN: Final = Kind("system")
"""For checks of no known kind, so that none is lost."""

LOGIN: Final = "login"
_OWN_CLOCK: Final = "the clock is the machine's"
_NO_TIME_SERVICE: Final = "no time service yet"
_PLACE: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::| port )\d+\b")
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of one host. `what` is its name or, of a login, what went wrong; texts come from
    hosts. `fix` is what a person has to do; empty when nothing."""

    host: str
    name: str
    what: str
    weight: Weight
    expected: str = ""
    seen: str = ""
    fix: str = ""

    @property
    def kind(self) -> Kind:
        return kind_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What is known of one host."""

    host: str
    state: HostState = "waiting"
    checks: tuple[Check, ...] = ()

    def heaviest(self, column: Column) -> Weight | None:
        """The weight that counts in that column; None when nothing was looked at there."""
        found = {check.weight for check in self.checks if check.kind.column == column}
        return next((weight for weight in WEIGHTS if weight in found), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The checks that one thing would mend, on all the hosts that have it."""

    what: str
    weight: Weight
    fix: str
    evidence: str
    column: Column
    page: PageId | None
    hosts: tuple[str, ...]


def kind_of(name: str) -> Kind:
    """The kind of the check with that name."""
    for known, kind in KINDS:
        if name == known or (known.endswith(" ") and name.startswith(known)):
            return kind
    return UNKNOWN


def report_of(state: RunState, host: str, *, production: bool, over: bool = False) -> HostReport:
    """What a run has found out about a host. `over`: the run has ended."""
    results = state.preflight.get(host, {})
    views = state.tasks.get(host, {})
    failed = next((v.problem for v in views.values() if v.problem and v.status == "failed"), None)
    statuses = {view.status for view in views.values()}
    if failed is not None and not results:
        login = Check(
            host=host, name=LOGIN, what=failed.what, weight="blocks", seen=failed.why,
            expected="a login as root or with sudo", fix=failed.fix,
        )  # fmt: skip
        return HostReport(host=host, state="done", checks=(login,))
    if results:
        checks = (_entered(host), *(_check(r, production) for r in results.values()))
        return HostReport(host=host, state="done", checks=checks)
    if over or "cancelled" in statuses:
        return HostReport(host=host, state="not done")
    return HostReport(host=host, state="checking" if "running" in statuses else "waiting")


def tally(reports: Iterable[HostReport]) -> Mapping[Weight, int]:
    """How many checks there are of each weight."""
    counts: dict[Weight, int] = dict.fromkeys(WEIGHTS, 0)
    for report in reports:
        for check in report.checks:
            counts[check.weight] += 1
    return counts


def groups_of(reports: Iterable[HostReport]) -> tuple[Group, ...]:
    """By fix, the heaviest first, then those that most hosts have."""
    found: dict[tuple[str, ...], list[Check]] = {}
    for report in reports:
        for check in report.checks:
            found.setdefault(_key(check), []).append(check)
    groups = [_group(checks) for checks in found.values()]
    return tuple(sorted(groups, key=lambda g: (WEIGHTS.index(g.weight), -len(g.hosts))))


def findings_text(reports: Iterable[HostReport], head: str) -> str:
    """All findings as lines of text, to be kept or sent: host, result, check, expected, seen."""
    lines = [f"# {head}"]
    for report in reports:
        lines.append("")
        lines.append(f"{report.host}: {'no result' if not report.checks else ''}".rstrip(": "))
        for check in report.checks:
            lines.append(f"  {check.weight:<12} {_one_line(check.what)}")
            for label, text in (
                ("expected", check.expected),
                ("seen", check.seen),
                ("fix", check.fix),
            ):
                if text and (label != "expected" or check.expected != check.fix):
                    lines.append(f"               {label}: {_one_line(text)}")
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " · ".join(part.strip() for part in text.splitlines() if part.strip())


def _entered(host: str) -> Check:
    return Check(
        host=host, name=LOGIN, what=LOGIN, weight="ok", expected="a login", seen="logged in"
    )


def _check(result: PreflightResult, production: bool) -> Check:
    weight = _weight(result, production)
    # What blocks says in `expected` what to do: the contract of probe scripts.
    fix = result.expected if result.verdict == "blocked" else ""
    return Check(
        host=result.host, name=result.check, what=result.check, weight=weight,
        expected="" if result.verdict == "blocked" else result.expected, seen=result.seen, fix=fix,
    )  # fmt: skip


def _weight(result: PreflightResult, production: bool) -> Weight:
    if result.verdict in ("blocked", "differs"):
        return "blocks"
    if result.verdict == "ok" or result.seen.startswith(_OWN_CLOCK):
        return "ok"
    if result.seen.startswith(_NO_TIME_SERVICE) and production:
        return "haui will do"
    return "warning"


def _key(check: Check) -> tuple[str, ...]:
    """What is the same for all checks of a group; where a login failed is not."""
    if check.name == LOGIN:
        return (check.name, check.weight, _anywhere(check.what))
    return (check.what, check.weight, check.fix or check.expected)


def _anywhere(text: str) -> str:
    return _PLACE.sub("the host", text)


def _group(checks: list[Check]) -> Group:
    first = checks[0]
    several = len(checks) > 1 and first.name == LOGIN
    return Group(
        what=_anywhere(first.what) if several else first.what,
        weight=first.weight,
        fix=first.fix,
        evidence=_evidence(checks),
        column=first.kind.column,
        page=first.kind.page,
        hosts=tuple(dict.fromkeys(check.host for check in checks)),
    )


def _evidence(checks: list[Check]) -> str:
    """What was seen: once when it is the same everywhere, else by host."""
    first = checks[0]
    asked = f", asked for: {first.expected}" if first.weight == "warning" and first.expected else ""
    seen = list(dict.fromkeys(check.seen for check in checks if check.seen))
    if len(seen) < 2:
        return f"{seen[0]}{asked}" if seen else asked.removeprefix(", ")
    shown = [f"{check.host}: {_one_line(check.seen)}" for check in checks if check.seen]
    more = f" · and {len(shown) - _EXAMPLES} more" if len(shown) > _EXAMPLES else ""
    return " · ".join(shown[:_EXAMPLES]) + more + asked
