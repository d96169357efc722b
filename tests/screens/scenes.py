"""Runs at a certain moment, on the real page of a run, for tests to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.message import Message
from textual.pilot import Pilot

from haui.app import HauiApp
from haui.events import Problem
from haui.spec import ClusterSpec
from screens.execute import ExecuteScreen
from screens.shell import Shell
from screens.widgets.runline import RunLine
from tests.screens.conftest import settle
from tests.screens.fake_live import FakeLive, fail_current, fleet, midway
from tests.screens.worlds import make_app, make_world

APT_LOCKED = Problem(
    what="apt could not be locked",
    why="E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812",
)


class EmptyScreen(Shell):
    """Stands in for a screen that is not under test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The page of a run under test."""

    app: HauiApp
    pilot: Pilot[int]
    live: FakeLive
    posted: list[Message]
    """Every message that was handled anywhere."""

    def asked(self, kind: type[Message]) -> list[Message]:
        """The messages of that kind."""
        return [message for message in self.posted if isinstance(message, kind)]

    @property
    def page(self) -> ExecuteScreen:
        screen = next(s for s in self.app.screen_stack if isinstance(s, ExecuteScreen))
        assert isinstance(screen, ExecuteScreen)
        return screen

    async def beat(self, seconds: float = 1.0) -> None:
        """Let time pass on the run's clock and have what is new drawn."""
        self.live.wait_s(seconds)
        self.page._beat()
        await settle(self.pilot)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await settle(self.pilot)

    def said(self) -> str:
        """What the line at the bottom says."""
        return str(self.page.prompt.query_one("#said").render())


@asynccontextmanager
async def run_page(
    folder: Path,
    hosts: int | ClusterSpec = 3,
    size: tuple[int, int] = (80, 24),
    *,
    scene: Callable[[FakeLive], Any] | None = midway,
    first: str = "execute",
    argument: str = "",
    rehearsal: bool = False,
    ascii_only: bool = False,
    theme: str = "haui",
    routes: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """The app on the page of a run that `scene` has brought to some moment. Its timer stands still:
    the test says when news are drawn."""
    world = make_world(folder, ascii_only=ascii_only)
    spec = fleet(hosts) if isinstance(hosts, int) else hosts
    live = FakeLive(spec, folder / "runs", rehearsal=rehearsal)
    world.live = live
    world.now = lambda: live.at
    if scene is not None:
        scene(live)
    app = make_app(world, first, argument=argument, theme=theme, routes=routes)
    posted: list[Message] = []
    async with app.run_test(size=size, message_hook=posted.append) as pilot:
        stage = Stage(app=app, pilot=pilot, live=live, posted=posted)
        for timer in list(stage.page._timers):
            if timer._callback == stage.page._beat:
                timer.stop()
        stage.page._beats = stage.page.query_one(RunLine).turn = 0
        await settle(pilot)
        await stage.page.workers.wait_for_complete()
        live.wait_s(11)
        await stage.beat(0)
        yield stage
    if app.crash is not None:
        raise app.crash


async def fail_one(stage: Stage, host: str = "cp-2", problem: Problem | None = None) -> str:
    """A host's step fails; the task's id."""
    from tests.screens.fake_live import JOIN_FAILED

    failed = fail_current(stage.live, host, problem or JOIN_FAILED)
    await stage.beat()
    return failed
