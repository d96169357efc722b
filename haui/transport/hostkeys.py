"""Host keys by OpenSSH's rules: which file says what, and what a shown key means.

Order of authority: the fingerprint in the cluster file, then the cluster's own known_hosts, then
the files of the user and of the system, which are only read. A revoked key is refused whatever else
is said. Source of the format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". Certificates
(@cert-authority) are not used.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from haui.errors import HostKeyError
from haui.plainfile import read_at_most

SYSTEM_FILES = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")

MOST_BYTES = 8 << 20
"""The largest file of host keys that is read; ten thousand hosts take a quarter of it."""

ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""In the order in which the ssh client prefers host keys, so that the fingerprint that haui shows
is the one that `ssh` shows."""

FAMILIES: tuple[tuple[str, ...], ...] = (ALGORITHMS[:1], ALGORITHMS[1:4], ALGORITHMS[4:])

CONSOLE_COMMAND = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"

Judgement = Literal["trusted", "unknown", "changed", "revoked"]


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key: its type ("ssh-ed25519") and its wire format."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it: SHA256:, base64 without padding."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return "SHA256:" + digest.rstrip("=")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a known_hosts file."""

    patterns: tuple[str, ...]
    key: HostKey
    revoked: bool
    source: str
    """File and line, for messages."""

    def matches(self, name: str) -> bool:
        """Whether the line speaks of `name`, which is the form that `lookup_name` gives."""
        if len(self.patterns) == 1 and self.patterns[0].startswith("|1|"):
            return _hash_matches(self.patterns[0], name)
        positive = False
        for pattern in self.patterns:
            negated = pattern.startswith("!")
            if _glob(pattern.removeprefix("!").lower(), name):
                if negated:
                    return False
                positive = True
        return positive


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a shown key means. `expected` are the fingerprints that were known, `source` where."""

    judgement: Judgement
    shown: HostKey
    expected: tuple[str, ...] = ()
    source: str = ""


def lookup_name(host: str, port: int) -> str:
    """How known_hosts names a host: the bare name for port 22, else [name]:port."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def parse(text: str, source: str) -> tuple[Entry, ...]:
    """The entries of a known_hosts file; lines that can't be understood are passed over."""
    return tuple(
        entry
        for number, line in enumerate(text.split("\n"), 1)
        if (entry := _entry(line.split(), f"{source}:{number}")) is not None
    )


def _entry(fields: list[str], source: str) -> Entry | None:
    if not fields or fields[0].startswith("#"):
        return None
    marker = fields.pop(0) if fields[0].startswith("@") else ""
    if marker not in ("", "@revoked") or len(fields) < 3:
        return None
    try:
        blob = base64.b64decode(fields[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    return Entry(
        tuple(fields[0].split(",")), HostKey(fields[1], blob), marker == "@revoked", source
    )


def _glob(pattern: str, name: str) -> bool:
    # Only * and ? are special in known_hosts; fnmatch would also read the [ of [host]:port.
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def _hash_matches(pattern: str, name: str) -> bool:
    parts = pattern.split("|")
    if len(parts) != 4:
        return False
    try:
        salt, expected = base64.b64decode(parts[2]), base64.b64decode(parts[3])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), expected)


