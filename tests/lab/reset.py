"""A cluster is installed on fresh hosts and reset; prints what is not as it was before, and why.

Run as `python -m tests.lab.reset [PART OF A CELL'S NAME…]`, see tests.lab.cells; without any, it is
the stacked one with keepalived + haproxy. Ends with 1 when something is different that has no
reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from glob import escape
from pathlib import Path

from steps.reset import REMAINS
from tests.lab.before import prepared
from tests.lab.cells import CELLS, Cell
from tests.lab.compare import Compared, Picture, compared, pictures
from tests.lab.lab import Lab
from tests.lab.matrix import booted, install
from tests.lab.runs import HauiRun

DEFAULT = CELLS[1]
REASONS = {f"{each.what}: {each.why}": each.where for each in REMAINS if each.where}


def main() -> int:
    """The whole of it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.reset", description=__doc__)
    parser.add_argument("parts", nargs="*", help="parts of the names of cells")
    parts = parser.parse_args().parts
    chosen = [c for c in CELLS if any(p in c.name for p in parts)] if parts else [DEFAULT]
    return max(map(_reset, chosen), default=0)


def _reset(cell: Cell) -> int:
    print(f"-- {cell.name}", flush=True)
    if lacking := cell.lacks(Lab()):
        print(f"   not run: {lacking}")
        return 0
    with tempfile.TemporaryDirectory(prefix="haui-lab-reset-") as folder, booted(cell) as lab:
        state = Path(folder) / "state"
        before = prepared(lab)
        begun = time.monotonic()
        install(lab, state)
        installed = time.monotonic()
        run = HauiRun(lab, "reset", "lab", "--confirm", "lab", state=state)
        assert run.finish() == 0, run.talk()
        print(f"install {installed - begun:.0f} s, reset {time.monotonic() - installed:.0f} s")
        told = since(lab, before)
    print(report(told), flush=True)
    return 1 if any(each.strange for each in told.values()) else 0


def since(lab: Lab, before: Mapping[str, Picture]) -> dict[str, Compared]:
    """By host, what is not as it was then."""
    after = pictures(lab)
    return {
        host: compared(was, after[host], REASONS | renewed(lab, host, was, after[host]))
        for host, was in before.items()
    }


def renewed(lab: Lab, host: str, before: Picture, after: Picture) -> dict[str, tuple[str, ...]]:
    """Packages that were there before, in another version by now, with their files."""
    names = [
        name
        for (kind, name), version in before.items()
        if kind == "package" and after.get((kind, name), version) != version
    ]
    if not names:
        return {}
    listed = lab.exec(host, ["dpkg", "-L", *names]).stdout.decode(errors="replace").splitlines()
    where = (*(f"package:{name}" for name in names), *map(escape, listed))
    return {f"changed to another version: {', '.join(names)}": where}


def report(told: Mapping[str, Compared]) -> str:
    """What is different and why, and what nobody meant."""
    lines = []
    for host, each in told.items():
        meant, strange = sum(map(len, each.meant.values())), len(each.strange)
        lines.append(f"{host}: {meant} things are different on purpose, {strange} are not")
        lines += [f"    {len(found):4} {reason}" for reason, found in each.meant.items()]
        lines += [f"    {found}" for found in each.strange]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
