"""The frame: what every page shows, the ways between pages, the keys, and the notice of size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from haui.app import HauiApp
from haui.wizard.check import examine
from screens.actions import REGISTRY, Action, active_actions
from screens.dialog import Ask, Dialog
from screens.export import ExportDialog
from screens.glyphs import ASCII, STATES, TONES, UNICODE, state_text
from screens.help import HelpScreen
from screens.page import StepsDialog, WizardPage
from screens.shell import Shell
from screens.too_small import TooSmallScreen
from screens.widgets import choices, controls, form, steps
from screens.widgets.helpline import HelpLine
from screens.widgets.keyline import key_line
from screens.widgets.topbar import TopBar
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.demo import DEMO, DemoPage
from tests.screens.worlds import complete_answers, make_app

WorldOf = Callable[..., Any]


def app_of(world: Any, **options: Any) -> HauiApp:
    return make_app(world, routes=DEMO, **options)


def page_of(app: HauiApp) -> str:
    assert isinstance(app.screen, WizardPage)
    return app.screen.page


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_page_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """A page with its list, its fields and its drawing."""
    app = app_of(world_of(answers=complete_answers(), page="endpoint", rehearsal=True))
    async with app.run_test(size=size) as pilot:
        assert await app_snapshot(pilot, "x".join(map(str, size)))


@pytest.mark.parametrize("theme", ["haui-light", "haui-ansi"])
async def test_themes(theme: str, world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """The other two themes."""
    world = world_of(answers={"name": "atlas"}, page="endpoint", ascii_only=theme == "haui-ansi")
    app = app_of(world, theme=theme)
    async with app.run_test(size=(100, 30)) as pilot:
        assert await app_snapshot(pilot, theme)


async def test_help_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """The help page says what the page is for and every key."""
    app = app_of(world_of(answers={"name": "atlas"}, page="endpoint"))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        assert await app_snapshot(pilot, "help")
        await pilot.press("escape")
        assert page_of(app) == "endpoint"


async def test_palette_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """The palette offers the pages that are open."""
    app = app_of(world_of(answers=complete_answers(), page="hosts"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"go to")
        await app.workers.wait_for_complete()
        assert await app_snapshot(pilot, "palette")


async def test_too_small_swallows_keys_and_keeps_everything(
    world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """Below 60x16 there is only a notice; afterwards all is as it was."""
    world = world_of(answers=complete_answers(), page="endpoint")
    app = app_of(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "tab")
        focused = app.focused
        await pilot.resize_terminal(52, 14)
        await settle(pilot)
        assert isinstance(app.screen, TooSmallScreen)
        before = dict(world.desk.answers)
        await pilot.press("escape", "x", "enter", "ctrl+n", "f2", "ctrl+p", "1", "space")
        assert isinstance(app.screen, TooSmallScreen)
        assert await app_snapshot(pilot, "too-small")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert page_of(app) == "endpoint"
        assert app.focused is focused
        assert world.desk.answers == before
        await pilot.resize_terminal(40, 10)
        await settle(pilot)
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_too_small_from_the_start(world_of: WorldOf) -> None:
    """The first screen waits behind the notice."""
    app = app_of(world_of(page="topology"))
    async with app.run_test(size=(50, 10)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, TooSmallScreen)
        await pilot.resize_terminal(90, 30)
        await settle(pilot)
        assert page_of(app) == "topology"


async def test_next_and_back_keep_the_answers(world_of: WorldOf) -> None:
    """Through all pages and back: the answers are what they were."""
    world = world_of(answers=complete_answers(), page="topology")
    before = dict(world.desk.answers)
    app = app_of(world)
    seen = []
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(6):
            seen.append(page_of(app))
            await pilot.press("ctrl+n")
            await settle(pilot)
        assert seen == ["topology", "endpoint", "hosts", "access", "cluster", "preflight"]
        for page in reversed(seen):
            await pilot.press("escape")
            await settle(pilot)
            assert page_of(app) == page
        assert world.desk.answers == before


async def test_next_examines_the_answers_once(
    world_of: WorldOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that the answers name may have come or gone, so it looks; and once is enough."""
    looks: list[object] = []

    def counted(*given: Any, **named: Any) -> Any:
        looks.append(given)
        return examine(*given, **named)

    monkeypatch.setattr("haui.wizard.check.examine", counted)
    app = make_app(world_of(answers=complete_answers(), page="topology"))
    async with app.run_test(size=(120, 40)) as pilot:
        for page in ("endpoint", "hosts", "access", "cluster"):
            await settle(pilot)
            looks.clear()
            await pilot.press("ctrl+n")
            await settle(pilot)
            assert page_of(app) == page
            assert len(looks) == 1, page


