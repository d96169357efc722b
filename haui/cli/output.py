"""How a run is shown on the command line. What shows it is imported when a run begins."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haui.errors import UsageError

if TYPE_CHECKING:
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
        import steps
        from haui.cli.plain import JsonPrinter, PlainPrinter
        from haui.record.background import Background

        if self.as_json:
            return Background(JsonPrinter(sys.stdout))
        advice = dict.fromkeys(("failed", "cancelled", "preflight", "unreachable"), again)
        printer = PlainPrinter(
            sys.stdout,
            phases={step.id: step.phase for step in steps.CATALOGUE},
            verbose=self.verbose,
            next_commands={**(advice if again else {}), **({"ok": done} if done else {})},
        )
        return Background(printer, tick=printer.tick)
