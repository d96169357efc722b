"""Asks one check about a healthy host of which some facts are told otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from haui.events import Finding
from haui.evidence import Evidence, Reading, facts_text
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from steps import preflight
from steps.checks import BY_ID, FACTS, Look
from tests.unit.specs import spec

STEPS = tuple(step.id for step in preflight.STEPS)
Changes = Mapping[str, object]
"""Key -> another value, None for no such fact, a list for several lines."""


def fleet(
    cluster: ClusterSpec, changes: Mapping[str, Changes] | None = None, step: str = FACTS
) -> Evidence:
    """A healthy fleet; `changes` by host are made to what was read in `step`."""
    evidence = facts.healthy(cluster, STEPS)
    for name, changed in (changes or {}).items():
        told = facts.told(step, cluster, cluster.host(name), 1_000_000.0)
        text = facts_text(facts.changed(told, changed))
        evidence.keep(step, name, Reading(text, asked=1_000_000.0, answered=1_000_000.0))
    return evidence


def ask(
    check: str,
    changes: Changes | None = None,
    *,
    host: str = "cp1",
    cluster: ClusterSpec | None = None,
    step: str = FACTS,
    others: Mapping[str, Changes] | None = None,
) -> Finding:
    """What the check says of `host`. `changes` are made to its facts, `others` to other hosts'."""
    cluster = cluster or spec(profile="production")
    evidence = fleet(cluster, {**(others or {}), **({host: changes} if changes else {})}, step)
    return BY_ID[check].finding(Look(cluster, cluster.host(host), evidence))


def must_say(check: str, changes: Changes, verdict: str, seen: str) -> None:
    """Asserts what the check says; what is wrong has a fix, a reason, and what would be right."""
    found = ask(check, changes)
    assert found.verdict == verdict, found
    assert seen in found.seen
    if verdict in ("warning", "blocked"):
        assert found.fix
        assert found.expected
        assert found.why
