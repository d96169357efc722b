"""Runs on this terminal: no host is changed before somebody has agreed, and what is told of next
commands."""

from __future__ import annotations

import asyncio
import inspect
import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import haui.cli.run as cli_run
from haui.cli.output import Output
from haui.cli.run import change_cluster, look_at_cluster, supervise
from haui.errors import InterruptedRunError, UsageError
from haui.execution.controls import Controls
from haui.execution.tally import RunResult
from haui.record.background import Background
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.session.job import ON_RECORD, Change, Look
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from tests.unit.specs import spec

DONE = RunResult(outcome="ok", seconds=1.0, counts={}, changed=0, left=0, failed=())


class Runs:
    """Instead of runs: what would have been done. `again` is what its next command was."""

    def __init__(self, folder: Path) -> None:
        self.spec: ClusterSpec = spec()
        self.store = ClusterStore(self.spec.name, folder)
        self.again: list[str] = []

    def supervise(
        self, main: object, controls: Controls, printer: Background, *, again: str
    ) -> RunResult:
        self.again.append(again)
        return DONE


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs(tmp_path)
    monkeypatch.setattr(cli_run, "supervise", made.supervise)
    return made


def refuse(before: RunState) -> None:
    raise UsageError("nobody agrees")


@pytest.mark.parametrize("kind", ["apply", "resume", "reset"])
def test_nothing_is_begun_or_written_without_an_agreement(runs: Runs, kind: Change) -> None:
    given = (kind, runs.spec, runs.store, Output(), Credentials())
    with pytest.raises(UsageError, match="nobody agrees"):
        change_cluster(*given, agree=refuse, accept_new=False)
    assert runs.again == []
    assert not runs.store.cluster_yaml.exists()
    asked: list[RunState] = []
    assert change_cluster(*given, agree=asked.append, accept_new=False) == 0
    assert (len(asked), len(runs.again)) == (1, 1)


def test_a_caller_can_t_forget_to_ask() -> None:
    assert inspect.signature(change_cluster).parameters["agree"].default is inspect.Parameter.empty
    looks = {"verify", "preflight"}
    assert set(get_args(Look)) == looks
    assert not looks & ON_RECORD, "what needs no agreement changes no host"


@pytest.mark.parametrize(
    ("kind", "file", "again"),
    [
        ("verify", None, "haui verify atlas"),
        ("preflight", Path("my cluster.yaml"), "haui preflight 'my cluster.yaml'"),
        ("preflight", None, "haui --plain"),
    ],
)
def test_the_next_command_of_a_look(runs: Runs, kind: Look, file: Path | None, again: str) -> None:
    given = (kind, runs.spec, runs.store, Output(), Credentials())
    assert look_at_cluster(*given, accept_new=False, file=file) == 0
    assert runs.again == [again.replace("atlas", runs.spec.name)]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([signal.SIGTERM], 143),
        ([signal.SIGHUP, signal.SIGTERM], 129),
        ([signal.SIGINT, signal.SIGINT], 130),
        ([signal.SIGINT, signal.SIGTERM, signal.SIGINT], 143),
    ],
)
def test_the_exit_code_says_which_signal_ended_a_run(sent: list[signal.Signals], code: int) -> None:
    async def endless() -> RunResult:
        for number in sent:
            signal.raise_signal(number)
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(InterruptedRunError) as caught:
        supervise(endless, Controls(), Background(lambda event: None), again="haui resume atlas")
    assert caught.value.exit_code == code
    assert caught.value.fix == "haui resume atlas"


def test_ctrl_c_while_haui_is_loaded_ends_it_as_ever() -> None:
    """What a slow disk takes seconds for."""
    code = (
        "import sys, types; from haui.__main__ import main\n"
        "class Loading(types.ModuleType):\n"
        "    def __getattr__(self, name): raise KeyboardInterrupt\n"
        "sys.modules['haui.cli.commands'] = Loading('commands'); main()"
    )
    done = subprocess.run(
        (sys.executable, "-c", code), capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, b"haui: interrupted\n")
