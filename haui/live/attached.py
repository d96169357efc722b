"""A run of another process as screens watch it: they read it as one of their own, and change
nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from haui.clusterfile.text import spec_sha
from haui.errors import HauiError, InterruptedRunError
from haui.events import Event, RunStarted
from haui.execution.decisions import Decision
from haui.execution.tally import FailedTask, RunOutcome, RunResult
from haui.live.follow import POLL_S, Follower, News
from haui.live.run import LiveRun
from haui.record.lock import Owner
from haui.record.reducer import reduce
from haui.record.stamp import Now, utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.session.plans import continues, plan_of

if TYPE_CHECKING:
    from haui.live.site import Site

_OUTCOMES: frozenset[RunOutcome] = frozenset(
    ("ok", "failed", "preflight", "unreachable", "verification", "cancelled")
)


class AttachedRun(LiveRun):
    """Follows the journal and the logs of the cluster in `store`, several times a second.

    When the run ends, or its haui does, it is `ended`; when somebody resumes it, it goes on.
    `hosts_changed` rises when another run is of other hosts. Raises SpecError when the cluster's
    file can't be read.
    """

    watch_only = True

    def __init__(self, store: ClusterStore, site: Site, *, now: Now = utc_now) -> None:
        self.hosts_changed = 0
        self._before = RunState()
        self._held_anew = False
        """Whether a haui holds the cluster of which nothing is on record yet."""
        self._follower = Follower(store)
        super().__init__("apply", store.load_spec(), site, now=now)
        self.store = store

    @property
    def owner(self) -> Owner | None:
        """Who runs it; None when nobody does."""
        return self._follower.owner

    @property
    def waiting(self) -> bool:
        """Whether a haui holds the cluster that has put nothing on record yet."""
        return self._follower.stage == "waiting"

    def start(self) -> None:
        """Begin to watch."""
        if self._task is None:
            self._progress.stage = "live"
            self._task = asyncio.create_task(self._watch(), name="haui-attach")

    @property
    def started(self) -> bool:
        return self._task is not None

    async def leave(self) -> None:
        """Stop watching; the run knows nothing of it."""
        await super().leave()
        self._follower.close()

    def decide(self, task_id: str, decision: Decision) -> bool:
        """Nothing is decided here."""
        return False

    def look(self) -> bool:
        """Take over what is new; whether there is more at once. Raises JournalError."""
        return self._take(self._follower.look())

    def _look_back(self) -> None:
        """The journal is followed from its beginning."""

    async def _watch(self) -> None:
        try:
            while True:
                more = self._take(await asyncio.to_thread(self._follower.look))
                await asyncio.sleep(0 if more else POLL_S)
        except HauiError as error:
            self._end(error)

    def _take(self, news: News) -> bool:
        for event in news.old:
            self._remember(event)
        if news.old and self._follower.caught_up:
            self._plan_anew()
        for host, lines in news.seeds.items():
            self.logs.seed_with(host, lines)
        for event in news.live:
            before = self.state
            self._follow(event)
            self.logs(event)
            if isinstance(event, RunStarted):  # a resumed run, or another one
                self._before = before
                self._plan_anew()
        self._judge()
        return news.more

    def _remember(self, event: Event) -> None:
        """An event from before the watching: only what it has led to counts."""
        if isinstance(event, RunStarted):
            self._before = self.state
        self.state = reduce(self.state, event)

    def _plan_anew(self) -> None:
        """The plan of the session that the journal ends with, from the cluster's file as it is."""
        state, names = self.state, [host.name for host in self.spec.hosts]
        if state.spec_sha and state.spec_sha != spec_sha(self.spec):
            self.spec = self.store.load_spec()
            self.hosts_changed += names != [host.name for host in self.spec.hosts]
        if state.purpose == "reset":
            self.kind = "reset"
        else:
            self.kind = "resume" if state.sessions > 1 else "apply"
        partial = state.purpose == "reset" and state.partial
        self.hosts = frozenset(state.hosts) if partial else None
        plan = plan_of(
            self.spec,
            self.kind,
            self.hosts,
            continued=continues(self.kind, self._before),
            etcd_data=state.etcd_data,
        )
        stage = self._progress.stage
        self._lay_out(plan)
        self._progress.stage = stage
        self.revision += 1
        self._dirty.update(self._progress.hosts)

    def _judge(self) -> None:
        """Whether the run goes on."""
        if not self._follower.caught_up:
            return
        over = self._follower.stage not in ("running", "waiting")
        if over and not self.ended:
            self.result = _result_of(self.state)
            self._end(None if self.result else self._interrupted())
        elif self.ended and not over:
            self.ended, self.result, self.error = False, None, None
            self._progress.stage = "live"
            self.revision += 1
            self._dirty.update(self._progress.hosts)
        if self.waiting and not self._held_anew:
            self._take_over(self.state)
            self.revision += 1
            self._dirty.update(self._progress.hosts)
        self._held_anew = self.waiting

    def _interrupted(self) -> HauiError:
        who = self._follower.last_owner
        name = self.spec.name
        if self._follower.stage == "nothing":
            return InterruptedRunError(f"nothing was ever run on {name}", fix=self.again)
        return InterruptedRunError(
            f"interrupted: the haui that ran {name} has gone without an end",
            why=f"it was {who}" if who else "",
            fix=f"{self.again} continues it",
        )


def _result_of(state: RunState) -> RunResult | None:
    """How the run ended, as far as the journal tells; None when it has not."""
    outcome = next((known for known in _OUTCOMES if known == state.outcome), None)
    if outcome is None:
        return None
    failed = tuple(
        FailedTask(host=host, step=step, cause="step", problem=view.problem, findings=view.findings)
        for host, views in state.tasks.items()
        for step, view in views.items()
        if view.status == "failed" and view.problem is not None
    )
    return RunResult(
        outcome=outcome,
        seconds=state.seconds,
        counts=dict(state.counts),
        changed=state.counts.get("ok", 0),
        left=0,
        failed=failed,
    )
