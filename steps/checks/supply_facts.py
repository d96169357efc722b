"""What the checks of packages and images share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haui.evidence import Facts
from steps import osfamily
from steps.checks.check import Answer, Look, skips
from steps.osfamily import Family

STEP = "preflight.supply"

CUT_OFF = "the host did not come to the end of its look at packages and images"
NO_MANAGER = "the host has neither apt nor dnf; only those are looked at"


@dataclass(frozen=True, slots=True)
class Words:
    """What a person is told about one family's package manager."""

    sources: str
    """Where its sources are listed."""
    proxy: str
    """Where its proxy is set."""
    silent: str
    """The command that must find nothing to complain about."""
    ask: str
    """The command that shows what would be installed of a package, with a blank at the end."""
    more: str
    """Where packages are that the default sources lack."""
    trust: str
    """How a certificate authority becomes one of the host's own."""


WORDS = {
    "debian": Words(
        sources="/etc/apt/sources.list",
        proxy="/etc/apt/apt.conf.d",
        silent="apt-get check",
        ask="apt-cache policy ",
        more="On Ubuntu some are in universe.",
        trust="/usr/local/share/ca-certificates, then update-ca-certificates",
    ),
    "redhat": Words(
        sources="/etc/yum.repos.d",
        proxy="/etc/dnf/dnf.conf",
        silent="dnf check",
        ask="dnf list ",
        more="On RHEL the host must be registered (subscription-manager).",
        trust="/etc/pki/ca-trust/source/anchors, then update-ca-trust",
    ),
}

BOTH_TRUST = f"{WORDS['debian'].trust}; RHEL family: {WORDS['redhat'].trust}"

CONTAINERD_FIX = (
    "Enterprise Linux has no containerd of its own. Add Docker's repository to the host (dnf "
    "config-manager --add-repo https://download.docker.com/linux/rhel/docker-ce.repo), or put "
    "containerd.io into the repository of supply.packages.mirror."
)


def looked_at(look: Look) -> tuple[Facts, Family, Answer | None]:
    """The facts, the family whose package manager told them, and why nothing can be said."""
    facts = look.of(STEP)
    family = osfamily.REDHAT if facts.yes("dnf") else osfamily.DEBIAN
    if not facts.complete:
        return facts, family, skips(CUT_OFF)
    known = facts.yes("apt") or facts.yes("dnf")
    return facts, family, None if known else skips(NO_MANAGER)


def some(items: Sequence[str], most: int = 6) -> str:
    """Items in one line, not too many."""
    more = f", and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
