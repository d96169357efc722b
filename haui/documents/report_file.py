"""The report of a cluster's last install as a file in its folder, with the last lines of logs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from haui.documents.logtail import tail
from haui.documents.redact import redact_state, redact_text
from haui.documents.report import report
from haui.errors import HauiError
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.secret import Secret
from haui.step import Plan

_LOG_LINES = 2000


def try_report(
    store: ClusterStore,
    *,
    state: RunState | None = None,
    plan: Plan,
    now: datetime,
    secrets: Iterable[Secret] = (),
) -> HauiError | None:
    """Write the report of a run that has ended, as its journal tells it unless `state` is given.

    What prevents it is the answer: it is no reason to call a run failed.
    """
    try:
        state = store.read_state() if state is None else state
        write_report(store, state=state, plan=plan, now=now, secrets=secrets)
    except HauiError as error:
        return error
    return None


def write_report(
    store: ClusterStore,
    *,
    state: RunState,
    plan: Plan,
    now: datetime,
    secrets: Iterable[Secret] = (),
) -> Path:
    """`report.md` into the cluster's folder, mode 0600. Raises JournalError when it can't be."""
    known = tuple(secrets)
    text = report(
        plan.spec,
        redact_state(state, known),
        plan=plan,
        now=now,
        kubeconfig=store.admin_conf,
        output=failure_output(store, state, known),
    )
    return store.write_private(store.report.name, text.encode("utf-8", "backslashreplace"))


def failure_output(
    store: ClusterStore, state: RunState, secrets: Iterable[Secret] = ()
) -> dict[str, tuple[str, ...]]:
    """The last lines of the logs of hosts with failures, masked, for `report`."""
    known = tuple(secrets)
    return {
        host: tuple(redact_text("\n".join(_log(store, host)), known).split("\n"))
        for host, views in state.tasks.items()
        if any(view.status == "failed" for view in views.values())
    }


def _log(store: ClusterStore, host: str) -> tuple[str, ...]:
    try:
        return tail(store.log(host), _LOG_LINES) if "/" not in host else ()
    except OSError:
        return ()  # The logs are a convenience; the report does without.
