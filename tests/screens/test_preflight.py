"""The preflight page: what it shows, where its keys lead, and what it does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from haui.errors import HauiError, JournalError
from haui.live.site import RehearsalSite
from haui.rehearsal.faults import parse_faults
from haui.wizard.preflight import COLUMNS, LOGIN, HostReport
from haui.wizard.preflight_groups import groups_of
from screens.evidence import EvidenceDialog
from screens.preflight import PreflightPage
from screens.widgets.fixes import FixList
from screens.widgets.matrix import Matrix
from screens.widgets.preflight_head import PreflightHead
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.findings import check, clean, done, midway, mixed, unreachable
from tests.screens.preflights import page_of, screen, shown
from tests.screens.worlds import HOSTILE, complete_answers, make_app

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    ("name", "reports", "told"),
    [
        ("running", midway(), {"going": True}),
        ("clean", clean(), {}),
        ("mixed", mixed(), {}),
        ("unreachable", unreachable(), {}),
        ("twenty", clean(20), {}),
        ("rehearsal", clean(), {"rehearsal": True}),
    ],
)
async def test_page_looks(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, size: tuple[int, int], name: str,
    reports: Any, told: dict[str, Any],
) -> None:  # fmt: skip
    app, _, _ = page_of(world_of, reports, **told)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert await app_snapshot(pilot, f"{name}-{size[0]}x{size[1]}")


async def test_the_matrix_looks_where_there_is_no_room_beside(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot
) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settle(pilot)
        assert app.focused is screen(pilot).matrix
        assert await app_snapshot(pilot, "matrix-80x24")
        await pilot.press("m")
        await settle(pilot)
        assert isinstance(app.focused, FixList)


async def test_a_rehearsal_is_looked_at_by_itself_and_goes_on_when_the_page_is_left(
    world_of: Callable[..., Any],
) -> None:
    world = world_of(answers=complete_answers(), page="preflight", rehearsal=True)
    root, faults = world.root / "rehearsals", parse_faults(["cp2:preflight.facts:fail"])
    world.make_site = lambda _: RehearsalSite(root, speed=1000, in_process=True, faults=faults)
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        while world.preflight is None:  # noqa: ASYNC110 - a pause may last until it is done
            await asyncio.sleep(0)
        assert world.preflight.running
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, PreflightPage)
        await world.preflight.wait()
        assert world.desk.preflight.blocked > 0
        begun = world.preflight
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert world.preflight is begun, "what is known is shown again"
        assert groups_of(begun.reports())[0].what in shown(app)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)
        assert "Not yet: " in shown(app)


async def test_leaving_haui_ends_the_look(world_of: Callable[..., Any]) -> None:
    world = world_of(answers=complete_answers(), page="preflight", rehearsal=True)
    app = make_app(world)
    async with app.run_test(size=(80, 24)) as pilot:
        while world.preflight is None:
            await pilot.pause()
    assert not world.preflight.running


async def test_other_answers_are_looked_at_anew(world_of: Callable[..., Any]) -> None:
    app, world, told = page_of(world_of, clean(), rehearsal=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert world.preflight is told
        world.desk.answer(("network", "services"), "10.97.0.0/16")
        while world.preflight is told:
            await pilot.pause()
        await world.preflight.wait()
        assert world.desk.preflight.sha == world.preflight.sha != told.sha


async def test_incomplete_answers_are_not_looked_at(world_of: Callable[..., Any]) -> None:
    answers = complete_answers()
    del answers["hosts"]
    world = world_of(answers=answers, page="preflight")
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert world.preflight is None
        assert "These pages come first: Hosts" in shown(app)
        await pilot.press("r", "h", "c", "s", "enter", "e", "ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)


@pytest.mark.parametrize(
    ("reports", "told", "why"),
    [
        (mixed(), {}, "4 findings block"),
        (midway(), {"going": True}, "still looking"),
        (midway(), {"trouble": JournalError("another haui works on atlas")}, "r looks again"),
    ],
)
async def test_next_is_refused_with_the_reason(
    world_of: Callable[..., Any], reports: Any, told: dict[str, Any], why: str
) -> None:
    app, _, _ = page_of(world_of, reports, **told)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert why in shown(app)
        assert isinstance(app.screen, PreflightPage)
        await pilot.press("alt+5")
        await settle(pilot)
        assert not isinstance(app.screen, PreflightPage), "back is free"


async def test_next_is_free_when_nothing_blocks(world_of: Callable[..., Any]) -> None:
    app, world, _ = page_of(world_of, clean())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert world.desk.draft.page == "review"


async def test_trouble_is_said_in_words(world_of: Callable[..., Any]) -> None:
    trouble = JournalError("another haui works on atlas", why="pid 812", fix="wait for it")
    app, _, _ = page_of(world_of, midway(), trouble=trouble)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for part in ("another haui works on atlas", "pid 812", "wait for it"):
            assert part in shown(app)


async def test_news_are_pulled(world_of: Callable[..., Any]) -> None:
    app, _, told = page_of(world_of, midway(), going=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.screen.query_one(PreflightHead).numbers.running
        told.finish(mixed())
        await pilot.pause(0.3)
        assert "Virtual address" in shown(app)
        assert screen(pilot).fixes.cursor == 0, "the heaviest until the admin moves"


async def test_keys_of_the_list(world_of: Callable[..., Any]) -> None:
    """Up, down, ends, fold; the matrix follows; h asks the finding's hosts again."""
    app, _, told = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        fixes, matrix = screen(pilot).fixes, screen(pilot).matrix
        assert fixes.current is not None
        assert fixes.current.hosts == ("cp1", "cp2", "cp3")
        await pilot.press("h")
        assert told.asked == [("cp1", "cp2", "cp3")]
        await pilot.press("down", "h")
        await settle(pilot)
        assert told.asked[1:] == [("cp3",)]
        assert "What hosts try between them stays" in shown(app)
        assert matrix.current is not None
        assert (matrix.current.host, matrix.row) == ("cp3", COLUMNS.index("ports"))
        await pilot.press("end")
        assert fixes.current is None, "what was skipped is the last fold"
        await pilot.press("space", "end")
        assert fixes.current is not None
        assert fixes.current.weight == "skipped"
        await settle(pilot)
        assert "dd has no oflag=dsync" in shown(app)
        await pilot.press("space", "up", "space", "down")
        assert fixes.current is not None
        assert fixes.current.weight == "ok"
        await pilot.press("home", "space", "r")
        assert fixes.cursor == 0
        assert told.asked[-1] is None
        await pilot.press("up")
        await settle(pilot)
        assert app.focused is not fixes


