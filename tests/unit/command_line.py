"""Calling haui as a shell would, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from haui.cli import commands as cli


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the exit code and what was printed."""

    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


def caller(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A function that takes haui's arguments. No call may end with a traceback."""

    def call(*args: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["haui", *args])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, captured.out, captured.err)

    return call
