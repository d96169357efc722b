"""All scripts of one host: how to become root there is found out once, and anew when its rules
change."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from dataclasses import replace

from haui.errors import ConnectError, ConnectionLostError, NoAnswerError, StepError
from haui.host import Script
from haui.transport.converse import GRACE_S, Answer, Link, NotStartedError, converse, flooded
from haui.transport.credentials import Credentials
from haui.transport.exchange import NOISE_FLOOD, STDERR_LIMIT, Sink, last_lines
from haui.transport.launch import (
    AS_LOGIN,
    Become,
    Launch,
    SudoMode,
    WrongSudoPasswordError,
    probe_command,
    sudo_refusal,
)
from haui.transport.login import Target
from haui.transport.text import clean_line
from haui.transport.wire import Envelope

_CHECK_S = 30


class Executing:
    """Runs scripts on one host's connection as root; decides once how to become root."""

    def __init__(self, target: Target, sudo: SudoMode, credentials: Credentials) -> None:
        self._target = target
        self._sudo = sudo
        self._credentials = credentials
        self._become: Become | None = None
        self._refusal: ConnectError | None = None

    async def prepare(self, link: Link) -> None:
        """Find out how to become root, once. Raises ConnectError when there is no way.

        A refusal is remembered: a wrong password is tried once.
        """
        if self._refusal is not None:
            raise self._refusal
        if self._become is not None:
            return
        try:
            self._become = await self._decide(link)
        except ConnectionLostError:
            raise
        except ConnectError as refusal:
            self._refusal = refusal
            raise

    async def collect(self, link: Link, script: Script, *, timeout_s: float, limit: int) -> Answer:
        """Run it and keep its output. Raises StepError when that is longer than `limit` bytes."""
        kept = bytearray()

        async def keep(data: bytes) -> None:
            kept.extend(data)
            if len(kept) > limit:
                raise StepError(
                    f"{script.name} printed more than {limit} bytes",
                    fix="this is a defect of the script, or of what it reads",
                    host=self._target.name,
                )

        answer = await self._execute(link, script, timeout_s, keep, last=True)
        return replace(answer, stdout=bytes(kept))

    async def stream(
        self, link: Link, script: Script, *, timeout_s: float, on_stdout: Sink
    ) -> Answer:
        """Run it and pass its output on; standard input stays open as a sign of life."""
        return await self._execute(link, script, timeout_s, on_stdout, last=False)

    async def _execute(
        self, link: Link, script: Script, timeout_s: float, sink: Sink, *, last: bool
    ) -> Answer:
        payload = self._encode(script)
        for second in (False, True):
            become = self._become or AS_LOGIN
            try:
                return await converse(
                    self._target, link, become, script.name, payload, timeout_s, sink, last
                )
            except NotStartedError as error:
                refusal = self._explain(become, error)
                if second or error.launch.refused or become.how == "none":
                    raise refusal from None
            # The host's sudo rules changed while we worked: decide anew, once.
            self._become = None
            await self.prepare(link)
        raise AssertionError("unreachable")

    def _encode(self, script: Script) -> bytes:
        env = {**script.env, "HAUI_SCRIPT": script.name}
        try:
            return Envelope(script=script.text.encode(), env=env, inputs=script.inputs).encode()
        except ValueError as error:
            raise StepError(
                f"{script.name} can't be sent to a host",
                why=str(error),
                fix="this is a defect of the step",
                host=self._target.name,
            ) from error

    def _explain(self, become: Become, error: NotStartedError) -> ConnectError:
        name, user, noise = self._target.name, self._target.user, error.launch.noise
        if become.how != "none":
            wrong = error.launch.refused
            refusal = sudo_refusal(noise, user=user, host=name, wrong_password=wrong)
            if wrong:
                self._refusal = refusal
            return refusal
        return ConnectError(
            f"the login shell of {user} did not run the command (status {error.status})",
            why=noise,
            fix=f"`ssh {shlex.quote(f'{user}@{self._target.address}')} /bin/sh -c true` must work "
            "without a question",
            host=name,
        )

    async def _decide(self, link: Link) -> Become:
        user = self._target.user
        if self._sudo == "none" or user == "root":
            return AS_LOGIN
        if self._sudo == "nopasswd":
            return await self._proven(link, Become("nopasswd"))
        uid, status, noise = await self._probe(link)
        if uid == "0":
            return AS_LOGIN
        if status == 0:
            return Become("nopasswd")
        if status == 127:
            raise sudo_refusal("sudo: not found", user=user, host=self._target.name)
        if "tty" in noise:
            raise sudo_refusal(noise, user=user, host=self._target.name)
        what_for = f"sudo password of {user}"
        password = await self._credentials.get("sudo_password", what_for)
        if password is None:
            noise = noise or "sudo: a password is required"
            raise sudo_refusal(noise, user=user, host=self._target.name)
        while True:
            try:
                return await self._proven(link, Become("password", password))
            except WrongSudoPasswordError:
                other = await self._credentials.again("sudo_password", password, what_for)
                if other is None:
                    raise
                password, self._refusal = other, None

    async def _proven(self, link: Link, become: Become) -> Become:
        """Try it with a script that does nothing."""
        script = Script(name="haui.root", text="id -u\n")
        seen = bytearray()

        async def keep(data: bytes) -> None:
            seen.extend(data[:64])

        try:
            await converse(
                self._target, link, become, script.name, self._encode(script), _CHECK_S, keep, True
            )
        except NotStartedError as error:
            raise self._explain(become, error) from None
        if seen.strip() != b"0":
            noise = f"after sudo, id -u says {clean_line(seen.decode(errors='replace'))}"
            raise sudo_refusal(noise, user=self._target.user, host=self._target.name)
        return become

    async def _probe(self, link: Link) -> tuple[str, int, str]:
        """The login's uid, the status of `sudo -n true`, and what was said on stderr."""
        sentinel = secrets.token_hex(16)
        out, err = bytearray(), bytearray()
        try:
            async with (
                asyncio.timeout(_CHECK_S + GRACE_S),
                link.exec(probe_command(sentinel)) as channel,
            ):
                await channel.send(b"", last=True)
                seen = 0
                while (piece := await channel.receive()) is not None:
                    kept = err if piece[0] else out
                    kept.extend(piece[1][: STDERR_LIMIT - len(kept)])
                    seen += len(piece[1])
                    if seen > NOISE_FLOOD:
                        raise flooded(self._target, Launch(AS_LOGIN, _CHECK_S), "", run=True)
                status = channel.status()
        except TimeoutError:
            await link.close()
            raise NoAnswerError(
                "the login does not come to an end",
                why=last_lines(bytes(err)),
                fix=f"`ssh {self._target.user}@{self._target.address} /bin/sh -c true` must end by "
                "itself, and so must `sudo -n true` there",
                host=self._target.name,
            ) from None
        _, _, answer = out.decode(errors="replace").partition(sentinel + "\n")
        return answer.strip(), status, last_lines(bytes(err))
