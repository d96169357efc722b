"""`haui preset`: list, show, check, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

preset_app = typer.Typer(
    help="Cluster files with parts left out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@preset_app.command("list")
def list_presets() -> None:
    """The presets that ship with haui, then your own."""
    from haui import preset

    for entry in preset.list_presets():
        typer.echo(f"{entry.name:32} {entry.title}".rstrip())
        if entry.problem:
            typer.echo(f"haui: {entry.name} can't be used: {entry.problem}", err=True)


@preset_app.command()
def show(name: Annotated[str, typer.Argument(help="A preset's name.")]) -> None:
    """Print a preset; redirect it into a file and fill in the hosts."""
    from haui import preset

    typer.echo(preset.preset_text(name), nl=False)


@preset_app.command()
def check(file: Annotated[Path, typer.Argument(help="A preset or cluster file.")]) -> None:
    """Say whether FILE is a valid preset; hosts and addresses may be missing."""
    from haui import preset
    from haui.clusterfile.load import SpecFileError

    try:
        found = preset.read_preset(file)
    except SpecFileError as error:
        # All of them, where the usual message stops after fifty.
        for problem in error.problems:
            typer.echo(f"haui: {error.name}:{problem.line}: {problem}", err=True)
        raise typer.Exit(error.exit_code) from None
    for note in found.notes:
        typer.echo(f"{file}: {note}")
    typer.echo(f"{file}: valid")


@preset_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The cluster file to make a preset of.")],
    addresses: Annotated[bool, typer.Option(help="Keep hosts and addresses.")] = False,
) -> None:
    """Print FILE as a preset: no secret ever, no hosts unless asked for."""
    from haui import preset
    from haui.clusterfile import load as specfile

    typer.echo(preset.export(specfile.load(file).spec, addresses=addresses), nl=False)
