"""The beginning of one exec: becoming root, and telling the script's output from noise.

Pure state machines; the bytes are moved by haui.transport.remote. A sudo password is given only
after sudo asked for it with a random prompt that nobody else can know, so it can't end up in a
script's input, and only once.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import Literal

from haui.errors import ConnectError
from haui.secret import Secret
from haui.transport.text import clean_line
from haui.transport.wire import command

SudoMode = Literal["auto", "none", "nopasswd", "password"]

_KEPT = 8192
"""Bytes of noise that are kept to explain a failure."""


@dataclass(frozen=True, slots=True)
class Become:
    """How a login becomes root: `how` none (it is), nopasswd, or password."""

    how: Literal["none", "nopasswd", "password"] = "none"
    password: Secret | None = None


AS_LOGIN = Become()


class WrongSudoPasswordError(ConnectError):
    """sudo asked a second time."""


class Launch:
    """One exec from its command to the moment when the script may be sent."""

    def __init__(self, become: Become, timeout_s: int) -> None:
        self.sentinel = secrets.token_hex(16)
        self._prompt = f"haui-{secrets.token_hex(16)}:"
        self._password = become.password if become.how == "password" else None
        self.command = command(self.sentinel, timeout_s=timeout_s, become=self._become(become.how))
        self.started = False
        """Whether the sentinel was seen: whatever follows is the script's."""
        self.started_at = 0.0
        """When that was, in seconds since the epoch."""
        self.refused = False
        """Whether sudo asked a second time, so that the password is wrong."""
        self._out = b""
        self._err = b""
        self._asked = 0

    def _become(self, how: str) -> str:
        if how == "nopasswd":
            return "sudo -n --"
        if how == "password":
            return f"sudo -S -p '{self._prompt}' --"
        return ""

    def stdout(self, data: bytes) -> bytes:
        """Takes what came on stdout before the start; returns the script's part of it."""
        mark = self.sentinel.encode() + b"\n"
        self._out += data
        noise, found, rest = self._out.partition(mark)
        if found:
            self.started = True
            self.started_at = time.time()
            self._out = noise[-_KEPT:]
            return rest
        self._out = self._out[-_KEPT:]
        return b""

    def stderr(self, data: bytes) -> bytes:
        """Takes what came on stderr before the start; returns what to send (the password)."""
        prompt = self._prompt.encode()
        self._err += data
        asked = self._err.count(prompt)
        self._err = self._err.replace(prompt, b"")[-_KEPT:]
        self._asked += asked
        if self._password is None or not asked:
            return b""
        self.refused = self._asked > 1
        return b"" if self.refused else self._password.reveal().encode() + b"\n"

    @property
    def noise(self) -> str:
        """What was printed instead of the sentinel, cleaned, for messages."""
        text = (self._err + b"\n" + self._out).decode(errors="backslashreplace")
        lines = (clean_line(line).strip() for line in text.split("\n"))
        return "\n".join([line for line in lines if line][-6:])


PROBE = (
    'printf "%s\\n" "$1"; id -u; '
    "if command -v sudo >/dev/null; then sudo -n true; else exit 127; fi"
)
"""Asks a login, as `/bin/sh -c PROBE haui SENTINEL`, for its uid and whether sudo wants a password:
status 0 no, 127 there is no sudo, another one yes (or sudo refuses; its words are on stderr)."""


def probe_command(sentinel: str) -> str:
    """The exec command of `PROBE`."""
    return f"timeout -k 5 30 /bin/sh -c '{PROBE}' haui {sentinel}"


_REFUSALS: tuple[tuple[str, str, str], ...] = (
    (
        r"must have a tty|no tty present",
        "sudo insists on a terminal (requiretty)",
        "add `Defaults:{user} !requiretty` with visudo",
    ),
    (
        r"not in the sudoers|may not run sudo|is not allowed to (?:run|execute)|not allowed on",
        "{user} may not use sudo",
        "allow it with visudo, e.g. `{user} ALL=(ALL:ALL) ALL`",
    ),
    (
        r"account.*expired|password.*expired|account validation failure",
        "sudo refuses because the account or its password has expired",
        "renew it: `chage -l '{user}'` on the host shows the dates",
    ),
    (
        r"sudo: (?:command )?not found|sudo: No such file",
        "there is no sudo",
        "install sudo, or log in as root",
    ),
    (
        r"incorrect password|sorry, try again|authentication failed|no password was provided",
        "sudo does not accept the password of {user}",
        "give the right one in HAUI_SUDO_PASSWORD; haui tries each one once",
    ),
    (
        r"password is required|interactive authentication is required|askpass",
        "sudo asks {user} for a password",
        "give it in HAUI_SUDO_PASSWORD, or allow `NOPASSWD: ALL` with visudo",
    ),
)


def sudo_refusal(noise: str, *, user: str, host: str, wrong_password: bool = False) -> ConnectError:
    """The error for a login that could not become root; `noise` is what sudo said."""
    text = "Sorry, try again" if wrong_password else noise
    kind = WrongSudoPasswordError if wrong_password else ConnectError
    for pattern, what, fix in _REFUSALS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(what.format(user=user), why=noise, fix=fix.format(user=user), host=host)
    return ConnectError(
        f"{user} could not become root",
        why=noise or "the host ended the command without a word",
        fix="run the same login by hand and try `sudo -v`; the login shell must be able to run "
        "/bin/sh -c",
        host=host,
    )
