"""The errors that haui shows to people: what happened, why, what to do, and the exit code.

Every error that is expected to reach the admin is a `HauiError`. Anything else is a bug and leaves
with exit code 1 and a pointer to the log, never with a traceback on the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from haui.printable import printable_text


class HauiError(Exception):
    """Something the admin can act on.

    `what` says what happened and where, `why` holds the decisive lines (cleaned remote output is
    fine), `fix` says what to do next, `host` names the host it happened on.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "", host: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.host = host

    def render(self) -> str:
        """The message as plain text: what, why (indented), fix; lines end without a newline.

        Names of files and the like are whatever somebody has called them: nothing of it can act on
        a terminal.
        """
        lines = [f"{self.host}: {self.what}" if self.host else self.what]
        lines += [f"    {line}" for line in self.why.splitlines()]
        if self.fix:
            lines += [f"  → {line}" for line in self.fix.splitlines()]
        return printable_text("\n".join(lines))


class UsageError(HauiError):
    """The command line asks for something that does not exist or contradicts itself."""

    exit_code = 2


class SpecError(HauiError):
    """The cluster file or preset is wrong, or asks for what this version can't do."""

    exit_code = 3


class PreflightError(HauiError):
    """A check that must pass before the first change did not."""

    exit_code = 4


class ConnectError(HauiError):
    """A host can't be reached, or does not let us in.

    `passing` says whether that may go away by itself.
    """

    exit_code = 5
    passing: ClassVar[bool] = False


class HostKeyError(ConnectError):
    """A host key is unknown or has changed."""


class ConnectionLostError(ConnectError):
    """The connection died; what ran on the host has an unknown result."""

    passing = True


class NoAnswerError(ConnectionLostError):
    """A script was given its time and more, and the host has not said how it ended. Asking again
    would only wait as long again."""

    passing = False


class StepError(HauiError):
    """A step failed on a host."""

    exit_code = 6


class VerifyError(HauiError):
    """The cluster stands, but verification found something wrong."""

    exit_code = 7


class JournalError(HauiError):
    """The journal is locked, corrupt, of another format, or can't be written."""

    exit_code = 8


class InterruptedRunError(HauiError):
    """The admin stopped the run; `haui resume` continues it."""

    exit_code = 130


class TerminatedRunError(InterruptedRunError):
    """Somebody ended haui with SIGTERM."""

    exit_code = 143


class LostTerminalError(InterruptedRunError):
    """The terminal has gone (SIGHUP)."""

    exit_code = 129


OUTCOME_CODES: Final[Mapping[str, int]] = {
    "ok": 0,
    "failed": StepError.exit_code,
    "preflight": PreflightError.exit_code,
    "unreachable": ConnectError.exit_code,
    "verification": VerifyError.exit_code,
    "cancelled": InterruptedRunError.exit_code,
}
"""The exit code of a run, by how it ended."""
