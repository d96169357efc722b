"""The commands that only show: plan, render, status, list. stdout is data."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer

import steps
from haui.cli.lines import flat
from haui.clusterfile import load as specfile
from haui.clusterfile import text as spectext
from haui.documents.balancer import write_balancer
from haui.documents.runbook import write_runbook
from haui.errors import SpecError, UsageError
from haui.plan import build_plan, describe, to_json
from haui.record.state import RunState
from haui.record.store import ClusterStore, find_cluster, list_clusters
from haui.render import render_plan
from haui.step import PHASES


def show_plan(file: Path, *, as_json: bool) -> None:
    """The tasks in order."""
    spec = specfile.load(file).spec
    plan = build_plan(spec, steps.CATALOGUE)
    if as_json:
        typer.echo(json.dumps(to_json(plan), indent=2))
        return
    rows = describe(plan)
    typer.echo(f"{spec.name}: {len(rows)} tasks on {len(spec.hosts)} hosts")
    for phase in PHASES:
        here = [row for row in rows if row.phase == phase]
        if not here:
            continue
        typer.echo(f"\n{phase}")
        for step in dict.fromkeys(row.step for row in here):
            of_step = [row for row in here if row.step == step]
            hosts = ", ".join(row.host for row in of_step)
            typer.echo(f"  {step:28} {of_step[0].title}")
            typer.echo(f"  {'':28} on {hosts}")
            for path in dict.fromkeys(file.shown for row in of_step for file in row.files):
                typer.echo(f"  {'':28} places {path}")
            if of_step[0].disruptive:
                typer.echo(f"  {'':28} ! {of_step[0].disruptive}")


def show_full(file: Path) -> None:
    """The complete cluster file, every default visible; accepted again as input."""
    typer.echo(spectext.dump(specfile.load(file).spec, comments=True), nl=False)


def write_rendered(file: Path, out: Path) -> None:
    """Every file and script per host into a new folder."""
    spec = specfile.load(file).spec
    if out.exists():
        raise UsageError(f"{out} exists already", fix="name a folder that does not exist yet")
    plan = build_plan(spec, steps.CATALOGUE)
    count = render_plan(plan, out) + write_runbook(plan, out) + write_balancer(spec, out)
    typer.echo(f"{out}: {count} files for {len(spec.hosts)} hosts; begin with RUNBOOK.md")


def show_status(name: str | None, *, as_json: bool) -> None:
    """What has been done, from the journal; never takes the lock, never repairs."""
    store = find_cluster(name)
    state = store.read_state()
    try:
        hosts = [host.name for host in store.load_spec().hosts]
    except SpecError as error:  # what has been done can be told all the same
        sys.stderr.write(f"haui: note: {error.render()}\n")
        hosts = list(state.tasks)
    if as_json:
        typer.echo(json.dumps(_status_json(store, state, hosts), indent=2))
        return
    held_by = store.held_by()
    if held_by:
        word = f"running ({held_by})"
    elif state.purpose == "reset":
        word = state.word
    elif state.unfinished:
        word = "unfinished"
    else:
        word = state.outcome or "never run"
    typer.echo(f"{store.name}: {word}")
    for host in hosts:
        views = state.tasks.get(host, {})
        done = sum(view.status in ("ok", "unchanged") for view in views.values())
        now = [
            f"{step} {v.status}" for step, v in views.items() if v.status in ("running", "failed")
        ]
        typer.echo(f"  {flat(host):16} {done:3} done  {', '.join(now)}".rstrip())
        for step, view in views.items():
            if view.status == "failed" and view.problem is not None:
                typer.echo(f"      {step}: {flat(view.problem.what)}")
    if state.unfinished and not held_by:
        typer.echo(f"continue with: haui resume {store.name}")


def show_list(*, as_json: bool) -> None:
    """Each cluster with the state of its last run."""
    entries = list_clusters()
    if as_json:
        typer.echo(json.dumps([entry.to_json() for entry in entries], indent=2))
        return
    if not entries:
        typer.echo("no clusters yet; start with: haui preset list")
    for entry in entries:
        typer.echo(f"{entry.name:24} {entry.status:14} {entry.last_at}")


def _status_json(store: ClusterStore, state: RunState, hosts: list[str]) -> dict[str, object]:
    return {
        "name": store.name,
        "run": state.run,
        "purpose": state.purpose,
        "unfinished": state.unfinished,
        "outcome": state.outcome,
        "held_by": store.held_by(),
        "hosts": {
            host: {
                step: {"status": view.status, "attempt": view.attempt, "seconds": view.seconds}
                for step, view in state.tasks.get(host, {}).items()
            }
            for host in hosts
        },
    }
