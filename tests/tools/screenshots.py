"""The pictures of the documentation: `python -m tests.tools.screenshots` draws them anew.

Each is the real app on a world of its own: the clock stands where it is put, the hosts are
simulated or their events are told, and nothing of this machine is in the picture. With `--check`
nothing is written; the exit code says whether a picture is stale. Names choose some of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input

from haui.app import HauiApp
from haui.clusterfile.text import spec_sha
from haui.events import TaskFinished
from haui.folders import REHEARSALS
from haui.live.run import LiveRun
from haui.live.site import RealSite, RehearsalSite
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.rehearsal.faults import Fault
from haui.rehearsal.text import dice, narrate, seconds_of
from haui.spec import ClusterSpec
from haui.step import PHASES, Task
from haui.transport.credentials import Credentials
from haui.wizard.desk import PreflightRecord
from haui.wizard.drafts import DraftBook
from haui.wizard.inspection import Inspection
from haui.wizard.pages import PAGES, PageId, index_of
from haui.wizard.preflight import HostReport, tally
from screens.review import ReviewPage
from screens.widgets.story import Sketch
from screens.world import World
from tests.screens.conftest import settle
from tests.screens.fake_live import START, FakeLive, fleet
from tests.screens.findings import mixed
from tests.screens.scenes import fail_one, run_page
from tests.screens.worlds import NOW, make_app

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
WIDE, SMALL = (120, 40), (80, 24)
VERSION: Final = "1.36.4"
FONTS: Final = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"

Scene = Callable[[Path], AbstractAsyncContextManager[Pilot[int]]]

ANSWERS: Final[dict[str, Any]] = {
    "name": "atlas",
    "profile": "production",
    "topology": {"kind": "stacked"},
    "endpoint": {
        "kind": "keepalived-haproxy",
        "placement": "control-plane",
        "name": "api.atlas.lan",
        "vip": "10.30.0.10",
        "port": 8443,
    },
    "network": {"pods": "10.60.0.0/16", "services": "10.61.0.0/16", "cni": {"kind": "flannel"}},
    "ssh": {"user": "ops", "agent": True},
    "hosts": [
        {"name": "cp-1", "address": "10.30.0.11", "roles": ["control-plane"]},
        {"name": "cp-2", "address": "10.30.0.12", "roles": ["control-plane"]},
        {"name": "cp-3", "address": "10.30.0.13", "roles": ["control-plane"]},
        {"name": "wk-1", "address": "10.30.0.21", "roles": ["worker"], "labels": {"rack": "r1"}},
        {"name": "wk-2", "address": "10.30.0.22", "roles": ["worker"], "labels": {"rack": "r2"}},
    ],
}


def site(root: Path, faults: Sequence[str] = ()) -> RehearsalSite:
    """Simulated hosts for which nothing takes time."""
    return RehearsalSite(
        root, speed=0, in_process=True, faults=[Fault.parse(fault) for fault in faults]
    )


def world(folder: Path, now: datetime = NOW) -> World:
    """An empty world below a home folder, at a fixed moment."""
    root = folder / ".local" / "state" / "haui"
    return World(
        now=lambda: now,
        root=root,
        drafts=DraftBook(root, now=lambda: now),
        presets_folder=folder / ".config" / "haui" / "presets",
        make_site=lambda _: site(root / REHEARSALS),
        hostname="bastion",
    )


@asynccontextmanager
async def shown(app: HauiApp, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[int]]:
    """The app, drawn."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot
    if app.crash is not None:
        raise app.crash


async def install(root: Path, spec: ClusterSpec, at: datetime, faults: Sequence[str] = ()) -> None:
    """An install in the state folder, to its end or to its first failure, at that moment."""
    hosts = site(root, faults)
    live = LiveRun("apply", spec, hosts, now=lambda: at)
    live.start()
    try:
        while not live.ended:
            for each in live.undecided if quiet(live) else ():
                live.decide(each.id, "stop")
            await asyncio.sleep(0.01)
    finally:
        await hosts.close()
    if live.error is not None:
        raise live.error


def quiet(live: LiveRun) -> bool:
    """Whether no task goes on."""
    views = (view for tasks in live.state.tasks.values() for view in tasks.values())
    return all(view.status != "running" for view in views)


def cluster(name: str) -> ClusterSpec:
    """A cluster of the answers under another name."""
    return ClusterSpec.model_validate({**ANSWERS, "name": name})


