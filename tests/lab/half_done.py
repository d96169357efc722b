"""Cuts kubeadm off in every phase, on real hosts, and looks what haui makes of it.

Run as `python -m tests.lab.half_done [--out FILE] [PART OF A CASE'S NAME…]`. Ends with 1 when a
case failed. After each case the cluster is whole; its host is then taken apart for the next one.
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from tests.lab.conftest import KEYS
from tests.lab.half_done_cases import GOES_ON, INITS, JOINS, WORKERS, Case
from tests.lab.half_done_host import Broken
from tests.lab.lab import Lab
from tests.lab.runs import HauiRun

STOP_S = 420
END_S = 900
PAUSE_S = 0.3


@dataclass
class Row:
    """What came of a case. `trouble` is empty when all went well."""

    case: Case
    seconds: float = 0.0
    found: str = ""
    trouble: str = ""

    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        case = self.case
        ends = {"task": "whole task", "host": "host, power cut"}
        result = self.trouble.splitlines()[0] if self.trouble else "ok"
        then = f"{case.then}, after a person's help" if case.stuck else case.then
        return (
            case.name,
            ends.get(case.end, case.end),
            self.found,
            then,
            f"{self.seconds:.0f} s",
            result,
        )


HEADS = ("cut off", "killed", "found by haui", "then", "from kill to whole", "result")


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [HEADS, ("---",) * len(HEADS), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


class Campaign:
    """Goes through cases on one lab; `state` is haui's folder."""

    def __init__(self, lab: Lab, state: Path) -> None:
        self.lab, self.state = lab, state
        self.run: HauiRun | None = None

    def all(self, chains: Sequence[Sequence[Case]]) -> list[Row]:
        """One row a case, in their order. The cases of a chain are cut off in the same install.

        A chain that failed has left hosts as nobody knows: those after it are not begun.
        """
        rows: list[Row] = []
        for chain in chains:
            failed = any(row.trouble for row in rows)
            added = [Row(case, trouble="not begun" if failed else "") for case in chain]
            rows += added
            if failed:
                continue
            print(f"-- {' + '.join(c.name for c in chain)}", file=sys.stderr, flush=True)
            begun = time.monotonic()
            try:
                self._chain(added)
            except (AssertionError, OSError, queue.Empty, subprocess.SubprocessError) as error:
                for row in added:
                    row.trouble = row.trouble or f"{type(error).__name__}: {error}"
                self._abandon()
            took = time.monotonic() - begun
            for row in added:
                said = f"{took:.0f} s in all, {row.seconds:.0f} s to whole, {row.found}"
                print(f"   {said}: {row.trouble or 'ok'}", file=sys.stderr, flush=True)
        return rows

    def _haui(self) -> HauiRun:
        file = str(self.lab.dir / "lab.yaml")
        return HauiRun(self.lab, "apply", file, "--yes", *KEYS, state=self.state)

    def _abandon(self) -> None:
        if self.run is not None and self.run.process.poll() is None:
            self.run.kill()
        self.run = None

    def _chain(self, rows: Sequence[Row]) -> None:
        hosts = [Broken(self.lab, row.case) for row in rows]
        run = self.run = self._haui()
        for host in hosts:
            self._await_true(host.installed, run, "been installed")
            host.prepare()
        for row, host in zip(rows, hosts, strict=True):
            run = self._break(row, host, run)
        code = run.finish(timeout_s=END_S)
        assert code == 0, run.talk()
        for row, host in zip(rows, hosts, strict=True):
            row.seconds = time.monotonic() - host.ended
            row.found = host.found(self.state)
            if row.case.then == GOES_ON:
                assert not host.told("begun"), "kubeadm was begun again where it was to go on"
            host.check_whole()
            assert host.others() == host.before, f"touched: {host.before} {host.others()}"
            host.check_first_output(self.state)
        for host in hosts:
            host.take_apart()

    def _break(self, row: Row, host: Broken, run: HauiRun) -> HauiRun:
        """Cut kubeadm off and see the host cleaned; the haui that then finishes it."""
        case = row.case
        self._await_true(host.begun, run, "begun")
        fresh = host.as_it_is()
        host.before = host.others()
        if case.before:
            host.first(case.before)
        host.go((f"say cut off: {case.name}", *case.plan))
        if case.end != "nothing":
            self._await(host, run, "stopped")
        if case.elsewhere:
            host.first(case.elsewhere.format(name=host.name, address=host.address))
        host.end(self.state)
        if case.end == "kubeadm":
            code = run.finish()
            assert code == 6, f"haui ended with {code} after its kubeadm was killed"
            run = self.run = self._haui()
        if case.stuck:
            code = run.finish(timeout_s=END_S)
            assert code == 6, f"haui ended with {code} where a person has to act"
            assert case.stuck in run.talk(), run.talk()
            assert host.as_it_is(files_only=True) != fresh, "nothing may be undone here"
            print(host.by_hand(run), file=sys.stderr, flush=True)
            host.before = host.others()
            run = self.run = self._haui()
        if case.then != GOES_ON:
            self._await(host, run, "begun")
            again = host.as_it_is()
            assert again == fresh, f"not cleaned: {host.difference(fresh, again)}"
            host.go(("real",))
        return run

    def _await(self, host: Broken, run: HauiRun, what: str) -> None:
        """Until kubeadm has `begun` or `stopped`; AssertionError when haui ends before."""
        self._await_true(lambda: host.told(what), run, what)

    def _await_true(self, met: Callable[[], bool], run: HauiRun, what: str) -> None:
        deadline = time.monotonic() + STOP_S
        while not met():
            if run.process.poll() is not None:
                run.finish(timeout_s=30)
                raise AssertionError(f"haui ended before kubeadm had {what}:\n{run.talk()}")
            assert time.monotonic() < deadline, f"kubeadm had not {what} within {STOP_S} s"
            time.sleep(PAUSE_S)


def campaign(cases: Sequence[Case], state: Path) -> list[Row]:
    """Each case of a first host on a lab of its own, which boots in a second; joins share one."""
    rows: list[Row] = []
    for number, case in enumerate(case for case in cases if case in INITS):
        with Lab.up(control_planes=1, workers=0, say=_say) as lab:
            rows += Campaign(lab, state / f"init{number}").all([[case]])
    if joins := [case for case in cases if case not in INITS]:
        planes, workers = ([c for c in joins if c in kind] for kind in (JOINS, WORKERS))
        chains = [[c for c in pair if c] for pair in zip_longest(planes, workers)]
        with Lab.up(control_planes=3, workers=1, say=_say) as lab:
            rows += Campaign(lab, state / "joins").all(chains)
    return rows


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """The chosen cases, or all; the table on stdout, progress on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.half_done", description=__doc__)
    parser.add_argument("parts", nargs="*", help="parts of the names of cases")
    parser.add_argument("--out", type=Path, help="also write the table there")
    args = parser.parse_args()
    Lab().build()
    minor = int(Lab().version.split(".")[1])
    every = [each for each in (*INITS, *JOINS, *WORKERS) if minor in each.minors]
    chosen = [c for c in every if not args.parts or any(part in c.name for part in args.parts)]
    with tempfile.TemporaryDirectory(prefix="haui-half-done-") as folder:
        rows = campaign(chosen, Path(folder))
    print(table(rows), end="")
    if args.out:
        args.out.write_text(table(rows))
    return 1 if any(row.trouble for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
