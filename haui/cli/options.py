"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]
Plain = Annotated[bool, typer.Option("--plain", help="Append-only lines (default without a TTY).")]
Json = Annotated[bool, typer.Option("--json", help="One JSON event a line on stdout.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every host's output.")]
NewKeys = Annotated[
    bool,
    typer.Option("--accept-new-host-keys", help="Accept and pin host keys not seen before."),
]
SecretsFd = Annotated[
    int | None,
    typer.Option(help="Read secrets as NAME=value lines from this file descriptor."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--override",
        metavar="ID[@HOST]=REASON",
        help="Let a finding pass that would block; kept with who said so. Repeatable.",
    ),
]
NoRehearsals = Annotated[
    bool,
    typer.Option("--no-rehearsals", help="Only read: listen on no port, time no disk."),
]
File = Annotated[Path, typer.Argument(help="The cluster file.", show_default=False)]
Name = Annotated[str | None, typer.Argument(help="The cluster's name.", show_default=False)]
