"""What a simulated host gives back."""

from __future__ import annotations

from dataclasses import dataclass

from haui.rehearsal.task import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one exec gives back. `drop`: the connection dies instead of an exit status."""

    stdout: bytes = b""
    stderr: bytes = b""
    status: int = 0
    delay: float = 0
    drop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """The client wants the output of `attempt` from `offset`, and `mark` before the last line."""

    attempt: Attempt
    offset: int
    mark: str
