"""Fields: every change is on the desk at once, and problems show when it is time for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.content import Content
from textual.events import Paste

from haui.app import HauiApp
from screens.widgets.choices import ChoiceList, Option
from screens.widgets.controls import PickOne, TextLine, YesNo
from screens.widgets.edges import edges
from screens.widgets.field import QuestionField, slug
from screens.widgets.form import Fold, QuestionForm
from screens.widgets.helpline import HelpLine
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.demo import DEMO
from tests.screens.worlds import HOSTILE, complete_answers, make_app

WorldOf = Callable[..., Any]
LATER_PAGES = ("topology", "endpoint", "access", "cluster")


def app_of(world: Any) -> HauiApp:
    return make_app(world, routes=DEMO)


def field(app: HauiApp, name: str) -> QuestionField:
    return app.screen.query_one(f"#field-{slug(name)}", QuestionField)


def names(app: HauiApp) -> list[str]:
    return [found.question.id for found in app.screen.query_one(QuestionForm).fields()]


async def test_typing_is_saved_at_once(world_of: WorldOf) -> None:
    """A kill after any key loses nothing."""
    world = world_of(page="endpoint")
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        field(app, "endpoint.name").focus()
        await pilot.press(*"api")
        kept = world.drafts.list()[0].draft
        assert kept is not None
        assert kept.answers["endpoint"]["name"] == "api"
        await pilot.press(*["backspace"] * 3)
        await settle(pilot)
        assert world.desk.value(("endpoint", "name")) is None


async def test_problems_show_after_leaving_and_stay_until_fixed(
    world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """Nothing red while typing for the first time; then the rule and an example, until it is
    right."""
    app = app_of(world_of(page="endpoint"))
    async with app.run_test(size=(80, 24)) as pilot:
        name = field(app, "endpoint.name")
        name.focus()
        await pilot.press(*"a_b")
        await settle(pilot)
        assert name.is_wrong
        assert not name.has_class("-wrong")
        await pilot.press("tab")
        await settle(pilot)
        assert name.has_class("-wrong")
        assert await app_snapshot(pilot, "problem")
        await pilot.press("shift+tab", "end", "backspace", "backspace")
        await settle(pilot)
        assert not name.has_class("-wrong")


async def test_questions_follow_the_answers_and_keep_the_focus(world_of: WorldOf) -> None:
    """Another endpoint asks other things; the list that was used keeps the focus."""
    app = app_of(world_of(page="endpoint"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "endpoint.placement" in names(app)
        await pilot.press("3")
        await settle(pilot)
        assert "endpoint.placement" not in names(app)
        assert "endpoint.mode" in names(app)
        assert app.focused is field(app, "endpoint.kind").control
        await pilot.press("1")
        await settle(pilot)
        assert names(app)[:3] == ["endpoint.kind", "endpoint.placement", "endpoint.name"]


async def test_choices_by_keys_and_clicks(world_of: WorldOf) -> None:
    """Arrows move, enter chooses, digits choose, a click chooses."""
    world = world_of(page="endpoint")
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "enter")
        assert world.desk.value(("endpoint", "kind")) == "keepalived-nginx"
        await pilot.press("4")
        assert world.desk.value(("endpoint", "kind")) == "external"
        await settle(pilot)
        await pilot.click(field(app, "endpoint.kind").control, offset=(6, 0))
        assert world.desk.value(("endpoint", "kind")) == "keepalived-haproxy"


async def test_arrows_lead_through_the_whole_form(world_of: WorldOf) -> None:
    """Down from the last option goes to the next field, and up comes back."""
    app = app_of(world_of(page="endpoint"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press(*["down"] * 4)
        assert app.focused is field(app, "endpoint.placement").control
        await pilot.press("down", "down")
        assert app.focused is field(app, "endpoint.name").control
        await pilot.press("down")
        assert app.focused is field(app, "endpoint.vip").control
        await pilot.press("up", "up")
        assert app.focused is field(app, "endpoint.placement").control


async def test_undo_and_redo_show_in_the_fields(world_of: WorldOf) -> None:
    """ctrl+z takes a change back, on the desk and on the screen."""
    world = world_of(answers={"name": "atlas"}, page="topology")
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        field(app, "name").focus()
        await pilot.press("end", "x")
        line = field(app, "name").control
        assert isinstance(line, TextLine)
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert (line.value, world.desk.value(("name",))) == ("atlas", "atlas")
        await pilot.press("ctrl+y")
        await settle(pilot)
        assert (line.value, world.desk.value(("name",))) == ("atlasx", "atlasx")


async def test_rare_questions_are_folded_away(world_of: WorldOf) -> None:
    """They appear when asked for, and when something is wrong among them."""
    world = world_of(answers=complete_answers(), page="endpoint")
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "endpoint.virtual_router_id" not in names(app)
        app.screen.query_one(Fold).focus()
        await pilot.press("enter")
        await settle(pilot)
        assert "endpoint.virtual_router_id" in names(app)
        await pilot.press("enter")
        world.desk.answer(("endpoint", "virtual_router_id"), 999)
        await settle(pilot)
        assert "endpoint.virtual_router_id" not in names(app)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert app.focused is field(app, "endpoint.virtual_router_id").control


async def test_a_switch_says_yes_or_no(world_of: WorldOf) -> None:
    """Space turns it, y and n set it."""
    world = world_of(answers=complete_answers(), page="access")
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        agent = field(app, "ssh.agent")
        agent.focus()
        assert isinstance(agent.control, YesNo)
        await pilot.press("space")
        assert world.desk.value(("ssh", "agent")) is True
        await pilot.press("n")
        assert world.desk.value(("ssh", "agent")) is False


async def test_help_follows_the_focus(world_of: WorldOf) -> None:
    """The two lines say what the field in focus means."""
    app = app_of(world_of(page="topology"))
    async with app.run_test(size=(120, 40)) as pilot:
        name = field(app, "name")
        name.focus()
        await settle(pilot)
        shown = app.screen.query_one(HelpLine).help.plain
        assert shown.startswith(name.question.help)
        assert name.question.example in shown
        assert name.question.locked in shown


@pytest.mark.parametrize("page", LATER_PAGES)
async def test_hostile_texts_are_only_text(page: str, world_of: WorldOf) -> None:
    """Whatever the answers hold, the page shows it and nothing acts on it."""
    world = world_of(answers=complete_answers(), page=page)
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+n")
        for text in HOSTILE:
            world.desk.replace_answers(hostile_answers(text))
            await pilot.press("tab")
            await settle(pilot)
            shown = app.export_screenshot()
            assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(shown)
        assert app.is_running


async def test_pasted_escapes_do_not_reach_the_line(world_of: WorldOf) -> None:
    """A paste is one clean line."""
    world = world_of(page="topology")
    app = app_of(world)
    async with app.run_test(size=(80, 24)) as pilot:
        field(app, "name").focus()
        await settle(pilot)
        assert app.focused is not None
        app.focused.post_message(Paste("\x1b[31matlas\x1b[0m\nsecond line"))
        await settle(pilot)
        assert world.desk.value(("name",)) == "atlas"


def hostile_answers(text: str) -> dict[str, Any]:
    """Answers with that text in many places."""
    answers = complete_answers() | {"name": text}
    answers["endpoint"] |= {"name": text, "vip": text, "kind": text}
    answers["hosts"][0]["name"] = text
    answers["ssh"] = {"user": text, "jump": text}
    answers["supply"] = {"images": {"registries": {text: text}}, "proxy": {"no_proxy": [text]}}
    return answers


def options(*labels: str, **more: Any) -> list[Option]:
    return [Option(value=label, label=label, **more) for label in labels]


def test_barred_options_say_why_and_are_not_chosen() -> None:
    """The reason stands in the place of the note."""
    from screens.glyphs import UNICODE

    choices = ChoiceList(options("a", note="what it is", barred="needs 3 hosts"), None, UNICODE)
    lines = [line.plain for line in choices._lines(0, 40)]
    assert "not now: needs 3 hosts" in lines[1]
    sent: list[Any] = []
    choices.post_message = sent.append  # type: ignore[method-assign,assignment]
    choices.action_take()
    assert isinstance(sent[0], ChoiceList.Refused)
    assert choices.value is None


def test_edges_are_as_wide_as_they_should_be() -> None:
    """Wide characters and too little room included."""
    for width in range(1, 40):
        for left, right in (("left", "right"), ("宽字符" * 5, "r"), ("", ""), ("x" * 50, "y" * 9)):
            assert edges(Content(left), Content(right), width).cell_length == width


def test_many_choices_fold_away() -> None:
    """A value that is not among them is no value, and labels are not read as markup."""
    pick = PickOne([(HOSTILE[0], 1), ("b", 2)], 7)
    assert pick.is_blank()
