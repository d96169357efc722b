"""Which failures of a script are worth another try by themselves, and which lines say why.

The patterns are messages of apt, dpkg, dnf, curl, containerd, etcd and Go's network code, as
tests/unit/data/failures.tsv has them, for conditions that go away: a lock that another process
holds, a network that broke, a server that is busy. What will be the same in a minute (no room, a
name that does not exist, a login that is refused) is never tried again, whatever stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

RETRIES = 2
"""How often one task is tried again in one session, whatever failed."""

LOCK_PAUSES_S = (5.0, 20.0)
"""Pauses before the second and the third try. apt and dnf themselves have waited for minutes."""

NETWORK_PAUSES_S = (15.0, 60.0)
"""The same for what is elsewhere: together longer than a server takes to start again."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A condition that goes away: `reason` for people, and the pauses before the next tries."""

    reason: str
    pauses_s: tuple[float, ...] = NETWORK_PAUSES_S


LOCKED = Passing("the package lock is held", LOCK_PAUSES_S)
BROKE = Passing("a connection broke")
TIMED_OUT = Passing("a server did not answer in time")
REFUSED = Passing("a server refused the connection")
LOOKUP = Passing("a look-up of a name failed")
BUSY = Passing("a server is busy")
UPDATED = Passing("the mirror is being updated")
SETTLING = Passing("etcd is settling", LOCK_PAUSES_S)
EXPIRED = Passing("what was lent for the join has expired", LOCK_PAUSES_S)

_STAYS = re.compile(
    r"no space left on device|disk quota exceeded|read-only file system|cannot allocate memory"
    r"|you don't have enough free space|at least \d+[KMG]B more space|needs \d+[KMG]B more space"
    r"|\b40[134] +(?:unauthorized|forbidden|not +found)\b|status code:? \[?40[134]\b"
    r"|returned error: 40[134]\b|authorization failed|pull access denied|insufficient_scope"
    r"|x509: |certificate verif|certificate problem|not signed|NO_PUBKEY|GPG check failed"
    r"|: no such host\b|manifest unknown|exec format error",
    re.IGNORECASE,
)
"""What no second try mends. That a package is not found is not among it: it may be the consequence
of lists that could not be fetched."""

_PASSES: tuple[tuple[str, Passing], ...] = (
    (r"could not get lock /|unable to (?:acquire|lock) [^:]*(?:dpkg|apt|lists)", LOCKED),
    (r"dpkg (?:frontend|database) lock|waiting for cache lock", LOCKED),
    (r"can't create (?:transaction|RPMDB) lock|failed to obtain the transaction lock", LOCKED),
    (r"connection reset by peer|: write: broken pipe|unexpected EOF(?! (?:while|in arch))", BROKE),
    (
        r"connection (?:closed by|failed \[IP|closed prematurely)|server closed the connection",
        BROKE,
    ),
    (
        r"error reading from server|http2: (?:server|client) sent GOAWAY|stream error: .*REFUSED",
        BROKE,
    ),
    (r"curl(?: error)?:? \((?:18|35|52|55|56|92)\)", BROKE),
    (r"i/o timeout|tls handshake timeout|client\.timeout exceeded", TIMED_OUT),
    (r"(?:connection|operation) timed out|curl(?: error)?:? \(28\)", TIMED_OUT),
    # A refused connection is the end for kubeadm, whose API server should be there; a mirror or a
    # registry may be starting again.
    (r"could not connect to .* connection refused|unable to connect to \S+:$", REFUSED),
    (r"could not connect to \S+ \(.*\)\.? - connect \(11[013]:", REFUSED),
    (r"(?:failed to do request|/v2/).*connect: (?:connection refused|no route to host)", REFUSED),
    (r"curl(?: error)?:? \(7\)", REFUSED),
    (r"temporary failure (?:in name resolution|resolving)|: server misbehaving\b", LOOKUP),
    (r": lookup \S+ on \S+: read udp .*: connection refused", LOOKUP),
    (r"\b429\s+too many|toomanyrequests|\b500\s+internal server|\b502\s+bad gate", BUSY),
    (r"\b503\s+service|\b504\s+gateway time|returned error: (?:429|50[0234])\b", BUSY),
    (r"status code:? \[?(?:429|50[0234])\b", BUSY),
    (r"checksum doesn't match|hash sum mismatch|file has unexpected size", UPDATED),
    (r"etcdserver: (?:request timed out|leader changed|too many learner)", SETTLING),
    # Each try of a join is lent a new token and new certificates.
    (r"could not find a JWS signature|\"kubeadm-certs\\?\" was not found", EXPIRED),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), passing) for pattern, passing in _PASSES)

