"""The welcome screen: what it offers, what it says of it, and where each entry leads."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from textual.pilot import Pilot

from haui.live.run import LiveRun
from haui.live.site import RealSite, RehearsalSite
from haui.preset import rehearsal_spec
from haui.transport.credentials import Credentials
from screens.attach import AttachScreen
from screens.dialog import Ask
from screens.presets import PresetsScreen
from screens.report import ReportWindow
from screens.topology import TopologyPage
from screens.welcome import WelcomeScreen
from screens.widgets.entries import EntryList
from screens.widgets.helpline import HelpLine
from screens.widgets.story import Story
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.welcome_worlds import damage, drafts, fill, hold, install, presets
from tests.screens.worlds import HOSTILE, complete_answers, make_app

WorldOf = Callable[..., Any]
SIZES = [(80, 24), (120, 40), (200, 60)]


def running(
    world: Any, size: tuple[int, int] = (80, 24), **options: Any
) -> AbstractAsyncContextManager[Pilot[int]]:
    return make_app(world, "welcome", **options).run_test(size=size)


async def ready(pilot: Pilot[int]) -> WelcomeScreen:
    """When every journal was read."""
    await settle(pilot)
    await pilot.app.workers.wait_for_complete()
    await settle(pilot)
    assert isinstance(pilot.app.screen, WelcomeScreen)
    return pilot.app.screen


def rows_of(screen: WelcomeScreen) -> dict[str, str]:
    return {row.name: f"{row.verb} {row.note}" for row in screen.query_one(EntryList).rows}


def story_of(screen: WelcomeScreen) -> str:
    return "\n".join(line.text for line in screen.query_one(Story).lines)


def said(screen: WelcomeScreen) -> str:
    message = screen.query_one(HelpLine).message
    return message.plain if message is not None else ""


async def go_to(pilot: Pilot[int], name: str) -> None:
    """Put the cursor on the entry of that name, by keys."""
    await pilot.press("home")
    for row in pilot.app.screen.query_one(EntryList).all_rows:
        if row.name == name:
            break
        await pilot.press("down")
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_start_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """Nothing is there yet: three ways to begin, and what a cluster looks like."""
    async with running(world_of(), size) as pilot:
        await ready(pilot)
        assert await app_snapshot(pilot, "x".join(map(str, size)))


@pytest.mark.parametrize("size", SIZES)
async def test_many_entries_look(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """Installs, rehearsals, drafts and clusters; the ways to begin stay in sight."""
    world = world_of()
    fill(world)
    async with running(world, size) as pilot:
        await ready(pilot)
        await pilot.press("down")
        assert await app_snapshot(pilot, "x".join(map(str, size)))


async def test_advice_is_one_calm_line(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """Over SSH without tmux."""
    world = world_of()
    world.advice = "You are here over SSH without tmux or screen."
    async with running(world) as pilot:
        await ready(pilot)
        assert await app_snapshot(pilot, "advice")


async def test_ascii_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """Without a font for signs."""
    world = world_of(ascii_only=True)
    fill(world)
    async with running(world, (120, 40), theme="haui-ansi") as pilot:
        await ready(pilot)
        assert await app_snapshot(pilot, "ascii")


async def test_damage_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """A damaged journal, a broken draft and broken presets are told, not hidden."""
    world = world_of()
    damage(world.root, "delta")
    drafts(world)
    presets(world.presets_folder)
    async with running(world) as pilot:
        screen = await ready(pilot)
        await go_to(pilot, "cedar")  # the story of the damage names this machine's folders
        assert await app_snapshot(pilot, "damage")
        await go_to(pilot, "delta")
        await pilot.press("enter")
        assert "mended" in said(screen)
        await go_to(pilot, "2026-11-20-broken.json")
        assert "haui leaves the file alone" in story_of(screen)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, WelcomeScreen)


async def test_places_stay_while_journals_are_read(
    world_of: WorldOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are there at the first paint, in the order that they keep."""
    world = world_of()
    fill(world)
    read = WelcomeScreen._look
    monkeypatch.setattr(WelcomeScreen, "_look", lambda self: None)
    async with running(world) as pilot:
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, WelcomeScreen)
        before = list(rows_of(screen))
        assert rows_of(screen)["atlas"] == "Resume stopped 14 min ago"
        monkeypatch.setattr(WelcomeScreen, "_look", read)
        screen.refresh_entries()
        await ready(pilot)
        assert list(rows_of(screen)) == before
        assert "61 of 94 tasks" in rows_of(screen)["atlas"]


async def test_keys_begin(world_of: WorldOf) -> None:
    """n, p and r work wherever the cursor is; escape comes back to the same entry."""
    world = world_of()
    async with running(world) as pilot:
        await ready(pilot)
        for key, way in (("p", "presets"), ("r", "rehearse")):
            await pilot.press(key)
            await settle(pilot)
            assert isinstance(pilot.app.screen, PresetsScreen)
            await pilot.press("escape")
            screen = await ready(pilot)
            assert screen.query_one(EntryList).current == way
        await pilot.press("n")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TopologyPage)
        assert (world.desk.answers, world.desk.rehearsal) == ({}, False)
        await pilot.press("escape")
        await ready(pilot)
        assert world.desk is None


