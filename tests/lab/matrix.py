"""Installs every cell of the matrix on fresh hosts, breaks it, and prints a table of what was seen.

Run as `python -m tests.lab.matrix [--out FILE] [PART OF A CELL'S NAME…]`. Ends with 1 when a cell
failed; one that can't run says why and fails nothing.
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.lab import cluster_file
from tests.lab.cells import CELLS, Cell
from tests.lab.conftest import KEYS
from tests.lab.drill import Drill, Outage
from tests.lab.lab import Lab
from tests.lab.runs import HauiRun


@dataclass
class Row:
    """What came of a cell. `trouble` is empty when all went well."""

    cell: Cell
    install_s: float = 0.0
    verified: int = 0
    outages: list[Outage] = field(default_factory=list)
    whole_s: float = 0.0
    skipped: str = ""
    trouble: str = ""

    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        if self.skipped:
            return (self.cell.name, str(self.cell.hosts), "", "", "", f"not run: {self.skipped}")
        outages = "; ".join(map(str, self.outages)) or "not highly available"
        return (
            self.cell.name,
            str(self.cell.hosts),
            f"{self.install_s:.0f} s",
            str(self.verified),
            outages,
            self.trouble.splitlines()[0] if self.trouble else "ok",
        )


HEADS = ("cluster", "hosts", "install", "rows verified", "longest gaps of clients", "result")


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [HEADS, ("---",) * len(HEADS), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@contextmanager
def booted(cell: Cell) -> Iterator[Lab]:
    """The cell's hosts, with what an admin would have done before, and its cluster file."""
    counts = (cell.control_planes, cell.workers, cell.load_balancers, cell.extra, cell.etcd)
    with Lab.up(*counts) as lab:
        file = lab.dir / "lab.yaml"
        document = yaml.safe_load(file.read_text())
        document["endpoint"] |= cell.endpoint
        cell.prepare(lab, document)
        cluster_file.write(file, document)
        yield lab


def install(lab: Lab, state: Path) -> HauiRun:
    """The cluster on hosts that run; AssertionError with haui's words when it fails."""
    file = lab.dir / "lab.yaml"
    run = HauiRun(lab, "apply", str(file), "--yes", *KEYS, state=state)
    code = run.finish()
    assert code == 0, f"{_first_failure(run)}\n{run.talk()}"
    return run


def _first_failure(run: HauiRun) -> str:
    failed = next(run.of("task_finished", outcome="failed"), None)
    return f"{failed['host']} {failed['step']}: {failed['problem']['what']}" if failed else "failed"


def run_cell(cell: Cell) -> Row:
    """Boot, install, verify, break."""
    row = Row(cell)
    begun = time.monotonic()
    row.skipped = cell.lacks(Lab())
    if row.skipped:
        return row
    with tempfile.TemporaryDirectory(prefix="haui-matrix-") as folder:
        state = Path(folder) / "state"
        try:
            with booted(cell) as lab:
                run = install(lab, state)
                (end,) = run.of("run_finished")
                row.install_s = end["seconds"]
                row.verified = _verified(run)
                if cell.available:
                    row.outages = Drill(lab, state, cell.address, cell.port).all()
        except (AssertionError, OSError, queue.Empty, subprocess.SubprocessError) as error:
            row.trouble = f"{type(error).__name__}: {error}"
    row.whole_s = time.monotonic() - begun
    return row


def _verified(run: HauiRun) -> int:
    """How many things verification found right; AssertionError for anything else."""
    findings = [
        finding
        for event in run.of("task_finished")
        if event["step"].startswith("verify.")
        for finding in event.get("findings", [])
    ]
    wrong = [f for f in findings if f["verdict"] not in ("ok", "info")]
    assert not wrong, wrong
    return len(findings)


def main() -> int:
    """The chosen cells, or all; the table on stdout, progress on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.matrix", description=__doc__)
    parser.add_argument("parts", nargs="*", help="parts of the names of cells")
    parser.add_argument("--out", type=Path, help="also write the table there, after each cell")
    args = parser.parse_args()
    chosen = [c for c in CELLS if not args.parts or any(part in c.name for part in args.parts)]
    rows: list[Row] = []
    for cell in chosen:
        print(f"-- {cell.name}", file=sys.stderr, flush=True)
        row = run_cell(cell)
        rows.append(row)
        print(f"   {row.whole_s:.0f} s: {row.trouble or row.skipped or 'ok'}", file=sys.stderr)
        if args.out:
            args.out.write_text(table(rows))
    print(table(rows), end="")
    return 1 if any(row.trouble for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
