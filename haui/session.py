"""One run on one cluster, put together: store, journal, bus, fleet, plan, executor.

The command line and the wizard both go through here; they differ only in the watchers that they
pass. A session decides nothing about the install: that is the plan's, and nothing about hosts: that
is the executor's.
"""

from __future__ import annotations

import asyncio
import functools
import getpass
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import steps
from haui import __version__
from haui.clusterfile.text import spec_sha
from haui.errors import SpecError
from haui.events import AnyEvent, EtcdData, HostConnected, HostLost, RunStarted
from haui.evidence import Evidence
from haui.execution.controls import Controls
from haui.execution.decisions import Decide
from haui.execution.executor import run as execute
from haui.execution.scrub import ScrubbedBus
from haui.execution.tally import RunResult
from haui.host import Host
from haui.plan import build_plan, plan_sha, subset
from haui.record.bus import EventBus, Subscriber
from haui.record.logs import HostLogs
from haui.record.stamp import Now, utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.resetting import is_partial, not_reset, refuse_install, reset_plan
from haui.session_here import local_checks
from haui.spec import ClusterSpec
from haui.step import PHASES, Phase, Plan, Step
from haui.transport.credentials import Credentials
from haui.transport.needs import ask_first, needs_of
from steps.load import body

_log = logging.getLogger(__name__)

Kind = Literal["apply", "resume", "verify", "preflight", "reset"]

INSTALL: tuple[Phase, ...] = tuple(phase for phase in PHASES if phase != "reset")
PHASES_OF: dict[Kind, tuple[Phase, ...]] = {
    "apply": INSTALL,
    "resume": INSTALL,
    "verify": ("verify",),
    "preflight": ("preflight",),
    "reset": ("reset",),
}
ON_RECORD: frozenset[Kind] = frozenset({"apply", "resume", "reset"})
"""The kinds that change hosts, and that the journal is of."""


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
    """Only these hosts, to look at them again or to reset them."""
    catalogue: Sequence[Step] | None = None
    """What there is to do; less than all of it for jobs that change nothing."""
    etcd_data: EtcdData = "keep"
    """Of a reset: `remove` only when the admin has typed the cluster's name."""
    decide: Decide | None = None
    """Asked about each task that failed; without it, what needs the task is skipped at once."""
    evidence: Evidence = field(default_factory=Evidence)
    """Filled with what the steps read."""
    operator: str = field(default_factory=whoami)
    """Who runs haui, for findings that are let pass."""
    on_trouble: Callable[[str], None] = _log.warning
    """Told, once for each, of what goes wrong beside the run: logs that can't be written, watchers
    that failed."""
    now: Now = utc_now

    @property
    def partial(self) -> bool:
        """Whether it is about some of the cluster's hosts only."""
        return is_partial(self.spec, self.hosts)


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
    etcd_data: EtcdData = "keep",
) -> Plan:
    """The tasks of that kind of session, perhaps only those of some hosts.

    `continued`: the hosts have been looked at before, and may have been changed since.
    `catalogue` is steps.CATALOGUE unless said otherwise, and for a reset that of its own.
    """
    if kind == "reset":
        return reset_plan(spec, catalogue, hosts, etcd_data)
    plan = build_plan(spec, steps.CATALOGUE if catalogue is None else catalogue)
    return subset(plan, PHASES_OF[kind], hosts, continued=continued)


def plan_behind(spec: ClusterSpec, state: RunState) -> Plan:
    """The whole plan of the run that a journal ends with; that of an install when there is none."""
    if state.purpose == "reset":
        return plan_of(spec, "reset", state.hosts, etcd_data=state.etcd_data)
    return plan_of(spec, "apply")


def continues(kind: Kind, before: RunState) -> bool:
    """Whether an install goes on with hosts that may have been changed already."""
    if kind not in ("apply", "resume"):
        return False
    # What was reset as a whole is as new; a reset that was not finished, or only of some, is not.
    return not before.gone if before.purpose == "reset" else before.begun


def takes_up(kind: Kind, before: RunState, hosts: Collection[str]) -> bool:
    """Whether a session of that kind, on these hosts, continues the run that the journal ends with.

    An install never continues a reset, and a reset only one of the same hosts.
    """
    if kind not in ON_RECORD or not before.unfinished:
        return False
    if kind == "reset":
        return before.purpose == "reset" and set(before.hosts) == set(hosts)
    return before.purpose == "apply"


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
