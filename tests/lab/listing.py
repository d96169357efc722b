"""Everything about a host that a look at it must not change, as lines that can be compared.

Left out, since a login alone changes it: journals, greetings, login records, sessions, the
sudo timestamp, neighbour caches and counters of the kernel (those of quotas count for the whole
machine); private folders of systemd's own services (asking for the time starts one for half a
minute); and the times of folders, since a file that came and went is no change. Nothing else is.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.lab.lab import Lab
from tests.lab.paths import SCRIPTS

_SCRIPT = SCRIPTS / "listing.sh"


def settled(lab: Lab, host: str, patience_s: float = 40) -> None:
    """Wait until the last login's session is over, with everything that systemd keeps for it."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        sessions = lab.exec(host, ["loginctl", "list-sessions", "--no-legend"]).stdout
        users = lab.exec(host, ["systemctl", "is-active", "user@1000.service"]).stdout
        if not sessions.strip() and users.strip() in (b"inactive", b"failed"):
            return
        time.sleep(0.2)
    raise AssertionError(f"somebody is still logged in to {host}")


def listing(lab: Lab, host: str) -> list[str]:
    """The host as it is now."""
    settled(lab, host)
    done = lab.exec(host, ["sh", "-s"], input=_SCRIPT.read_text())
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace").splitlines()


def listings(lab: Lab, hosts: Iterable[str]) -> dict[str, list[str]]:
    """Each of the hosts as it is now; two at a time, when the last login is over everywhere."""
    names = list(hosts)
    for name in names:
        settled(lab, name)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: listing(lab, name), names), strict=True))


def changes(before: list[str], after: list[str]) -> list[str]:
    """The lines that came and went."""
    return [
        line
        for line in difflib.unified_diff(before, after, "before", "after", n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
