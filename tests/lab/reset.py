"""A cluster is installed on fresh hosts and reset; prints what is not as it was before, and why.

Run as `python -m tests.lab.reset`. Ends with 1 when something is different that has no reason.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from glob import escape
from pathlib import Path

from steps.reset import REMAINS
from tests.lab.before import prepared
from tests.lab.compare import Compared, Picture, compared, pictures
from tests.lab.conftest import KEYS
from tests.lab.lab import Lab
from tests.lab.runs import HauiRun

REASONS = {f"{each.what}: {each.why}": each.where for each in REMAINS if each.where}


def main() -> int:
    """The whole of it; the exit code."""
    with tempfile.TemporaryDirectory(prefix="haui-lab-reset-") as folder:
        state = Path(folder) / "state"
        with Lab.up(control_planes=3, workers=2, say=print) as lab:
            before = prepared(lab)
            file = str(lab.dir / "lab.yaml")
            for args in (("apply", file, "--yes", *KEYS), ("reset", "lab", "--confirm", "lab")):
                begun = time.monotonic()
                run = HauiRun(lab, *args, state=state)
                assert run.finish() == 0, run.talk()
                print(f"{args[0]}: {time.monotonic() - begun:.0f} s")
            told = since(lab, before)
    print(report(told))
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
