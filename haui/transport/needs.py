"""Which secrets a run needs, for what and on which hosts; known before any host is dialled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from haui.errors import UsageError
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials, SecretName, variable_of
from haui.transport.login import Target, locked_keys
from haui.transport.targets import jump_of, target_of

SHOWN_HOSTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One secret. `sure`: nothing works without it; else the hosts may ask for it."""

    name: SecretName
    what_for: str
    hosts: tuple[str, ...] = ()
    sure: bool = True

    @property
    def text(self) -> str:
        """What it is for and where, for a question."""
        if not self.hosts:
            return self.what_for
        shown = ", ".join(self.hosts[:SHOWN_HOSTS])
        more = len(self.hosts) - SHOWN_HOSTS
        return f"{self.what_for} on {shown}" + (f" and {more} more" if more > 0 else "")


def needs_of(spec: ClusterSpec, *, registry: bool) -> tuple[Need, ...]:
    """What logging in to the hosts of `spec` needs, and with `registry` its images.

    Reads key files, which may take a moment. One that can't be read is told when it is used.
    """
    hosts = [target_of(spec, host) for host in spec.hosts]
    jump = jump_of(spec)
    doors = [*([jump] if jump else []), *hosts]
    found = [
        _need("ssh_password", "SSH password", [target for target in doors if target.password]),
        _need(
            "sudo_password",
            "sudo password",
            [target for target in hosts if target.user != "root"]
            if spec.ssh.sudo in ("password", "auto")
            else [],
            sure=spec.ssh.sudo == "password",
        ),
        *_passphrases(doors),
    ]
    if registry and spec.supply.images.username:
        what_for = f"password of {spec.supply.images.username} for the registry of the images"
        found.append(Need(name="registry_password", what_for=what_for))
    return tuple(need for need in found if need is not None)


async def ask_first(needs: Sequence[Need], credentials: Credentials) -> None:
    """Have all that is surely needed, at once. Raises UsageError that names everything missing."""
    credentials.explain({need.name: need.text for need in needs})
    missing = [
        need for need in needs if need.sure and await credentials.get(need.name, need.text) is None
    ]
    if missing:
        names = ", ".join(variable_of(need.name) for need in missing)
        raise UsageError(
            f"{'secrets are' if len(missing) > 1 else 'a secret is'} missing; no host was dialled",
            why="\n".join(f"{variable_of(need.name)}: {need.text}" for need in missing),
            fix=f"set {names}, or give {'them' if len(missing) > 1 else 'it'} with --secrets-fd; "
            "at a terminal haui asks",
        )


def told(needs: Iterable[Need], credentials: Credentials) -> tuple[str, ...]:
    """One line for each need: what for, where, and where it comes from."""
    lines = []
    for need in needs:
        if credentials.peek(need.name) is not None:
            come = f"given ({variable_of(need.name)})"
        elif need.sure:
            come = "is asked for" if credentials.can_ask else f"missing: {variable_of(need.name)}"
        else:
            come = "only when a host wants it"
        lines.append(f"{need.text}: {come}")
    return tuple(lines)


def _need(
    name: SecretName, what: str, targets: Sequence[Target], *, sure: bool = True
) -> Need | None:
    if not targets:
        return None
    users = ", ".join(dict.fromkeys(target.user for target in targets))
    hosts = tuple(target.name for target in targets)
    return Need(name=name, what_for=f"{what} of {users}", hosts=hosts, sure=sure)


def _passphrases(targets: Sequence[Target]) -> list[Need]:
    keys: dict[Path, list[str]] = {}
    for target in targets:
        for path in locked_keys(target):
            keys.setdefault(path, []).append(target.name)
    if not keys:
        return []
    paths = ", ".join(str(path) for path in keys)
    hosts = tuple(dict.fromkeys(name for names in keys.values() for name in names))
    return [Need(name="key_passphrase", what_for=f"passphrase of {paths}", hosts=hosts)]
