"""An admin who has nothing but a keyboard: from the welcome page to the result of a rehearsal.

Everything is done by keys, and by what a terminal sends when something is pasted. Waiting means to
look at what is shown again and again, with an end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from haui.app import HauiApp
from haui.clusterfile.problem import Loc
from haui.clusterfile.text import dump
from haui.documents.verdict import proofs
from haui.folders import REHEARSALS
from haui.live.run import LiveRun
from haui.live.site import RehearsalSite
from haui.record.store import ClusterStore
from haui.rehearsal.faults import Fault
from haui.session.plans import plan_of
from haui.spec import ClusterSpec
from haui.wizard.desk import Desk
from haui.wizard.drafts import DraftBook
from haui.wizard.pages import PageId, index_of
from screens.execute import ExecuteScreen
from screens.glyphs import ASCII, UNICODE
from screens.page import WizardPage
from screens.review import ReviewPage
from screens.widgets.check_list import CheckList
from screens.widgets.choices import ChoiceList
from screens.widgets.controls import YesNo
from screens.widgets.entries import EntryList
from screens.widgets.field import QuestionField, slug
from screens.world import World
from tests.screens.worlds import NOW, make_app

PATIENCE_S, PAGE_S = 90.0, 20.0
"""How long a run, and a page, may take before the test gives up; a machine under load is slow."""
MOST_TABS = 80
SMALL = (80, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What outlives a haui: the state folder, the presets, and how the simulated hosts behave."""

    folder: Path
    speed: float = 0
    faults: tuple[str, ...] = ()
    now: Callable[[], datetime] | None = None
    ascii_only: bool = False

    @property
    def root(self) -> Path:
        return self.folder / "state"

    @property
    def presets(self) -> Path:
        return self.folder / "presets"

    def store(self, cluster: str) -> ClusterStore:
        """The folder of a rehearsal."""
        return ClusterStore(cluster, self.root / REHEARSALS)

    def world(self) -> World:
        """A world on this ground. Its clock goes, from a fixed moment on."""
        now = self.now or going_clock()

        def make_site(rehearsal: bool) -> RehearsalSite:
            assert rehearsal, "a test never reaches real hosts"
            return RehearsalSite(
                self.root / REHEARSALS,
                speed=self.speed,
                faults=[Fault.parse(fault) for fault in self.faults],
                in_process=True,
            )

        return World(
            now=now,
            root=self.root,
            drafts=DraftBook(self.root, now=now),
            presets_folder=self.presets,
            make_site=make_site,
            glyphs=ASCII if self.ascii_only else UNICODE,
            hostname="bastion",
        )


def going_clock() -> Callable[[], datetime]:
    """Begins at the tests' moment and goes as clocks do."""
    began = time.monotonic()
    return lambda: NOW + timedelta(seconds=time.monotonic() - began)


