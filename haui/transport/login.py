"""How haui logs in: keys and passwords made ready once.

Part of the transport, like haui.transport.ssh. Loading a key costs up to 0.3 s of CPU (RSA checks,
bcrypt), so it is done once for each key, in a thread, and never for each host.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from haui.errors import ConnectError, HauiError
from haui.secret import Secret
from haui.transport.credentials import Credentials, variable_of
from haui.transport.text import clean_line

CONNECT_TIMEOUT_S = 15
KEEPALIVE_S, KEEPALIVE_COUNT = 5, 3
_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")

_Pairs = Sequence[asyncssh.SSHKeyPair]


class TransientError(ConnectError):
    """A host can't be reached now; trying again later may help."""

    passing = True


class BusyError(TransientError):
    """The host closed the connection before the login, as sshd does when too many knock."""


class NoBcryptError(ConnectError):
    """A key can't be opened for want of a package, whatever the passphrase is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where and how to log in. `key` is a path; `fingerprint` is pinned in the cluster file."""

    name: str
    address: str
    port: int = 22
    user: str = "root"
    key: str | None = None
    agent: bool = False
    password: bool = False
    fingerprint: str | None = None

    @property
    def where(self) -> str:
        return f"{self.address} port {self.port}"

    @property
    def means(self) -> tuple[str, str | None, bool, bool]:
        """What hosts with the same credentials have in common."""
        return (self.user, self.key, self.agent, self.password)


class Login:
    """Makes the options of each set of credentials, once."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._lock = asyncio.Lock()
        self._options: dict[object, asyncssh.SSHClientConnectionOptions | HauiError] = {}
        self._keys: dict[Path, _Pairs | HauiError] = {}
        self._agent: asyncssh.SSHAgentClient | None = None

    async def options(self, target: Target) -> asyncssh.SSHClientConnectionOptions:
        """The options for that target. Raises ConnectError when its credentials are no good."""
        async with self._lock:
            if target.means not in self._options:
                try:
                    self._options[target.means] = await self._build(target)
                except HauiError as error:
                    self._options[target.means] = error
            found = self._options[target.means]
        if isinstance(found, HauiError):
            raise ConnectError(found.what, why=found.why, fix=found.fix, host=target.name)
        return found

    async def retyped(self, target: Target, refused: asyncssh.SSHClientConnectionOptions) -> bool:
        """Whether there is another password after that of `refused` was not accepted."""
        wrong = refused.password if target.password else None
        if not isinstance(wrong, str):
            return False
        what_for = f"SSH password of {target.user}"
        if await self._credentials.again("ssh_password", Secret(wrong), what_for) is None:
            return False
        async with self._lock:
            if self._options.get(target.means) is refused:
                del self._options[target.means]
        return True

    def close(self) -> None:
        """Let go of the agent and forget the keys."""
        if self._agent is not None:
            self._agent.close()
            self._agent = None
        self._options.clear()
        self._keys.clear()

    async def _build(self, target: Target) -> asyncssh.SSHClientConnectionOptions:
        pairs = await self._pairs(target)
        password = None
        if target.password:
            password = await self._credentials.get("ssh_password", f"SSH password of {target.user}")
            if password is None:
                variable = variable_of("ssh_password")
                raise ConnectError(
                    f"there is no SSH password for {target.user}",
                    fix=f"set {variable}, or give a key in the cluster file (ssh: key:)",
                )
        methods = ["publickey"] if pairs else []
        methods += ["password", "keyboard-interactive"] if password else []
        if not methods:
            raise ConnectError(
                f"there is nothing to log in with as {target.user}",
                why="no key is named, there is none in ~/.ssh, and no agent or password is allowed",
                fix="put `key:`, `agent: true` or `password: true` under `ssh:` in the file",
            )
        return asyncssh.SSHClientConnectionOptions(
            config=None,
            username=target.user,
            client_keys=list(pairs) or None,
            password=password.reveal() if password else None,
            agent_path=None,
            agent_forwarding=False,
            # Truthy and empty: every host key is left to the client's own judgement.
            known_hosts=([], [], []),
            x509_trusted_certs=None,
            preferred_auth=methods,
            gss_kex=False,
            gss_auth=False,
            connect_timeout=CONNECT_TIMEOUT_S,
            login_timeout=CONNECT_TIMEOUT_S * 2,
            keepalive_interval=KEEPALIVE_S,
            keepalive_count_max=KEEPALIVE_COUNT,
            utf8_decode_errors="replace",
        )

    async def _pairs(self, target: Target) -> _Pairs:
        pairs: list[asyncssh.SSHKeyPair] = []
        if target.key:
            pairs += await self._load(_expand(target.key))
        if target.agent:
            pairs += await self._from_agent()
        if not target.key and not target.agent and not target.password:
            pairs += await self._defaults()
        return pairs

    async def _defaults(self) -> _Pairs:
        """The user's own keys; one that needs a passphrase only when there is no other."""
        paths = [Path.home() / ".ssh" / name for name in _DEFAULT_KEYS]
        there = [path for path in paths if path.is_file()]
        open_keys = [pair for path in there for pair in await self._try_load(path)]
        if open_keys or not there:
            return open_keys
        return await self._load(there[0])

    async def _try_load(self, path: Path) -> _Pairs:
        try:
            return await asyncio.to_thread(_load, path, None)
        except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            return ()

    async def _load(self, path: Path) -> _Pairs:
        if path not in self._keys:
            try:
                self._keys[path] = await self._load_file(path)
            except ConnectError as error:
                self._keys[path] = error
        found = self._keys[path]
        if isinstance(found, HauiError):
            raise found
        return found

    async def _load_file(self, path: Path) -> _Pairs:
        try:
            if await asyncio.to_thread(_needs_passphrase, path):
                return await self._unlock(path)
            return await asyncio.to_thread(_load, path, None)
        except OSError as error:
            raise ConnectError(
                f"the key file {path} can't be read",
                why=error.strerror or str(error),
                fix="correct `key:` in the cluster file, or the file's permissions",
            ) from error
        except (asyncssh.KeyImportError, ValueError) as error:
            raise ConnectError(
                f"{path} is not a private key that can be used",
                why=clean_line(str(error)),
                fix="name the private key, not the .pub file; `ssh-keygen -y -f FILE` must work",
            ) from error

    async def _unlock(self, path: Path) -> _Pairs:
        passphrase = await self._credentials.get("key_passphrase", f"passphrase of {path}")
        variable = variable_of("key_passphrase")
        if passphrase is None:
            raise ConnectError(
                f"the key {path} needs its passphrase",
                fix=f"set {variable}, or load the key into ssh-agent and use `agent: true`",
            )
        while True:
            try:
                return await asyncio.to_thread(_load, path, passphrase.reveal())
            except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
                refusal = _not_opened(path, variable, error)
            if isinstance(refusal, NoBcryptError):
                raise refusal
            what_for = f"passphrase of {path}"
            other = await self._credentials.again("key_passphrase", passphrase, what_for)
            if other is None:
                raise refusal
            passphrase = other

    async def _from_agent(self) -> _Pairs:
        path = os.environ.get("SSH_AUTH_SOCK", "")
        try:
            if not path:
                raise OSError("SSH_AUTH_SOCK is not set")
            self._agent = self._agent or await asyncssh.connect_agent(path)
            pairs: _Pairs = await self._agent.get_keys()
        except (OSError, ValueError, asyncssh.Error) as error:
            raise ConnectError(
                "no SSH agent answers", why=str(error), fix="start one: eval $(ssh-agent); ssh-add"
            ) from error
        if not pairs:
            raise ConnectError("the SSH agent holds no keys", fix="load one with ssh-add")
        return pairs


