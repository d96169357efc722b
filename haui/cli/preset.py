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
    """The presets that ship with haui."""
    from haui import preset

    for entry in preset.list_presets():
        typer.echo(f"{entry.name:32} {entry.title}")


@preset_app.command()
def show(name: Annotated[str, typer.Argument(help="A preset's name.")]) -> None:
    """Print a preset; redirect it into a file and fill in the hosts."""
    from haui import preset

    typer.echo(preset.preset_text(name), nl=False)


@preset_app.command()
def check(file: Annotated[Path, typer.Argument(help="A preset or cluster file.")]) -> None:
    """Say whether FILE is a valid preset; hosts and addresses may be missing."""
    from haui import preset

    preset.check_file(file)
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
