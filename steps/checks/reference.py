"""Writes docs/preflight.md: every check of the preflight, with its reason.

Write it anew with: python -m steps.checks.reference > docs/preflight.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import get_args

from steps import preflight
from steps.checks import CATALOGUE, bastion
from steps.checks.check import Area, Check

_INTRO = """# What preflight looks at

Before the first change haui looks at the machine that it runs on, at every host, and between the
hosts, and shows everything that would stop the install or hurt the cluster later. Looking changes
nothing.

- **pass**, **info**: nothing has to be done. **skipped**: could not be looked at, with the reason.
- **warning**: allowed, and worth a second look. What haui will mend itself is at most a warning.
- **error**: no host is changed before it is mended, or let pass by its id with a reason
  (`preflight.overrides` in the cluster file, `--override ID[@HOST]=REASON`, or `o` in the wizard).
  The reason and who ran haui are kept in the journal.

Several sizes stop a `production` cluster and are only said for a `test` one.
`haui preflight FILE --save FACTS` keeps what the hosts have told, `--from FACTS` judges it again
without any host. `preflight.rehearsals: false` or `--no-rehearsals` leaves out what starts
something for a moment (steps marked with *).
"""

_TITLES = {
    "ssh": "Login and shell",
    "system": "Operating system",
    "sizes": "Processors and memory",
    "disks": "Disks and swap",
    "kernel": "Kernel",
    "kubernetes": "What is there already",
    "network": "Network of a host",
    "clock": "Clock",
    "ports": "Ports",
    "supply": "Packages and images",
    "fleet": "All hosts together",
}
_REHEARSALS = ("preflight.disk", "preflight.listen", "preflight.reach", "preflight.clear")


def reference() -> str:
    """The whole page as Markdown."""
    return "\n".join((_INTRO, *_steps(), *_areas()))


def _steps() -> Iterator[str]:
    yield "## In which order\n"
    yield "This machine comes first: an error there stops the preflight. Then, on every host:\n"
    yield "| step | what it does |\n|---|---|"
    for step in preflight.STEPS:
        star = "*" if step.id in _REHEARSALS else ""
        yield f"| `{step.id}`{star} | {step.explain} |"
    yield ""


def _areas() -> Iterator[str]:
    yield from _table("This machine", bastion.CHECKS)
    for area in get_args(Area):
        yield from _table(_TITLES[area], [check for check in CATALOGUE if check.area == area])


def _table(title: str, checks: Iterable[Check]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| id | checks | why |\n|---|---|---|"
    yield from (_row(check) for check in checks)
    yield ""


def _row(check: Check) -> str:
    fixed = "" if check.overridable else " Can't be let pass."
    cells = (f"`{check.id}`", check.title, check.why + fixed)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(reference())
