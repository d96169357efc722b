"""One run as screens watch it: started by a screen, owned by the app, read at any moment.

Screens pull: they ask ten times a second what has changed, and what is asked costs the same however
many events have come in between. Nothing here raises into the event loop; what went wrong is
`error`. It is whole, since a screen asks one object for everything: decisions, log lines, progress
and where hosts are have modules of their own, and here is what joins them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from haui.clusterfile.text import diff, dump
from haui.errors import HauiError, InterruptedRunError, SpecError
from haui.events import EtcdData, Event, HostConnected, HostLost, PreflightResult, TaskOutput
from haui.evidence import Evidence
from haui.execution.controls import Controls
from haui.execution.decisions import Decision, Undecided
from haui.execution.tally import RunResult
from haui.live.deciding import Deciding
from haui.live.logbook import LogBook
from haui.live.progress import HostProgress, PhaseProgress, Progress
from haui.record.lock import Lock
from haui.record.reducer import left_behind, reduce
from haui.record.stamp import Now, utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.resetting import is_partial, refuse_install
from haui.session.job import ON_RECORD, Job, Kind
from haui.session.perform import perform
from haui.session.plans import continues, plan_of, takes_up
from haui.spec import ClusterSpec
from haui.step import Plan

if TYPE_CHECKING:  # sites bring the SSH library with them, which takes a moment to load
    from haui.live.site import Site

__all__ = ["HostProgress", "LiveRun", "PhaseProgress"]

_log = logging.getLogger(__name__)


class LiveRun:
    """A run that has not begun, is going on, or has ended. Use from one event loop.

    - `plan`: what is to be done · `state`: what has been done, replaced at every event; before the
      first one it is what the journal says of an unfinished install, which the run would continue;
    - `changes`: how `spec` differs from the cluster file of that unfinished install, one line each;
    - `controls`: pause, resume, stop, stop_now · `logs`: the last lines of each host;
    - `undecided`: tasks of an install that failed and wait for `decide`, the oldest first;
    - `ended`, and then `result` (None when it could not be made to its end) and `error`;
    - `revision` rises with every event, also those of output.
    """

    watch_only = False  # Whether another process runs it.

    def __init__(
        self,
        kind: Kind,
        spec: ClusterSpec,
        site: Site,
        *,
        hosts: Collection[str] | None = None,
        resume: bool = False,
        accept_new: bool = False,
        etcd_data: EtcdData = "keep",
        evidence: Evidence | None = None,
        now: Now = utc_now,
    ) -> None:
        """Reads the journal, starts nothing. A journal that can't be read is the `error`.

        `hosts` are those to look at or to reset (all). `etcd_data` is a reset's. `resume` makes an
        apply the continuation of one. `accept_new` lets in hosts whose key is not known yet.
        `evidence` is what hosts have said before, which counts together with what they say now.
        """
        self.kind: Kind = "resume" if resume and kind == "apply" else kind
        self.spec = spec
        self.site = site
        self.hosts = None if hosts is None else frozenset(hosts)
        self.etcd_data: EtcdData = etcd_data
        self.plan: Plan = plan_of(spec, self.kind, self.hosts, etcd_data=etcd_data)
        self.evidence = evidence if evidence is not None else Evidence()
        self.controls = Controls()
        self.logs = LogBook()
        self.state = RunState()
        self.changes: tuple[str, ...] = ()
        self.result: RunResult | None = None
        self.error: HauiError | None = None
        self.ended = False
        self.revision = 0
        self._accept_new = accept_new or site.rehearsal
        self._now = now
        self._dirty: set[str] = set()
        self._troubles: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._lay_out(self.plan)
        try:
            self.store: ClusterStore = site.store(spec.name)
            if self.on_record:
                self._look_back()
        except HauiError as error:
            self._end(error)

    @property
    def installs(self) -> bool:
        """Whether this run makes a cluster."""
        return self.kind in ("apply", "resume")

    @property
    def on_record(self) -> bool:
        """Whether this run changes hosts and is in the journal: an install or a reset."""
        return self.kind in ON_RECORD

    @property
    def partial(self) -> bool:
        """Whether it is about some of the cluster's hosts only."""
        return is_partial(self.spec, self.hosts)

    @property
    def again(self) -> str:
        """The command that continues the run, or makes it once more."""
        if self.site.rehearsal:
            return "haui rehearse"
        verb = "resume" if self.on_record else self.kind
        return f"haui {verb} {self.spec.name}"

    @property
    def started(self) -> bool:
        return self._task is not None or self.ended

    def start(self) -> None:
        """Begin. Takes the cluster's lock; when another process has it, that is the `error`."""
        if self.started:
            return
        self._progress.stage = "live"
        try:
            command = "haui" if self.installs else f"haui {self.kind}"
            lock = self.store.lock(command, now=self._now)
        except HauiError as error:
            self._end(error)
            return
        self._task = asyncio.create_task(self._run(), name=f"haui-{self.kind}")
        self._task.add_done_callback(lambda _: self._over(lock))

    async def wait(self) -> None:
        """Returns when the run has ended; at once when it was never started."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def leave(self) -> None:
        """Stop watching: what runs on the hosts goes on, and a resumed run finds it there."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await self.wait()

    @property
    def undecided(self) -> tuple[Undecided, ...]:
        """The failed tasks that wait for a decision."""
        return self.deciding.undecided

    def decide(self, task_id: str, decision: Decision) -> bool:
        """Give a decision; False when none is waited for (any more).

        Raises UsageError for a skip that is refused.
        """
        return self.deciding.decide(task_id, decision)

    def skip_refusal(self, task_id: str) -> str:
        """Why the task's host can't be left out; empty when it can. KeyError: no such task."""
        return self.deciding.skip_refusal(task_id)

    def skip_consequence(self, task_id: str) -> str:
        """What the cluster would be like without the task's host. KeyError: no such task."""
        return self.deciding.skip_consequence(task_id)

    def hear_trouble(self, text: str) -> None:
        """Something went wrong beside the run, which goes on."""
        self._troubles.append(text)
        self.revision += 1

    def take_troubles(self) -> tuple[str, ...]:
        """What went wrong beside the run since last, as a log that can't be written."""
        troubles, self._troubles = tuple(self._troubles), []
        return troubles

    def take_dirty(self) -> frozenset[str]:
        """The plan's hosts of which something but output (`logs.total`) has changed since last."""
        dirty, self._dirty = frozenset(self._dirty), set()
        return dirty

    def progress(self, host: str) -> HostProgress:
        """How far a host is."""
        return self._progress.host(host)

    def phases(self) -> tuple[PhaseProgress, ...]:
        """How far each phase is."""
        return self._progress.phases()

    def _lay_out(self, plan: Plan) -> None:
        """That is to be done, and this much of it is."""
        self.plan = plan
        self.deciding = Deciding(plan, self._changed)
        self._progress = Progress(plan, self.state)

    def _look_back(self) -> None:
        """What an unfinished run has come to, and how its answers differ from these."""
        before = self.store.read_state()
        if continues(self.kind, before):
            self._lay_out(plan_of(self.spec, self.kind, self.hosts, continued=True))
        if not self._takes_up(before):
            return
        self._take_over(before)
        if not self.installs:
            return
        try:
            self.changes = tuple(diff(self.store.load_spec(), self.spec))
        except SpecError as error:
            self.changes = (f"the cluster file of that install can't be read: {error.what}",)

    def _take_over(self, before: RunState) -> None:
        """Until this session begins, nothing of what another one had begun goes on here."""
        self.state = left_behind(before)
        self._progress.renew(self.state)

    def _takes_up(self, before: RunState) -> bool:
        names = {h.name for h in self.spec.hosts if self.hosts is None or h.name in self.hosts}
        return takes_up(self.kind, before, names)

    async def _run(self) -> None:
        """The whole run; everything that goes wrong becomes `error`."""
        try:
            self.result = await self._perform()
            self._end(None)
        except HauiError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - a defect ends this run, not the app
            _log.exception("the run failed")
            self._end(
                HauiError(
                    "the run ended by a defect of haui",
                    why=f"{type(error).__name__}: {error}",
                    fix=f"{self.again} continues it",
                )
            )

    def _over(self, lock: Lock) -> None:
        """The run has ended by itself, or was left, perhaps before it had done anything."""
        lock.close()
        if not self.ended:
            self._end(
                InterruptedRunError(
                    "left the run; what was running on the hosts goes on without us",
                    fix=self.again,
                )
            )

    async def _perform(self) -> RunResult:
        reach = await self.site.reach(self.spec, keep=not self.installs)
        before = self.store.read_state()
        if self.installs:
            refuse_install(self.spec, before)
            self.store.write_private("cluster.yaml", dump(self.spec).encode())
        if self._takes_up(before):
            self._take_over(before)
            await self._seed()
        job = Job(
            kind=self.kind,
            spec=self.spec,
            reach=reach,
            store=self.store,
            open_fleet=self.site.opener(self.store, accept_new=self._accept_new),
            credentials=self.site.credentials,
            watchers=(self._follow, self.logs),
            controls=self.controls,
            bastion=self.site.bastion,
            hosts=self.hosts,
            etcd_data=self.etcd_data,
            decide=self.deciding.ask if self.installs else None,
            evidence=self.evidence,
            on_trouble=self.hear_trouble,
            now=self._now,
        )
        return await perform(job, before)

    async def _seed(self) -> None:
        for host in self.spec.hosts:
            self.logs.seed(host.name, self.store.log(host.name))
            await asyncio.sleep(0)  # a hundred logs must not keep a screen from drawing

    def _follow(self, event: Event) -> None:
        """A subscriber of the bus."""
        host, step = getattr(event, "host", ""), getattr(event, "step", "")
        before = self.state.task(host, step)
        self.state = reduce(self.state, event)
        if isinstance(event, TaskOutput):
            self.revision += 1
            return
        if isinstance(event, HostConnected | HostLost | PreflightResult):
            self._progress.connection(self.state)
        elif step:
            self._progress.follow(self.state, host, step, before)
            self._dirty.update(self._progress.woken(host, step))
        else:
            self._progress.stage = "over" if self.state.ended else "live"
            self._progress.renew(self.state)
            self._dirty.update(self._progress.hosts)
        self._changed(host)

    def _changed(self, host: str) -> None:
        self.revision += 1
        if host in self._progress.hosts:
            self._dirty.add(host)

    def _end(self, error: HauiError | None) -> None:
        self.error = error
        self.ended = True
        self._progress.stage = "over"
        self.revision += 1
        self._dirty.update(task.host.name for task in self.plan.tasks)
