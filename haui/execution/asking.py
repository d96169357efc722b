"""Puts failed tasks before whoever decides, and stops waiting when the run is stopped."""

from __future__ import annotations

import asyncio

from haui.events import TaskFinished
from haui.execution.controls import Controls
from haui.execution.decisions import Decide, Decision, Undecided, skip_refusal
from haui.step import Plan, Task


class Asking:
    """The decisions of one run, and the hosts that it was decided to leave out."""

    def __init__(
        self, plan: Plan, decide: Decide | None, controls: Controls, left_out: set[str]
    ) -> None:
        """`left_out` is added to."""
        self._plan = plan
        self._decide = decide
        self._controls = controls
        self._left_out = left_out
        self._pending: set[asyncio.Future[Decision]] = set()

    @property
    def possible(self) -> bool:
        """Whether somebody is there to ask."""
        return self._decide is not None and not self._controls.stopping

    async def decision(
        self, task: Task, finished: TaskFinished, *, begun: bool = False
    ) -> Decision:
        """What is to become of a failed task; `stop` when nobody is there, or the run is stopped.

        A stop that was decided has been passed on to the controls. A skip that is refused counts
        as no decision.
        """
        if self._decide is None or self._controls.stopping:
            return "stop"
        undecided = Undecided(
            host=task.host.name,
            step=task.step.id,
            title=task.step.title,
            finished=finished,
            begun=begun,
        )
        asking = asyncio.ensure_future(self._decide(undecided))
        self._pending.add(asking)
        try:
            await asyncio.wait([asking])
        finally:
            self._pending.discard(asking)
            asking.cancel()
        if asking.cancelled():
            return "stop"
        decided = asking.result()
        if decided == "stop":
            self._controls.stop()
        if decided == "skip":
            if skip_refusal(self._plan, task, self._left_out, begun=begun):
                return "stop"
            self._left_out.add(task.host.name)
        return decided

    def stop(self) -> None:
        """The run is being stopped: no decision is waited for any more."""
        for asking in self._pending:
            asking.cancel()
