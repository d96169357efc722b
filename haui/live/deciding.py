"""The failed tasks of a run that wait for the admin, and what leaving a host out would mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from haui.errors import UsageError
from haui.execution.decisions import Decision, Undecided, skip_consequence, skip_refusal
from haui.step import Plan


class Deciding:
    """Use from one event loop. `changed` is told the host of what comes, and of what is settled."""

    def __init__(self, plan: Plan, changed: Callable[[str], None]) -> None:
        self._plan = plan
        self._changed = changed
        self._tasks = {task.id: task for task in plan.tasks}
        self._asked: dict[str, tuple[Undecided, asyncio.Future[Decision]]] = {}
        self._left_out: set[str] = set()

    @property
    def undecided(self) -> tuple[Undecided, ...]:
        """The oldest first."""
        return tuple(undecided for undecided, _ in self._asked.values())

    async def ask(self, undecided: Undecided) -> Decision:
        """Wait for the admin; cancelled when the run is stopped."""
        try:
            return await self.put(undecided)
        finally:
            self.drop(undecided)

    def put(self, undecided: Undecided) -> asyncio.Future[Decision]:
        """One more that waits; the answer will be there."""
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._asked[undecided.id] = (undecided, answer)
        self._changed(undecided.host)
        return answer

    def drop(self, undecided: Undecided) -> None:
        """It waits no more."""
        self._asked.pop(undecided.id, None)
        self._changed(undecided.host)

    def decide(self, task_id: str, decision: Decision) -> bool:
        """Give a decision; False when none is waited for (any more).

        Raises UsageError for a skip that is refused.
        """
        asked = self._asked.get(task_id)
        if asked is None or asked[1].done():
            return False
        if decision == "skip":
            refusal = self.skip_refusal(task_id)
            if refusal:
                raise UsageError(f"{asked[0].host} can't be left out", why=refusal)
            self._left_out.add(asked[0].host)
        asked[1].set_result(decision)
        return True

    def skip_refusal(self, task_id: str) -> str:
        """Why the task's host can't be left out; empty when it can. KeyError: no such task."""
        asked = self._asked.get(task_id)
        begun = asked is not None and asked[0].begun
        return skip_refusal(self._plan, self._tasks[task_id], self._left_out, begun=begun)

    def skip_consequence(self, task_id: str) -> str:
        """What the cluster would be like without the task's host. KeyError: no such task."""
        return skip_consequence(self._plan, self._tasks[task_id], self._left_out)