async def test_next_stays_at_the_first_problem(world_of: WorldOf) -> None:
    """What is missing shows, and the focus goes there."""
    app = app_of(world_of(answers={"name": "atlas"}, page="endpoint"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert page_of(app) == "endpoint"
        fields = app.screen.query_one(form.QuestionForm).fields()
        wrong = [field for field in fields if field.is_wrong]
        assert wrong
        assert app.focused is wrong[0].control
        assert all(field.has_class("-wrong") for field in wrong)


async def test_jumps_only_where_it_is_allowed(world_of: WorldOf) -> None:
    """alt+digit and the list go to pages that may be opened; others are refused with the reason."""
    app = app_of(world_of(answers=complete_answers(), page="hosts"))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("alt+7")
        await settle(pilot)
        assert page_of(app) == "hosts"
        message = app.screen.query_one(HelpLine).message
        assert message is not None
        assert "comes first" in message.plain
        await pilot.press("alt+1")
        await settle(pilot)
        assert page_of(app) == "topology"
        await pilot.press("f2")
        await settle(pilot)
        assert isinstance(app.screen, StepsDialog)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert page_of(app) == "endpoint"
        await pilot.click("#steps", offset=(4, 2))
        await settle(pilot)
        assert page_of(app) == "hosts"


async def test_answers_are_exported_from_every_page(world_of: WorldOf) -> None:
    """A name that can't be used is refused in the window; then the file is there."""
    world = world_of(answers=complete_answers(), page="hosts")
    app = app_of(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+s")
        await settle(pilot)
        await pilot.press("end", "!", "ctrl+s")
        await settle(pilot)
        assert isinstance(app.screen, ExportDialog)
        await pilot.press("backspace", "ctrl+s")
        await settle(pilot)
        assert not isinstance(app.screen, ExportDialog)
        assert (world.presets_folder / "atlas.yaml").is_file()


async def test_top_line_says_where_you_are(world_of: WorldOf) -> None:
    """Rehearsal, cluster and the time of saving; trouble with saving in their place."""
    world = world_of(answers={"name": "[/atlas]"}, page="topology", rehearsal=True)
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        bar = app.screen.query_one(TopBar)
        words = " ".join(str(bar.render()).split())
        assert words == "haui › new cluster › 1 Topology REHEARSAL [/atlas] saved 10:43"
        world.desk.save_trouble = "the draft can't be saved: No space left on device"
        world.desk.recheck()
        await settle(pilot)
        assert "No space left" in str(bar.render())


async def test_ctrl_c_quits_nothing(world_of: WorldOf) -> None:
    """It only says what does."""
    app = app_of(world_of(page="topology"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c")
        message = app.screen.query_one(HelpLine).message
        assert message is not None
        assert "^q" in message.plain
        assert page_of(app) == "topology"


def test_key_line_never_cuts_a_hint() -> None:
    """Help and quit stay at their ends; of the others only whole ones are shown."""
    actions = [Action(id="app.help", key="f1", label="help", group="g", keys="?")]
    actions += [Action(id=f"t.{n}", key="f9", label=f"thing-{n}", group="g") for n in range(9)]
    actions.append(Action(id="app.quit", key="ctrl+q", label="quit", group="g"))
    for width in range(20, 130):
        text = key_line(actions, width, UNICODE).plain
        assert len(text) == width
        assert text.startswith("? help")
        assert text.endswith("^q quit")
        hints = text.removesuffix("^q quit").split("   ")
        assert all(
            hint.strip() in ("", "? help") or hint.strip()[:-1] == "F9 thing-" for hint in hints
        )


OWN: tuple[type[DOMNode], ...] = (
    HauiApp, Shell, WizardPage, DemoPage, Dialog, Ask, StepsDialog, HelpScreen, TooSmallScreen,
    choices.ChoiceList, controls.YesNo, form.Fold, steps.StepList,
)  # fmt: skip


@pytest.mark.parametrize("owner", OWN, ids=lambda owner: owner.__name__)
def test_every_binding_is_in_the_registry(owner: type[DOMNode]) -> None:
    """No key works that the help page does not know of."""
    bindings = owner._merge_bindings()
    inherited = () if issubclass(owner, App | Screen) else Widget._merge_bindings().key_to_bindings
    for key, found in bindings.key_to_bindings.items():
        for binding in found:
            assert key in inherited or binding.id in REGISTRY, (key, binding)


async def test_active_actions_are_each_named_once(world_of: WorldOf) -> None:
    """The key line and the help page get each action once, the focus's own first."""
    app = app_of(world_of(page="endpoint"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        found = [action.id for action in active_actions(app.screen.active_bindings)]
        assert len(found) == len(set(found))
        assert found[0] == "choice.up"
        assert {"page.next", "page.down", "app.quit", "app.help", "app.palette"} <= set(found)


def test_every_state_has_a_sign_in_both_sets() -> None:
    """Glyph, word and colour; the ASCII signs are ASCII."""
    for word, (name, tone) in STATES.items():
        assert tone in TONES
        assert getattr(ASCII, name).isascii()
        assert state_text(word).plain == f"{getattr(UNICODE, name)} {word}"
    for name in ASCII.__slots__:
        value = getattr(ASCII, name)
        assert not isinstance(value, str) or value.isascii(), name
    assert state_text("failed", text="[/x]").plain == "✗ [/x]"