@asynccontextmanager
async def welcome(folder: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[int]]:
    """An install that stopped, a draft, a cluster that stands."""
    there = world(folder)
    await install(there.root, cluster("edge-2"), NOW - timedelta(days=3))
    failing = ["cp-2:control_plane.join:fail"]
    await install(there.root, cluster("atlas"), NOW - timedelta(minutes=14), failing)
    earlier = NOW - timedelta(hours=2)
    desk = DraftBook(there.root, now=lambda: earlier).new({**ANSWERS, "name": "lab-7"})
    for known in PAGES[:3]:
        desk.visit(known.id)
    desk.close()
    app = make_app(there, "welcome")
    async with shown(app, size) as pilot:
        while not app.screen.query_one(Sketch).ready:
            await pilot.pause(0.01)
        await pilot.pause()
        yield pilot


@asynccontextmanager
async def page(folder: Path, name: PageId, *, rehearsal: bool = False) -> AsyncIterator[Pilot[int]]:
    """A page of the wizard with all answers given."""
    there = world(folder)
    there.desk = there.drafts.new(ANSWERS, rehearsal=rehearsal)
    for known in PAGES[: index_of(name) + 1]:
        there.desk.visit(known.id)
    async with shown(make_app(there, name)) as pilot:
        yield pilot


class Told(Inspection):
    """A look at the hosts that is over, and has found what it is told."""

    def __init__(self, there: World, found: tuple[HostReport, ...]) -> None:
        desk, spec = there.open_desk, there.open_desk.spec()
        assert spec is not None
        super().__init__(spec, there.site(desk.rehearsal), desk=desk, now=there.now)
        self._found = found
        counts = tally(found)
        self.record = desk.preflight = PreflightRecord(
            sha=self.sha, blocked=counts["blocks"], warned=counts["warning"],
            overridden=counts["overridden"],
        )  # fmt: skip

    @property
    def seconds(self) -> float:
        return 3.1

    def reports(self) -> tuple[HostReport, ...]:
        return self._found


def reports() -> Iterator[HostReport]:
    """Five hosts, with something of every weight."""
    names = {"cp1": "cp-1", "cp2": "cp-2", "cp3": "cp-3", "wk1": "wk-1", "wk2": "wk-2"}
    for report in mixed():
        host = names[report.host]
        checks = tuple(replace(check, host=host) for check in report.checks)
        yield replace(report, host=host, checks=checks)


@asynccontextmanager
async def preflight(folder: Path) -> AsyncIterator[Pilot[int]]:
    """Five hosts, on which two things are in the way."""
    there = world(folder)
    there.make_site = lambda _: RealSite(Credentials(), there.root)
    desk = there.desk = there.drafts.new(ANSWERS)
    for known in PAGES[: index_of("preflight") + 1]:
        desk.visit(known.id)
    there.preflight = Told(there, tuple(reports()))
    async with shown(make_app(there, "preflight")) as pilot:
        yield pilot


@asynccontextmanager
async def review(folder: Path) -> AsyncIterator[Pilot[int]]:
    """The plan, by phase."""
    there = world(folder)
    desk = there.desk = there.drafts.new(ANSWERS)
    for known in PAGES:
        desk.visit(known.id)
    desk.preflight = PreflightRecord(sha=spec_sha(cluster("atlas")), blocked=0)
    app = make_app(there, "review")
    async with shown(app) as pilot:
        await app.workers.wait_for_complete()
        shown_page = app.screen
        assert isinstance(shown_page, ReviewPage)
        assert not shown_page.refusal(), shown_page.refusal()
        shown_page.explain(Content(""))
        yield pilot


def tell(live: FakeLive, halts: Callable[[Task], bool], known: RunState | None = None) -> set[str]:
    """The run as simulated hosts tell it, without the tasks that halt and what needs them; what is
    done. The clock goes on by what each step takes. `known` has what was found by its tasks."""
    live.begin()
    finished: set[str] = set()
    step = ""
    for task in live.plan.tasks:
        if halts(task) or not task.needs <= finished:
            continue
        host, rng = task.host.name, dice(task.id)
        if task.step.id != step:
            live.wait_s(seconds_of(task.step.id, dice(task.step.id)))
            step = task.step.id
        live.run_task(task)
        live.say(task, *narrate(task.step.id, host, VERSION, rng))
        live.feed(
            TaskFinished(
                host=host,
                step=task.step.id,
                outcome="ok",
                seconds=seconds_of(task.step.id, rng),
                attempt=1,
                findings=known.task(host, task.step.id).findings if known else (),
            )
        )
        finished.add(task.id)
    return finished


