"""The login shell of a simulated host, pure: which exec is asked for, and what sudo says to it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from haui.transport.launch import PROBE
from haui.transport.wire import BOOT

SUDO_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One exec: run a script behind the sentinel, probe the login, or nothing that is known.

    `prompt` is what sudo has to ask for the password with; None when it need not ask.
    """

    kind: Literal["script", "probe", "refused"]
    sentinel: bytes = b""
    prompt: bytes | None = None
    problem: bytes = b""


def asked(command: str, *, needs_password: bool) -> Asked:
    """What `command` asks for. `needs_password`: the login is no root and sudo wants a password."""
    try:
        words = _words(command)
    except ValueError:
        return _refused("sh: syntax error: unterminated quoted string")
    options: list[str] = []
    if words[:1] == ["sudo"] and "--" in words:
        cut = words.index("--")
        options, words = words[1:cut], words[cut + 1 :]
        if needs_password and "-n" in options:
            return _refused("sudo: a password is required", prefix="")
    elif needs_password and BOOT in words:
        return _refused("this account has to use sudo")
    if words[:2] == ["timeout", "-k"]:
        words = words[4:]
    if words[:2] != ["/bin/sh", "-c"] or words[3:4] != ["haui"] or len(words) != 5:
        return _refused("this simulated host runs haui's own scripts only")
    sentinel = words[4].encode() + b"\n"
    if words[2] == PROBE:
        return Asked(kind="probe", sentinel=sentinel)
    if words[2] != BOOT:
        return _refused("this simulated host runs haui's own scripts only")
    prompt = options[options.index("-p") + 1] if needs_password and "-p" in options else None
    return Asked(kind="script", sentinel=sentinel, prompt=prompt.encode() if prompt else None)


def _words(command: str) -> list[str]:
    """As a shell has them. All but the last one, the sentinel, is long and the same each time."""
    rest, _, last = command.rpartition(" ")
    if last.isalnum():
        return [*_split(rest), last]
    return shlex.split(command)


@lru_cache(maxsize=64)
def _split(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(text))


def _refused(problem: str, prefix: str = "sh: ") -> Asked:
    return Asked(kind="refused", problem=f"{prefix}{problem}\n".encode())


class Sudo:
    """sudo -S asking for a password, at most three times."""

    def __init__(self, prompt: bytes, password: str) -> None:
        self.prompt = prompt
        self._password = password
        self._wrong = 0

    def line(self, line: bytes) -> tuple[bool, bytes]:
        """Takes a line of input: whether it was the password, and what goes to stderr.

        When the text does not end with the prompt, sudo has given up.
        """
        if line.decode(errors="replace") == self._password:
            return True, b""
        self._wrong += 1
        if self._wrong < SUDO_TRIES:
            return False, b"Sorry, try again.\n" + self.prompt
        return False, f"sudo: {SUDO_TRIES} incorrect password attempts\n".encode()
