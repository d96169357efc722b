"""The preflight in lines for people: one for each host, and findings by fix at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from haui.cli.lines import flat
from haui.events import Event, PreflightResult, RunStarted, TaskFinished, TaskStarted
from haui.record.reducer import reduce
from haui.record.state import RunState
from haui.wizard.preflight import (
    BASTION,
    WEIGHTS,
    Weight,
    report_of,
    reports_of,
    tally,
)
from haui.wizard.preflight_groups import Group, groups_of

LAST_STEP = "preflight.verdict"
"""It ends, or is skipped, when a host has been looked at or something blocks there."""
_WORDS: Mapping[Weight, tuple[str, str]] = {
    "blocks": ("blocks", "block"),
    "warning": ("warning", "warnings"),
    "overridden": ("let pass", "let pass"),
    "haui will do": ("haui will mend", "haui will mend"),
    "info": ("info", "info"),
    "ok": ("passed", "passed"),
    "skipped": ("skipped", "skipped"),
}
_HEADS: Mapping[Weight, str] = {
    "blocks": "BLOCKS", "warning": "warning", "overridden": "let pass",
    "haui will do": "haui will mend", "info": "info", "skipped": "skipped",
}  # fmt: skip
_SHORT: tuple[Weight, ...] = ("haui will do", "info", "skipped")
"""Said in one line each: nobody has to do anything."""
_MOST_HOSTS = 8
_MOST_CHARS = 600


class PreflightLines:
    """Follows the preflight of a run; what it has to say is asked for."""

    def __init__(self) -> None:
        self._state = RunState()
        self._hosts: tuple[str, ...] = ()
        self._told: set[str] = set()
        self._failed: dict[str, str] = {}
        self._summed_up = False

    def follow(self, event: Event) -> None:
        """Takes events of the preflight, and the beginning of a run."""
        if isinstance(event, RunStarted):
            self._hosts = event.hosts
        if isinstance(event, RunStarted | TaskStarted | TaskFinished | PreflightResult):
            self._state = reduce(self._state, event)
        if isinstance(event, TaskFinished) and event.outcome == "failed" and event.problem:
            self._failed.setdefault(event.host, event.problem.what)

    def host_line(self, event: TaskFinished) -> str:
        """What has come of a host, when that is known by now and was not said yet."""
        over = event.step == LAST_STEP or event.host == BASTION
        if not over or event.host in self._told or event.outcome == "cancelled":
            return ""
        self._told.add(event.host)
        name = "this machine" if event.host == BASTION else event.host
        if event.host in self._failed:
            return f"{name} blocks: {flat(self._failed[event.host])[:_MOST_CHARS]}"
        report = report_of(self._state, event.host, over=True)
        return f"{name} looked at: {_counts(tally((report,)))}"

    def summary(self, *, verbose: bool) -> Iterator[str]:
        """All findings by what mends them, once; nothing when nothing was looked at."""
        if self._summed_up or not (self._state.preflight or self._state.tasks):
            return
        self._summed_up = True
        reports = reports_of(self._state, self._hosts or tuple(self._state.tasks), over=True)
        counts = tally(reports)
        if not any(counts.values()):
            return
        yield ""
        yield f"preflight: {_counts(counts)}"
        shown: tuple[Weight, ...] = ("blocks", "warning", "overridden", "haui will do")
        for group in groups_of(reports):
            if group.weight in shown or (verbose and group.weight != "ok"):
                yield from _group(group, self._hosts)


def _counts(counts: Mapping[Weight, int]) -> str:
    said = (
        f"{counts[weight]} {_WORDS[weight][counts[weight] != 1]}"
        for weight in WEIGHTS
        if counts[weight]
    )
    return " · ".join(said) or "nothing"


def _group(group: Group, hosts: tuple[str, ...]) -> Iterator[str]:
    where = _where(group.hosts, hosts)
    head = f"{_HEADS[group.weight]}: {flat(group.what)} ({group.id}) on {where}"
    if group.weight in _SHORT:
        said = group.evidence if group.weight != "haui will do" else group.fix
        yield f"  {head}{': ' + _cut(said) if said else ''}"
        return
    yield f"  {head}"
    parts = (("seen", group.evidence), ("why", group.why), ("let pass because", _reason(group)))
    for label, text in parts:
        if text.strip():
            yield f"      {label}: {_cut(text)}"
    for line in group.fix.splitlines() if group.weight != "overridden" else ():
        yield f"      → {_cut(line)}"
    # A command is whole, or it is another one.
    for line in group.command.splitlines() if group.weight != "overridden" else ():
        yield f"      $ {line}"


def _reason(group: Group) -> str:
    return f"{group.override} ({group.by})" if group.override and group.by else group.override


def _where(names: tuple[str, ...], hosts: tuple[str, ...]) -> str:
    if len(names) == len(hosts) > 1 and set(names) == set(hosts):
        return f"all {len(hosts)} hosts"
    shown = ["this machine" if name == BASTION else name for name in names[:_MOST_HOSTS]]
    more = f" and {len(names) - _MOST_HOSTS} more" if len(names) > _MOST_HOSTS else ""
    return ", ".join(shown) + more


def _cut(text: str) -> str:
    line = flat(text)
    return line if len(line) <= _MOST_CHARS else f"{line[:_MOST_CHARS]}…"
