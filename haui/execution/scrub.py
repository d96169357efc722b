"""The last net before events leave: what a person gave in confidence is in none of them.

Output lines come masked from the transport, and what steps are given is masked by their own voice.
But a host that knows a password (it was logged in with it) can put it anywhere: into a finding, an
error, the reason for which it closed a connection.
"""

from __future__ import annotations

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

    async def emit(self, event: AnyEvent) -> Event:
        """As the bus beneath it."""
        if not isinstance(event, TaskOutput):
            event = scrubbed(event, tuple(self._known()))
        return await self._bus.emit(event)


def scrubbed(event: T, known: tuple[Secret, ...]) -> T:
    """The event (or a part of one) with everything masked that `Redactor` masks."""
    texts = list(_texts(event))
    if not texts or _masked("\n".join(texts), known) == "\n".join(texts):
        return event
    return _replaced(event, known)  # type: ignore[no-any-return]


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value):
        for part in fields(value):
            if part.name not in _NAMES:
                yield from _texts(getattr(value, part.name))


def _replaced(value: Any, known: tuple[Secret, ...]) -> Any:
    if isinstance(value, str):
        return _masked(value, known)
    if isinstance(value, tuple):
        return tuple(_replaced(item, known) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: getattr(value, part.name) for part in fields(value)}
        kept = {name: part for name, part in parts.items() if name not in _NAMES}
        return replace(value, **{name: _replaced(part, known) for name, part in kept.items()})
    return value


def _masked(text: str, known: tuple[Secret, ...]) -> str:
    redactor = Redactor(known)
    return "\n".join(redactor.line(line) for line in text.split("\n"))
