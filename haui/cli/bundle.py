"""`haui bundle`: what a cluster file needs from outside, and whether every host gets it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haui.clusterfile import load as specfile

if TYPE_CHECKING:
    from haui.events import Event, Finding
    from haui.evidence import Evidence
    from haui.execution.tally import RunResult
    from haui.spec import ClusterSpec
    from steps.bundle_check import Item

bundle_app = typer.Typer(
    help="The packages and images that a cluster file needs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
File = Annotated[Path, typer.Argument(help="The cluster file.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@bundle_app.command("list")
def list_bundle(file: File, as_json: Json = False) -> None:
    """Print every package and image that FILE needs, and what for. Asks no host."""
    from steps import bundle

    spec = specfile.load(file).spec
    if as_json:
        typer.echo(json.dumps(bundle.to_json(spec), indent=2))
        return
    for line in bundle.lines(spec):
        typer.echo(line)


@bundle_app.command("check")
def check_bundle(
    file: File,
    as_json: Json = False,
    accept_new_host_keys: Annotated[
        bool,
        typer.Option("--accept-new-host-keys", help="Accept and pin host keys not seen before."),
    ] = False,
    secrets_fd: Annotated[
        int | None,
        typer.Option(help="Read secrets as NAME=value lines from this file descriptor."),
    ] = None,
) -> None:
    """Ask every host whether it gets each of them; exit code 4 when something is missing."""
    from haui.errors import OUTCOME_CODES, PreflightError
    from steps import bundle_check

    spec = specfile.load(file).spec
    result, evidence = _ask(spec, file, accept_new=accept_new_host_keys, secrets_fd=secrets_fd)
    found = bundle_check.items(spec, evidence)
    against = bundle_check.findings(spec, evidence)
    missing = [item for item in found if item.state == "missing"]
    if as_json:
        typer.echo(json.dumps(_json(spec, found, against), indent=2))
    else:
        for line in _lines(spec, found, against):
            typer.echo(line)
    for failure in result.failed:
        if failure.cause == "unreachable":
            sys.stderr.write(f"haui: {failure.host}: {failure.problem.what}\n")
    code = OUTCOME_CODES[result.outcome]
    raise typer.Exit(code or (PreflightError.exit_code if missing else 0))


def _ask(
    spec: ClusterSpec, file: Path, *, accept_new: bool, secrets_fd: int | None
) -> tuple[RunResult, Evidence]:
    """The preflight's look at packages and images, on every host. Raises HauiError."""
    from haui.cli.prompt import ask_secret, at_terminal
    from haui.cli.run import supervise
    from haui.evidence import Evidence
    from haui.execution.controls import Controls
    from haui.record.background import Background
    from haui.record.state import RunState
    from haui.record.store import ClusterStore
    from haui.session.connections import fleet_opener
    from haui.session.job import Job
    from haui.session.perform import perform
    from haui.transport.credentials import Credentials
    from steps import bundle_check

    store, evidence, controls = ClusterStore(spec.name), Evidence(), Controls()
    ask = ask_secret if at_terminal() else None
    credentials = Credentials.collect(os.environ, descriptor=secrets_fd, ask=ask)
    with store.lock("haui bundle check"):
        background = Background(_say)
        job = Job(
            kind="preflight",
            spec=spec,
            reach=spec,
            store=store,
            open_fleet=fleet_opener(store, credentials, accept_new=accept_new),
            credentials=credentials,
            watchers=(background,),
            controls=controls,
            bastion=False,
            evidence=evidence,
            catalogue=bundle_check.catalogue(),
        )
        again = f"haui bundle check {shlex.quote(str(file))}"
        result = supervise(lambda: perform(job, RunState()), controls, background, again=again)
    return result, evidence


def _say(event: Event) -> None:
    """Progress for people, beside the data."""
    from haui.events import TaskFinished

    if isinstance(event, TaskFinished) and event.step == "preflight.supply":
        sys.stderr.write(f"haui: {event.host} has been asked\n")


def _json(
    spec: ClusterSpec, items: Sequence[Item], against: Sequence[tuple[str, Finding]]
) -> dict[str, object]:
    return {
        "cluster": spec.name,
        "missing": sorted({item.name for item in items if item.state == "missing"}),
        "items": [item.to_json() for item in items],
        "findings": [
            {
                "host": host,
                "check": found.check,
                "verdict": found.verdict,
                "what": found.what,
                "seen": found.seen,
                "fix": found.fix,
            }
            for host, found in against
        ],
    }


_HEADS = {
    "missing": "missing",
    "guess": "missing, and perhaps not needed",
    "unknown": "not known",
    "later": "not there yet",
}


def _lines(
    spec: ClusterSpec, items: Sequence[Item], against: Sequence[tuple[str, Finding]]
) -> Sequence[str]:
    from haui.cli.lines import flat

    out = [f"{spec.name}: packages and images as {len(spec.hosts)} hosts get them"]
    for host in spec.hosts:
        own = [item for item in items if item.host == host.name]
        there = sum(item.state == "there" for item in own)
        out.append(f"  {host.name:20} {there} of {len(own)} are there")
    for state, head in _HEADS.items():
        by: dict[tuple[str, str, str], list[str]] = {}
        for item in items:
            if item.state == state:
                by.setdefault((item.kind, item.name, item.why), []).append(item.host)
        if by:
            out += ["", head]
        for (kind, name, why), hosts in by.items():
            out.append(f"  {kind} {name} on {', '.join(hosts)}: {flat(why)}")
    if against:
        out += ["", "what the preflight will say"]
    for name, found in against:
        out.append(f"  {found.verdict}: {flat(found.what)} on {name}: {flat(found.seen)}")
        out += [f"      → {line}" for line in found.fix.splitlines()]
    return out
