"""Nothing that a person gave in confidence leaves in an event, wherever a host puts it."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from typing import get_args

import pytest

from haui.events import (
    AnyEvent,
    Event,
    Finding,
    HostLost,
    PreflightResult,
    Problem,
    TaskFinished,
    TaskOutput,
    TaskRetrying,
)
from haui.execution.scrub import ScrubbedBus, scrubbed
from haui.secret import MASK, Secret
from haui.transport.text import Redactor
from tests.unit.sample_run import sample

KNOWN = (Secret("pass word!"), Secret("hunter2"))
TOKEN = "abcdef.0123456789abcdef"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nafter"


@pytest.mark.parametrize("secret", ["hunter2", "a pass word! b", TOKEN, PEM])
def test_wherever_it_stands(secret: str) -> None:
    finding = Finding(verdict="differs", what=secret, expected=secret, seen=secret, why=secret,
                      fix=secret, fix_with=secret, override=secret)  # fmt: skip
    problem = Problem(what=secret, why=secret, fix=secret)
    events: tuple[Event, ...] = (
        HostLost(host="cp1", reason=secret),
        TaskRetrying(host="cp1", step="a.b", number=2, of=3, reason=secret, lines=secret),
        PreflightResult(host="cp1", check="x", verdict="differs", title=secret, expected=secret,
                        seen=secret, why=secret, fix=secret, fix_with=secret, override=secret),
        TaskFinished(host="cp1", step="a.b", outcome="failed", seconds=1, findings=(finding,) * 2,
                     problem=problem),
    )  # fmt: skip
    for event in events:
        text = repr(scrubbed(event, Redactor(KNOWN)))
        assert MASK in text
        for part in ("hunter2", "pass word!", TOKEN, "MIIEow"):
            assert part not in text


def test_names_and_what_is_no_secret_stay_as_they_are() -> None:
    known = (Secret("cp1"), Secret("control_plane.init"), Secret("r1"), Secret("atlas"))
    for event in sample():
        parts = {part.name for part in fields(event)} & {"host", "step", "run", "cluster", "hosts"}
        seen = scrubbed(event, Redactor(known))
        assert {name: getattr(seen, name) for name in parts} == {
            name: getattr(event, name) for name in parts
        }
    for event in sample():
        assert scrubbed(event, Redactor(KNOWN)) is event


def test_each_kind_of_event_is_understood() -> None:
    kinds = {type(event) for event in sample()}
    assert kinds == set(get_args(AnyEvent))


def test_a_secret_that_is_asked_for_later_counts_from_then_on() -> None:
    known: list[Secret] = []

    class Kept:
        def __init__(self) -> None:
            self.events: list[Event] = []

        async def emit(self, event: AnyEvent) -> Event:
            self.events.append(replace(event, seq=len(self.events) + 1))
            return self.events[-1]

    async def main() -> None:
        await bus.emit(HostLost(host="h", reason="said hunter2"))
        known.extend(KNOWN)
        numbered = await bus.emit(HostLost(host="h", reason="said hunter2"))
        assert numbered.seq == 2
        await bus.emit(TaskOutput(host="h", step="s", lines=("as it is",)))

    kept = Kept()
    bus = ScrubbedBus(kept, lambda: known)
    asyncio.run(main())
    reasons = [event.reason for event in kept.events if isinstance(event, HostLost)]
    assert reasons == ["said hunter2", f"said {MASK}"]
