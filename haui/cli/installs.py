"""The commands apply, resume and verify: which cluster is meant, and that it may be changed."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from pathlib import Path
from typing import Literal

import typer

from haui.cli.output import Output
from haui.cli.overrides import with_overrides
from haui.cli.prompt import ask_secret, ask_yes, at_terminal
from haui.cli.reset import resume_reset
from haui.cli.run import change_cluster, look_at_cluster
from haui.clusterfile import load as specfile
from haui.clusterfile.rules import notes
from haui.clusterfile.text import diff
from haui.errors import InterruptedRunError, UsageError
from haui.record.state import RunState
from haui.record.store import ClusterStore, find_cluster
from haui.session.job import Install
from haui.session.plans import plan_of
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials

Command = Install | Literal["verify"]


def run_app_command(
    kind: Command,
    output: Output,
    yes: bool,
    accept_new: bool,
    secrets_fd: int | None,
    *,
    file: Path | None = None,
    name: str | None = None,
    overrides: tuple[str, ...] = (),
    rehearsals: bool = True,
) -> None:
    """Run one of the commands that work on a cluster to its end; leaves with its exit code."""
    spec, store = _found(kind, file, name)
    if kind == "resume" and store.read_state().purpose == "reset":
        raise typer.Exit(resume_reset(store, output, yes, accept_new, secrets_fd))
    spec = with_overrides(spec, overrides, rehearsals=rehearsals)
    credentials = Credentials.collect(
        os.environ, descriptor=secrets_fd, ask=ask_secret if at_terminal() else None
    )
    if kind == "verify":
        code = look_at_cluster(kind, spec, store, output, credentials, accept_new=accept_new)
    else:
        agree = functools.partial(agree_to_install, kind, spec, store, yes=yes)
        code = change_cluster(
            kind, spec, store, output, credentials, agree=agree, accept_new=accept_new
        )
    raise typer.Exit(code)


def _found(kind: Command, file: Path | None, name: str | None) -> tuple[ClusterSpec, ClusterStore]:
    """What the admin means: a file, or a cluster that this account has worked on."""
    if file is not None:
        spec = specfile.load(file).spec
        return spec, ClusterStore(spec.name)
    store = find_cluster(name)
    state = store.read_state()
    if state.gone:
        raise UsageError(
            f"there is nothing to {kind}: {store.name} was reset",
            fix=f"haui apply {shlex.quote(str(store.cluster_yaml))} installs it again",
        )
    if kind == "resume" and not state.run:
        raise UsageError(
            f"there is nothing to resume: nothing was ever run on {store.name}",
            why=f"{store.journal_path} has no run on record",
            fix=f"haui apply {shlex.quote(str(store.cluster_yaml))} begins; the hosts are asked"
            " what is done already",
        )
    if kind == "resume" and not state.unfinished:
        raise UsageError(
            f"there is nothing to resume: the last run of {store.name} is finished",
            fix=f"haui verify {store.name} proves it again",
        )
    return store.load_spec(), store


def agree_to_install(
    kind: Install, spec: ClusterSpec, store: ClusterStore, before: RunState, *, yes: bool
) -> None:
    """Say what is going to happen; ask unless --yes. Raises UsageError when nobody can answer."""
    tasks = len(plan_of(spec, kind).tasks)
    say = sys.stderr.write
    if before.unfinished:
        say(f"haui: continuing the unfinished install of {spec.name} (run {before.run})\n")
        known = store.load_spec()
        for line in diff(known, spec):
            say(f"  the cluster file has changed: {line}\n")
    for note in notes(spec):
        say(f"haui: note: {note.what}\n")
    hosts = ", ".join(f"{host.name} ({host.address})" for host in spec.hosts)
    say(f"haui: {spec.name}, Kubernetes {spec.kubernetes.version}: {tasks} tasks on {hosts}\n")
    if yes:
        return
    if not at_terminal():
        raise UsageError(
            "nobody is here to agree to changing these hosts", fix="pass --yes when you agree"
        )
    if not ask_yes("Change these hosts?"):
        raise InterruptedRunError("nothing was changed")
