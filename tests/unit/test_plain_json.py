"""JSON lines: one event a line, as the command line's contract says."""

from __future__ import annotations

import io
import json

from haui.cli.plain import JSON_KINDS, JsonPrinter
from haui.events import TaskFinished
from tests.unit.sample_run import sample


def test_a_line_is_what_the_contract_says() -> None:
    out = io.StringIO()
    JsonPrinter(out)(
        TaskFinished(
            seq=17,
            at="2026-11-21T12:03:04.000Z",
            host="cp1",
            step="containerd.install",
            outcome="ok",
            seconds=3.2,
            attempt=1,
        )
    )
    assert out.getvalue() == (
        '{"seq":17,"at":"2026-11-21T12:03:04.000Z","kind":"task_finished","host":"cp1",'
        '"step":"containerd.install","outcome":"ok","seconds":3.2,"attempt":1}\n'
    )


def test_every_line_is_json_of_a_kind_of_the_contract() -> None:
    out = io.StringIO()
    printer = JsonPrinter(out)
    for event in sample():
        printer(event)
    lines = out.getvalue().split("\n")
    assert lines.pop() == ""
    found = [json.loads(line) for line in lines]
    assert {each["kind"] for each in found} == JSON_KINDS
    expected = [event.to_json() for event in sample() if event.kind in JSON_KINDS]
    assert found == json.loads(json.dumps(expected))
    assert out.getvalue().isascii()


class Unflushed(io.StringIO):
    """Remembers what had been flushed after each line."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[int] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue().count("\n"))


def test_every_line_is_flushed_at_once() -> None:
    out = Unflushed()
    printer = JsonPrinter(out)
    for event in sample():
        printer(event)
    assert out.flushed == list(range(1, out.getvalue().count("\n") + 1))


def test_a_reader_that_has_gone_is_no_error() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    out = Gone()
    printer = JsonPrinter(out)
    for event in sample():
        printer(event)
    assert out.getvalue().count("\n") == 1
