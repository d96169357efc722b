"""A run of another process on the page: it is watched, and nothing on the page can change it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from haui.clusterfile.text import dump
from haui.events import Event, RunStarted
from haui.live.attached import AttachedRun
from haui.record.journal import Journal
from haui.record.lock import Lock
from haui.record.logs import HostLogs
from haui.record.records import to_record
from haui.record.stamp import stamp
from screens.attach import AttachScreen
from screens.failure_text import failures
from screens.messages import GoBack, RunEnded, WatchRun
from screens.widgets.keyline import KeyLine
from screens.widgets.runline import RunLine
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.fake_live import JOIN_FAILED, START, FakeLive, fail_current, fleet, midway
from tests.screens.worlds import make_app, make_world


class OtherHaui(FakeLive):
    """What another process would put on record, and the lock that it holds."""

    journal: Journal | None = None
    lock: Lock | None = None

    def take(self, command: str, since: datetime = START) -> None:
        self.store.write_private("cluster.yaml", dump(self.spec).encode())
        self.lock = self.store.lock(command, now=lambda: since)
        said = self.store.lock_path.read_text()
        self.store.lock_path.write_text(said.replace(f'"pid": {_pid(said)}', '"pid": 4711'))
        self.host_logs = HostLogs(self.store.logs)
        self.told: list[Event] = []

    def feed(self, *events: Event) -> None:
        for event in events:
            super().feed(event)
            self.told.append(replace(event, seq=self.sent, at=stamp(self.at)))

    async def write(self) -> None:
        """Put on record and into the logs what was fed."""
        self.journal = self.journal or self.store.open_journal()
        for event in self.told:
            if event.on_record:
                await self.journal.append(to_record(event))
            self.host_logs(event)
        self.told.clear()
        await self.journal.flush()

    async def die(self) -> None:
        assert self.journal is not None
        assert self.lock is not None
        await self.journal.close()
        self.journal = None
        self.lock.close()


def _pid(said: str) -> str:
    return said.split('"pid": ')[1].split(",")[0]


class StillRun(AttachedRun):
    """It looks when the test says so."""

    def start(self) -> None:
        self._progress.stage = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The page, the run that is watched, and who runs it."""

    pilot: Pilot[int]
    live: StillRun
    other: OtherHaui
    posted: list[object]

    @property
    def page(self) -> AttachScreen:
        return next(s for s in self.pilot.app.screen_stack if isinstance(s, AttachScreen))

    async def news(self) -> None:
        """Write what is new, look twice (lines come a look later), and draw it."""
        await self.other.write()
        for _ in range(2):
            while self.live.look():
                pass
        self.page._beat()
        await settle(self.pilot)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await settle(self.pilot)

    def line(self) -> str:
        """The first line of the run."""
        facts = self.page.query_one(RunLine).facts
        return f"{facts.word} {facts.note}"

    def key_line(self) -> str:
        return str(self.page.query_one(KeyLine).render())

    def end(self) -> str:
        end = self.page.query_one("#end")
        return str(end.render()) if end.has_class("-shown") else ""