class HostKeys:
    """Judges host keys and keeps the cluster's own pins (one file, mode 0600)."""

    def __init__(self, own: Path | None, others: Sequence[Path] | None = None) -> None:
        self._own_path = own
        if others is None:
            others = [Path(name).expanduser() for name in SYSTEM_FILES]
        self._own = list(_load(own)) if own else []
        self._others = [entry for path in others for entry in _load(path)]
        self._found: dict[str, tuple[Entry, ...]] = {}

    def judge(self, host: str, port: int, shown: HostKey, pin: str | None = None) -> Verdict:
        """What `shown` means for that host; `pin` is the fingerprint from the cluster file."""
        name = lookup_name(host, port)
        for entry in self._matching(name):
            if entry.revoked and entry.key.blob == shown.blob:
                return Verdict("revoked", shown, (), entry.source)
        if pin:
            same = normalize(pin) == shown.fingerprint
            return Verdict("trusted" if same else "changed", shown, (pin,), "the cluster file")
        known = self._known(name)
        if not known:
            return Verdict("unknown", shown)
        expected = tuple(dict.fromkeys(entry.key.fingerprint for entry in known))
        same = any(entry.key.blob == shown.blob for entry in known)
        return Verdict("trusted" if same else "changed", shown, expected, known[0].source)

    def algorithms(self, host: str, port: int) -> tuple[str, ...]:
        """The host key algorithms to offer: those of the pinned keys first, then the others."""
        kinds = {entry.key.kind for entry in self._known(lookup_name(host, port))}
        if "ssh-rsa" in kinds:
            kinds |= set(FAMILIES[2])
        return tuple(sorted(ALGORITHMS, key=lambda name: name not in kinds))

    def pin(self, host: str, port: int, key: HostKey) -> None:
        """Remember an accepted key in the cluster's own file, durably. OSError when it can't."""
        name = lookup_name(host, port)
        source = str(self._own_path or "this run")
        if any(entry.key == key for entry in self._known(name) if entry in self._own):
            return
        if self._own_path is not None:
            encoded = base64.b64encode(key.blob).decode()
            _append(self._own_path, f"{name} {key.kind} {encoded}\n")
        self._own.append(Entry((name,), key, False, source))
        self._found.pop(name, None)

    def _matching(self, name: str) -> tuple[Entry, ...]:
        """The entries that speak of `name`, the own file's first; hashed lines are slow to try."""
        if name not in self._found:
            entries = (*self._own, *self._others)
            self._found[name] = tuple(entry for entry in entries if entry.matches(name))
        return self._found[name]

    def _known(self, name: str) -> list[Entry]:
        matching = [entry for entry in self._matching(name) if not entry.revoked]
        own = [entry for entry in matching if entry in self._own]
        return own or matching


def normalize(fingerprint: str) -> str:
    """A fingerprint as people paste it, in the form of `HostKey.fingerprint`."""
    text = fingerprint.strip().rstrip("=")
    return "SHA256:" + (text[7:] if text.upper().startswith("SHA256:") else text)


def refusal(verdict: Verdict, host: str, where: str) -> HostKeyError:
    """The error for a key that is not trusted."""
    shown = f"it shows {verdict.shown.fingerprint} ({verdict.shown.kind})"
    if verdict.judgement == "unknown":
        return HostKeyError(
            f"the host key of {where} is not known",
            why=shown,
            fix="\n".join(
                (
                    f"compare it on the host's console: {CONSOLE_COMMAND}",
                    "if it is the same, put this beside the host in the cluster file:",
                    f"`fingerprint: {verdict.shown.fingerprint}`",
                    "or accept every key that is not known yet with --accept-new-host-keys",
                )
            ),
            host=host,
        )
    if verdict.judgement == "revoked":
        return HostKeyError(
            f"the host key of {where} is marked as revoked",
            why=f"{shown}\nrevoked in {verdict.source}",
            fix="give the host a new host key; haui never uses a revoked one",
            host=host,
        )
    expected = " or ".join(verdict.expected)
    return HostKeyError(
        f"the host key of {where} has changed; nothing was sent",
        why=f"{shown}\nexpected {expected} (from {verdict.source})",
        fix="somebody may be listening in, or the host was installed again: ask who did it"
        f"\nif the new key is right, correct {verdict.source}",
        host=host,
    )


def _load(path: Path) -> Iterable[Entry]:
    try:
        data = read_at_most(path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise HostKeyError(
            f"{path} can't be read", why=str(error), fix="correct its permissions or remove it"
        ) from error
    if len(data) > MOST_BYTES:
        raise HostKeyError(
            f"{path} is larger than {MOST_BYTES >> 20} MiB", fix="look what has become of it"
        )
    return parse(data.decode("utf-8", errors="replace"), str(path))


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