def joining(live: FakeLive) -> None:
    """The second control plane joins, the third waits for its turn, workers go on meanwhile."""

    def halts(task: Task) -> bool:
        step = task.step
        return step.id in ("control_plane.join", "network.cni") or step.phase == "verify"

    finished = tell(live, halts)
    plugins, joins = "network.cni", "control_plane.join"
    cni, second, third = (t for t in live.plan.tasks if t.step.id in (plugins, joins))
    if cni.step.id != plugins:
        cni, second, third = third, cni, second
    assert cni.needs <= finished
    for task in (cni, second):
        live.run_task(task)
        lines = narrate(task.step.id, task.host.name, VERSION, dice(task.id))
        live.say(task, *lines[: max(1, len(lines) * 2 // 3)])
    live.wait_for(third, "one control plane at a time")
    for worker in live.spec.hosts[3:]:
        following = next(t for t in live.tasks_of(worker.name) if t.id not in finished)
        live.wait_for(following, "waits for the pod network")
    live.wait_s(26)


def many(live: FakeLive) -> None:
    """A hundred hosts, each as far as it has come."""
    order: list[str] = list(PHASES)

    def halts(task: Task) -> bool:
        number = live.spec.hosts.index(task.host)
        reached = ("packages", "runtime", "endpoint")[number * 7 % 3] if number > 2 else "endpoint"
        return order.index(task.step.phase) > order.index(reached) - (number % 5 == 4)

    finished = tell(live, halts)
    for index, host in enumerate(live.spec.hosts):
        following = next((t for t in live.tasks_of(host.name) if t.id not in finished), None)
        if following is None or not following.needs <= finished:
            continue
        if index % 4 == 3:
            live.wait_for(following, "waits for its turn: 30 at once")
        else:
            live.run_task(following)
            told = narrate(following.step.id, host.name, VERSION, dice(following.id))
            live.say(following, *told[: max(1, index % (len(told) + 1))])
    live.wait_s(9)


@asynccontextmanager
async def running(
    folder: Path, hosts: int, scene: Callable[[FakeLive], None], *, failed: bool = False
) -> AsyncIterator[Pilot[int]]:
    """The page of an install in the middle, perhaps with a failure."""
    async with run_page(folder, fleet(hosts), WIDE, scene=scene) as stage:
        if failed:
            await fail_one(stage)
        else:
            await stage.press("right")
            await stage.beat(0)
        yield stage.pilot


@asynccontextmanager
async def result(folder: Path) -> AsyncIterator[Pilot[int]]:
    """A good end."""
    there = world(folder)
    live = FakeLive(ClusterSpec.model_validate(ANSWERS), there.root)
    there.live, there.now = live, lambda: live.at
    await install(folder / "known", live.spec, NOW)
    tell(live, lambda _: False, ClusterStore(live.spec.name, folder / "known").read_state())
    live.at = START + timedelta(seconds=700)
    live.finish()
    live.store.write_private("admin.conf", b"")
    async with shown(make_app(there, "result")) as pilot:
        yield pilot


SCENES: Final[dict[str, Scene]] = {
    "welcome": welcome,
    "welcome-80x24": partial(welcome, size=SMALL),
    "topology": partial(page, name="topology"),
    "endpoint": partial(page, name="endpoint"),
    "hosts": partial(page, name="hosts"),
    "preflight": preflight,
    "review": review,
    "execute": partial(running, hosts=5, scene=joining),
    "execute-100": partial(running, hosts=100, scene=many),
    "failure": partial(running, hosts=5, scene=joining, failed=True),
    "result": result,
}


async def draw(scene: Scene) -> str:
    """The picture of a scene."""
    with tempfile.TemporaryDirectory(prefix="haui-") as folder:
        home = os.environ["HOME"] = folder
        async with scene(Path(folder)) as pilot:
            await settle(pilot)
            svg = pilot.app.export_screenshot(title="haui", simplify=True)
    if home in svg:
        raise AssertionError("a path of this machine is in the picture")
    return tidied(svg)


def tidied(svg: str) -> str:
    """Without fonts from elsewhere, with ids that don't depend on the content."""
    svg = re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.S)
    svg = svg.replace("font-family: Fira Code, monospace;", f"font-family: {FONTS};")
    svg = re.sub(r"terminal-\d+-", "t-", svg)
    svg = "\n".join(line.rstrip() for line in svg.splitlines() if line.strip())
    if "url(" in re.sub(r"url\(#", "", svg) or "@import" in svg:
        raise AssertionError("the picture wants something from elsewhere")
    return svg + "\n"


def still() -> None:
    """Nothing blinks, and times are told in UTC."""
    os.environ.pop("NO_COLOR", None)
    os.environ["TZ"] = "UTC"
    time.tzset()
    Input._toggle_cursor = lambda self: None  # type: ignore[method-assign]


def main() -> int:
    """Draw the pictures, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=" ".join(SCENES))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--out", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    still()
    stale = []
    chosen.out.mkdir(exist_ok=True)
    for name in chosen.names or SCENES:
        svg = asyncio.run(draw(SCENES[name]))
        path = chosen.out / f"{name}.svg"
        if path.is_file() and path.read_text("utf-8") == svg:
            continue
        stale.append(name)
        if not chosen.check:
            path.write_text(svg, "utf-8")
    for name in stale:
        print(f"{name}: {'stale' if chosen.check else 'drawn'}", file=sys.stderr)
    return int(chosen.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
