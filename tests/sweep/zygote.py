"""Starts haui processes that die at a given event: `python -m tests.sweep.zygote`.

haui is imported once here, and each process is a fork of this one, so that what a kill costs is the
work of that haui alone. A request is a line of JSON on standard input (see `Order`), the answer a
line with how the process ended. One process at a time.

The process is the command line of haui, from its arguments to its exit code. Two things are
different: its hosts are reached where the simulated fleet listens, and its bus counts the events,
to end the process with the signal that nothing can catch.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haui.cli import commands, run
from haui.events import Event, RunFinished, TaskFinished
from haui.record.bus import E, EventBus
from haui.session import perform
from haui.session.job import Job
from haui.spec import ClusterSpec


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to run, and where: `state` is the folder of its state, `reach` the cluster as it is
    reached, `out` and `err` the files that it writes to, `kinds` the one that gets the kind of each
    event unless it is killed.

    `kill_at` is the number of the event (from 1) with which it ends, 0 for never; what has fewer
    events ends with its last one. It is counted from when so many tasks as `once_settled` have been
    proved; `settled` are those that were by earlier hauis. `kept`: not before that event has been
    put on record.
    """

    arguments: list[str]
    state: str
    reach: dict[str, Any]
    out: str
    err: str
    kinds: str
    kill_at: int = 0
    kept: bool = True
    once_settled: int = 0
    settled: list[str] = field(default_factory=list)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mortal_bus(order: Order, kinds: list[str]) -> type[EventBus]:
    """A bus whose process ends with one of its events. `kinds` gets what was emitted."""

    settled = set(order.settled)
    counted = 0

    def count(event: Event) -> int:
        nonlocal counted
        counted += len(settled) >= order.once_settled
        if isinstance(event, TaskFinished) and event.outcome in ("ok", "unchanged"):
            settled.add(f"{event.step}@{event.host}")
        return counted

    class MortalBus(EventBus):
        async def emit(self, event: E) -> E:
            kinds.append(event.kind)
            last = count(event) == order.kill_at or isinstance(event, RunFinished)
            if order.kill_at and last and not order.kept:
                die()
            numbered = await super().emit(event)
            if order.kill_at and last:
                die()
            return numbered

    return MortalBus


def be_haui(order: Order, kinds: list[str]) -> None:
    """Run the command to its end, or to the kill. Raises SystemExit."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, path in ((1, order.out), (2, order.err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    os.environ["HAUI_STATE_DIR"] = order.state
    reach = ClusterSpec.model_validate(order.reach)

    def job(**given: Any) -> Job:
        return Job(**{**given, "reach": reach, "bastion": False})

    vars(run)["Job"] = job
    vars(perform)["EventBus"] = mortal_bus(order, kinds)
    sys.argv = ["haui", *order.arguments]
    commands.main()


def child(order: Order) -> int:
    """The exit code of a haui that was not killed."""
    kinds: list[str] = []
    try:
        be_haui(order, kinds)
    except SystemExit as ended:
        Path(order.kinds).write_text(json.dumps(kinds))
        return ended.code if isinstance(ended.code, int) else 1
    raise AssertionError("haui ends with SystemExit")


def serve() -> None:
    """One order after the other, until standard input ends."""
    gc.freeze()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = child(order)
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps(os.waitstatus_to_exitcode(status)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
