"""The report's part about what haui has tried again by itself."""

from __future__ import annotations

from collections.abc import Iterator

from haui.documents.markdown import table
from haui.record.state import RunState
from haui.step import Plan


def tried_again(state: RunState, plan: Plan) -> Iterator[str]:
    """Which steps met something that passes, and what: worth knowing of a mirror or a network."""
    rows = [
        (host, f"{task.step.title} ({task.step.id})", "; ".join(view.retries))
        for task in plan.tasks
        for host in (task.host.name,)
        if (view := state.task(host, task.step.id)).retries
    ]
    if rows:
        yield "## What was tried again"
        yield table(("host", "step", "because"), rows)
