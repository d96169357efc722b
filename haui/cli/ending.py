"""How a command ends: every error as its message and exit code, never a traceback."""

from __future__ import annotations

import getpass
import os
import resource
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import typer
from typer.exceptions import TyperException

from haui.cli.streams import output_trouble, steady_streams
from haui.errors import HauiError, UsageError
from haui.printable import printable, printable_text

_PR_SET_DUMPABLE = 4
"""linux/prctl.h"""


def keep_memory_private() -> None:
    """No core dump of this process: secrets are in its memory.

    A limit of 0 is not enough where dumps are piped to a program (core(5): it is not enforced
    then), so the process also is made not dumpable; children are again what they would be.
    """
    import ctypes

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    try:
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        return  # no Linux: the limit has to do


def code_of(command: Callable[[], object]) -> int:
    """Run a command; its exit code, however it ends."""
    steady_streams()
    _have_a_home()
    code: object
    try:
        code = command()
    except HauiError as error:
        sys.stderr.write(f"haui: {error.render()}\n")
        code = error.exit_code
    except TyperException as error:
        sys.stderr.write(f"haui: {_usage_text(error)}\n  → haui --help shows every command\n")
        code = UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("haui: interrupted\n")
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # noqa: BLE001 - the last resort: a person must not see a traceback
        why = output_trouble() if isinstance(error, OSError) else ""
        code = _unexpected(error) if not why else 1
        if why:
            sys.stderr.write(f"haui: standard output can't be written: {why}\n")
    _let_go_of_lost_terminal()
    return code if isinstance(code, int) else 0


def _have_a_home() -> None:
    """An account without a name and a home folder, as in some containers, has none of the files
    that are looked for there, and its number for a name; that is no reason to end."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = str(os.getuid())  # asyncssh wants one


def _let_go_of_lost_terminal() -> None:
    """What can't be written any more must not change the exit code when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _usage_text(error: TyperException) -> str:
    """What the option parser has to say, on one line."""
    text = getattr(error, "format_message", error.__str__)()
    return printable(" ".join(str(text).split()))


def _unexpected(error: Exception) -> int:
    """Keep the traceback in a file and say where it is."""
    from haui.documents.redact import redact_text
    from haui.record.store import state_root

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    said = printable_text(redact_text(f"{type(error).__name__}: {error}"))
    sys.stderr.write(f"haui: unexpected {said}\n")
    try:
        path = state_root() / f"crash-{stamp}.txt"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write(redact_text("".join(traceback.format_exception(error))))
        sys.stderr.write(f"  → this is a bug in haui; please report it with {path}\n")
    except (OSError, HauiError) as reason:
        sys.stderr.write(f"  → this is a bug in haui (its trace can't be kept: {reason})\n")
    return 1
