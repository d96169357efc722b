"""The options of `haui reset`. What does it is imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from haui.cli.options import Json, NewKeys, Plain, SecretsFd, Verbose, Yes
from haui.cli.output import Output


def reset(
    name: Annotated[str, typer.Argument(help="The cluster's name.", show_default=False)],
    yes: Yes = False,
    confirm: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The cluster's name: yes to losing all of its data."),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(help="Only this worker, which then leaves the cluster. Repeatable."),
    ] = None,
    keep_etcd_data: Annotated[
        bool,
        typer.Option(
            "--keep-etcd-data",
            help="Leave etcd's data in /var/lib/etcd, and the images of a registry.",
        ),
    ] = False,
    plain: Plain = False,
    as_json: Json = False,
    verbose: Verbose = False,
    accept_new_host_keys: NewKeys = False,
    secrets_fd: SecretsFd = None,
) -> None:
    """Take the install back: the hosts become what they were before it. The cluster is lost."""
    output = Output(as_json=as_json, plain=plain, verbose=verbose)
    from haui.cli.reset import Agreement, run_reset

    code = run_reset(
        name,
        output,
        Agreement(yes=yes, confirm=confirm),
        hosts=tuple(host or ()),
        keep_etcd_data=keep_etcd_data,
        accept_new=accept_new_host_keys,
        secrets_fd=secrets_fd,
    )
    raise typer.Exit(code)