class Tour:
    """The hands and the eyes of the admin."""

    def __init__(self, app: HauiApp, pilot: Pilot[int], ground: Ground) -> None:
        self.app = app
        self.pilot = pilot
        self.ground = ground

    # Looking.

    @property
    def screen(self) -> Screen[Any]:
        return self.app.screen

    @property
    def shown(self) -> str:
        """The class name of what is shown."""
        return type(self.app.screen).__name__

    @property
    def desk(self) -> Desk:
        return self.app.world.open_desk

    @property
    def live(self) -> LiveRun:
        assert self.app.world.live is not None
        return self.app.world.live

    @property
    def quiet(self) -> bool:
        """Whether no task of the run goes on."""
        views = (view for tasks in self.live.state.tasks.values() for view in tasks.values())
        return all(view.status != "running" for view in views)

    @property
    def failure_open(self) -> bool:
        """Whether a failure is shown."""
        screen = self.app.screen
        return isinstance(screen, ExecuteScreen) and screen.failing

    def text(self) -> str:
        """The screen as characters, line by line."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(part.text for part in line) for line in lines)

    async def until(
        self, what: Callable[[], object], goal: str, seconds: float = PATIENCE_S
    ) -> None:
        """Wait until it is so; give up with what is shown instead."""
        end = time.monotonic() + seconds
        while not what():
            if self.app.crash is not None:
                raise self.app.crash
            assert time.monotonic() < end, f"never: {goal}\n{self.text()}"
            assert self.app.is_running, f"haui has ended before: {goal}"
            await self.pilot.pause(0.03)

    async def see(self, name: str) -> None:
        """Wait for a screen by its class name."""
        await self.until(
            lambda: self.shown == name and self.screen.is_mounted, f"see {name}", PAGE_S
        )
        await self.pilot.pause()

    async def gone(self) -> None:
        """Wait until haui has ended."""
        end = time.monotonic() + PATIENCE_S
        while self.app.is_running and self.app._exit is False:
            assert time.monotonic() < end, f"never left\n{self.text()}"
            await asyncio.sleep(0.005)

    async def on_page(self, page: PageId) -> None:
        """Wait for a page of the wizard."""

        def there() -> bool:
            screen = self.app.screen
            return isinstance(screen, WizardPage) and screen.page == page and screen.is_mounted

        await self.until(there, f"the page {page}", PAGE_S)
        await self.pilot.pause()

    # Typing.

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def paste(self, text: str) -> None:
        """What a terminal sends when something is pasted."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def focus(self, reached: Callable[[Widget], bool], goal: str) -> None:
        """Tab on until it is reached; all the way round is too far."""
        for _ in range(MOST_TABS):
            focused = self.app.screen.focused
            if focused is not None and reached(focused):
                return
            await self.press("tab")
        raise AssertionError(f"tab never leads to {goal}\n{self.text()}")

    async def focus_id(self, id_: str) -> None:
        await self.focus(lambda widget: widget.id == id_, f"#{id_}")

    async def focus_field(self, question: str) -> QuestionField:
        """The field of a question by its id, e.g. `endpoint.vip`."""
        wanted = f"field-{slug(question)}"
        await self.focus(lambda widget: field_of(widget) == wanted, question)
        return self.app.screen.query_one(f"#{wanted}", QuestionField)

    async def type(self, question: str, text: str) -> None:
        """Write a text in the place of a field's, key by key."""
        field = await self.focus_field(question)
        await self.press("end", "ctrl+u", *text)
        assert_holds(field, text)

    async def fill(self, question: str, text: str) -> None:
        """Paste a text in the place of a field's."""
        field = await self.focus_field(question)
        await self.press("end", "ctrl+u")
        await self.paste(text)
        assert_holds(field, text)

    async def choose(self, question: str, value: str) -> None:
        """Choose one of a list by the number before it."""
        field = await self.focus_field(question)
        control = field.control
        assert isinstance(control, ChoiceList), question
        values = [option.value for option in control.options]
        await self.press(str(values.index(value) + 1))
        assert self.desk.value(loc(question)) == value or control.value == value

    async def turn(self, question: str, value: bool) -> None:
        """Answer yes or no."""
        field = await self.focus_field(question)
        assert isinstance(field.control, YesNo), question
        await self.press("y" if value else "n")
        assert self.desk.value(loc(question)) is value

    async def next(self, page: PageId) -> None:
        """On to the next page, which is that one."""
        await self.press("ctrl+n")
        await self.on_page(page)

    async def back(self, page: PageId) -> None:
        await self.press("escape")
        await self.on_page(page)

    async def paste_hosts(self, lines: Sequence[str]) -> None:
        """Open the window for lines, paste them there, and take them."""
        await self.on_page("hosts")
        before = len(self.desk.value(("hosts",)) or ())
        await self.press("p")
        await self.see("PasteDialog")
        await self.paste("\n".join(lines) + "\n")
        await self.press("ctrl+s")
        await self.on_page("hosts")
        assert len(self.desk.value(("hosts",))) > before, self.text()

    async def go(self, page: PageId) -> None:
        """To a page by its number."""
        await self.press(f"alt+{index_of(page) + 1}")
        await self.on_page(page)

    async def delete_hosts(self) -> None:
        """Delete every host of the list, one after the other."""
        await self.on_page("hosts")
        await self.focus_id("hosts")
        await self.press("home")
        while self.desk.value(("hosts",)):
            await self.press("d")

    async def paste_on_list(self, text: str) -> None:
        """Paste right on the list of hosts, and take what was understood."""
        await self.on_page("hosts")
        await self.focus_id("hosts")
        await self.paste(text)
        await self.see("PasteDialog")
        await self.press("ctrl+s")
        await self.on_page("hosts")

    async def add_host(self, name: str, address: str, role: str) -> None:
        """Add a host with the form."""
        await self.on_page("hosts")
        await self.focus_id("hosts")
        place = len(self.desk.value(("hosts",)) or ())
        await self.press("a")
        await self.see("HostForm")
        await self.fill(f"hosts.{place}.name", name)
        await self.fill(f"hosts.{place}.address", address)
        await self.focus(lambda widget: isinstance(widget, CheckList), "the roles")
        boxes = self.screen.query_one(CheckList)
        known = [item.value for item in boxes.items]
        for other in {role, *boxes.values} - ({role} & {*boxes.values}):
            await self.press(str(known.index(other) + 1))
        await self.press("escape")
        await self.on_page("hosts")
        assert self.desk.value(("hosts", place))["roles"] == [role], self.text()

    async def pick(self, wanted: str) -> None:
        """Choose a row of the welcome page by its id, with the arrow keys."""
        await self.pick_row("WelcomeScreen", wanted)

    async def pick_row(self, screen: str, wanted: str, *, take: bool = True) -> None:
        """Go to a row of a screen's list by its id, with the arrow keys, and choose it."""
        await self.see(screen)
        entries = self.screen.query_one(EntryList)
        ids = [row.id for row in entries.all_rows]
        assert wanted in ids, f"{wanted} is none of {ids}\n{self.text()}"
        await self.press("home", *["down"] * ids.index(wanted))
        assert entries.current == wanted
        if take:
            await self.press("enter")

    # The install.

    async def preflight(self) -> None:
        """From the page before to a preflight that lets the admin go on."""
        await self.next("preflight")
        await self.until(lambda: self.desk.preflight is not None, "the end of the preflight")
        record = self.desk.preflight
        assert record is not None
        assert record.blocked == 0, self.text()

    async def start(self) -> ClusterSpec:
        """From the page before the preflight to the running install; what is installed."""
        await self.preflight()
        await self.next("review")
        spec = self.desk.spec()
        assert spec is not None
        await self.begin()
        return spec

    async def begin(self) -> None:
        """Say on the review page that it may begin, and say so again when asked."""
        page = self.screen
        assert isinstance(page, ReviewPage)
        await self.until(lambda: not page.refusal(), "a plan that may be installed")
        await self.press("ctrl+n")
        await self.see("Ask")
        await self.press("y")
        await self.see("ExecuteScreen")

    async def install(self) -> ClusterSpec:
        """From the page before the preflight to the result of a good install; what stands."""
        spec = await self.start()
        await self.finished()
        return spec

    async def finished(self, outcome: str = "ok") -> None:
        """Wait for the end of a run that ends so, and go on to its result page."""
        await self.until(lambda: self.live.ended, "the end of the run")
        assert self.live.error is None, self.live.error.render()
        assert self.live.result is not None
        assert self.live.result.outcome == outcome, self.text()
        await self.until(lambda: "enter goes on to the result" in self.text(), "word of the end")
        await self.press("enter")
        await self.see("ResultScreen")
        concluding = self.app.world.concluding
        assert concluding is not None
        await concluding


