"""Breaks hosts and connections in the middle of real installs, and says what came of each fault.

Run as `python -m tests.lab.faults [--out FILE] [PART…]`, see tests.lab.faults_parts for the parts.
Every install has to end with a verified cluster, after as many `haui resume` as its part expects;
each fault either does no harm or ends in the message that it names. Ends with 1 when one did not.
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.conftest import KEYS
from tests.lab.faults_scene import Moment, Records, Scene
from tests.lab.lab import Lab
from tests.lab.runs import Event, HauiRun

PATIENCE_S = 900


Act = Callable[[Scene], object]
Check = Callable[[Scene], str]


@dataclass(kw_only=True)
class Fault:
    """What is broken at which moment of which session, for how long, and what is expected.

    `breaks` may give a figure as text. `lasts_s` None: until the session is over. `expected` is
    asked when the whole install is over; it gives figures or raises AssertionError.
    """

    name: str
    when: Moment
    breaks: Act
    mends: Act | None = None
    lasts_s: float | None = 0.0
    expected: Check
    session: int = 0
    figure: str = ""
    trouble: str = ""
    fired: bool = False

    def live(self, scene: Scene) -> None:
        """Break, wait, mend."""
        try:
            said = self.breaks(scene)
            self.figure = said if isinstance(said, str) else ""
            if self.mends is not None:
                scene.rest(PATIENCE_S if self.lasts_s is None else self.lasts_s)
                self.mends(scene)
        except Exception as error:  # noqa: BLE001 - it is reported with the fault
            self.trouble = f"{type(error).__name__}: {error}"
            traceback.print_exc()


@dataclass(kw_only=True)
class Part:
    """One install and its faults. `codes` are the exit codes of apply and of each resume."""

    name: str
    faults: Callable[[], Sequence[Fault]]
    codes: tuple[int, ...] = (0,)
    prepare: Callable[[Lab], None] = lambda lab: None
    checks: tuple[Check, ...] = ()
    hosts: tuple[int, int] = (3, 2)
    first: Mapping[int, Check] = field(default_factory=dict)
    """What is done by hand before a session begins; it says what was seen."""
    environment: Callable[[Lab], dict[str, str]] = lambda lab: {}
    """What haui is started with, on top."""


@dataclass
class Row:
    """A line of the table."""

    part: str
    fault: str
    result: str
    good: bool = True

    def __str__(self) -> str:
        return f"| {self.part} | {self.fault} | {self.result} |"


@dataclass
class Disturbed:
    """One haui process and the faults of its session."""

    scene: Scene
    faults: list[Fault]
    threads: list[threading.Thread] = field(default_factory=list)
    meeting: threading.Lock = field(default_factory=threading.Lock)

    def run(self, run: HauiRun) -> int:
        """To its end, and until every fault is mended; the exit code."""
        journal = self.scene.state / "lab" / "journal.yaml"
        records = Records(journal, journal.stat().st_size if self.scene.session else 0)
        watching = threading.Thread(target=records.follow, args=(self._meet,), daemon=True)
        watching.start()
        run.until(lambda event: self._meet(event) or event["kind"] == "run_finished")
        code = run.finish()
        records.over = True
        watching.join()
        self.scene.end()
        for thread in self.threads:
            thread.join(timeout=300)
        return code

    def _meet(self, event: Event) -> bool:
        """Never wanted: everything is read to the end. Both the stream and the journal tell."""
        with self.meeting:
            self.scene.note(event)
            for fault in self.faults:
                if not fault.fired and fault.when(event):
                    fault.fired = True
                    print(f"   {event['at']} {fault.name}", file=sys.stderr, flush=True)
                    thread = threading.Thread(target=fault.live, args=(self.scene,), daemon=True)
                    thread.start()
                    self.threads.append(thread)
        return False


def run_part(part: Part) -> list[Row]:
    """Boot, install with faults, resume, look at what came of each."""
    faults = list(part.faults())
    with tempfile.TemporaryDirectory(prefix="haui-faults-") as folder:
        state = Path(folder) / "state"
        with Lab.up(control_planes=part.hosts[0], workers=part.hosts[1]) as lab:
            scene = Scene(lab, state)
            part.prepare(lab)
            rows: list[Row] = []
            rows.insert(0, _sessions(part, scene, faults, rows))
            rows += [_judged(part, scene, fault) for fault in faults]
            for check in part.checks:
                rows.append(_checked(part, check.__doc__ or "", check, scene))
    return rows


def _sessions(part: Part, scene: Scene, faults: list[Fault], rows: list[Row]) -> Row:
    """All that were expected, and up to two more until the cluster stands.

    What is done by hand in between goes to `rows`.
    """
    began = time.monotonic()
    codes: list[int] = []
    said = ""
    while len(codes) < len(part.codes) or (codes[-1] and len(codes) < len(part.codes) + 2):
        mine = [fault for fault in faults if fault.session == len(codes)]
        if by_hand := part.first.get(len(codes)):
            rows.append(_checked(part, by_hand.__doc__ or "", by_hand, scene))
        try:
            codes.append(_session(part, scene, mine, len(codes)))
        except (AssertionError, queue.Empty) as error:
            codes.append(-1)
            said = str(error)
        scene.end()
    wanted = ", ".join(map(str, part.codes))
    result = f"exit codes {', '.join(map(str, codes))} after {time.monotonic() - began:.0f} s"
    good = tuple(codes) == part.codes
    return Row(part.name, "the install", result if good else f"{result}, not {wanted} {said}", good)


def _session(part: Part, scene: Scene, faults: list[Fault], number: int) -> int:
    scene.begin(number)
    argv = ("resume", "lab") if number else ("apply", str(scene.lab.dir / "lab.yaml"))
    options = ("--yes", *(() if number else KEYS))
    env = part.environment(scene.lab)
    run = HauiRun(scene.lab, *argv, *options, state=scene.state, env=env)
    try:
        code = Disturbed(scene, faults).run(run)
    finally:
        run.process.kill()
        print(f"   {argv[0]}:\n{run.talk()}", file=sys.stderr, flush=True)
    return code


def _judged(part: Part, scene: Scene, fault: Fault) -> Row:
    if not fault.fired:
        return Row(part.name, fault.name, "its moment never came", good=False)
    if fault.trouble:
        return Row(part.name, fault.name, fault.trouble, good=False)
    row = _checked(part, fault.name, fault.expected, scene)
    row.result = "; ".join(text for text in (fault.figure, row.result) if text)
    return row


def _checked(part: Part, name: str, check: Check, scene: Scene) -> Row:
    try:
        return Row(part.name, name, check(scene))
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        return Row(part.name, name, f"{type(error).__name__}: {error}", good=False)


def main() -> int:
    """The chosen parts, or all; the table on stdout, progress on stderr."""
    from tests.lab.faults_parts import PARTS

    parser = argparse.ArgumentParser(prog="python -m tests.lab.faults", description=__doc__)
    parser.add_argument("parts", nargs="*", help="parts of the names of the installs")
    parser.add_argument("--out", type=Path, help="also write the table there, after each install")
    args = parser.parse_args()
    rows: list[Row] = []
    table = ""
    for part in PARTS:
        if not args.parts or any(chosen in part.name for chosen in args.parts):
            print(f"-- {part.name}", file=sys.stderr, flush=True)
            rows += run_part(part)
            table = "".join(f"{row}\n" for row in ["| install | fault | result |", *rows])
            if args.out:
                args.out.write_text(table)
    print(table, end="")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    # Under its own name, so that the parts' faults are of the same class as ours.
    from tests.lab import faults

    sys.exit(faults.main())