def locked_keys(target: Target) -> tuple[Path, ...]:
    """The key files that the target is logged in to with and that need a passphrase."""
    if target.key:
        return tuple(path for path in (_expand(target.key),) if _locked(path))
    if target.agent or target.password:
        return ()
    paths = [Path.home() / ".ssh" / name for name in _DEFAULT_KEYS]
    there = [path for path in paths if path.is_file()]
    return (there[0],) if there and all(_locked(path) for path in there) else ()


def _locked(path: Path) -> bool:
    try:
        return _needs_passphrase(path)
    except (OSError, ValueError):
        return False


def _not_opened(path: Path, variable: str, error: Exception) -> ConnectError:
    """Why a key could not be opened with a passphrase. What a wrong one makes of an old PEM file is
    only noticed as bad content."""
    if "bcrypt" in str(error):
        return NoBcryptError(
            f"the key {path} can't be opened: the Python package bcrypt is not installed",
            fix="install it beside haui (pipx inject haui bcrypt), or load the key into "
            "ssh-agent and use `agent: true`",
        )
    return ConnectError(
        f"the passphrase of {path} is wrong",
        fix=f"give the right one in {variable}; "
        f"`ssh-keygen -y -f {shlex.quote(str(path))}` tests it",
    )


def _expand(path: str) -> Path:
    return Path(path).expanduser()


def _load(path: Path, passphrase: str | None) -> _Pairs:
    return asyncssh.load_keypairs(str(path), passphrase)


def _needs_passphrase(path: Path) -> bool:
    try:
        asyncssh.read_private_key(path)
    except asyncssh.KeyEncryptionError:
        return True
    except asyncssh.KeyImportError as error:
        return "assphrase" in str(error)
    return False
