"""A terminal of tmux on the lab's bastion, in which an admin would type `haui`."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.lab.lab import Lab


class Terminal:
    """One program in one window; keys go in, the screen's text comes out. A context manager."""

    def __init__(
        self,
        lab: Lab,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        folder: Path,
        size: tuple[int, int] = (120, 40),
    ) -> None:
        self._lab = lab
        self._argv = list(argv)
        self._env = dict(env)
        self._socket = folder / "tmux"
        self._size = size

    @staticmethod
    def is_possible() -> bool:
        """Whether this machine has tmux."""
        return shutil.which("tmux") is not None

    def __enter__(self) -> Self:
        width, height = (str(number) for number in self._size)
        self._tmux("new-session", "-d", "-x", width, "-y", height, *self._argv)
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server", check=False)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, C-n, Escape, a."""
        for key in keys:
            self._tmux("send-keys", key)

    def type(self, text: str) -> None:
        """Text, key by key."""
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        """What is on the screen now."""
        return self._tmux("capture-pane", "-p").stdout.decode(errors="replace")

    def wait_for(self, wanted: str | Callable[[str], bool], *, timeout_s: float = 60) -> str:
        """The screen as soon as it shows that; AssertionError with the last one after the time."""
        fits = wanted if callable(wanted) else lambda text: wanted in text
        deadline = time.monotonic() + timeout_s
        while True:
            text = self.screen()
            if fits(text):
                return text
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout_s:.0f} s for {wanted!r}; last seen:\n{text}")
            time.sleep(0.2)

    def _tmux(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        process = self._lab.popen_bastion(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments],
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        out, err = process.communicate(timeout=30)
        if check and process.returncode:
            raise AssertionError(f"tmux {arguments[0]}: {err.decode(errors='replace')}")
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
