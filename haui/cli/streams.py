"""The three standard streams, made so that they never decide how a command ends.

A stream that was closed is None in Python, and the next file that is opened gets its number: what a
child prints would go into the journal. What standard error can't take (its disk is full, its reader
has gone) is talk; the work and its exit code don't depend on it.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PATIENCE_S = 1.0
"""How long a full pipe is waited for that somebody has made non-blocking."""

_NAMES: Final = ("stdin", "stdout", "stderr")


def steady_streams() -> None:
    """Call once, before anything is opened: closed streams are the null device from here on, and
    writing to `sys.stderr` raises no OSError."""
    ours = (sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            file = os.fdopen(number, "r" if number == 0 else "w", closefd=False, encoding="utf-8")
            setattr(sys, name, file)
            setattr(sys, f"__{name}__", file)
    # Whoever has put another stream in place knows what it does.
    if ours[0]:
        sys.stdout = _over(_Data(1, "w", closefd=False), sys.stdout)
    if ours[1]:
        sys.stderr = _over(_Talk(2, "w", closefd=False), sys.stderr)
        # The pages are written there by a thread of Textual's. It would end with a terminal that
        # has gone, and who hands it more would wait for ever.
        sys.__stderr__ = sys.stderr  # type: ignore[misc]


def output_trouble() -> str:
    """Why standard output could not be written; empty when it could, or its reader has gone."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.trouble if isinstance(raw, _Data) else ""


def _over(raw: io.FileIO, stream: TextIO) -> io.TextIOWrapper:
    """As `stream` encodes, but written by `raw`."""
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=raw.fileno() == 2 or raw.isatty(),
    )


class _Data(io.FileIO):
    """A file that remembers why it could not be written."""

    trouble = ""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.trouble = error.strerror or str(error)
            raise


class _Talk(io.FileIO):
    """A file that takes everything; what it can't write is left out."""

    def write(self, data: ReadableBuffer, /) -> int:
        with suppress(OSError):
            # None, whatever the stubs say: nothing can be taken now, see io.RawIOBase.
            written: int | None = super().write(data)
            if written is None and select.select([], [self], [], _PATIENCE_S)[1]:
                written = super().write(data)
            if written:
                return written
        return memoryview(data).nbytes