def assert_holds(field: QuestionField, text: str) -> None:
    """The field shows what was entered."""
    assert isinstance(field.control, Input)
    assert field.control.value == text


def field_of(widget: Widget) -> str | None:
    """The id of the question's field that a widget is in."""
    fields = (node for node in widget.ancestors_with_self if isinstance(node, QuestionField))
    return next((field.id for field in fields), None)


def loc(question: str) -> Loc:
    """A question's place."""
    return tuple(question.split("."))


@asynccontextmanager
async def tour(
    ground: Ground, *, size: tuple[int, int] = SMALL, theme: str = "haui"
) -> AsyncIterator[Tour]:
    """haui on its welcome page."""
    app = make_app(ground.world(), "welcome", theme=theme)
    async with app.run_test(size=size, notifications=True) as pilot:
        made = Tour(app, pilot, ground)
        await made.see("WelcomeScreen")
        yield made
    if app.crash is not None:
        raise app.crash


@asynccontextmanager
async def empty_rehearsal(ground: Ground, *, size: tuple[int, int] = SMALL) -> AsyncIterator[Tour]:
    """haui on the first page of a rehearsal without a single answer."""
    desk = DraftBook(ground.root).new({}, rehearsal=True)
    desk.close()
    async with tour(ground, size=size) as t:
        await t.pick(f"draft:{desk.draft.id}")
        await t.on_page("topology")
        yield t


@asynccontextmanager
async def rehearse(
    ground: Ground, preset: str, hosts: int | None = None, *, size: tuple[int, int] = SMALL
) -> AsyncIterator[Tour]:
    """haui on the first page of the rehearsal of a preset, chosen on the presets page."""
    async with tour(ground, size=size) as t:
        await t.pick("rehearse")
        await t.see("PresetsScreen")
        await t.pick_row("PresetsScreen", f"shipped:{preset}", take=False)
        if hosts is None:
            await t.press("enter")
        else:
            await t.focus_id("hosts")
            await t.press(*str(hosts), "enter")
        await t.until(lambda: t.app.world.desk is not None, "a desk")
        await t.on_page(t.desk.draft.page)
        yield t


def assert_finished(ground: Ground, spec: ClusterSpec, *, without: Collection[str] = ()) -> None:
    """A cluster as it is to be: its file says what was answered, everything is done and proved,
    and the report is there. `without` are hosts that were left out."""
    store = ground.store(spec.name)
    assert store.load_spec() == spec
    assert store.cluster_yaml.read_text() == dump(spec)
    state = store.read_state()
    assert state.outcome == ("failed" if without else "ok")
    names = {host.name for host in spec.hosts}
    assert set(state.tasks) <= names
    for host, tasks in state.tasks.items():
        if host not in without:
            assert all(view.done for view in tasks.values()), (host, tasks)
    rows = proofs(state, plan_of(spec, "apply"))
    assert rows, "nothing was verified"
    assert {row.finding.verdict for row in rows} <= {"ok", "info"}, rows
    assert store.report.read_text().startswith("#")
    assert store.owner() is None


async def settled(waiting: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait for something beside an app."""
    end = time.monotonic() + seconds
    while not waiting():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