@asynccontextmanager
async def watching(folder: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Watched]:
    """A run midway, watched. The lock says that this very process has it, under another number."""
    other = OtherHaui(fleet(5), folder / "runs")
    other.take("haui apply atlas.yaml")
    midway(other)
    await other.write()
    live = StillRun(other.store, other.site, now=lambda: other.at)
    world = make_world(folder)
    world.live, world.now = live, lambda: other.at
    posted: list[object] = []
    app = make_app(world, "attach")
    async with app.run_test(size=size, message_hook=posted.append) as pilot:
        watched = Watched(pilot=pilot, live=live, other=other, posted=posted)
        for timer in list(watched.page._timers):
            if timer._callback == watched.page._beat:
                timer.stop()
        await settle(pilot)
        await watched.page.workers.wait_for_complete()
        watched.page._beats = watched.page.query_one(RunLine).turn = 0
        other.wait_s(11)  # another second: the clocks are drawn, too
        await watched.news()
        yield watched
    if app.crash is not None:
        raise app.crash
    if other.journal is not None:
        await other.die()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_watching_looks(
    size: tuple[int, int],
    tmp_path: Path,
    app_snapshot: AppSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("haui.record.lock._seems_alive", lambda owner: True)
    async with watching(tmp_path, size) as watched:
        # Log lines have no numbers, and a wait is in the logs alone.
        assert replace(watched.live.state, last_seq=0) == replace(watched.other.state, last_seq=0)
        assert await app_snapshot(watched.pilot, f"{size[0]}x{size[1]}")


async def test_a_watched_run_can_not_be_changed_and_goes_on_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haui.record.lock._seems_alive", lambda owner: True)
    async with watching(tmp_path) as watched:
        assert "installing read only · haui apply atlas.yaml, process 4711" in watched.line()
        await watched.press("p", "x", "r")
        assert not watched.live.controls.paused
        assert len(watched.pilot.app.screen_stack) == 2, "no window asks anything"
        for word in ("pause", "stop", "result", "retry", "skip", "shell"):
            assert word not in watched.key_line()

        fail_current(watched.other, "cp-2", JOIN_FAILED)
        await watched.news()
        assert [each.host for each in failures(watched.live)] == ["cp-2"]
        await watched.press("F")
        assert watched.page.failing
        for word in ("retry", "skip", "stop", "shell", "bundle"):
            assert word not in watched.key_line()
        await watched.press("r", "x", "t", "b", "escape")
        assert not watched.page.failing

        watched.other.finish("failed")
        await watched.news()
        assert "atlas: cp-2: etcd on cp-2 was added" in watched.end()
        await watched.press("enter")
        assert not [m for m in watched.posted if isinstance(m, RunEnded)]
        await watched.press("escape")

        watched.other.resume()
        await watched.news()
        assert watched.end() == ""
        assert watched.line().startswith("resuming read only")

        monkeypatch.setattr("haui.record.lock._seems_alive", lambda owner: False)
        await watched.news()
        assert "interrupted: the haui that ran atlas has gone without an end" in watched.end()
        assert watched.live.error is not None
        assert "haui resume atlas continues it" in watched.live.error.fix
        await watched.press("escape", "escape")
        assert [m for m in watched.posted if isinstance(m, GoBack)]


async def test_nothing_runs_for_a_haui_that_has_put_nothing_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed, and taken up again by one that still asks for a password, say."""
    monkeypatch.setattr("haui.record.lock._seems_alive", lambda owner: True)
    async with watching(tmp_path) as watched:
        names = [host.name for host in watched.live.spec.hosts]
        assert "running" in {watched.live.progress(name).status for name in names}
        await watched.other.die()
        watched.other.wait_s(60)
        watched.other.take("haui resume atlas", since=watched.other.at)
        await watched.news()
        assert watched.live.waiting
        assert {watched.live.progress(name).status for name in names} == {"waiting"}
        assert "running" not in {view.status for view in watched.page.views.values()}


async def test_a_later_run_of_other_hosts_makes_the_page_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haui.record.lock._seems_alive", lambda owner: True)
    async with watching(tmp_path) as watched:
        other, first = watched.other, watched.page
        world = watched.page.world
        world.make_site = lambda _: other.site
        larger = fleet(6)
        other.store.write_private("cluster.yaml", dump(larger).encode())
        names = tuple(host.name for host in larger.hosts)
        other.feed(
            RunStarted(
                run="r1", cluster="atlas", haui="1", spec_sha="another", plan_sha="p", tasks=9,
                hosts=names, resumed=True,
            )
        )  # fmt: skip
        await watched.news()
        await settle(watched.pilot)
        assert [m for m in watched.posted if isinstance(m, WatchRun)]
        assert watched.page is not first
        assert isinstance(world.live, AttachedRun)
        assert [host.name for host in world.live.spec.hosts] == list(names)


async def test_what_is_seen_is_what_the_run_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State, progress of every host and every line of output, after a whole run."""
    monkeypatch.setattr("haui.record.lock._seems_alive", lambda owner: True)
    other = OtherHaui(fleet(5), tmp_path / "runs")
    other.take("haui apply")
    other.begin()
    await other.write()
    live = StillRun(other.store, other.site, now=lambda: other.at)
    while live.look():
        pass
    for index, task in enumerate(other.plan.tasks):
        other.do(task)
        other.wait_s(1)
        await other.write()
        if index % 3 == 0:
            live.look()
    other.finish()
    await other.write()
    for _ in range(2):
        live.look()
    assert live.state == other.store.read_state()
    assert (live.ended, live.result and live.result.outcome) == (True, "ok")
    for host in other.spec.hosts:
        seen, said = (
            [line.text for line in run.logs.lines_since(host.name) if line.kind == "output"]
            for run in (live, other)
        )
        assert seen == said
    await live.leave()
    await other.die()
