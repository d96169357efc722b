"""`haui report`: what the last run has come to, as Markdown; or a bundle for somebody who helps."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import typer

from haui.documents.bundle import write_bundle
from haui.documents.report import report
from haui.errors import UsageError
from haui.record.stamp import utc_now
from haui.record.store import find_cluster
from haui.session.plans import plan_behind
from haui.transport.credentials import Credentials


def show_report(name: str | None, bundle: Path | None) -> None:
    """The report on stdout; with `bundle` an archive in that folder instead, its path on stdout.

    The journal is only read, so that it works beside a running install. Secrets in the environment
    are masked once more.
    """
    store = find_cluster(name)
    spec, state = store.load_spec(), store.read_state()
    if not state.run:
        raise UsageError(
            f"nothing has been done to {store.name} yet",
            fix=f"haui apply {shlex.quote(str(store.cluster_yaml))}",
        )
    plan = plan_behind(spec, state)
    now = utc_now()
    if bundle is None:
        text = report(spec, state, plan=plan, now=now, kubeconfig=store.admin_conf)
        typer.echo(text, nl=False)
        return
    if not bundle.is_dir():
        raise UsageError(f"{bundle} is no folder", fix="name one that exists, e.g. --bundle .")
    known = Credentials.collect(os.environ).known()
    path = write_bundle(
        store, spec=spec, state=state, plan=plan, out_dir=bundle, now=now, secrets=known
    )
    typer.echo(path)
