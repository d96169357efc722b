"""A picture of a host before an install and after its reset, and what is different on purpose.

A picture has a value for each thing by kind and name: files with mode, owner and content, packages,
holds, units, kernel parameters, modules, swap, rules, users, processes, sockets, network, mounts.
What a boot or a login makes is not in it (/run below its first levels, sessions).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.lab.lab import Lab
from tests.lab.listing import settled
from tests.lab.paths import SCRIPTS

Thing = tuple[str, str]
"""Kind and name."""
Picture = Mapping[Thing, str]

_SCRIPT = SCRIPTS / "picture.sh"

OF_THE_SYSTEM = (
    "file:/var/log/*", "file:/var/lib/systemd/*", "file:/var/lib/private*", "file:/run/*",
    "file:/var/lib/apt/*", "file:/var/cache/*", "file:/var/backups*", "file:/root/.cache*",
    "file:/etc/.updated", "file:/var/.updated", "file:/var/lib/dhcp*", "file:/var/lib/chrony/*",
    "sysctl:fs.*-nr", "sysctl:fs.quota.*", "sysctl:kernel.*pid*", "process: /lib/systemd/*",
    "socket:tcp 127.0.0.1:[3-6]????",
)  # fmt: skip
"""What the system itself changes while time goes by, whoever works on it; the socket is one of
containerd's, at a port that the kernel chooses anew whenever it starts."""


@dataclass(frozen=True, order=True)
class Difference:
    """One thing that is not as it was; empty is not there."""

    kind: str
    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.before or 'absent'} -> {self.after or 'absent'}"


@dataclass
class Compared:
    """The differences of one host: those with a reason, by that reason, and the others."""

    meant: dict[str, list[Difference]] = field(default_factory=dict)
    strange: list[Difference] = field(default_factory=list)


def picture(lab: Lab, host: str) -> Picture:
    """The host as it is now, when the last login is over."""
    settled(lab, host)
    done = lab.exec(host, ["sh", "-s"], input=_SCRIPT.read_text())
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    taken = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        kind, name, value = [*line.split("\t", 2), "", ""][:3]
        taken[kind, name] = value
    assert len(taken) > 1000, "that is no whole host"
    return taken


def pictures(lab: Lab) -> dict[str, Picture]:
    """Of every host, two at a time."""
    names = list(lab.hosts)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: picture(lab, name), names), strict=True))


def differences(before: Picture, after: Picture) -> list[Difference]:
    """Everything that is not the same, sorted."""
    return sorted(
        Difference(kind, name, before.get((kind, name), ""), after.get((kind, name), ""))
        for kind, name in before.keys() | after.keys()
        if before.get((kind, name)) != after.get((kind, name))
    )


def compared(before: Picture, after: Picture, remains: Mapping[str, tuple[str, ...]]) -> Compared:
    """The differences, told apart. `remains` holds for each reason what may stay different: paths
    as shell patterns, other things as `kind:NAME`."""
    told = Compared()
    known = {**remains, "the system's own": OF_THE_SYSTEM}
    for each in differences(before, after):
        if each.kind == "rule" and not _rule(each):
            continue
        reason = next((why for why, where in known.items() if _meant(each, where)), "")
        if reason:
            told.meant.setdefault(reason, []).append(each)
        else:
            told.strange.append(each)
    return told


def _rule(each: Difference) -> bool:
    """Whether it is a rule, and not the frame of an empty chain or table, which changes nothing."""
    words = (each.before + each.after).split()
    return bool(words) and words[0] not in ("table", "chain", "type", "}")


def _meant(each: Difference, where: tuple[str, ...]) -> bool:
    names = {f"{each.kind}:{each.name}"} | ({each.name} if each.kind == "file" else set())
    return any(fnmatchcase(name, pattern) for pattern in where for name in names)
