"""The preflight of one set of answers: begun by a page, owned by the app.

Hosts can be looked at again one by one; what was found out about the others stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from haui.clusterfile.text import spec_sha
from haui.errors import HauiError
from haui.live.run import LiveRun
from haui.record.stamp import Now, utc_now
from haui.spec import ClusterSpec
from haui.wizard.desk import Desk, PreflightRecord
from haui.wizard.preflight import HostReport, report_of, tally

if TYPE_CHECKING:
    from haui.live.site import Site


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
        self._kept: dict[str, HostReport] = {}
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
    def revision(self) -> tuple[int, int]:
        """Another one with each change."""
        return (id(self.live), self.live.revision) if self.live is not None else (0, 0)

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
        """What is known of each host, in order."""
        return tuple(self._report(name) for name in self.hosts)

    def look(self, hosts: Collection[str] | None = None) -> bool:
        """Begin to look at these hosts, or at all; False while a look goes on."""
        if self.running:
            return False
        self._kept = {report.host: report for report in self.reports()}
        self.live = LiveRun("preflight", self.spec, self.site, hosts=hosts, now=self._now)
        self.record = self._desk.preflight = None
        self.live.start()
        self._task = asyncio.create_task(self._conclude(self.live), name="haui-preflight-end")
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

    async def _conclude(self, live: LiveRun) -> None:
        await live.wait()
        reports = self.reports()
        if live.error is None and all(report.state == "done" for report in reports):
            counts = tally(reports)
            self.record = self._desk.preflight = PreflightRecord(
                sha=self.sha, blocked=counts["blocks"], warned=counts["warning"]
            )

    def _report(self, name: str) -> HostReport:
        live = self.live
        kept = self._kept.get(name)
        if live is None or name not in self.looked_at:
            return kept or HostReport(host=name, state="waiting" if live is None else "not done")
        production = self.spec.profile == "production"
        fresh = report_of(live.state, name, production=production, over=live.ended)
        if fresh.state == "not done" and kept is not None and kept.checks:
            return kept
        return fresh