_DECISIVE = re.compile(
    r"\b(?:error|fatal|failed|failure|cannot|can't|could not|unable|denied|refused|not found|"
    r"no such|invalid|timed out|timeout|unknown|missing|unsupported|panic|no space left)\b|"
    r"^E: |^haui: ",
    re.IGNORECASE,
)


LONGEST_LINE = 1000
"""Characters of a decisive line that are kept: it goes into the journal and onto pages."""

MATCHED = 4000
"""Characters at each end of a line in which causes are looked for: no program needs more, and a
host that means harm must not keep this machine busy with one endless line."""

MOST_ADVICE = 5
QUOTED = "---"
"""The line that ends what a script quotes from other programs' logs (`diagnose` in
steps/scripts/kubernetes_lib.sh)."""
_KLOG = re.compile(r"[IWEF]\d{4} [\d:.]+ +\d+ ")
_FIX = "haui: fix: "
"""How a script says what to do about the failure that it has just reported (`die` in lib.sh)."""


def transient(lines: Iterable[str]) -> Passing | None:
    """Why it is worth trying again; None when it is not.

    One line about something that stays outweighs all lines about something that passes. Lines above
    a line `---` are quoted from logs of other programs, and count for nothing.
    """
    found: Passing | None = None
    for line in _own_words(lines):
        if line.startswith(_FIX):
            continue
        if _STAYS.search(line):
            return None
        if found is None:
            found = next((passing for pattern, passing in _PATTERNS if pattern.search(line)), None)
    return found


def _own_words(lines: Iterable[str]) -> list[str]:
    """What stands below the last line that ends a quotation."""
    said = [both_ends(line) for line in lines]
    quoted = [index for index, line in enumerate(said) if line.rstrip() == QUOTED]
    return said[quoted[-1] + 1 :] if quoted else said


def both_ends(line: str) -> str:
    """A line without the middle when it is very long."""
    return line if len(line) <= 2 * MATCHED else f"{line[:MATCHED]} {line[-MATCHED:]}"


def decisive(lines: Iterable[str], limit: int = 12) -> str:
    """The at most `limit` lines that say best why a script failed, in their order.

    The last line always counts, since most programs say there why they end; then lines that look
    like errors, the later the better; then the lines before the end. What a daemon's log repeats
    counts once, where it was said last. Long lines are cut.
    """
    full = [
        line.rstrip()[:LONGEST_LINE] for line in lines if line.strip() and not line.startswith(_FIX)
    ]
    last = len(full) - 1
    latest = {_without_stamp(line): index for index, line in enumerate(full)}
    news = sorted(latest.values(), reverse=True)
    errors = [index for index in news if _DECISIVE.search(full[index])]
    rest = range(last, -1, -1)
    chosen: dict[int, None] = dict.fromkeys([last] if full else [])
    for index in (*errors, *(() if errors else rest)):
        if len(chosen) >= limit:
            break
        chosen.setdefault(index)
    return "\n".join(full[index] for index in sorted(chosen))


def _without_stamp(line: str) -> str:
    """What klog says, without when and by which process (k8s.io/klog: `Lmmdd hh:mm:ss.uuuuuu PID
    FILE:LINE] TEXT`); any other line as it is."""
    said = _KLOG.match(line)
    return line[said.end() :] if said else line


def advice(lines: Iterable[str]) -> str:
    """What the script itself says has to be done; empty when it says nothing."""
    said = [line.removeprefix(_FIX).strip() for line in lines if line.startswith(_FIX)]
    return "\n".join(line[:LONGEST_LINE] for line in said[-MOST_ADVICE:])
