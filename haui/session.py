"""One run on one cluster, put together: store, journal, bus, fleet, plan, executor.

The command line and the wizard both go through here; they differ only in the watchers that they
pass. A session decides nothing about the install: that is the plan's, and nothing about hosts: that
is the executor's.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import steps
from haui import __version__
from haui.clusterfile.text import spec_sha
from haui.errors import SpecError, VerifyError
from haui.events import AnyEvent, Finding, HostConnected, HostLost, RunStarted
from haui.evidence import Evidence, Reading, facts_text
from haui.execution import bastion_facts
from haui.execution.bastion import check_endpoint
from haui.execution.controls import Controls
from haui.execution.decisions import Decide
from haui.execution.executor import run as execute
from haui.execution.localcheck import LocalCheck
from haui.execution.tally import RunResult
from haui.host import Host
from haui.plan import build_plan, plan_sha, subset
from haui.record.bus import EventBus, Subscriber
from haui.record.logs import HostLogs
from haui.record.stamp import Now, utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.spec import ClusterSpec
from haui.step import PHASES, Phase, Plan, Step
from haui.transport.credentials import Credentials
from steps.checks import bastion
from steps.load import body

Kind = Literal["apply", "resume", "verify", "preflight"]

PHASES_OF: dict[Kind, tuple[Phase, ...]] = {
    "apply": PHASES,
    "resume": PHASES,
    "verify": ("verify",),
    "preflight": ("preflight",),
}


class FleetLike(Protocol):
    """What a session needs of the hosts as a whole."""

    def host(self, name: str) -> Host: ...

    async def close(self) -> None: ...


def whoami(environ: Mapping[str, str] = os.environ) -> str:
    """Who runs haui; with sudo, also who that was before, as `root (ops)`."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        name = f"uid {os.getuid()}"
    before = environ.get("SUDO_USER", "")
    return f"{name} ({before})" if before and before != name else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a session is to do. `spec` is what the admin asked for; `reach` is the same cluster as
    it is reached (they differ only in a rehearsal)."""

    kind: Kind
    spec: ClusterSpec
    store: ClusterStore
    reach: ClusterSpec
    open_fleet: Callable[[ClusterSpec, Emit], FleetLike]
    credentials: Credentials
    watchers: tuple[Subscriber, ...] = ()
    controls: Controls
    bastion: bool = True
    """Whether the bastion itself can reach the endpoint (never in a rehearsal)."""
    hosts: frozenset[str] | None = None
    """Only these hosts, to look at them again; for jobs that change nothing."""
    catalogue: Sequence[Step] = field(default_factory=lambda: steps.CATALOGUE)
    """What there is to do; less than all of it for jobs that change nothing."""
    decide: Decide | None = None
    """Asked about each task that failed; without it, what needs the task is skipped at once."""
    evidence: Evidence = field(default_factory=Evidence)
    """Filled with what the steps read."""
    operator: str = field(default_factory=whoami)
    """Who runs haui, for findings that are let pass."""
    now: Now = utc_now


Emit = Callable[[AnyEvent], Awaitable[object]]


class ConnectionEvents:
    """Turns what the transport says of lost and regained connections into events."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._running: set[asyncio.Future[object]] = set()

    def __call__(self, kind: Literal["connected", "lost"], host: str, text: str) -> None:
        event: AnyEvent = (
            HostConnected(host=host, fingerprint=text)
            if kind == "connected"
            else HostLost(host=host, reason=text)
        )
        emitting = asyncio.ensure_future(self._emit(event))
        self._running.add(emitting)
        emitting.add_done_callback(self._done)

    def _done(self, emitting: asyncio.Future[object]) -> None:
        # A journal that fails here fails for the task that follows, too, which reports it.
        self._running.discard(emitting)
        if not emitting.cancelled():
            emitting.exception()


def new_run_id() -> str:
    """A short id, unique for this cluster: it names folders and units on the hosts."""
    return f"r{secrets.token_hex(4)}"


def plan_of(
    spec: ClusterSpec,
    kind: Kind,
    hosts: Collection[str] | None = None,
    *,
    continued: bool = False,
    catalogue: Sequence[Step] | None = None,
) -> Plan:
    """The tasks of that kind of session, perhaps only those of some hosts.

    `continued`: the hosts have been looked at before, and may have been changed since.
    `catalogue` is steps.CATALOGUE unless said otherwise.
    """
    plan = build_plan(spec, steps.CATALOGUE if catalogue is None else catalogue)
    return subset(plan, PHASES_OF[kind], hosts, continued=continued)


