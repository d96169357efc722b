"""What is likely behind a failure, from its lines: the first rule that fits, with its evidence.

A guess, and shown as one. What hosts print is hostile: it is cleaned and cut before it is matched,
and nothing of it gets into a command.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from haui.documents.cause_rules import Rule
from haui.documents.cause_rules_cluster import RULES
from haui.events import Finding, Problem
from haui.spec import ClusterSpec
from haui.transport.text import clean_line

MOST_LINES = 2000
"""Of the output the last lines are looked at."""

LONGEST_LINE = 2000
LONGEST_EVIDENCE = 300
"""Characters."""

_PATTERNS = {rule.id: re.compile(rule.pattern, re.IGNORECASE) for rule in RULES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is likely: the cause, the line that says so, and one sentence and command against it.

    `evidence` is remote text, cleaned of controls but not of markup. `command` may be empty.
    """

    rule: str
    cause: str
    evidence: str
    fix: str
    command: str = ""


def likely(
    step_id: str,
    *,
    lines: Iterable[str] = (),
    problem: Problem | None = None,
    findings: Iterable[Finding] = (),
    spec: ClusterSpec | None = None,
) -> Cause | None:
    """The likely cause of a failure of that step; None when no rule knows it.

    What haui itself says (`problem`, `findings`) counts more than the output's `lines`, which may
    hold warnings that had no effect. Of several lines that match, the last is the evidence. A check
    of the preflight knows its cause, and nothing is guessed about it.
    """
    findings = tuple(findings)
    if any(found.check and found.verdict == "blocked" for found in findings):
        return None
    said = _cleaned([*_of_findings(findings), *_of_problem(problem)])
    for texts in (said, _cleaned(list(lines)[-MOST_LINES:])):
        for rule in RULES:
            if rule.steps and not step_id.startswith(rule.steps):
                continue
            for text in reversed(texts):
                if found := _PATTERNS[rule.id].search(text):
                    return _cause(rule, text, found, spec)
    return None


def _of_findings(findings: Iterable[Finding]) -> list[str]:
    wrong = [found for found in findings if found.verdict in ("differs", "blocked")]
    return [f"{found.what}: {found.seen}" if found.seen else found.what for found in wrong]


def _of_problem(problem: Problem | None) -> list[str]:
    return [] if problem is None else [*problem.what.splitlines(), *problem.why.splitlines()]


def _cleaned(lines: Sequence[str]) -> list[str]:
    return [clean_line(line[: 2 * LONGEST_LINE], LONGEST_LINE).strip() for line in lines]


def _cause(rule: Rule, text: str, found: re.Match[str], spec: ClusterSpec | None) -> Cause:
    known = _known(spec)
    groups = {name: value for name, value in found.groupdict().items() if value}
    short = text if len(text) <= LONGEST_EVIDENCE else _around(text, found)
    return Cause(
        rule=rule.id,
        cause=_filled(rule.cause, known | groups),
        evidence=short,
        fix=_filled(rule.fix, known),
        command=_filled(rule.command, known),
    )


def _around(text: str, found: re.Match[str]) -> str:
    start = max(0, min(found.start() - 40, len(text) - LONGEST_EVIDENCE))
    cut = text[start : start + LONGEST_EVIDENCE]
    return ("…" if start else "") + cut + ("…" if start + LONGEST_EVIDENCE < len(text) else "")


def _filled(template: str, values: Mapping[str, str]) -> str:
    return template.format_map(defaultdict(lambda: "?", values))


def _known(spec: ClusterSpec | None) -> dict[str, str]:
    """What stands for {endpoint}, {vip} and {repository}; general words without a spec."""
    if spec is None:
        return {"endpoint": "ENDPOINT:PORT", "vip": "ADDRESS", "repository": "the registry"}
    images = spec.supply.images
    mirror = images.repository or next(iter(images.registries.values()), "the registry")
    return {
        "endpoint": f"{spec.endpoint.name}:{spec.endpoint.port}",
        "vip": spec.endpoint_address or spec.endpoint.name,
        "repository": mirror,
    }
