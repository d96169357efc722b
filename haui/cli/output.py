"""How a run is shown on the command line. What shows it is imported when a run begins."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from haui.errors import UsageError

if TYPE_CHECKING:
    from haui.cli.plain import JsonPrinter, PlainPrinter
    from haui.record.background import Background


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How a run is shown."""

    as_json: bool = False
    plain: bool = False
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.as_json and self.plain:
            raise UsageError("--json and --plain exclude each other")

    def printer(self, again: str, *, done: str = "") -> Background:
        """The subscriber that prints, in a thread of its own.

        `again` is the command that continues the run, `done` what comes after a good one.
        """
        from haui.cli.plain import JsonPrinter
        from haui.record.background import Background

        printer = self.lines(sys.stdout, again, done=done)
        if isinstance(printer, JsonPrinter):
            return Background(printer)
        return Background(printer, tick=printer.tick)

    def lines(self, out: TextIO, again: str, *, done: str = "") -> JsonPrinter | PlainPrinter:
        """What prints the events of a run on `out`, in the caller's own thread."""
        import steps
        from haui.cli.plain import JsonPrinter, PlainPrinter
        from steps import reset

        if self.as_json:
            return JsonPrinter(out)
        advice = dict.fromkeys(("failed", "cancelled", "preflight", "unreachable"), again)
        return PlainPrinter(
            out,
            phases={step.id: step.phase for step in (*steps.CATALOGUE, *reset.CATALOGUE)},
            verbose=self.verbose,
            next_commands={**(advice if again else {}), **({"ok": done} if done else {})},
        )
