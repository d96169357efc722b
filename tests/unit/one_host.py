"""Runs of single steps on one scripted host, and what may be around such a step."""

from __future__ import annotations

from typing import Any

from haui.events import (
    TaskFinished,
)
from haui.host import Completed, Script, TaskId, TaskRequest
from haui.step import Step
from tests.unit.scripted import (
    ScriptedFleet,
    answer,
)
from tests.unit.scripted_run import (
    RUN_ID,
    Ran,
    cluster,
    on_first,
    prepared,
    run_install,
    step,
)

TOKEN = "abcdef.0123456789abcdef"


def alone() -> ScriptedFleet:
    """One host."""
    return prepared(["cp1"])


def run_alone(fleet: ScriptedFleet, *catalogue: Step, **more: Any) -> Ran:
    """These steps, or one, on that host."""
    steps = list(catalogue) or [step("a")]
    return run_install(steps, fleet, spec=cluster(1, 0), **more)


def only_finished(ran: Ran) -> TaskFinished:
    """The end of the only task."""
    (finished,) = ran.bus.of(TaskFinished)
    return finished


def left_running(fleet: ScriptedFleet, host: str, step_id: str, attempt: int = 1) -> None:
    """A task that an earlier run of haui began a moment ago."""
    request = TaskRequest(
        id=TaskId(run=RUN_ID, step=step_id, attempt=attempt),
        script=Script(name=f"{step_id}.apply", text=""),
    )
    fleet[host].begin(request, fleet.now)


def lending(**more: Any) -> Step:
    return step("a", supply=on_first("mint-token"), revoke=on_first("delete-token"), **more)


def with_token(fleet: ScriptedFleet) -> list[str]:
    """Let the fleet answer supply and revoke; the list says which were asked."""
    asked: list[str] = []

    def mint(_script: Script) -> Completed:
        asked.append("supply")
        return answer(f"token={TOKEN}\nnoise\nendpoint=api\n")

    def revoke(_script: Script) -> Completed:
        asked.append("revoke")
        return answer()

    fleet.remote_answers |= {"a.supply": mint, "a.revoke": revoke}
    return asked
