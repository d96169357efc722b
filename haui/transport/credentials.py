"""Where secrets come from: the environment, a file descriptor, or a question; never a file of ours.

A secret is asked for once per run, however many hosts wait for it, and at most twice more when it
turns out to be wrong. It lives in memory.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Literal

from haui.errors import UsageError
from haui.secret import Secret

SecretName = Literal["ssh_password", "sudo_password", "registry_password", "key_passphrase"]

VARIABLES: Mapping[str, SecretName] = {
    "HAUI_SSH_PASSWORD": "ssh_password",
    "HAUI_SUDO_PASSWORD": "sudo_password",
    "HAUI_REGISTRY_PASSWORD": "registry_password",
    "HAUI_KEY_PASSPHRASE": "key_passphrase",
}

Ask = Callable[[SecretName, str], Awaitable[str | None]]
"""Asks a person for the secret; the text says what for. None: no answer."""

RETYPES = 2
"""How often a secret that is wrong is asked for again. sudo and sshd log each wrong one, and
pam_faillock locks an account after three by default (deny in faillock.conf)."""
_LIMIT = 1 << 16
_LONGEST_FOR_PAM = 511


class Credentials:
    """The secrets of a run, by name."""

    def __init__(
        self, given: Mapping[SecretName, Secret] | None = None, ask: Ask | None = None
    ) -> None:
        self._known: dict[SecretName, Secret | None] = dict(given or {})
        self._ask = ask
        self._lock = asyncio.Lock()
        self._purposes: dict[SecretName, str] = {}
        self._retyped: dict[SecretName, int] = {}
        self._refused: list[Secret] = []

    @classmethod
    def collect(
        cls,
        environ: MutableMapping[str, str],
        *,
        descriptor: int | None = None,
        ask: Ask | None = None,
    ) -> Credentials:
        """From the environment, then from `descriptor` (--secrets-fd), which wins.

        The variables are taken out of `environ`, so that no child process inherits them. Raises
        UsageError when the descriptor can't be read or holds something else, and for a secret that
        can't be what is asked for (see `unfit`).
        """
        given: dict[SecretName, Secret] = {}
        values = {variable: environ.pop(variable, "") for variable in VARIABLES}
        for variable, value in values.items():
            if value:
                given[VARIABLES[variable]] = _usable(variable, value)
        if descriptor is not None:
            given.update(parse_secrets(_read(descriptor)))
        return cls(given, ask)

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there who could answer."""
        return self._ask is not None

    def explain(self, purposes: Mapping[SecretName, str]) -> None:
        """For what, and on which hosts, each secret is needed: what questions say from now on."""
        self._purposes = dict(purposes)

    async def get(self, name: SecretName, what_for: str) -> Secret | None:
        """The secret, asked for when it is not known yet; None when there is none.

        Raises UsageError for an answer that can't be it (see `unfit`).
        """
        async with self._lock:
            if name not in self._known:
                self._known[name] = await self._asked(name, self._purposes.get(name, what_for))
            return self._known[name]

    async def again(self, name: SecretName, wrong: Secret, what_for: str) -> Secret | None:
        """Another secret in place of one that was refused; None when there is none.

        Of many hosts that refused the same one only the first asks. Raises UsageError as `get`.
        """
        async with self._lock:
            known = self._known.get(name)
            if known is not None and known != wrong:
                return known
            if self._ask is None or self._retyped.get(name, 0) >= RETYPES:
                return None
            self._retyped[name] = self._retyped.get(name, 0) + 1
            self._refused.append(wrong)
            question = f"{self._purposes.get(name, what_for)}; the last one was refused"
            answer = await self._asked(name, question)
            if answer is not None:
                self._known[name] = answer
            return answer if answer != wrong else None

    async def _asked(self, name: SecretName, what_for: str) -> Secret | None:
        answer = await self._ask(name, what_for) if self._ask else None
        return _usable(variable_of(name), answer) if answer else None

    def give(self, name: SecretName, secret: Secret | None) -> None:
        """Know a secret from now on; None forgets it, so that it is asked for again."""
        if secret is None:
            self._known.pop(name, None)
        else:
            self._known[name] = secret

    def ask_with(self, ask: Ask | None) -> None:
        """Who is asked from now on."""
        self._ask = ask

    def peek(self, name: SecretName) -> Secret | None:
        """The secret when it is known already; never asks."""
        return self._known.get(name)

    def known(self) -> tuple[Secret, ...]:
        """All secrets known by now, for masking; also those that were refused."""
        return (*(secret for secret in self._known.values() if secret), *self._refused)


def variable_of(name: SecretName) -> str:
    """The environment variable that gives this secret."""
    return next(variable for variable, known in VARIABLES.items() if known == name)


def unfit(name: SecretName, text: str) -> str:
    """Why a text can't be that secret, as half a sentence without the text; empty when it can.

    Programs that ask for a password (sudo, sshd, htpasswd) take a line: what came after a line
    break would be given to the next question. PAM takes 512 bytes (PAM_MAX_RESP_SIZE), and what
    sudo has not taken of a longer line would be read by the command that it starts. A passphrase
    is never typed into anything, so it may have several lines.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return "is not UTF-8 text"
    if b"\0" in data:
        return "holds a zero byte"
    if name != "key_passphrase" and (b"\n" in data or b"\r" in data):
        return "holds a line break"
    if name == "sudo_password" and len(data) > _LONGEST_FOR_PAM:
        return f"is longer than {_LONGEST_FOR_PAM} bytes"
    return ""


def _usable(variable: str, text: str) -> Secret:
    """Raises UsageError that says what is wrong, never the text."""
    if wrong := unfit(VARIABLES[variable], text):
        what = VARIABLES[variable].replace("_", " ")
        raise UsageError(
            f"the {what} {wrong}, and can't be right",
            fix=f"correct {variable}; was it read from a file with the line's end?",
        )
    return Secret(text)


def parse_secrets(data: bytes) -> dict[SecretName, Secret]:
    """`NAME=value` lines with the names of `VARIABLES`; empty lines and # lines are passed over.

    Raises UsageError that names the line, never its content.
    """
    found: dict[SecretName, Secret] = {}
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise UsageError("the secrets are not UTF-8 text", fix=_EXAMPLE) from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        variable, separator, value = line.removesuffix("\r").partition("=")
        if not separator or variable not in VARIABLES:
            raise UsageError(
                f"line {number} of the secrets is not NAME=value with a known name", fix=_EXAMPLE
            )
        if value:
            found[VARIABLES[variable]] = _usable(variable, value)
    return found


_EXAMPLE = "known names: " + ", ".join(VARIABLES)


def _read(descriptor: int) -> bytes:
    try:
        if descriptor in (1, 2):
            raise OSError(errno.EINVAL, "that is where haui writes to")
        # Standard input stays: a file that is opened later must not get its number.
        with os.fdopen(descriptor, "rb", closefd=descriptor != 0) as file:
            data = file.read(_LIMIT + 1)
    except (OSError, ValueError, TypeError, OverflowError) as error:  # no number of a descriptor
        raise UsageError(
            f"the secrets can't be read from descriptor {descriptor}",
            why=str(error),
            fix="open it for haui, e.g. --secrets-fd 3 3<secrets",
        ) from error
    if len(data) > _LIMIT:
        raise UsageError(f"descriptor {descriptor} gives more than {_LIMIT} bytes of secrets")
    return data