async def test_keys_of_the_matrix(world_of: Callable[..., Any]) -> None:
    app, world, told = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        matrix = screen(pilot).matrix
        await pilot.press("m")
        assert app.focused is matrix
        await pilot.press("end", "left")
        assert matrix.current is not None
        assert matrix.current.host == "wk1"
        await pilot.press(*["up"] * (matrix.row - 2))
        assert COLUMNS[matrix.row] == "sizes"
        await pilot.press("h")
        assert told.asked == [("wk1",)]
        await settle(pilot)
        assert "6900 MB" in shown(app)
        await pilot.press("e")
        await settle(pilot)
        assert world.desk.draft.page == "topology", "sizes follow from the profile"


async def test_evidence_shows_every_finding_of_an_area_and_of_the_host(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot
) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, EvidenceDialog)
        assert await app_snapshot(pilot, "evidence")
        assert "held by k3s" in shown(app)
        assert "logged in" not in shown(app), "another area"
        await pilot.press("a")
        await settle(pilot)
        assert "logged in" in shown(app)
        await pilot.press("right")
        await settle(pilot)
        assert "about 8192 MB" in shown(app)
        await pilot.press("left", "left", "enter")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)


async def test_evidence_of_a_cell_names_verdict_reason_and_fix_of_each_check(
    world_of: Callable[..., Any],
) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        matrix = screen(pilot).matrix
        matrix.select("wk1")
        matrix.select_column("disks")
        await pilot.press("enter")
        await settle(pilot)
        for part in (
            "Free space", "overridden", "Images need room", "Make room below", "20 GB",
            "a test machine", "etcd's disk", "skipped", "oflag=dsync", "etcd waits",
        ):  # fmt: skip
            assert part in shown(app), part


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_hosts_say_is_never_interpreted(world_of: Callable[..., Any], text: str) -> None:
    bad = check("cp1", "ports.free", "blocks", what=text, seen=text, why=text, fix=text)
    silent = check("cp2", LOGIN, "blocks", what=text, seen=text, fix=text)
    reports = (
        done("cp1", bad), HostReport(host="cp2", state="done", checks=(silent,)), *clean()[2:],
    )  # fmt: skip
    app, _, _ = page_of(world_of, reports, trouble=HauiError(text, why=text, fix=text))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("down", "enter", "right")
        await settle(pilot)
        picture = app.export_screenshot()
        assert not any(sign in picture for sign in ("\x1b", "\x9b", "\u202e"))
    assert app.crash is None


async def test_a_hundred_hosts_fit(world_of: Callable[..., Any]) -> None:
    app, _, _ = page_of(world_of, clean(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("m", "end")
        await settle(pilot)
        assert "of 100" in shown(app)
        assert "wk97" in shown(app)
        await pilot.press("home")
        await settle(pilot)
        assert "cp1" in shown(app)


async def test_clicks(world_of: Callable[..., Any]) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.click(Matrix, offset=(12, 1))
        assert screen(pilot).matrix.row == 0
        await pilot.click(FixList, offset=(3, 10))
        assert screen(pilot).fixes.cursor == 1