def continues(kind: Kind, before: RunState) -> bool:
    """Whether an install goes on with hosts that may have been changed already."""
    return kind in ("apply", "resume") and before.begun


async def perform(job: Job, before: RunState) -> RunResult:
    """Do the job; `before` is what the journal said. Raises JournalError, ConnectError, SpecError.

    The caller holds the store's lock. Preflight and verify prove something about the hosts and
    finish nothing, so the journal of the install is not theirs to write.
    """
    whole = plan_of(job.spec, job.kind, job.hosts, catalogue=job.catalogue)
    if not whole.tasks:
        raise SpecError("the plan has no tasks", fix="the cluster file needs hosts with roles")
    resumed = job.kind in ("apply", "resume") and before.unfinished
    run_id = before.run if resumed else new_run_id()
    shas = (spec_sha(job.spec), plan_sha(whole))
    continued = continues(job.kind, before)
    plan = plan_of(job.spec, job.kind, job.hosts, continued=continued, catalogue=job.catalogue)
    journal = job.store.open_journal(now=job.now) if job.kind in ("apply", "resume") else None
    logs = HostLogs(job.store.logs) if journal else None
    try:
        subscribers: tuple[Subscriber, ...] = (logs, *job.watchers) if logs else job.watchers
        bus = EventBus(job.now, subscribers, journal=journal)
        await bus.emit(
            RunStarted(
                run=run_id,
                cluster=job.spec.name,
                haui=__version__,
                spec_sha=shas[0],
                plan_sha=shas[1],
                tasks=len(plan.tasks),
                hosts=tuple(
                    host.name
                    for host in job.spec.hosts
                    if job.hosts is None or host.name in job.hosts
                ),
                resumed=resumed,
            )
        )
        # A finished run is only worth knowing when it was an install of just this.
        same = job.kind == "apply" and before.outcome == "ok"
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
    fleet = job.open_fleet(job.reach, bus.emit)
    try:
        return await execute(
            plan,
            run_id=run_id,
            hosts=fleet.host,
            bus=bus,
            load_script=body,
            store=job.store.write_private,
            secrets=await _values(job),
            controls=job.controls,
            settled=before.settled(),
            local_checks=_local_checks(job),
            decide=job.decide,
            evidence=job.evidence,
            operator=job.operator,
            new=new,
        )
    finally:
        await fleet.close()


async def _values(job: Job) -> dict[str, str]:
    """The secrets that steps may ask for by name. A preflight does with what there is."""
    if not job.spec.supply.images.username or job.kind == "verify":
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


def _local_checks(job: Job) -> tuple[LocalCheck, ...]:
    """What is looked at on this machine: before the first host, and in the end."""
    return (*_looks_here(job), *_reaches(job))


def _looks_here(job: Job) -> tuple[LocalCheck, ...]:
    """The bastion's part of the preflight. What was read of one before is judged again."""
    read = job.evidence.reading(bastion.STEP, bastion.NAME) is not None
    if job.kind == "verify" or not (job.bastion or read):
        return ()

    async def look() -> tuple[Finding, ...]:
        if job.bastion:
            told = facts_text(await asyncio.to_thread(_bastion_facts, job))
            job.evidence.keep(bastion.STEP, bastion.NAME, Reading(text=told))
        return bastion.findings(job.spec, job.evidence)

    check = LocalCheck(
        host=bastion.NAME,
        step=bastion.STEP,
        title="Look at this machine",
        check=look,
        first=True,
        operator=job.operator,
    )
    return (check,)


def _bastion_facts(job: Job) -> tuple[tuple[str, str], ...]:
    return tuple(bastion_facts.facts(job.spec, job.store.folder))


def _reaches(job: Job) -> tuple[LocalCheck, ...]:
    if not job.bastion or job.kind == "preflight" or job.hosts is not None:
        return ()

    async def reach() -> tuple[Finding, ...]:
        path = job.store.admin_conf
        try:
            admin_conf = path.read_bytes()
        except OSError as error:
            raise VerifyError(
                f"{path} can't be read",
                why=str(error),
                fix="haui apply with the cluster file fetches it again",
            ) from error
        return await check_endpoint(job.spec, admin_conf)

    check = LocalCheck(
        host=bastion.NAME,
        step="verify.bastion",
        title="Reach the API from the bastion",
        check=reach,
    )
    return (check,)
