"""One run on one cluster, put together: store, journal, bus, fleet, plan, executor.

The command line and the wizard both go through here; they differ only in the watchers that they
pass. A session decides nothing about the install: that is the plan's, and nothing about hosts: that
is the executor's.
"""

from __future__ import annotations

import asyncio
import functools
import secrets

from haui import __version__
from haui.clusterfile.text import spec_sha
from haui.errors import SpecError
from haui.events import RunStarted
from haui.execution.executor import run as execute
from haui.execution.scrub import ScrubbedBus
from haui.execution.tally import RunResult
from haui.plan import plan_sha, subset
from haui.record.bus import EventBus, Subscriber
from haui.record.logs import HostLogs
from haui.record.state import RunState
from haui.resetting import not_reset, refuse_install
from haui.session.here import local_checks
from haui.session.job import ON_RECORD, Job
from haui.session.plans import continues, plan_of, takes_up
from haui.step import Plan
from haui.transport.needs import ask_first, needs_of
from steps.load import body


def new_run_id() -> str:
    """A short id, unique for this cluster: it names folders and units on the hosts."""
    return f"r{secrets.token_hex(4)}"


async def perform(job: Job, before: RunState) -> RunResult:
    """Do the job; `before` is what the journal said. Raises JournalError, ConnectError, SpecError.

    What is secret is asked for first, all of it; UsageError when something is missing.
    The caller holds the store's lock. Preflight and verify prove something about the hosts and
    finish nothing, so the journal of the install is not theirs to write. Raises UsageError for an
    install on hosts whose reset is not finished.
    """
    if job.kind in ("apply", "resume"):
        refuse_install(job.spec, before)
    planned = functools.partial(
        plan_of,
        job.spec,
        job.kind,
        job.hosts,
        catalogue=job.catalogue,
        etcd_data=job.etcd_data,
    )
    whole = planned()
    if not whole.tasks:
        raise SpecError("the plan has no tasks", fix="the cluster file needs hosts with roles")
    names = tuple(h.name for h in job.spec.hosts if job.hosts is None or h.name in job.hosts)
    if job.bastion:
        registry = job.kind in ("apply", "resume")
        needs = await asyncio.to_thread(needs_of, job.reach, registry=registry)
        await ask_first(needs, job.credentials)
    resumed = takes_up(job.kind, before, names)
    run_id = before.run if resumed else new_run_id()
    shas = (spec_sha(job.spec), plan_sha(whole))
    plan = planned(continued=continues(job.kind, before))
    if resumed and job.kind == "reset":
        # Hosts that were given back may serve something else by now.
        plan = subset(plan, ("reset",), not_reset(job.spec, before, job.catalogue))
    journal = job.store.open_journal(now=job.now) if job.kind in ON_RECORD else None
    logs = HostLogs(job.store.logs, on_trouble=job.on_trouble) if journal else None
    try:
        subscribers: tuple[Subscriber, ...] = (logs, *job.watchers) if logs else job.watchers
        bus = EventBus(job.now, subscribers, journal=journal, on_trouble=job.on_trouble)
        await bus.emit(
            RunStarted(
                run=run_id,
                cluster=job.spec.name,
                haui=__version__,
                spec_sha=shas[0],
                plan_sha=shas[1],
                tasks=len(whole.tasks if job.kind == "reset" else plan.tasks),
                hosts=names,
                resumed=resumed,
                purpose="reset" if job.kind == "reset" else "apply",
                etcd_data=job.etcd_data,
                partial=job.kind == "reset" and job.partial,
            )
        )
        # A finished run is only worth knowing when it was an install of just this.
        same = job.kind == "apply" and before.purpose == "apply" and before.outcome == "ok"
        same = same and shas == (before.spec_sha, before.plan_sha)
        known = before if resumed or same else RunState()
        return await _run(job, plan, run_id, bus, known, new=not resumed)
    finally:
        if journal is not None:
            await journal.close()
        if logs is not None:
            logs.close()


async def _run(
    job: Job, plan: Plan, run_id: str, bus: EventBus, before: RunState, *, new: bool
) -> RunResult:
    scrubbed = ScrubbedBus(bus, job.credentials.known)
    fleet = job.open_fleet(job.reach, scrubbed.emit)
    try:
        return await execute(
            plan,
            run_id=run_id,
            hosts=fleet.host,
            bus=scrubbed,
            load_script=body,
            store=job.store.write_private,
            secrets=await _values(job),
            controls=job.controls,
            settled=before.settled(),
            local_checks=local_checks(job),
            decide=job.decide,
            evidence=job.evidence,
            operator=job.operator,
            new=new,
        )
    finally:
        await fleet.close()


async def _values(job: Job) -> dict[str, str]:
    """The secrets that steps may ask for by name. A preflight does with what there is."""
    if not job.spec.supply.images.username or job.kind in ("verify", "reset"):
        return {}
    user = job.spec.supply.images.username
    password = await job.credentials.get("registry_password", f"the registry login of {user}")
    if password is None and job.kind == "preflight":
        return {}
    if password is None:
        raise SpecError(
            f"the registry login of {user} has no password",
            fix="set HAUI_REGISTRY_PASSWORD, or pass it with --secrets-fd",
        )
    return {"registry_password": password.reveal()}
