"""The review page: everything can be read first, and nothing starts by accident."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

import steps
from haui.clusterfile.load import load_text
from haui.clusterfile.text import dump
from haui.preset import rehearsal_spec
from haui.record.store import ClusterStore
from haui.wizard.desk import PreflightRecord
from screens.asking import AskLine
from screens.dialog import Ask
from screens.review import ReviewPage
from screens.widgets.check_list import CheckList
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.plans import CATALOGUE
from tests.screens.worlds import HOSTILE, complete_answers, make_app

TABS = ("phases", "hosts", "files", "commands", "answers")
UNSAFE = {"supply": {"packages": {"mirror": "http://mirror.lan/haui", "unsigned": True}}}
MOST_BEATS = 400


@pytest.fixture(autouse=True)
def _short_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "CATALOGUE", CATALOGUE)


async def laid_out(pilot: Pilot[int]) -> ReviewPage:
    """The page with its plan."""
    page = pilot.app.screen
    assert isinstance(page, ReviewPage)
    for _ in range(MOST_BEATS):
        if page.review is not None or page.refusal().startswith("These"):
            break
        await pilot.pause(0.01)
    await settle(pilot)
    return page


def started(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the app is asked to begin, noted instead of begun."""
    noted: list[str] = []

    async def note(begin: object) -> None:
        noted.append("begun")

    monkeypatch.setattr(app, "_watch_run", note)
    return noted


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("tab", range(len(TABS)))
async def test_each_tab_can_be_read(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, tab: int, size: tuple[int, int]
) -> None:
    """By phase, by host, files, commands, answers."""
    app = make_app(world_of(answers=complete_answers(), page="review", rehearsal=True))
    async with app.run_test(size=size) as pilot:
        await laid_out(pilot)
        await pilot.press(str(tab + 1))
        await settle(pilot)
        assert await app_snapshot(pilot, f"{TABS[tab]}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_answers_that_are_no_cluster_yet(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, size: tuple[int, int]
) -> None:
    """The pages that come first are named, and nothing can be installed."""
    app = make_app(world_of(answers={"name": "atlas"}, page="review"))
    async with app.run_test(size=size) as pilot:
        page = await laid_out(pilot)
        await pilot.press("i")
        await settle(pilot)
        assert page.refusal()
        assert not isinstance(app.screen, Ask)
        assert await app_snapshot(pilot, f"{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_unsafe_needs_a_tick(
    world_of: Callable[..., Any],
    app_snapshot: AppSnapshot,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unsigned packages: no tick, no install."""
    app = make_app(world_of(answers=complete_answers() | UNSAFE, page="review", rehearsal=True))
    asked = started(app, monkeypatch)
    async with app.run_test(size=size) as pilot:
        page = await laid_out(pilot)
        await pilot.press("i")
        await settle(pilot)
        assert page.query_one(CheckList).has_focus
        assert await app_snapshot(pilot, f"{size[0]}x{size[1]}")
        await pilot.press("space", "ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, Ask)
        await pilot.press("n")
        await settle(pilot)
        assert asked == []
        await pilot.press("ctrl+n")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert asked == ["begun"]


async def test_an_install_over_a_cluster_needs_its_name(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster of that name is there, with other answers: they are compared."""
    world = world_of(answers=complete_answers(), page="review")
    store = ClusterStore("atlas", world.root / "rehearsals")
    store.create()
    spec = rehearsal_spec().model_copy(update={"name": "atlas", "profile": "test"})
    store.write_private("cluster.yaml", dump(spec).encode())
    app = make_app(world)
    asked = started(app, monkeypatch)
    async with app.run_test(size=(120, 40)) as pilot:
        page = await laid_out(pilot)
        assert page.review is not None
        assert page.review.existing
        assert any("profile" in line for line in page.review.changes)
        assert await app_snapshot(pilot, "existing")
        await pilot.press("i")
        await settle(pilot)
        assert isinstance(app.screen, AskLine)
        await pilot.press(*"atla", "enter")
        await settle(pilot)
        assert isinstance(app.screen, AskLine)
        await pilot.press("s", "enter")
        await settle(pilot)
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert asked == ["begun"]


async def test_preflight_that_blocks_holds_the_install(world_of: Callable[..., Any]) -> None:
    from haui.clusterfile.text import spec_sha

    world = world_of(answers=complete_answers(), page="review", rehearsal=True)
    spec = world.desk.spec()
    world.desk.preflight = PreflightRecord(sha=spec_sha(spec), blocked=2)
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        page = await laid_out(pilot)
        assert "preflight has 2 that block" in page.refusal()
        await pilot.press("i")
        await settle(pilot)
        assert app.screen is page


async def test_what_is_let_pass_is_said_with_its_reason(world_of: Callable[..., Any]) -> None:
    from haui.clusterfile.text import spec_sha

    answers = complete_answers()
    answers["preflight"] = {"overrides": {"ports.free@cp3": "k3s goes", "sizes.memory": "a test"}}
    world = world_of(answers=answers, page="review", rehearsal=True)
    sha = spec_sha(world.desk.spec())
    world.desk.preflight = PreflightRecord(sha=sha, blocked=0, warned=1, overridden=3)
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await laid_out(pilot)
        said = str(app.screen.query_one("#notes", Static).render())
        assert "nothing in the way but 3 findings let pass, 1 warning" in said
        assert "ports.free on cp3: k3s goes" in said
        assert "sizes.memory on every host: a test" in said
        await pilot.press("i")
        await settle(pilot)
        assert isinstance(app.screen, Ask)


async def test_the_cluster_file_and_its_command(
    world_of: Callable[..., Any], tmp_path: Any
) -> None:
    """`p` writes a file that is accepted again, `c` copies the command that installs from it."""
    world = world_of(answers=complete_answers(), page="review")
    app = make_app(world)
    target = tmp_path / "atlas.yaml"
    async with app.run_test(size=(120, 40)) as pilot:
        await laid_out(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert isinstance(app.screen, AskLine)
        await pilot.press("ctrl+u", *str(target), "enter")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert load_text(target.read_text(), name="x").spec == world.desk.spec()
        await pilot.press("c")
        await settle(pilot)
        assert app.clipboard.startswith("haui apply ")
        assert "atlas.yaml" in app.clipboard


async def test_words_are_searched_and_forgotten(world_of: Callable[..., Any]) -> None:
    app = make_app(world_of(answers=complete_answers(), page="review", rehearsal=True))
    async with app.run_test(size=(120, 40)) as pilot:
        page = await laid_out(pilot)
        every = len(page._entries())
        await pilot.press("slash", *"keepalived", "enter")
        await settle(pilot)
        assert 0 < len(page._entries()) < every
        await pilot.press("slash", "ctrl+u", "enter")
        await settle(pilot)
        assert len(page._entries()) == every


async def test_a_changed_answer_lays_the_plan_out_anew(world_of: Callable[..., Any]) -> None:
    world = world_of(answers=complete_answers(), page="review", rehearsal=True)
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        page = await laid_out(pilot)
        before = page.review
        world.desk.set_hosts(world.desk.value(("hosts",))[:4])
        assert page.review is None
        await laid_out(pilot)
        assert page.review is not None
        assert before is not None
        assert page.review.tasks < before.tasks


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_labels_are_refused_or_shown_as_text(
    world_of: Callable[..., Any], text: str
) -> None:
    answers = complete_answers()
    answers["hosts"][0]["labels"] = {"rack": text}
    app = make_app(world_of(answers=answers, page="review", rehearsal=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await laid_out(pilot)
        await pilot.press("5")
        await settle(pilot)
        assert "\x1b" not in app.export_screenshot()
        assert app.is_running
