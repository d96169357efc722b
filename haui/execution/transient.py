"""Which failures of a script are worth another try by themselves, and which lines say why.

The patterns are the messages of apt, dpkg, dnf, curl, containerd and Go's HTTP client for
conditions that go away: a lock that another process holds, a connection that broke, a server that
is busy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

BACKOFF_S = (5.0, 20.0)
"""Pauses before the second and third attempt; there is no fourth."""

_TRANSIENT: tuple[tuple[str, str], ...] = (
    (r"could not get lock|unable to (?:acquire|lock).*(?:dpkg|apt)", "the package lock is held"),
    (r"dpkg (?:frontend|database) lock", "the package lock is held"),
    (r"waiting for cache lock", "the package lock is held"),
    (r"connection reset by peer|broken pipe", "a connection broke"),
    (r"unexpected EOF|connection (?:closed|failed|timed out)", "a connection broke"),
    (r"i/o timeout|tls handshake timeout|client\.timeout exceeded", "a download timed out"),
    (r"operation timed out|temporary failure (?:in name resolution|resolving)", "a look-up failed"),
    (r"\b429\s+too many|\b500\s+internal|\b502\s+bad|\b503\s+service", "a server is busy"),
    (r"\b504\s+gateway|returned error: (?:429|50[0234])\b", "a server is busy"),
    (r"curl error \((?:18|28|35|52|56|92)\)", "a connection broke"),
    (r"checksum doesn't match", "the mirror is being updated"),
    (r"hash sum mismatch|file has unexpected size", "the mirror is being updated"),
    (r"etcdserver: (?:request timed out|leader changed|too many learner)", "etcd is settling"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), reason) for pattern, reason in _TRANSIENT)

_DECISIVE = re.compile(
    r"\b(?:error|fatal|failed|failure|cannot|can't|could not|unable|denied|refused|not found|"
    r"no such|invalid|timed out|timeout|unknown|missing|unsupported|panic|no space left)\b|"
    r"^E: |^haui: ",
    re.IGNORECASE,
)


_FIX = "haui: fix: "
"""How a script says what to do about the failure that it has just reported (`die` in lib.sh)."""


def transient(lines: Iterable[str]) -> str | None:
    """Why it is worth trying again, as a short text; None when it is not."""
    for line in lines:
        for pattern, reason in _PATTERNS:
            if pattern.search(line):
                return reason
    return None


def decisive(lines: Iterable[str], limit: int = 12) -> str:
    """The at most `limit` lines that say best why a script failed, in their order.

    The last line always counts, since most programs say there why they end; then lines that look
    like errors, the later the better; then the lines before the end.
    """
    full = [line.rstrip() for line in lines if line.strip() and not line.startswith(_FIX)]
    last = len(full) - 1
    errors = [index for index in range(last, -1, -1) if _DECISIVE.search(full[index])]
    rest = range(last, -1, -1)
    chosen: dict[int, None] = dict.fromkeys([last] if full else [])
    for index in (*errors, *(() if errors else rest)):
        if len(chosen) >= limit:
            break
        chosen.setdefault(index)
    return "\n".join(full[index] for index in sorted(chosen))


def advice(lines: Iterable[str]) -> str:
    """What the script itself says has to be done; empty when it says nothing."""
    return "\n".join(line.removeprefix(_FIX).strip() for line in lines if line.startswith(_FIX))
