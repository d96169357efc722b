"""`haui reset`: says what will be lost, has the cluster's name typed, and gives the hosts back."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from dataclasses import dataclass

from haui.cli.output import Output
from haui.cli.prompt import ask_secret, ask_text, ask_yes, at_terminal
from haui.cli.run import Agree, change_cluster
from haui.documents.undoing import losses
from haui.errors import InterruptedRunError, UsageError
from haui.events import EtcdData
from haui.record.state import RunState
from haui.record.store import ClusterStore, find_cluster
from haui.resetting import chosen_hosts, etcd_data_of, not_reset, refuse_reset
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed to on the command line: `yes` to all but the loss of etcd's data, for which
    `confirm` holds the cluster's name."""

    yes: bool = False
    confirm: str | None = None


def run_reset(
    name: str,
    output: Output,
    agreement: Agreement,
    *,
    hosts: tuple[str, ...] = (),
    keep_etcd_data: bool = False,
    accept_new: bool = False,
    secrets_fd: int | None = None,
) -> int:
    """Reset a cluster, or workers of it; the run's exit code. Raises HauiError."""
    store = find_cluster(name)
    spec = store.load_spec()
    chosen = chosen_hosts(spec, hosts)
    etcd_data = etcd_data_of(spec, chosen, keep=keep_etcd_data)

    def agree(before: RunState) -> None:
        refuse_reset(spec, before)
        _agree(spec, store, chosen, etcd_data, agreement)

    return _run(spec, store, output, chosen, etcd_data, agree, accept_new, secrets_fd)


def resume_reset(
    store: ClusterStore, output: Output, yes: bool, accept_new: bool, secrets_fd: int | None
) -> int:
    """Go on with an unfinished reset, as it was agreed to; the run's exit code."""
    spec, begun = store.load_spec(), store.read_state()
    chosen = chosen_hosts(spec, begun.hosts)

    def agree(before: RunState) -> None:
        left = not_reset(spec, before)
        what = f"left: {', '.join(left)}" if left else "all hosts are done"
        sys.stderr.write(f"haui: continuing the unfinished reset of {spec.name}; {what}\n")
        if not yes:
            _ask(f"haui resume {spec.name} --yes")

    return _run(spec, store, output, chosen, begun.etcd_data, agree, accept_new, secrets_fd)


def _run(
    spec: ClusterSpec,
    store: ClusterStore,
    output: Output,
    hosts: frozenset[str] | None,
    etcd_data: EtcdData,
    agree: Agree,
    accept_new: bool,
    secrets_fd: int | None,
) -> int:
    credentials = Credentials.collect(
        os.environ, descriptor=secrets_fd, ask=ask_secret if at_terminal() else None
    )
    return change_cluster(
        "reset",
        spec,
        store,
        output,
        credentials,
        agree=agree,
        accept_new=accept_new,
        hosts=hosts,
        etcd_data=etcd_data,
    )


def _agree(
    spec: ClusterSpec,
    store: ClusterStore,
    hosts: Collection[str] | None,
    etcd_data: EtcdData,
    agreement: Agreement,
) -> None:
    """Say what will be lost, and have it agreed to. Raises UsageError, InterruptedRunError."""
    if agreement.confirm not in (None, spec.name):
        raise UsageError(
            f"--confirm {agreement.confirm} is not the name of this cluster",
            fix=f"when {spec.name} is meant: --confirm {spec.name}",
        )
    say = sys.stderr.write
    say(f"haui: a reset of {spec.name}\n")
    for line in losses(spec, hosts, etcd_data, admin_conf=str(store.admin_conf)):
        say(f"  {line}\n")
    if agreement.confirm is not None:
        return
    command = f"haui reset {spec.name}"
    command += "".join(f" --host {name}" for name in sorted(hosts or ()))
    if etcd_data == "keep":
        kept = "" if hosts is not None else " --keep-etcd-data"
        if not agreement.yes:
            _ask(f"{command}{kept} --yes")
        return
    if not at_terminal():
        raise UsageError(
            "nobody is here to type the cluster's name, without which etcd's data is not removed",
            fix=f"{command} --confirm {spec.name}",
        )
    if ask_text(f"Type {spec.name} to lose all of this for good:") != spec.name:
        raise InterruptedRunError("that is not the name; nothing was changed")


def _ask(command: str) -> None:
    """Yes or no. Raises UsageError when nobody can answer, InterruptedRunError for a no."""
    if not at_terminal():
        raise UsageError("nobody is here to agree to resetting these hosts", fix=command)
    if not ask_yes("Reset these hosts?"):
        raise InterruptedRunError("nothing was changed")
