"""`haui rehearse`: the same engine, journal and SSH client over the simulated fleet.

Rehearsals have a state folder of their own, so that `haui resume` never takes one for an install. A
killed rehearsal is continued by the next one; what was running on a simulated host has gone on.
"""

from __future__ import annotations

import sys

import typer

import steps
from haui.cli.output import Output
from haui.cli.run import conclude, supervise
from haui.clusterfile.text import dump
from haui.errors import UsageError
from haui.execution.controls import Controls
from haui.execution.tally import RunResult
from haui.live.site import RehearsalSite
from haui.preset import rehearsal_spec
from haui.record.background import Background
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.rehearsal.faults import Fault, parse_faults
from haui.session.job import Job
from haui.session.perform import perform
from haui.spec import ClusterSpec


def run_rehearsal(
    preset: str,
    hosts: int | None,
    faults: tuple[str, ...],
    speed: float,
    fresh: bool,
    output: Output,
) -> None:
    """Rehearse `preset` on that many simulated hosts; leaves with the run's exit code."""
    raise typer.Exit(rehearse(rehearsal_spec(preset, hosts=hosts), faults, speed, fresh, output))


def rehearse(
    spec: ClusterSpec, faults: tuple[str, ...], speed: float, fresh: bool, output: Output
) -> int:
    """Rehearse a cluster with its output on this terminal; the exit code. Raises HauiError."""
    site = RehearsalSite(speed=speed, faults=_faults(faults, spec), in_process=True)
    store = site.store(spec.name)
    with store.lock("haui rehearse"):
        before = _before(site, spec, store, fresh)
        store.write_private("cluster.yaml", dump(spec).encode())
        controls = Controls()
        printer = output.printer("haui rehearse", done="haui preset list")

        async def main() -> RunResult:
            try:
                reach = await site.reach(spec)
                return await perform(_job(spec, reach, site, controls, printer), before)
            finally:
                await site.close()

        sys.stderr.write(f"haui: rehearsing {spec.name} on {len(spec.hosts)} simulated hosts\n")
        result = supervise(main, controls, printer, again="haui rehearse")
        return conclude(result, spec, store, kind="apply", again="haui rehearse", output=output)


def _before(site: RehearsalSite, spec: ClusterSpec, store: ClusterStore, fresh: bool) -> RunState:
    """The unfinished rehearsal to go on with, or an empty state for a new one.

    Raises UsageError when the unfinished one is of another cluster.
    """
    before = store.read_state()
    if fresh or not before.unfinished or before.purpose == "reset":
        site.forget(spec.name)
        return RunState()
    if store.load_spec() != spec:
        raise UsageError(
            "an unfinished rehearsal of another cluster is here",
            why=f"{store.folder}: {len(store.load_spec().hosts)} hosts",
            fix="--fresh forgets it, the same preset and --hosts continue it",
        )
    return before


def _job(
    spec: ClusterSpec,
    reach: ClusterSpec,
    site: RehearsalSite,
    controls: Controls,
    printer: Background,
) -> Job:
    store = site.store(spec.name)
    return Job(
        kind="apply",
        spec=spec,
        reach=reach,
        store=store,
        open_fleet=site.opener(store, accept_new=True),
        credentials=site.credentials,
        watchers=(printer,),
        controls=controls,
        bastion=site.bastion,
    )


def _faults(texts: tuple[str, ...], spec: ClusterSpec) -> tuple[Fault, ...]:
    names = [host.name for host in spec.hosts]
    return parse_faults(texts, hosts=names, steps=[step.id for step in steps.CATALOGUE])
