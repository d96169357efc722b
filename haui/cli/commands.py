"""Every command. The composition root: it decides who watches a run, never what a run does.

stdout is data, stderr is talk. Exit codes are those of `haui.errors`: 0 done, 1 unexpected,
2 usage, 3 invalid spec, 4 preflight, 5 cannot connect, 6 a step failed, 7 verification, 8 journal,
130 interrupted. All commands with their options stand here, as `haui --help` lists them; what each
does is in a module of its own.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haui import __version__
from haui.cli.bundle import bundle_app
from haui.cli.ending import code_of, keep_memory_private
from haui.cli.options import (
    File,
    Json,
    Name,
    NewKeys,
    NoRehearsals,
    Overrides,
    Plain,
    SecretsFd,
    Verbose,
    Yes,
)
from haui.cli.output import Output
from haui.cli.preset import preset_app
from haui.cli.reset_command import reset

if TYPE_CHECKING:
    from haui.cli.installs import Command

app = typer.Typer(
    name="haui",
    help="Highly available Kubernetes clusters with kubeadm, over SSH.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(preset_app, name="preset")
app.add_typer(bundle_app, name="bundle")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"haui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Ask one question after the other, without pages.")
    ] = False,
    preset: Annotated[
        str, typer.Option("--preset", help="Begin with a preset, by its name or file.")
    ] = "",
    theme: Annotated[
        str, typer.Option("--theme", help="haui, haui-light, haui-ansi or another of Textual's.")
    ] = "",
    no_mouse: Annotated[
        bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")
    ] = False,
) -> None:
    """Without a command: the wizard. It offers unfinished installs first."""
    if context.invoked_subcommand is None:
        from haui.cli.beginning import Start
        from haui.cli.start import begin

        code = begin(Start(plain=plain, preset=preset, theme=theme, mouse=not no_mouse))
        raise typer.Exit(code)


def _run(kind: Command, *arguments: Any, **named: Any) -> None:
    """Commands that touch no host must not wait for what touches hosts to be imported."""
    from haui.cli.installs import run_app_command

    run_app_command(kind, *arguments, **named)


@app.command()
def apply(
    file: File,
    yes: Yes = False,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
    accept_new_host_keys: NewKeys = False,
    secrets_fd: SecretsFd = None,
    override: Overrides = None,
    no_rehearsals: NoRehearsals = False,
) -> None:
    """Install the cluster that FILE describes, or bring it to what FILE says."""
    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    _run(
        "apply",
        output,
        yes,
        accept_new_host_keys,
        secrets_fd,
        file=file,
        overrides=tuple(override or ()),
        rehearsals=not no_rehearsals,
    )


@app.command()
def resume(
    name: Name = None,
    yes: Yes = False,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
    accept_new_host_keys: NewKeys = False,
    secrets_fd: SecretsFd = None,
    override: Overrides = None,
) -> None:
    """Continue an unfinished install."""
    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    overrides = tuple(override or ())
    _run("resume", output, yes, accept_new_host_keys, secrets_fd, name=name, overrides=overrides)


app.command()(reset)


@app.command()
def verify(
    name: Name = None,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
    secrets_fd: SecretsFd = None,
) -> None:
    """Prove the cluster: nodes, etcd, the API through the endpoint, a workload."""
    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    _run("verify", output, True, False, secrets_fd, name=name)


@app.command()
def preflight(
    file: File,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
    accept_new_host_keys: NewKeys = False,
    secrets_fd: SecretsFd = None,
    override: Overrides = None,
    no_rehearsals: NoRehearsals = False,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FACTS", help="Keep what the hosts say in this file."),
    ] = None,
    judge: Annotated[
        Path | None,
        typer.Option("--from", metavar="FACTS", help="Judge such a file instead of asking hosts."),
    ] = None,
) -> None:
    """Check every host and change nothing."""
    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    from haui.cli.preflight import Facts, run_preflight

    run_preflight(
        file,
        output,
        Facts(save=save, judge=judge),
        overrides=tuple(override or ()),
        rehearsals=not no_rehearsals,
        accept_new=accept_new_host_keys,
        secrets_fd=secrets_fd,
    )


@app.command()
def plan(
    file: File,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="The complete cluster file, every default visible.")
    ] = False,
) -> None:
    """Show the tasks in order, or with --full the file with every default."""
    from haui.cli.show import show_full, show_plan

    show_full(file) if full else show_plan(file, as_json=as_json)


@app.command()
def render(
    file: File,
    out: Annotated[Path, typer.Option("--out", help="The folder to write; must not exist.")],
) -> None:
    """Write every file and script of every host into a folder."""
    from haui.cli.show import write_rendered

    write_rendered(file, out)


@app.command()
def status(name: Name = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """What has been done, from the journal. Reads while another haui writes."""
    from haui.cli.show import show_status

    show_status(name, as_json=as_json)


@app.command()
def attach(
    name: Name = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="The rehearsal of that name, not the install.")
    ] = False,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Watch an install that another haui runs, in a second terminal. Changes nothing.

    On pages in a terminal, else as lines; leaving it leaves the run alone. Without NAME: the one
    that runs. With --json each event of the session from its beginning, output from now on (its seq
    is 0: log files have no numbers). Ends when the run does, with the run's exit code; 130 when the
    haui that ran it has gone without an end, or after Ctrl-C; 2 when nothing runs.
    """
    from haui.cli.attach import run_attach

    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    run_attach(name, output, rehearsal=rehearsal)


@app.command("report")
def show_report(
    name: Name = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Write an archive for somebody who helps into this folder instead."),
    ] = None,
) -> None:
    """What the last run has come to, as Markdown."""
    from haui.cli.report import show_report as show

    show(name, bundle)


@app.command("list")
def list_clusters(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """The clusters that this account has a journal of."""
    from haui.cli.show import show_list

    show_list(as_json=as_json)


@app.command()
def rehearse(
    preset: Annotated[str, typer.Argument(help="A preset or cluster file.")] = (
        "stacked-3-keepalived-haproxy"
    ),
    hosts: Annotated[
        int | None,
        typer.Option(min=3, max=100, help="How many hosts to simulate; by default the preset's."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="HOST:STEP:KIND, e.g. cp2:control_plane.join:fail-once. Repeatable."),
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, help="How much faster than life.")] = 10.0,
    fresh: Annotated[bool, typer.Option(help="Forget an unfinished rehearsal.")] = False,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """The wizard and the engine over simulated hosts: nothing outside this machine is touched."""
    from haui.cli.beginning import Start, is_plain
    from haui.cli.start import begin

    faults = tuple(fault or ())
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    begun = Start(
        plain=plain, preset=preset, rehearsal=True, hosts=hosts, speed=speed, faults=faults
    )
    if not as_json and not verbose and not is_plain(begun, os.environ, terminal=terminal):
        raise typer.Exit(begin(begun))
    from haui.cli.rehearse import run_rehearsal

    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    run_rehearsal(preset, hosts, faults, speed, fresh, output)


@app.command()
def schema() -> None:
    """The JSON Schema of the cluster file."""
    from haui.clusterfile.text import schema as spec_schema

    typer.echo(json.dumps(spec_schema(), indent=2))


def main() -> None:
    """The entry point: runs the command and turns every end into its exit code."""
    keep_memory_private()
    sys.exit(code_of(lambda: app(standalone_mode=False)))
