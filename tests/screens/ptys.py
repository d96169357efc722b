"""A terminal for programs under test: a pty of a certain size, and what was written to it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60.0
SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|.)")
"""Control sequences: CSI, OSC, character sets, and escapes of one character."""

HAUI = str(Path(sys.executable).with_name("haui"))
"""The command as it is installed."""


class Terminal:
    """The master's end of a pty with a program on the other."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.written = b""
        self._master = master

    def press(self, keys: str) -> None:
        """What the terminal sends for these keys."""
        os.write(self._master, keys.encode())

    def until(self, what: Callable[[], object], goal: str) -> None:
        """Read on until it is so. Fails when it never is, or when the program ends before."""
        end = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < end, f"never: {goal}\n{self.text()[-2000:]}"
            assert self._read() or what(), f"ended before: {goal}\n{self.text()[-2000:]}"

    def see(self, text: str) -> None:
        """Wait for a text that is painted in one piece."""
        self.until(lambda: text in self.text(), f"see {text!r}")

    def text(self) -> str:
        """Everything that was written, without control sequences."""
        return SEQUENCE.sub(b"", self.written).decode("utf-8", "replace")

    def sequences(self) -> Iterator[bytes]:
        """Every control sequence that was written."""
        return (found.group() for found in SEQUENCE.finditer(self.written))

    def end(self) -> int:
        """Wait for the end of the program; its exit code, negative for a signal."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < deadline, f"does not end\n{self.text()[-2000:]}"
        return self.process.wait(PATIENCE_S)

    def hang_up(self) -> None:
        """Close the terminal."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    def _read(self) -> bool:
        """Read what there is; False at the end."""
        ready, _, _ = select.select([self._master], [], [], 0.1)
        if not ready:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # Linux says EIO when the other end is closed.
            return False
        self.written += data
        return bool(data)


@contextmanager
def terminal(
    argv: Sequence[str], environ: Mapping[str, str], *, columns: int = 80, lines: int = 24
) -> Iterator[Terminal]:
    """Run a program in a terminal of its own, which is its controlling one; it is ended at last."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    try:
        process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(environ),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
    finally:
        os.close(slave)
    shown = Terminal(process, master)
    try:
        yield shown
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        shown.hang_up()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment that knows nothing of this machine but its programs."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "HOME": str(folder / "home"),
        "HAUI_STATE_DIR": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TZ": "UTC",
        **more,
    }
