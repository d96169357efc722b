"""What a step may do to a machine: the Host protocol and the data that crosses it.

`haui.transport.remote.RemoteHost` implements it over SSH, tests implement it with a script. Nothing
here knows how bytes travel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

OsFamily = Literal["", "debian", "redhat"]
"""A family of operating systems, by ID and ID_LIKE of os-release(5); "" stands for all of them."""

FAMILY_NAMES: Mapping[OsFamily, str] = {
    "debian": "Debian and Ubuntu only",
    "redhat": "RHEL, Rocky and Alma only",
}

LineSink = Callable[[tuple[str, ...]], Awaitable[None]]
"""Receives batches of cleaned output lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be placed on a host, atomically, with its before-image kept.

    `path` is absolute; `mode` is the permission bits; the owner is always root:root. With `family`
    it is placed on hosts of that family of operating systems only: a plan is made before any host
    has been seen, so the host itself decides.
    """

    path: str
    content: bytes
    mode: int = 0o644
    family: OsFamily = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A static shell script and what it is called with.

    `name` identifies the script in logs and to the simulated fleet ("containerd.install.apply").
    `text` is the complete static text (library included), run by /bin/sh as root. `env` values are
    single-line text and not secret; `inputs` are named blobs that the script finds as files in
    $HAUI_INPUTS, a 0700 folder in tmpfs that is removed when the script ends (secrets travel here).
    """

    name: str
    text: str
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A short script's result. `stdout` and `stderr` are decoded and cleaned of escapes.

    `asked` and `answered` are this machine's clock when the script was sent and when it had ended,
    in seconds since the epoch; 0 when nobody looked. `noise` is what the login printed before the
    script began: there should be nothing.
    """

    status: int
    stdout: str
    stderr: str
    asked: float = 0.0
    answered: float = 0.0
    noise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskId:
    """Names one attempt of one step on one host: /var/lib/haui/<run>/<step>.<attempt>/."""

    run: str
    step: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """A long change that outlives the connection: files are placed first, then the script runs.

    The changed paths stand one per line in the file that $HAUI_CHANGED names. `timeout_s` is
    enforced on the host.
    """

    id: TaskId
    script: Script
    files: tuple[File, ...] = ()
    timeout_s: int = 900


TaskStatus = Literal["absent", "running", "done", "died", "rebooted"]
"""absent: never claimed (or claimed and not begun) · running · done: `rc` says how · died: no rc
and no unit · rebooted: no rc, and the host has booted since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """What the host itself says about one task attempt."""

    id: TaskId
    status: TaskStatus
    rc: int | None = None
    output_bytes: int = 0


class Host(Protocol):
    """One machine. Every method raises `ConnectError` (never an SSH library's own error).

    A lost connection is dialled again inside `follow` and `start`, for at most the host's patience;
    `run` raises `ConnectionLostError` instead, since the caller decides whether to ask again.
    """

    @property
    def name(self) -> str: ...

    async def connect(self) -> str:
        """Connect and log in; returns the SHA256 host key fingerprint. Idempotent."""

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        """Run a short script as root and wait. An unknown exit status is ConnectionLostError."""

    async def start(self, request: TaskRequest) -> TaskState:
        """Start a task, or find it started: the same id never runs twice."""

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        """Stream the task's output from a byte offset until it ends; survives reconnects."""

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        """The state of every task attempt of that run on this host, in one exec."""

    async def cancel(self, task: TaskId) -> TaskState:
        """Stop a running task with everything it started."""

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        """A file's content. Raises StepError when it is absent or larger than `limit` bytes."""

    async def close(self) -> None:
        """Close the connection; running tasks go on."""
