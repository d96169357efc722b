"""What a check of the preflight is: data, and a pure function from facts to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from haui.events import Finding, FixKind, Verdict
from haui.evidence import Evidence, Facts, Reading
from haui.spec import ClusterSpec, HostSpec

Area = Literal[
    "ssh", "system", "sizes", "disks", "kernel", "kubernetes", "network", "clock", "ports",
    "supply", "fleet",
]  # fmt: skip
"""What a check is about; a column of the matrix of hosts."""

Page = Literal["topology", "endpoint", "hosts", "access", "cluster"]
"""The page of the wizard whose answers may be changed for a finding."""

FACTS = "preflight.facts"
"""The step whose reading holds the facts of a host."""

SEEN_CHARS, EXPECTED_CHARS, FIX_CHARS = 1500, 500, 1000
"""Longer texts of a finding are cut: what a host says may be of any length."""
COMMAND_CHARS = 1900
"""A longer command is left out, since a part of it would do something else."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends a finding, in words, and with what: see `haui.events.FixKind`."""

    text: str = ""
    kind: FixKind = ""
    with_: str = ""


NO_FIX = Fix()


def by_haui(step: str, text: str) -> Fix:
    """The install does it itself, in that step."""
    return Fix(text, "haui", step)


def command(text: str, command: str) -> Fix:
    """One command, run as root on the host. It holds no text that a host has said, unless quoted
    with shlex.quote."""
    return Fix(text, "command", command)


def answer(text: str, page: Page) -> Fix:
    """Another answer in the wizard or the cluster file."""
    return Fix(text, "answer", page)


def words(text: str) -> Fix:
    """Something that only a person can do, elsewhere or in several ways."""
    return Fix(text)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check says of one host. `seen` is the evidence, one line or few."""

    verdict: Verdict
    seen: str = ""
    expected: str = ""
    fix: Fix = NO_FIX


@dataclass(frozen=True)
class Look:
    """What a check may look at: one host's readings, and those of the whole fleet."""

    spec: ClusterSpec
    host: HostSpec
    evidence: Evidence

    @cached_property
    def facts(self) -> Facts:
        """What the collector found on the host; empty when it found nothing."""
        return self.of(FACTS)

    def of(self, step: str) -> Facts:
        """The facts of another step's reading on this host; empty when there is none."""
        reading = self.evidence.reading(step, self.host.name)
        return reading.facts if reading is not None else Facts()

    def reading(self, step: str = FACTS) -> Reading | None:
        return self.evidence.reading(step, self.host.name)

    @cached_property
    def fleet(self) -> Mapping[str, Facts]:
        """The facts of every host of the cluster file that has told all of them, by name."""
        return fleet_of(self.spec, self.evidence)

    @property
    def production(self) -> bool:
        return self.spec.profile == "production"

    def strict(self, seen: str, fix: Fix, expected: str = "") -> Answer:
        """What stops a production cluster, and is worth a second look in a test."""
        return (blocks if self.production else warns)(seen, fix, expected)


def fleet_of(spec: ClusterSpec, evidence: Evidence) -> Mapping[str, Facts]:
    """The facts of every host of the cluster file that has told all of them, by name."""
    known = evidence.of(FACTS)
    facts = {host.name: known[host.name].facts for host in spec.hosts if host.name in known}
    return {name: found for name, found in facts.items() if found.complete}


def passes(seen: str = "", expected: str = "") -> Answer:
    """All is well."""
    return Answer("ok", seen, expected)


def tells(seen: str, fix: Fix = NO_FIX, expected: str = "") -> Answer:
    """Worth knowing; nothing has to be done."""
    return Answer("info", seen, expected, fix)


def warns(seen: str, fix: Fix, expected: str = "") -> Answer:
    """Allowed, and worth a second look."""
    return Answer("warning", seen, expected, fix)


def blocks(seen: str, fix: Fix, expected: str = "") -> Answer:
    """No host is changed before this is mended or overridden."""
    return Answer("blocked", seen, expected, fix)


def skips(reason: str) -> Answer:
    """Could not be looked at, and why."""
    return Answer("skipped", reason)


def everywhere(spec: ClusterSpec, host: HostSpec) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `id` is stable and begins with the area ("disks.inodes"): overrides name it, and
    saved findings. `step` is the preflight step after which it can answer; `why` says in one
    sentence what would go wrong later. `marker` is a fact that the step's script always tells
    beside those that the check asks for, of which none may be a good sign: without it the host has
    not told that there are none."""

    id: str
    title: str
    area: Area
    why: str
    look: Callable[[Look], Answer]
    on: Callable[[ClusterSpec, HostSpec], bool] = everywhere
    step: str = FACTS
    marker: str = ""
    page: Page | None = None
    overridable: bool = True

    def finding(self, look: Look) -> Finding:
        """What the check says of the host, an override applied."""
        try:
            said = self.look(look) if self._is_told(look) else NOT_TOLD
        except Exception as error:  # noqa: BLE001 - said as a finding
            # The facts are a foreign host's text. One that trips a check must not take the others
            # with it, and must not pass either.
            said = warns(
                f"haui could not judge what the host said ({type(error).__name__}: {error})",
                words("Look at it by hand; please report this with `haui preflight --save`."),
            )
        fix = _bounded(said.fix)
        found = Finding(
            verdict=said.verdict,
            what=self.title,
            expected=_cut(said.expected, EXPECTED_CHARS),
            seen=_cut(said.seen, SEEN_CHARS),
            check=self.id,
            why="" if said.verdict == "ok" else self.why,
            fix=fix.text,
            fix_kind=fix.kind,
            fix_with=fix.with_,
        )
        if found.verdict == "blocked" and self.overridable:
            reason = override_of(look.spec, self.id, look.host.name)
            if reason:
                return replace(found, verdict="warning", override=reason)
        return found

    def _is_told(self, look: Look) -> bool:
        if not self.marker:
            return True
        facts = look.facts if self.step == FACTS else look.of(self.step)
        # What was cut off is for the check to say.
        return not facts.complete or facts.one(self.marker) is not None


NOT_TOLD = skips("the host did not tell this part of its facts")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _bounded(fix: Fix) -> Fix:
    text = _cut(fix.text, FIX_CHARS)
    if len(fix.with_) > COMMAND_CHARS:
        return words(f"{text} The command for so much is too long to be shown.")
    return fix if text == fix.text else replace(fix, text=text)


def override_of(spec: ClusterSpec, check: str, host: str) -> str:
    """The reason for which that finding of that host is let pass; empty when it is not."""
    overrides = spec.preflight.overrides
    if not overrides:
        return ""
    return overrides.get(f"{check}@{host}") or overrides.get(check) or ""
