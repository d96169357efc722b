"""The preflight of one set of answers: begun by a page, owned by the app.

Hosts can be looked at again one by one; what was found out about the others stays, and counts where
hosts are compared. What is let pass can be changed without looking again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from haui.clusterfile.text import spec_sha
from haui.errors import HauiError
from haui.evidence import Evidence
from haui.live.run import LiveRun
from haui.record.stamp import Now, utc_now
from haui.session.job import whoami
from haui.spec import ClusterSpec
from haui.wizard.desk import Desk, PreflightRecord
from haui.wizard.preflight import BASTION, HostReport, judged_by, report_of, tally, was_looked_at
from haui.wizard.rejudging import compared_again, for_some, still_valid

if TYPE_CHECKING:
    from haui.live.site import Site

_NOTHING: Mapping[str, Any] = {}


class Inspection:
    """Read at any moment. The desk is told what came of it when it has ended.

    `record` is what came of it; None while a look goes on, and when one did not come to its end.
    """

    def __init__(self, spec: ClusterSpec, site: Site, *, desk: Desk, now: Now = utc_now) -> None:
        self.spec = spec
        self.site = site
        self.sha = spec_sha(spec)
        self.live: LiveRun | None = None
        self.record: PreflightRecord | None = None
        self._desk = desk
        self._now = now
        self._evidence = Evidence()
        self._kept: dict[str, HostReport] = {}
        self._made: dict[str, tuple[tuple[object, ...], HostReport]] = {}
        self._judged = 0
        self._by = whoami()
        self._task: asyncio.Task[None] | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts, in the cluster file's order."""
        return tuple(host.name for host in self.spec.hosts)

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def ended(self) -> bool:
        """Whether every host was looked at to the end."""
        return self.live is not None and self.live.ended and self.error is None

    @property
    def error(self) -> HauiError | None:
        """Why hosts could not be looked at at all."""
        return self.live.error if self.live is not None else None

    @property
    def revision(self) -> tuple[int, ...]:
        """Another one with each change."""
        live = (id(self.live), self.live.revision) if self.live is not None else (0, 0)
        return (*live, self._judged)

    @property
    def seconds(self) -> float:
        """How long the last look took."""
        return self.live.state.seconds if self.live is not None else 0.0

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The hosts of the last look."""
        hosts = self.live.hosts if self.live is not None else None
        return self.hosts if hosts is None else tuple(name for name in self.hosts if name in hosts)

    def reports(self) -> tuple[HostReport, ...]:
        """What is known of each host, in order; of this machine last, when it was looked at."""
        return tuple(self._report(name) for name in (*self.hosts, *self._own()))

    def takes(self, spec: ClusterSpec) -> bool:
        """Whether it is of these answers. What they let pass is taken over; no host is asked."""
        sha = spec_sha(spec)
        if sha == self.sha:
            return True
        if _without_overrides(spec) != _without_overrides(self.spec):
            return False
        self.spec, self.sha = spec, sha
        self._judged += 1
        if self.record is not None:
            self._conclude()
        return True

    def look(self, hosts: Collection[str] | None = None) -> bool:
        """Begin to look at these hosts, or at all; False while a look goes on."""
        if self.running:
            return False
        named = None if hosts is None else frozenset(hosts) & frozenset(self.hosts)
        if named is not None and (not named or named >= set(self.hosts)):
            named = None  # this machine is looked at with every host
        self._kept = {report.host: report for report in self.reports()}
        self._evidence = Evidence() if named is None else for_some(self._evidence, named)
        self.live = LiveRun(
            "preflight", self.spec, self.site, hosts=named, evidence=self._evidence, now=self._now
        )
        self.record = self._desk.preflight = None
        self.live.start()
        self._task = asyncio.create_task(self._follow(self.live), name="haui-preflight-end")
        return True

    async def wait(self) -> None:
        """Returns when the look has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def leave(self) -> None:
        """Stop looking. Nothing was changed anywhere."""
        if self.live is not None:
            await self.live.leave()
        await self.wait()

    async def _follow(self, live: LiveRun) -> None:
        await live.wait()
        if live.error is not None:
            return
        if live.hosts is not None:
            others = [report for report in self.reports() if report.host not in self.looked_at]
            again = await asyncio.to_thread(compared_again, self.spec, others, self._evidence)
            self._kept |= {report.host: report for report in again}
            self._judged += 1
        self._conclude()

    def _conclude(self) -> None:
        reports = self.reports()
        if all(report.state == "done" for report in reports):
            counts = tally(reports)
            self.record = self._desk.preflight = PreflightRecord(
                sha=self.sha,
                blocked=counts["blocks"],
                warned=counts["warning"],
                overridden=counts["overridden"],
            )

    def _own(self) -> tuple[str, ...]:
        """This machine, when it was looked at."""
        told = self.live is not None and was_looked_at(self.live.state, BASTION)
        known = told or BASTION in self._kept
        return (BASTION,) if known and BASTION not in self.hosts else ()

    def _report(self, name: str) -> HostReport:
        """Made anew when the host has said something since."""
        live = self.live
        state = live.state if live is not None else None
        seen: tuple[object, ...] = (
            live,
            live is not None and live.ended,
            state and state.preflight.get(name, _NOTHING),
            state and state.tasks.get(name, _NOTHING),
            self._judged,
        )
        made = self._made.get(name)
        if made is None or any(a is not b for a, b in zip(made[0], seen, strict=True)):
            overrides = self.spec.preflight.overrides
            made = (seen, judged_by(self._known(name), overrides, self._by))
            self._made[name] = made
        return made[1]

    def _known(self, name: str) -> HostReport:
        live = self.live
        kept = self._kept.get(name)
        looked = name in self.looked_at or (
            live is not None and name == BASTION and was_looked_at(live.state, BASTION)
        )
        if live is None or not looked:
            return kept or HostReport(host=name, state="waiting" if live is None else "not done")
        steps = {task.step.id for task in live.plan.tasks if task.host.name == name}
        fresh = report_of(live.state, name, over=live.ended, steps=steps or None)
        if fresh.state == "not done" and kept is not None and kept.checks:
            return kept
        return still_valid(fresh, kept) if live.hosts is not None and kept is not None else fresh


def _without_overrides(spec: ClusterSpec) -> ClusterSpec:
    preflight = spec.preflight.model_copy(update={"overrides": {}})
    return spec.model_copy(update={"preflight": preflight})
