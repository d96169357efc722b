"""What a run left behind, masked once more before it is written for other people.

What comes from hosts was masked when it came in; this is the second net, for secrets that became
known later and for texts that went another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from haui.events import Finding, PreflightResult, Problem
from haui.record.state import Connection, RunState, TaskView
from haui.secret import Secret
from haui.transport.text import Redactor


def redact_text(text: str, secrets: Iterable[Secret] = ()) -> str:
    """The text without secrets, tokens, certificate keys and private keys; its lines stay lines."""
    return Redactor(secrets).text(text)


def redact_state(state: RunState, secrets: Iterable[Secret]) -> RunState:
    """The state with every text of a host masked."""
    known = tuple(secrets)
    return replace(
        state,
        tasks={
            host: {step: _view(view, known) for step, view in views.items()}
            for host, views in state.tasks.items()
        },
        connections={
            host: _connection(connection, known) for host, connection in state.connections.items()
        },
        preflight={
            host: {check: _texts(result, known) for check, result in results.items()}
            for host, results in state.preflight.items()
        },
    )


def _view(view: TaskView, secrets: tuple[Secret, ...]) -> TaskView:
    return replace(
        view,
        problem=_problem(view.problem, secrets),
        findings=tuple(_texts(found, secrets) for found in view.findings),
        reason=redact_text(view.reason, secrets),
        retries=tuple(redact_text(reason, secrets) for reason in view.retries),
    )


def _problem(problem: Problem | None, secrets: tuple[Secret, ...]) -> Problem | None:
    if problem is None:
        return None
    what, why, fix = (redact_text(t, secrets) for t in (problem.what, problem.why, problem.fix))
    return Problem(what=what, why=why, fix=fix)


Found = TypeVar("Found", Finding, PreflightResult)


def _texts(found: Found, secrets: tuple[Secret, ...]) -> Found:
    """A finding with all that a host or a person may have said masked."""
    said = ("what", "title", "expected", "seen", "fix", "fix_with", "override")
    texts = {name: getattr(found, name, "") for name in said}
    masked: dict[str, Any] = {
        name: redact_text(text, secrets) for name, text in texts.items() if text
    }
    return replace(found, **masked)


def _connection(connection: Connection, secrets: tuple[Secret, ...]) -> Connection:
    return replace(connection, reason=redact_text(connection.reason, secrets))
