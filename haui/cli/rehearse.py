"""`haui rehearse`: the same engine, journal and SSH client over the simulated fleet.

Rehearsals have a state folder of their own, so that `haui resume` never takes one for an install. A
killed rehearsal is continued by the next one; what was running on a simulated host has gone on.
"""

from __future__ import annotations

import shutil
import sys

import typer

import steps
from haui.cli.run import Output, conclude, fleet_opener, supervise
from haui.clusterfile.text import dump
from haui.errors import UsageError
from haui.execution.controls import Controls
from haui.execution.tally import RunResult
from haui.preset import rehearsal_spec
from haui.record.background import Background
from haui.record.store import ClusterStore, state_root
from haui.rehearsal.faults import Fault, parse_faults
from haui.rehearsal.fleet import SimulatedFleet
from haui.secret import Secret
from haui.session import Job, perform
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials

FOLDER = "rehearsals"


def run_rehearsal(
    preset: str, hosts: int, faults: tuple[str, ...], speed: float, fresh: bool, output: Output
) -> None:
    """Rehearse `preset` on that many simulated hosts; leaves with the run's exit code."""
    spec = rehearsal_spec(preset, hosts=hosts)
    store = ClusterStore(spec.name, root=state_root() / FOLDER)
    with store.lock("haui rehearse"):
        before = store.read_state()
        if fresh or not before.unfinished:
            _forget(store)
            before = store.read_state()
        elif store.load_spec() != spec:
            raise UsageError(
                "an unfinished rehearsal of another cluster is here",
                why=f"{store.folder}: {len(store.load_spec().hosts)} hosts",
                fix="--fresh forgets it, the same preset and --hosts continue it",
            )
        store.write_private("cluster.yaml", dump(spec).encode())
        simulated = SimulatedFleet(
            spec,
            state_dir=store.folder / "simulated",
            speed=speed,
            faults=_faults(faults, spec),
            steps=steps.CATALOGUE,
        )
        controls = Controls()
        printer = output.printer("haui rehearse", done="haui preset list")

        async def main() -> RunResult:
            reach = await simulated.start()
            try:
                return await perform(_job(spec, reach, store, controls, printer), before)
            finally:
                await simulated.stop()

        sys.stderr.write(f"haui: rehearsing {spec.name} on {hosts} simulated hosts\n")
        result = supervise(main, controls, printer, again="haui rehearse")
        code = conclude(result, spec, store, kind="apply", again="haui rehearse", output=output)
    raise typer.Exit(code)


def _job(
    spec: ClusterSpec,
    reach: ClusterSpec,
    store: ClusterStore,
    controls: Controls,
    printer: Background,
) -> Job:
    credentials = Credentials({"registry_password": Secret("rehearsal")})
    return Job(
        kind="apply",
        spec=spec,
        reach=reach,
        store=store,
        open_fleet=fleet_opener(store, credentials, accept_new=True),
        credentials=credentials,
        watchers=(printer,),
        controls=controls,
        bastion=False,
    )


def _faults(texts: tuple[str, ...], spec: ClusterSpec) -> tuple[Fault, ...]:
    names = [host.name for host in spec.hosts]
    return parse_faults(texts, hosts=names, steps=[step.id for step in steps.CATALOGUE])


def _forget(store: ClusterStore) -> None:
    """Start over: the simulated hosts and the journal go; the lock stays held."""
    shutil.rmtree(store.folder / "simulated", ignore_errors=True)
    for path in (store.journal_path, store.known_hosts, store.cluster_yaml):
        path.unlink(missing_ok=True)