async def test_a_draft_is_gone_on_with_after_a_kill(world_of: WorldOf) -> None:
    """The process that had it open died without a word."""
    world = world_of()
    code = (
        "import os, sys, pathlib\n"
        "from haui.wizard.drafts import DraftBook\n"
        "desk = DraftBook(pathlib.Path(sys.argv[1])).new({'name': 'cedar'})\n"
        "desk.visit('endpoint')\n"
        "desk.answer(('endpoint', 'kind'), 'kube-vip')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(world.root)], check=False)  # noqa: ASYNC221
    assert done.returncode == -signal.SIGKILL
    async with running(world) as pilot:
        screen = await ready(pilot)
        assert rows_of(screen)["cedar"].startswith("Go on page 2 of 7")
        await pilot.press("enter")
        await settle(pilot)
        assert world.desk.answers == {"name": "cedar", "endpoint": {"kind": "kube-vip"}}
        assert pilot.app.screen.page == "endpoint"  # type: ignore[attr-defined]


async def test_a_busy_draft_is_not_opened(world_of: WorldOf) -> None:
    world = world_of()
    desk = world.drafts.new({"name": "cedar"})
    async with running(world) as pilot:
        screen = await ready(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "another haui" in said(screen)
        await pilot.press("d")
        assert pilot.app.screen is screen
    desk.close()


async def test_drafts_are_discarded_after_asking(world_of: WorldOf) -> None:
    """Keeping is the first way; the file is gone only after the other one."""
    world = world_of()
    desk = world.drafts.new({"name": HOSTILE[1]})
    desk.close()
    async with running(world) as pilot:
        screen = await ready(pilot)
        await pilot.press("d")
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("enter")
        await settle(pilot)
        assert len(world.drafts.list()) == 1
        await pilot.press("d", "d")
        await settle(pilot)
        assert world.drafts.list() == ()
        assert rows_of(screen) == {}
        assert "is discarded" in said(screen)


async def test_a_held_install_is_watched_and_never_resumed(world_of: WorldOf) -> None:
    world = world_of()
    world.make_site = lambda _: RealSite(Credentials(), world.root)
    fd = hold(install(world.root, "atlas", done=10))
    async with running(world) as pilot:
        screen = await ready(pilot)
        assert rows_of(screen)["atlas"].startswith("Watch held by haui apply, process 4711")
        await pilot.press("enter")
        await settle(pilot)
        watching = pilot.app.screen
        assert isinstance(watching, AttachScreen), "it can only be watched"
        assert watching.watched.spec.name == "atlas"
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, WelcomeScreen)
        assert world.live is None
    os.close(fd)


async def test_a_finished_cluster_can_be_verified_shown_and_reused(
    world_of: WorldOf, app_snapshot: AppSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of()
    install(world.root, "edge-2", minutes=5000)
    asked: list[object] = []
    async with running(world) as pilot:
        await ready(pilot)
        monkeypatch.setattr(pilot.app, "_watch_run", noted(asked))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Ask)
        assert await app_snapshot(pilot, "finished")
        await pilot.press("s")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ReportWindow)
        assert await app_snapshot(pilot, "report")
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("v")
        await settle(pilot)
        assert len(asked) == 1


async def test_an_unfinished_rehearsal_is_gone_on_with(
    world_of: WorldOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was really begun, on simulated hosts, and stopped."""
    world = world_of()
    site = RehearsalSite(world.root / "rehearsals", speed=1000, in_process=True)
    run = LiveRun("apply", rehearsal_spec("single", 3), site)
    run.start()
    while run.state.settled_count < 3 and not run.ended:  # noqa: ASYNC110 - screens pull
        await asyncio.sleep(0.002)
    run.controls.stop()
    await run.wait()
    await site.close()
    async with running(world) as pilot:
        screen = await ready(pilot)
        done, total = run.state.settled_count, run.state.total
        assert rows_of(screen)["rehearsal"].startswith(
            f"Resume rehearsal · {done} of {total} tasks · stopped "
        )
        asked: list[object] = []
        monkeypatch.setattr(pilot.app, "_watch_run", noted(asked))
        await pilot.press("enter")
        await settle(pilot)
        assert len(asked) == 1
        await pilot.press("d", "d")
        await settle(pilot)
        assert rows_of(screen) == {}
        assert not site.store("rehearsal").folder.exists()


async def test_an_install_is_resumed_by_name(
    world_of: WorldOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of()
    install(world.root, "atlas", done=61)
    async with running(world) as pilot:
        await ready(pilot)
        asked: list[object] = []
        monkeypatch.setattr(pilot.app, "_watch_run", noted(asked))
        await pilot.press("enter")
        await settle(pilot)
        assert len(asked) == 1


async def test_an_unreadable_state_folder_is_told(world_of: WorldOf) -> None:
    """A file where the folder should be is nothing to go on with, and no crash."""
    world = world_of()
    world.root.parent.mkdir(exist_ok=True)
    world.root.write_text("in the way")
    async with running(world) as pilot:
        screen = await ready(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert rows_of(screen) == {}


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_are_only_shown(text: str, world_of: WorldOf) -> None:
    world = world_of()
    world.drafts.new(complete_answers() | {"name": text}, origin=text).close()
    world.hostname = text
    async with running(world, (120, 40)) as pilot:
        screen = await ready(pilot)
        svg = pilot.app.export_screenshot()
        assert "\x1b" not in svg
        assert len(rows_of(screen)) == 1
        await pilot.press("d")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Ask)


def test_the_first_paint_waits_for_nothing_heavy() -> None:
    """Neither the rules of the cluster file nor steps, templates and the SSH client."""
    code = (
        "import sys, haui.app, screens.welcome\n"
        "print([m for m in ('asyncssh', 'steps', 'jinja2', 'pydantic', 'yaml') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def noted(asked: list[object]) -> Callable[[object], Any]:
    async def watch(begin: object) -> None:
        asked.append(begin)

    return watch
