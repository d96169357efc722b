"""One script on one connection: become root, wait for the sentinel, send, collect, tell the status.

The channels are given as protocols, so that all of this is tested without a network.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from haui.errors import ConnectError, NoAnswerError, StepError
from haui.transport.exchange import ExecChannel, FloodError, Sink, exchange, last_lines
from haui.transport.launch import Become, Launch
from haui.transport.login import Target
from haui.transport.wire import KILL_AFTER_S

GRACE_S = 20
"""How much later than the host we give up on a script."""


class Link(Protocol):
    """What haui.transport.connection.Connection offers."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def alive(self) -> bool: ...

    def exec(self, command: str, /) -> AbstractAsyncContextManager[ExecChannel]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A script's status and raw output; when it was sent and had ended (seconds since the epoch),
    and what the login printed before."""

    status: int
    stdout: bytes
    stderr: bytes
    asked: float = 0.0
    answered: float = 0.0
    noise: str = ""


class NotStartedError(Exception):
    """The command ended before the sentinel came."""

    def __init__(self, launch: Launch, status: int) -> None:
        super().__init__(launch.noise)
        self.launch = launch
        self.status = status


async def converse(
    target: Target,
    link: Link,
    become: Become,
    name: str,
    payload: bytes,
    timeout_s: float,
    sink: Sink,
    last: bool,
) -> Answer:
    """Become root, send the script when the sentinel has come, pass its output on to `sink`, and
    tell its status. Raises NotStartedError, StepError, ConnectError. `last`: nothing more is sent
    to it, and a script that takes longer than `timeout_s` has failed.
    """
    launch = Launch(become, math.ceil(timeout_s))
    started_at = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(timeout_s + KILL_AFTER_S + GRACE_S):
            async with link.exec(launch.command) as channel:
                stderr = await exchange(channel, launch, payload, sink, last)
                status = channel.status()
    except FloodError:
        raise flooded(target, launch, name, run=last) from None
    except TimeoutError:
        await link.close()
        raise NoAnswerError(
            "the host no longer answers",
            why=f"{name} should have ended after {timeout_s:g} s",
            fix="its result is unknown; haui asks the host again when it is back",
            host=target.name,
        ) from None
    if not launch.started:
        raise NotStartedError(launch, status)
    took = asyncio.get_running_loop().time() - started_at
    if last and status in (124, 137) and took >= timeout_s:
        raise StepError(
            f"{name} did not end within {timeout_s:g} s",
            why=last_lines(stderr),
            fix="look at the host's load, disks and network, then try again",
            host=target.name,
        )
    return Answer(status, b"", stderr, launch.started_at, time.time(), launch.noise)


def flooded(target: Target, launch: Launch, name: str, *, run: bool) -> StepError | ConnectError:
    """A script that is only run has failed; what a task does that is followed is not known."""
    host, user = target.name, target.user
    if not launch.started:
        return ConnectError(
            f"the login of {user} prints without an end",
            why=launch.noise,
            fix="its shell must run a command without a word of its own: look at what it reads "
            "when it starts (.bashrc, ForceCommand in sshd_config)",
            host=host,
        )
    kind = StepError if run else ConnectError
    return kind(
        f"{name} prints without an end on standard error",
        fix="look at the host: no script of ours does that",
        host=host,
    )
