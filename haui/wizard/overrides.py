"""What of a preflight is let pass, in the answers: a check, perhaps of one host, and the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from haui.clusterfile.problem import Loc
from haui.clusterfile.types import reason as check_reason
from haui.wizard.answers import value_at

LOC: Final[Loc] = ("preflight", "overrides")
"""Where they stand in the cluster file."""


def overrides_of(answers: Mapping[str, Any]) -> dict[str, str]:
    """What is let pass by now."""
    found = value_at(answers, LOC)
    return dict(found) if isinstance(found, Mapping) else {}


def let_pass(
    overrides: Mapping[str, str], check: str, hosts: Sequence[str], every: Collection[str],
    reason: str,
) -> dict[str, str]:  # fmt: skip
    """Let that check pass on these hosts; named without them when they are all there are."""
    whole = len(every) > 1 and set(hosts) >= set(every)
    refs = (check,) if whole else tuple(f"{check}@{host}" for host in hosts)
    kept = taken_back(overrides, check, hosts) if whole else overrides
    return {**kept, **dict.fromkeys(refs, reason)}


def taken_back(overrides: Mapping[str, str], check: str, hosts: Collection[str]) -> dict[str, str]:
    """Without what lets that check pass on these hosts."""
    gone = {check, *(f"{check}@{host}" for host in hosts)}
    return {ref: reason for ref, reason in overrides.items() if ref not in gone}


def place_of(ref: str) -> str:
    """What is let pass, for people: `ports.free on cp1`, `sizes.memory on every host`."""
    check, _, host = ref.partition("@")
    return f"{check} on {host or 'every host'}"


def refused(reason: str) -> str:
    """Why that is no reason; empty when it is one."""
    if not reason.strip():
        return "a reason is needed: it is written down with your name"
    try:
        check_reason(reason)
    except ValueError as error:
        return str(error)
    return ""
