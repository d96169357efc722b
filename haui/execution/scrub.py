"""The last net before events leave: what a person gave in confidence is in none of them.

Output lines come masked from the transport, and what steps are given is masked by their own voice.
But a host that knows a password (it was logged in with it) can put it anywhere: into a finding, an
error, the reason for which it closed a connection.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from haui.events import AnyEvent, Event, TaskOutput
from haui.execution.connections import Bus
from haui.secret import Secret
from haui.transport.text import Redactor

_NAMES = frozenset(
    ("at", "run", "cluster", "haui", "spec_sha", "plan_sha", "host", "hosts", "step", "check",
     "fingerprint", "verdict", "outcome", "fix_kind", "by", "purpose")
)  # fmt: skip
"""Parts that hold names and words of our own: to mask one that equals a password helps nobody."""

T = TypeVar("T")


class ScrubbedBus:
    """A bus whose events hold no secret that is `known` by then, no token and no private key."""

    def __init__(self, bus: Bus, known: Callable[[], Iterable[Secret]]) -> None:
        self._bus = bus
        self._known = known
        self._masked: tuple[Secret, ...] = ()
        self._redactor = Redactor()

    async def emit(self, event: AnyEvent) -> Event:
        """As the bus beneath it."""
        if not isinstance(event, TaskOutput):
            known = tuple(self._known())
            if known != self._masked:
                self._masked, self._redactor = known, Redactor(known)
            event = scrubbed(event, self._redactor)
        return await self._bus.emit(event)


def scrubbed(event: T, redactor: Redactor) -> T:
    """The event (or a part of one) with everything masked that `redactor` masks."""
    text = "\n".join(_texts(event))
    if redactor.text(text) == text:
        return event
    return _replaced(event, redactor)  # type: ignore[no-any-return]


@functools.cache
def _parts(kind: type) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind) if part.name not in _NAMES)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for name in _parts(type(value)):
            yield from _texts(getattr(value, name))


def _replaced(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, tuple):
        return tuple(_replaced(item, redactor) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {name: getattr(value, name) for name in _parts(type(value))}
        return replace(value, **{name: _replaced(part, redactor) for name, part in parts.items()})
    return value
