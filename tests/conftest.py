"""For all tests: the collector of cycles looks less often; what was swept is counted at the end.

Screens and specs are made of many objects, most of which live as long as what is imported: looking
at them again and again took a quarter of the time of the screens' tests.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

ALLOCATIONS = 200_000
gc.set_threshold(ALLOCATIONS, 20, 50)  # before tests are collected, which makes the most of them


def pytest_collection_finish() -> None:
    """What is there by now stays."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at how many places haui was killed. Workers send properties of tests to this process."""
    kills = sorted(_kills(terminalreporter))
    if not kills:
        return
    terminalreporter.section("haui was killed")
    for name, events, ways, note in kills:
        terminalreporter.line(f"{name}: {events} events, {ways} kills ({note})")
    events, ways = sum(each[1] for each in kills), sum(each[2] for each in kills)
    terminalreporter.line(f"in all: {events} events, {ways} kills")


def _kills(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, int, int, str]]:
    for report in reporter.stats.get("passed", ()):
        yield from (value for key, value in report.user_properties if key == "kills")
